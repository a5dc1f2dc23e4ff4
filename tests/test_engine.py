"""The whole mind of one trader, event by event."""

import pytest

from tests.trading.builders_filled import filled, later
from tests.trading.builders_trading import (
    MS,
    PAIR,
    START,
    a_beat,
    a_book,
    a_fill,
    a_lease,
    a_quoting_engine,
    amends,
    an_engine,
    canceled,
    cancels,
    money,
    new_orders,
    requests,
)
from wildbot.engine import EngineEvent
from wildbot.model.desk import LeaseRefused, LeaseRequest
from wildbot.model.executions import Accepted, Amended, Canceled, Denied, OutcomeUnknown, Rejected
from wildbot.model.market_data import BookInvalidated, SystemStatus, VenueStatus
from wildbot.model.orders import Purpose, Side
from wildbot.trading.note import Note

# --- lease --------------------------------------------------------------------------------------------------------


def test_it_asks_for_capital_first_and_again_every_two_seconds() -> None:
    engine = an_engine()
    engine.handle(a_book(), START)
    (asked,) = engine.on_timer(START)
    assert asked == LeaseRequest(PAIR, 1, money("0") + int(3 * 10**10 * 1.02 / 0.8))
    assert engine.on_timer(later(1.9)) == ()
    assert isinstance(engine.on_timer(later(2))[0], LeaseRequest)


def test_nothing_is_ordered_without_a_lease_and_the_reason_is_said() -> None:
    engine = an_engine()
    assert requests(engine.handle(a_book(), START)) == []
    assert engine.reason == "no_lease"
    engine.handle(LeaseRefused(PAIR, 1, money("20"), "needs 20 USDC"), START)
    assert engine.reason == "no_lease: needs 20 USDC"


def test_a_refusal_is_the_reason_for_as_long_as_it_holds_back_what_is_wanted() -> None:
    engine, bid = a_quoting_engine()
    engine.handle(Denied(bid.cl_ord_id, "new", "daily_turnover", "160 traded today", START), START)
    assert new_orders(engine.handle(a_book(seq=2, bid=15_001, ask=15_011), later(0.5))) == []
    assert engine.reason == engine.hindrance == "order_refused: daily_turnover: 160 traded today"
    assert engine.decision is not None and engine.decision.reason == "quoting"
    new_orders(engine.handle(a_book(at=later(1.1), seq=3, bid=15_002, ask=15_012), later(1.1)))
    assert (engine.reason, engine.hindrance) == ("quoting", "")


def test_a_lease_that_ran_out_withdraws_the_entry() -> None:
    engine = an_engine()
    engine.handle(a_lease(until=later(1)), START)
    (bid,) = new_orders(engine.handle(a_book(), START))
    engine.handle(Accepted(bid.cl_ord_id, "O1", START), START)
    engine.handle(a_beat(later(1), 1), later(1))
    assert [c.cl_ord_id for c in cancels(engine.on_timer(later(1)))] == [bid.cl_ord_id]


# --- quoting ------------------------------------------------------------------------------------------------------


def test_the_first_book_with_a_lease_brings_a_post_only_bid_at_the_touch() -> None:
    _, bid = a_quoting_engine()
    assert (bid.side, bid.ticks, bid.post_only, bid.purpose) == (Side.BUY, 15_000, True, Purpose.ENTRY)
    assert bid.cl_ord_id == "wb1x1"


def test_a_request_says_when_it_was_decided_and_until_when_it_is_good() -> None:
    engine = an_engine()
    engine.handle(a_lease(), START)
    (request,) = requests(engine.handle(a_book(), START))
    assert (request.epoch, request.decided_ns, request.not_after_ns) == (1, START, later(1))


def test_a_book_that_moves_deeper_levels_only_is_quiet() -> None:
    engine, _ = a_quoting_engine()
    engine.handle(a_book(seq=2), START)  # settles what the acceptance left to look at
    decision = engine.decision
    assert engine.handle(a_book(seq=3), START) == ()
    assert engine.decision is decision


