"""The whole mind of one trader, event by event."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.builders_trading import (
    MS,
    PAIR,
    SECOND,
    SOL,
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
from wildbot.engine import EngineEvent, TradingEngine
from wildbot.model.control import Flatten, Pause, Resume, Retire, Retired
from wildbot.model.desk import Inheritance, LeaseRefused, LeaseRequest, PositionState
from wildbot.model.executions import Accepted, Amended, Canceled, Denied, OutcomeUnknown, Rejected
from wildbot.model.instrument import FeeSchedule, Liquidity
from wildbot.model.market_data import BookInvalidated, SystemStatus, VenueStatus
from wildbot.model.orders import CancelOrder, NewOrder, Purpose, Side, TimeInForce
from wildbot.trading.limits import EngineLimits
from wildbot.trading.mandate import FLATTEN_TRIES_MAX, Mode
from wildbot.trading.note import Note
from wildbot.trading.quote_diff import StaleOrderPolicy
from wildbot.trading.taker import RETRY_NS


def later(seconds: float) -> int:
    return START + int(seconds * SECOND)


def filled(**parameters: object) -> tuple[TradingEngine, NewOrder]:
    """An engine whose bid has filled entirely and whose exit now rests."""
    engine, bid = a_quoting_engine(**parameters)
    (ask,) = new_orders(engine.handle(a_fill(Side.BUY, bid.lots, bid.ticks, cl_ord_id=bid.cl_ord_id), START))
    engine.handle(Accepted(ask.cl_ord_id, "O2", START), START)
    return engine, ask


def retired(commands: object) -> list[Retired]:
    assert isinstance(commands, list | tuple)
    return [command for command in commands if isinstance(command, Retired)]


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


# --- taker exits --------------------------------------------------------------------------------------------------


def test_a_stop_loss_cancels_first_then_takes_inside_the_collar_then_cools_down() -> None:
    engine, ask = filled()
    commands = engine.handle(a_book(14_900, 14_910, at=later(1), seq=2), later(1))
    assert [c.cl_ord_id for c in cancels(commands)] == [ask.cl_ord_id]
    assert new_orders(commands) == []
    (take,) = new_orders(engine.handle(canceled(ask.cl_ord_id), later(1)))
    assert (take.time_in_force, take.post_only, take.lots) == (TimeInForce.IOC, False, ask.lots)
    assert take.ticks == 14_751
    done = a_fill(Side.SELL, take.lots, 14_900, cl_ord_id=take.cl_ord_id, liquidity=Liquidity.TAKER, at=later(1))
    engine.handle(done, later(1))
    assert (engine.position.lots, engine.position.losses) == (0, 1)
    engine.handle(a_book(14_901, 14_911, at=later(2), seq=3), later(2))
    assert engine.reason == "breaker_cool_down"


def test_an_exit_that_did_not_fill_is_tried_again_on_a_fresh_book() -> None:
    engine, ask = filled()
    engine.handle(a_book(14_900, 14_910, at=later(1), seq=2), later(1))
    (take,) = new_orders(engine.handle(canceled(ask.cl_ord_id), later(1)))
    engine.handle(canceled(take.cl_ord_id), later(1))
    engine.handle(a_book(14_890, 14_900, at=later(1.9), seq=3), later(1.9))
    (again,) = new_orders(engine.handle(a_book(14_880, 14_890, at=later(2), seq=4), later(2)))
    assert (again.ticks, again.lots) == (14_732, ask.lots)


# --- verbs --------------------------------------------------------------------------------------------------------


def test_pause_withdraws_entries_and_resume_brings_them_back() -> None:
    engine, bid = a_quoting_engine()
    assert [c.cl_ord_id for c in cancels(engine.handle(Pause(), START))] == [bid.cl_ord_id]
    engine.handle(canceled(bid.cl_ord_id), START)
    assert engine.reason == "paused"
    assert len(new_orders(engine.handle(Resume(), START))) == 1


def test_pause_leaves_exits_alone() -> None:
    engine, _ = filled()
    assert requests(engine.handle(Pause(), START)) == []


def test_flatten_cancels_sells_and_pauses() -> None:
    engine, ask = filled()
    assert [c.cl_ord_id for c in cancels(engine.handle(Flatten(), START))] == [ask.cl_ord_id]
    (take,) = new_orders(engine.handle(canceled(ask.cl_ord_id), START))
    assert take.reason == "flattening"
    engine.handle(a_fill(Side.SELL, take.lots, cl_ord_id=take.cl_ord_id, liquidity=Liquidity.TAKER), START)
    assert (engine.position.lots, engine.mandate.mode) == (0, Mode.PAUSED)


def test_retire_while_flat_cancels_confirms_and_says_so_once() -> None:
    engine, bid = a_quoting_engine()
    commands = engine.handle(Retire(flatten=True), START)
    assert [c.cl_ord_id for c in cancels(commands)] == [bid.cl_ord_id]
    assert retired(commands) == []
    assert retired(engine.handle(canceled(bid.cl_ord_id), START)) == [Retired(PAIR, 1, 0, True, "flat")]
    assert engine.handle(a_book(15_001, 15_011, seq=2), START) == ()
    assert engine.on_timer(later(5)) == ()


def test_retire_without_flatten_keeps_the_position_and_says_so() -> None:
    engine, ask = filled()
    engine.handle(Retire(flatten=False), START)
    (said,) = retired(engine.handle(canceled(ask.cl_ord_id), START))
    assert (said.lots, said.ok) == (ask.lots, False)
    assert said.reason == "0.08533333 is kept"


def test_dust_stays_and_is_said() -> None:
    engine = an_engine(PositionState(PAIR, lots=5, basis=money("0.00075")))
    engine.handle(a_book(), START)
    (said,) = retired(engine.handle(Retire(flatten=True), START))
    assert (said.lots, said.ok) == (5, True)
    assert "below the minimum" in said.reason


def test_a_retiring_trader_that_cannot_sell_gives_up_and_keeps_the_position() -> None:
    engine, ask = filled()
    engine.handle(Retire(flatten=True), START)
    commands = list(engine.handle(canceled(ask.cl_ord_id), START))
    said: list[Retired] = []
    for number in range(1, FLATTEN_TRIES_MAX + 2):
        for take in new_orders(commands):
            commands = list(engine.handle(canceled(take.cl_ord_id), START + number * RETRY_NS))
            said += retired(commands)
        at = START + number * RETRY_NS
        commands = list(engine.handle(a_book(15_000 + number, 15_010 + number, at=at, seq=number + 1), at))
        said += retired(commands)
    assert [(r.lots, r.ok) for r in said] == [(ask.lots, False)]


def test_a_repeated_verb_is_not_told_twice() -> None:
    engine, _ = a_quoting_engine()
    assert [n.code for n in engine.handle(Retire(flatten=True), START) if isinstance(n, Note)] == ["mode"]
    assert [n for n in engine.handle(Retire(flatten=True), START) if isinstance(n, Note)] == []


def test_retire_waits_for_an_unknown_order() -> None:
    engine, bid = a_quoting_engine()
    engine.handle(OutcomeUnknown(bid.cl_ord_id, "cancel", "timeout", START), START)
    assert retired(engine.handle(Retire(flatten=True), START)) == []
    assert len(retired(engine.handle(canceled(bid.cl_ord_id), later(9)))) == 1


def test_a_new_inheritance_replaces_position_and_orders_but_not_the_numbering() -> None:
    engine, _ = a_quoting_engine()
    inheritance = Inheritance(1, SOL, FeeSchedule(1_000, 2_000), PositionState(PAIR, trades=7))
    (bid,) = new_orders(engine.handle(inheritance, START))
    assert engine.position.trades == 7
    assert bid.cl_ord_id == "wb1x2"


# --- always -------------------------------------------------------------------------------------------------------


def test_the_status_row_says_what_rests_what_is_held_and_why() -> None:
    engine, ask = filled()
    row = engine.status(later(1))
    assert (row.pair, row.state, row.strategy, row.reason) == (PAIR, "trading", "market_maker", "exiting")
    assert (row.bid_ticks, row.ask_ticks, row.lease) == (15_000, 15_010, money("16"))
    assert [(q.side, q.ticks, q.lots) for q in row.orders] == [("sell", ask.ticks, ask.lots)]
    assert row.data_age_ms == 1_000.0
    assert row.indicators["mid"] == 150.05


class World:
    """A tiny venue that answers as the drawn choices say; it knows what really rests and what was really sold."""

    def __init__(self, engine: TradingEngine) -> None:
        self.engine, self.now, self.seq, self.bid = engine, START, 0, 15_000
        self.resting: dict[str, tuple[Side, int, int]] = {}
        self.filled: dict[str, int] = {}
        self.coins = 0
        self.take(engine.handle(a_lease(until=START + 10**6 * SECOND), START))

    def book(self, step: int) -> None:
        self.now += 250 * MS
        self.seq, self.bid = self.seq + 1, max(10_000, self.bid + step)
        self.take(self.engine.handle(a_book(self.bid, self.bid + 10, at=self.now, seq=self.seq), self.now))
        self.take(self.engine.on_timer(self.now))

    def fill(self, share: int) -> None:
        for cl_ord_id, (side, ticks, lots) in list(self.resting.items()):
            self._execute(cl_ord_id, side, ticks, max(1, lots * share // 10))

    def _execute(self, cl_ord_id: str, side: Side, ticks: int, lots: int) -> None:
        rest = self.resting[cl_ord_id][2] - lots
        self.resting[cl_ord_id] = (side, ticks, rest)
        if rest <= 0:
            del self.resting[cl_ord_id]
        self.coins += side.sign * lots
        self.filled[cl_ord_id] = self.filled.get(cl_ord_id, 0) + lots
        assert self.coins >= 0, "sold what was not owned"
        self.take(self.engine.handle(a_fill(side, lots, ticks, cl_ord_id=cl_ord_id, at=self.now), self.now))

    def take(self, commands: object) -> None:
        for request in requests(commands):
            order = request.command
            if isinstance(order, NewOrder):
                self.resting[order.cl_ord_id] = (order.side, order.ticks, order.lots)
                self.take(self.engine.handle(Accepted(order.cl_ord_id, "O", self.now), self.now))
                if order.time_in_force is TimeInForce.IOC:
                    self._execute(order.cl_ord_id, order.side, self.bid, order.lots)
            elif isinstance(order, CancelOrder):
                self.resting.pop(order.cl_ord_id, None)
                done = self.filled.get(order.cl_ord_id, 0)
                self.take(self.engine.handle(canceled(order.cl_ord_id, done, self.now), self.now))
            elif order.cl_ord_id in self.resting:
                side = self.resting[order.cl_ord_id][0]
                rest = order.lots - self.filled.get(order.cl_ord_id, 0)
                self.resting[order.cl_ord_id] = (side, order.ticks, rest)
                self.take(self.engine.handle(Amended(order.cl_ord_id, order.ticks, order.lots, self.now), self.now))
        assert len(self.resting) <= 2
        buys = sum(SOL.cost(ticks, lots) for side, ticks, lots in self.resting.values() if side is Side.BUY)
        assert buys + self.engine.position.basis <= money("16"), "more at work than the lease"


@given(
    st.lists(st.tuples(st.integers(-40, 40), st.integers(0, 10)), min_size=5, max_size=60),
    st.sampled_from(["cash", "balanced"]),
    st.booleans(),
)
def test_it_never_sells_what_it_does_not_own_nor_spends_more_than_its_lease(
    steps: list[tuple[int, int]], mode: str, literal: bool
) -> None:
    policy = StaleOrderPolicy.CANCEL if literal else StaleOrderPolicy.REEVALUATE
    engine = an_engine(limits=EngineLimits(stale_order_policy=policy), inventory_mode=mode, stop_loss_bps=50)
    world = World(engine)
    for step, share in steps:
        world.book(step)
        if share > 5:
            world.fill(share)
    assert engine.position.lots == world.coins
    world.take(engine.handle(Retire(flatten=True), world.now))
    for _ in range(30):
        world.book(1)
    assert engine.mandate.mode is Mode.RETIRED
    assert not world.resting
    assert world.coins < SOL.min_order_lots(world.bid)
