"""Only the strongest may be entered: one grant at a time, whatever books, traders and lost messages do."""

import msgspec

from tests.desk.builders_entry_slot import AN_ORDER, PAIRS, START, World
from wildbot.desk.entry_slot import GRANT_NS, PASS_NS, UNUSED_NS
from wildbot.model.control import EntrySlot
from wildbot.model.desk import PositionState
from wildbot.model.market_data import BookInvalidated, InstrumentChanged, SessionHours
from wildbot.simulation.lobster import stock

A, B, C = PAIRS


def test_the_strongest_signal_gets_the_slot() -> None:
    world = World()
    world.book(A, 75)
    world.book(B, 90)
    world.book(C, 50)
    assert [slot.pair for slot in world.look()] == [B]


def test_without_a_signal_nobody_is_told_anything() -> None:
    world = World()
    for pair in PAIRS:
        world.book(pair, 50)
    assert world.look(5) == []


def test_a_grant_ends_by_itself_and_is_renewed_while_it_stands() -> None:
    world = World()
    world.book(A, 90)
    said = world.look(1.5)
    assert len(said) == 3 and {slot.pair for slot in said} == {A}
    assert world.holders() == [A]
    assert all(slot.until_ns - START <= 1.5 * 10**9 + GRANT_NS for slot in said)


def test_a_signal_that_ends_takes_the_slot_back() -> None:
    world = World()
    world.book(A, 90)
    world.look()
    world.book(A, 50)
    assert world.look() == [EntrySlot(A, 0)]
    assert world.look(5) == []


def test_the_next_grant_waits_until_the_last_holder_says_after_its_end_that_nothing_is_on_its_way() -> None:
    world = World()
    world.book(A, 90)
    world.look()
    world.orders[A] = (AN_ORDER,)
    world.book(B, 95)
    assert world.look(3) == [EntrySlot(A, 0)]
    world.orders[A] = ()
    assert [slot.pair for slot in world.look()] == [B]


def test_a_silent_holder_keeps_everybody_out_until_its_epoch_has_ended() -> None:
    world = World()
    world.book(A, 90)
    world.look()
    world.silent.add(A)
    world.book(B, 95)
    assert world.look(10) == [EntrySlot(A, 0)]
    world.desk.on_ended(A, 0)
    assert world.look(1) == [], "an epoch before its own says nothing about it"
    world.desk.on_ended(A, 1)
    assert [slot.pair for slot in world.look()] == [B]


def test_while_one_holds_a_position_none_may_enter() -> None:
    world = World()
    world.book(A, 90)
    world.look()
    world.trade(A, 10)
    world.book(B, 95)
    assert world.look(10) == [EntrySlot(A, 0)]
    world.trade(A, 0)
    assert [slot.pair for slot in world.look()] == [B]


def test_a_position_that_only_the_gateway_knows_of_counts() -> None:
    world = World()
    world.silent.add(C)
    world.desk.on_position(PositionState(C, lots=5, trades=3))
    world.book(A, 90)
    assert world.look(3) == []


def test_an_older_word_about_a_position_changes_nothing() -> None:
    world = World()
    world.trade(A, 5)
    world.look()
    world.desk.on_position(PositionState(A))
    world.silent.add(A)
    world.book(B, 90)
    assert world.look() == []


def test_a_grant_nobody_could_use_goes_to_the_next_and_comes_back_later() -> None:
    world = World()
    world.book(A, 95)
    world.book(B, 90)
    said = world.look((2 * UNUSED_NS + PASS_NS + 2 * GRANT_NS) / 10**9)
    order = [
        slot.pair for number, slot in enumerate(said) if slot.until_ns and (not number or said[number - 1].until_ns == 0)
    ]
    assert order[:3] == [A, B, A]


def test_a_short_signal_is_passed_over_where_shorts_are_not_allowed() -> None:
    world = World(short=False)
    world.book(A, 1)
    world.book(B, 80)
    assert [slot.pair for slot in world.look()] == [B]


def test_a_trader_that_is_paused_or_a_book_that_is_void_is_not_granted() -> None:
    world = World(states={A: "paused"})
    world.book(A, 95)
    world.book(B, 90)
    world.desk.on_market(BookInvalidated(B, "gap", world.now_ns))
    assert world.look(2) == []


def test_outside_the_session_nothing_is_granted_and_the_next_best_is() -> None:
    world = World()
    world.desk.on_market(SessionHours(A, START + 3 * 10**9, START + 10**13, 20231114))
    world.book(A, 95)
    assert world.look(2) == []
    assert [slot.pair for slot in world.look(1.1)][:1] == [A]


def test_the_limit_of_the_day_counts_all_pairs_and_outlives_a_restart() -> None:
    world = World(limit=2)
    world.book(A, 95)
    world.book(B, 90)
    world.look()
    world.trade(A, 1)
    world.look(2)
    world.trade(A, 0)
    world.book(A, 50)
    world.look(2)
    world.trade(B, 1)
    world.look(2)
    world.trade(B, 0)
    assert world.look(3) == []
    again = World(limit=2, count=world.desk.count, positions=world.positions, now_ns=world.now_ns)
    again.book(A, 95)
    assert again.look(3) == []
    again.now_ns += 86_400 * 10**9
    again.book(A, 95)
    assert [slot.pair for slot in again.look()] == [A]


def test_calendars_of_different_exchanges_do_not_begin_the_count_anew() -> None:
    world = World(limit=1)
    session = SessionHours(B, START - 10**9, START + 10**15, 20231114)
    world.desk.on_market(session)
    world.book(A, 90)
    world.look(2)
    world.trade(A, 1)
    world.look(2)
    world.trade(A, 0)
    world.look(2)
    world.book(B, 95)  # of another calendar, and the strongest now
    assert world.look(30) == []
    world.desk.on_market(msgspec.structs.replace(session, day=20231115))
    assert world.look(2) == [], "the entry was on the other one's day, which is not over"


def test_a_crumb_below_the_exchange_s_minimum_is_no_position() -> None:
    world = World()
    whole = msgspec.structs.replace(stock("AAPL"), min_lots=10)
    world.desk.on_market(InstrumentChanged(whole))
    world.book(A, 50)
    world.book(B, 90)
    world.trade(A, 9)
    assert [slot.pair for slot in world.look()] == [B]