def test_a_moved_market_amends_the_order() -> None:
    engine, bid = a_quoting_engine()
    (amend,) = amends(engine.handle(a_book(15_003, 15_013, at=later(1), seq=2), later(1)))
    assert (amend.cl_ord_id, amend.ticks, amend.post_only) == (bid.cl_ord_id, 15_003, True)
    assert requests(engine.handle(a_book(15_004, 15_014, at=later(1), seq=3), later(1))) == []
    engine.handle(Amended(bid.cl_ord_id, 15_003, amend.lots, later(1)), later(1))
    assert engine.status(later(1)).orders[0].ticks == 15_003


def test_requotes_stop_before_the_reserve_of_the_venues_counter_is_touched() -> None:
    engine, bid = a_quoting_engine()
    sent, lots = 0, bid.lots
    for number in range(1, 61):
        at = START + number * 600 * MS
        for amend in amends(engine.handle(a_book(15_000 + number, 15_010 + number, at=at, seq=number + 1), at)):
            sent += 1
            engine.handle(Amended(bid.cl_ord_id, amend.ticks, lots, at), at)
    assert 30 < sent < 45
    assert len(cancels(engine.handle(BookInvalidated(PAIR, "checksum", later(36)), later(36)))) == 1


# --- data that cannot be trusted ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (BookInvalidated(PAIR, "checksum", START), "book_invalid"),
        (VenueStatus(SystemStatus.CANCEL_ONLY, START), "venue_cancel_only"),
        (a_beat(START, 99), "book_invalid"),
    ],
)
def test_quotes_are_withdrawn_when_the_market_cannot_be_trusted(event: EngineEvent, reason: str) -> None:
    engine, bid = a_quoting_engine()
    commands = engine.handle(event, START)
    assert [c.cl_ord_id for c in cancels(commands)] == [bid.cl_ord_id]
    assert engine.reason == reason


def test_silence_withdraws_quotes_after_two_seconds() -> None:
    engine, bid = a_quoting_engine()
    assert cancels(engine.on_timer(later(2))) == []
    assert [c.cl_ord_id for c in cancels(engine.on_timer(later(2.6)))] == [bid.cl_ord_id]
    assert engine.reason == "data_stale"


def test_no_order_is_placed_on_data_older_than_half_a_second() -> None:
    engine = an_engine()
    engine.handle(a_book(), START)
    assert requests(engine.handle(a_lease(), later(0.501))) == []
    assert engine.reason.startswith("data_too_old")
    engine.handle(a_beat(later(0.6), 1), later(0.6))
    assert len(new_orders(engine.on_timer(later(1.01)))) == 1


def test_quoting_resumes_with_the_next_good_book() -> None:
    engine, bid = a_quoting_engine()
    engine.handle(BookInvalidated(PAIR, "checksum", START), START)
    engine.handle(canceled(bid.cl_ord_id), START)
    assert len(new_orders(engine.handle(a_book(seq=9), START))) == 1


# --- fills --------------------------------------------------------------------------------------------------------


def test_a_filled_bid_turns_into_an_exit_for_exactly_what_was_bought() -> None:
    engine, ask = filled(order_qty="0.1")
    assert (ask.side, ask.lots, ask.purpose, ask.post_only) == (Side.SELL, engine.position.lots, Purpose.EXIT, True)
    assert ask.ticks == 15_078


def test_a_fill_told_twice_is_booked_once() -> None:
    engine, bid = a_quoting_engine()
    fill = a_fill(Side.BUY, bid.lots // 2, bid.ticks, cl_ord_id=bid.cl_ord_id)
    engine.handle(fill, START)
    engine.handle(fill, START)
    assert (engine.position.lots, engine.position.trades) == (bid.lots // 2, 1)


def test_a_second_fill_within_the_cooldown_is_booked_at_once_and_acted_on_later() -> None:
    engine, ask = filled()
    sale = a_fill(Side.SELL, ask.lots, ask.ticks, cl_ord_id=ask.cl_ord_id, at=later(0.1))
    assert requests(engine.handle(sale, later(0.1))) == []
    assert engine.position.lots == 0
    engine.handle(a_beat(later(0.15), 1), later(0.15))
    assert requests(engine.on_timer(later(0.19))) == []
    assert len(new_orders(engine.on_timer(later(0.2)))) == 1


def test_a_partly_filled_entry_below_the_minimum_keeps_its_bid() -> None:
    engine, bid = a_quoting_engine()
    commands = engine.handle(a_fill(Side.BUY, 1_000_000, bid.ticks, cl_ord_id=bid.cl_ord_id), START)
    assert cancels(commands) == []
    assert engine.reason == "completing_crumb"


def test_a_post_only_cancel_is_followed_by_a_pause_not_by_a_storm() -> None:
    engine, bid = a_quoting_engine()
    engine.handle(Canceled(bid.cl_ord_id, 0, "Post only order", START), START)
    assert requests(engine.handle(a_book(15_001, 15_011, seq=2), START)) == []
    engine.handle(a_book(15_002, 15_012, at=later(0.3), seq=3), later(0.3))
    assert len(engine.status(later(0.3)).orders) == 1


def test_three_post_only_rejects_open_the_breaker() -> None:
    engine, bid = a_quoting_engine()
    notes: list[object] = []
    for number in range(1, 4):
        at = later(number)
        notes += engine.handle(Rejected(bid.cl_ord_id, "EOrder:Post only order", at), at)
        for order in new_orders(engine.handle(a_book(15_000 + number, 15_010 + number, at=at + 300 * MS), at + 300 * MS)):
            bid = order
    assert [n.code for n in notes if isinstance(n, Note) and n.level == "warning"] == ["post_only_rejects"]
    assert engine.reason == "breaker_rejects"


def test_an_exit_that_keeps_crossing_is_tried_a_few_times_in_ten_seconds() -> None:
    engine, ask = filled()
    engine.handle(Rejected(ask.cl_ord_id, "EOrder:Post only order", START), START)
    tries = 1
    for step in range(1, 100):
        at = later(step / 10)
        for again in new_orders(engine.handle(a_book(15_000 - step % 3, 15_010 - step % 3, at=at, seq=1 + step), at)):
            tries += 1
            engine.handle(Rejected(again.cl_ord_id, "EOrder:Post only order", at), at)
    assert 3 <= tries <= 6


def test_an_unknown_outcome_freezes_the_order_and_is_told() -> None:
    engine, bid = a_quoting_engine()
    (note,) = engine.handle(OutcomeUnknown(bid.cl_ord_id, "amend", "timeout", START), START)
    assert isinstance(note, Note)
    assert note.code == "outcome_unknown"
    assert requests(engine.handle(a_book(15_005, 15_015, at=later(1), seq=2), later(1))) == []
    assert requests(engine.handle(BookInvalidated(PAIR, "x", later(1)), later(1))) == []


def test_a_denied_order_is_not_sent_again_at_once() -> None:
    engine = an_engine()
    engine.handle(a_lease(), START)
    (bid,) = new_orders(engine.handle(a_book(), START))
    engine.handle(Denied(bid.cl_ord_id, "new", "budget", "no room", START), START)
    assert requests(engine.handle(a_book(15_001, 15_011, seq=2), later(0.5))) == []
    assert len(new_orders(engine.handle(a_book(15_002, 15_012, at=later(1), seq=3), later(1)))) == 1


# --- what it says -------------------------------------------------------------------------------------------------


def test_the_status_row_says_what_rests_what_is_held_and_why() -> None:
    engine, ask = filled()
    row = engine.status(later(1))
    assert (row.pair, row.state, row.strategy, row.reason) == (PAIR, "trading", "market_maker", "exiting")
    assert (row.bid_ticks, row.ask_ticks, row.lease) == (15_000, 15_010, money("16"))
    assert [(q.side, q.ticks, q.lots) for q in row.orders] == [("sell", ask.ticks, ask.lots)]
    assert row.data_age_ms == 1_000.0
    assert row.indicators["mid"] == 150.05
