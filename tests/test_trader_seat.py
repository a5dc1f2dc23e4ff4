"""A trader's seat: when it may hear, when it says hello again."""

from collections.abc import Sequence

import pytest

from tests.trading.builders_trading import EAGER, FEES, ONE, PAIR, SECOND, SOL, START, a_book, a_fill
from wildbot.model.control import BookHistory, EntrySlot, Resume, Retire, Retired
from wildbot.model.desk import (
    CapitalLease,
    CountQuestion,
    Inheritance,
    OrderRequest,
    PositionState,
    Report,
    ReportCount,
    TraderHello,
)
from wildbot.model.executions import Accepted, Canceled, OrderReport, OutcomeUnknown
from wildbot.model.instrument import money_from_text
from wildbot.model.market_data import BookSnapshot, SessionHours
from wildbot.model.orders import NewOrder, OrderCommand, Purpose, Side, TimeInForce
from wildbot.strategies.base import find_strategy
from wildbot.trader_seat import ANSWER_WAIT_NS, COUNT_NS, HELLO_LAST_NS, HELLO_NS, SeatCommand, TraderSeat, leaving_seat
from wildbot.trading.limits import EngineLimits
from wildbot.trading.mandate import Mode

EPOCH = 3


def hellos(said: Sequence[SeatCommand]) -> list[int]:
    return [command.number for command in said if isinstance(command, TraderHello)]


def orders(said: Sequence[SeatCommand]) -> list[OrderCommand]:
    return [command.command for command in said if isinstance(command, OrderRequest)]


class Seated:
    """A seat that has inherited, has capital and has just asked for its first order."""

    def __init__(self) -> None:
        strategy = find_strategy("market_maker")
        self.seat = TraderSeat(PAIR, EPOCH, strategy=strategy, parameters=EAGER, limits=EngineLimits())
        self.now_ns = START
        assert hellos(self.seat.start(START)) == [1]
        self.seat.on_supervisor(BookHistory(PAIR, ()), START)
        self.inherit()
        self.seat.on_allocator(CapitalLease(PAIR, EPOCH, money_from_text("16"), 2**62), START)
        said = self.seat.on_market(a_book(at=START), START)
        self.asked = next(command.command for command in said if isinstance(command, OrderRequest))
        self.seq = 0

    def inherit(self, hello: int = 1) -> Sequence[SeatCommand]:
        return self.seat.on_gateway(Inheritance(EPOCH, SOL, FEES, PositionState(PAIR), hello), self.now_ns)

    def count(self, count: int) -> Sequence[SeatCommand]:
        return self.seat.on_gateway(ReportCount(EPOCH, count), self.now_ns)

    def report(self, body: OrderReport) -> Sequence[SeatCommand]:
        self.seq += 1
        return self.seat.on_gateway(Report(EPOCH, self.seq, body), self.now_ns)

    def after(self, ns: int) -> Sequence[SeatCommand]:
        self.now_ns += ns
        return self.seat.on_timer(self.now_ns)


def test_a_request_that_nobody_answers_makes_it_say_hello_again() -> None:
    seated = Seated()
    assert hellos(seated.after(ANSWER_WAIT_NS - 1)) == []
    assert hellos(seated.after(1)) == [2]


def test_an_unanswered_hello_is_said_again_until_the_gateway_states_what_is_true() -> None:
    seated = Seated()
    assert hellos(seated.after(ANSWER_WAIT_NS)) == [2]
    assert hellos(seated.after(HELLO_NS)) == [3]
    assert hellos(seated.after(HELLO_NS)) == []  # the wait grows
    assert hellos(seated.after(HELLO_NS)) == [4]
    seated.inherit(4)
    assert hellos(seated.after(SECOND)) == []


def test_only_the_inheritance_of_the_last_hello_counts() -> None:
    seated = Seated()
    seated.after(ANSWER_WAIT_NS)
    seated.after(HELLO_NS)
    seated.inherit(2)
    assert hellos(seated.after(HELLO_LAST_NS)) == [4]


def test_no_order_leaves_between_a_hello_and_its_own_inheritance() -> None:
    seated = Seated()
    seated.report(Accepted(seated.asked.cl_ord_id, "O1", START))
    seated.seq += 1  # a report is lost, and the next one ends the only order
    said = seated.report(Canceled(seated.asked.cl_ord_id, 0, "User requested", START))
    assert (hellos(said), orders(said)) == ([2], [])
    seated.now_ns += SECOND // 2
    seated.inherit(1)  # the answer to the former hello knows nothing of what was asked since
    assert orders(seated.seat.on_market(a_book(at=seated.now_ns, seq=2), seated.now_ns)) == []
    said = seated.inherit(2)
    said = [*said, *seated.seat.on_market(a_book(at=seated.now_ns, seq=3), seated.now_ns)]
    assert [type(command) for command in orders(said)] == [NewOrder]


def test_a_retiring_trader_asks_for_nothing_that_is_dropped_while_it_waits() -> None:
    seated = Seated()
    seated.report(Accepted(seated.asked.cl_ord_id, "O1", START))
    said = seated.report(a_fill(Side.BUY, seated.asked.lots, seated.asked.ticks, cl_ord_id=seated.asked.cl_ord_id))
    seated.seq += 1  # a report is lost, and the next one ends the only order
    (leaving,) = orders(said)
    assert hellos(seated.report(Canceled(leaving.cl_ord_id, 0, "User requested", START))) == [2]
    assert seated.seat.engine is not None
    said = [*seated.seat.on_supervisor(Retire(flatten=True), seated.now_ns), *seated.after(2 * SECOND)]
    said = [*said, *seated.seat.on_market(a_book(at=seated.now_ns, seq=2), seated.now_ns)]
    assert (orders(said), seated.seat.engine.status(seated.now_ns).orders) == ([], ())
    held = seated.seat.engine.position
    said = seated.seat.on_gateway(Inheritance(EPOCH, SOL, FEES, held, hellos(said)[-1]), seated.now_ns)
    assert [(type(order), order.lots) for order in orders(said)] == [(NewOrder, held.lots)]


def test_reports_that_are_lost_right_after_an_inheritance_are_missed() -> None:
    seated = Seated()
    seated.seq += 1
    assert hellos(seated.report(Accepted(seated.asked.cl_ord_id, "O1", START))) == [2]


def test_a_trader_that_hears_nothing_asks_what_it_was_told_and_says_hello_when_that_is_more() -> None:
    seated = Seated()
    seated.report(Accepted(seated.asked.cl_ord_id, "O1", START))
    assert CountQuestion(PAIR, EPOCH) not in seated.after(COUNT_NS - 1)
    assert CountQuestion(PAIR, EPOCH) in seated.after(1)
    assert hellos(seated.count(1)) == []
    assert hellos(seated.count(2)) == [2]
    assert hellos(seated.count(3)) == []  # one hello is enough


def test_an_answered_request_is_no_reason_for_a_hello() -> None:
    seated = Seated()
    seated.report(Accepted(seated.asked.cl_ord_id, "O1", START))
    assert hellos(seated.after(ANSWER_WAIT_NS)) == []


@pytest.mark.parametrize("about", ["new", "amend"])
def test_an_outcome_that_stays_unknown_is_asked_for_again(about: str) -> None:
    seated = Seated()
    seated.report(OutcomeUnknown(seated.asked.cl_ord_id, about, "no answer in time", START))
    assert hellos(seated.after(ANSWER_WAIT_NS)) == [2]


# --- sessions and the entry slot ----------------------------------------------------------------------------------


def a_seat(strategy: str = "market_maker", *, has_sessions: bool = False) -> TraderSeat:
    """A seat that has inherited and has its history."""
    spec = find_strategy(strategy)
    plain: dict[str, object] = {"gradient_enabled": False, "footprint_enabled": False}
    parameters = EAGER if strategy == "market_maker" else plain
    seat = TraderSeat(PAIR, EPOCH, strategy=spec, parameters=parameters, limits=EngineLimits(), has_sessions=has_sessions)
    (hello,) = hellos(seat.start(START))
    seat.on_supervisor(BookHistory(PAIR, ()), START)
    seat.on_gateway(Inheritance(EPOCH, SOL, FEES, PositionState(PAIR), hello), START)
    return seat


def has_begun(seat: TraderSeat) -> bool:
    return seat.engine is not None


def test_a_trader_of_an_instrument_with_sessions_begins_when_it_knows_the_session() -> None:
    seat = a_seat(has_sessions=True)
    assert not has_begun(seat)
    session = SessionHours(PAIR, START + 90 * SECOND, START + 900 * SECOND, 20231114)
    seat.on_market(session, START)
    assert seat.engine is not None
    seat.on_allocator(CapitalLease(PAIR, EPOCH, money_from_text("16"), 2**62), START)
    assert orders(seat.on_market(a_book(at=START), START)) == []
    assert seat.engine.reason == "session_closed: opens in 1 min 30 s"
    opened = START + 90 * SECOND
    seat.on_market(a_book(at=opened, seq=2), opened)
    said = seat.on_market(session, opened)  # as it is told again every second
    assert [type(each) for each in orders(said)] == [NewOrder], seat.engine.reason


def test_a_trader_of_an_instrument_that_always_trades_waits_for_no_session() -> None:
    assert has_begun(a_seat())


def test_the_word_of_the_supervisor_lets_the_strongest_enter_until_it_ends() -> None:
    def leaning(seq: int, at: int) -> BookSnapshot:
        levels = range(5)
        bids, asks = (tuple(15_000 - n for n in levels), tuple(15_001 + n for n in levels))
        return BookSnapshot(PAIR, seq, at, at, bids, (8 * ONE,) * 5, asks, (2 * ONE,) * 5)

    seat = a_seat("order_flow_imbalance")
    assert seat.engine is not None
    seat.on_allocator(CapitalLease(PAIR, EPOCH, money_from_text("16"), 2**62), START)
    assert orders(seat.on_market(leaning(1, START), START)) == []
    assert seat.engine.reason == "not_strongest"
    late = START + SECOND
    seat.on_supervisor(EntrySlot(PAIR, late), late)
    assert orders(seat.on_market(leaning(2, late), late)) == [], "a grant that is over is none"
    said = seat.on_supervisor(EntrySlot(PAIR, late + SECOND), late)
    assert [type(each) for each in orders(said)] == [NewOrder]


# --- a start that only leaves -------------------------------------------------------------------------------------


def inherited(lots: int) -> Inheritance:
    basis = SOL.cost(15_000, lots)
    return Inheritance(EPOCH, SOL, FEES, PositionState(PAIR, lots=lots, basis=basis, opened_ns=START, trades=1), 1)


def test_a_last_trader_leaves_what_it_inherits_as_an_emergency_exit_does_and_goes() -> None:
    seat = leaving_seat(PAIR, EPOCH, EngineLimits())
    assert hellos(seat.start(START)) == [1]
    seat.on_gateway(inherited(ONE), START)
    (exit_order,) = orders(seat.on_market(a_book(at=START), START))  # no lease, no session, no strategy
    assert isinstance(exit_order, NewOrder)
    assert (exit_order.side, exit_order.lots, exit_order.purpose) == (Side.SELL, ONE, Purpose.EXIT)
    assert exit_order.time_in_force is TimeInForce.IOC
    said = seat.on_gateway(Report(EPOCH, 1, a_fill(Side.SELL, ONE, cl_ord_id=exit_order.cl_ord_id)), START)
    assert [each for each in said if isinstance(each, Retired)] == [Retired(PAIR, EPOCH, 0, ok=True, reason="flat")]


def test_a_last_trader_that_inherits_nothing_goes_at_once() -> None:
    seat = leaving_seat(PAIR, EPOCH, EngineLimits())
    seat.start(START)
    said = seat.on_gateway(inherited(0), START)
    assert Retired(PAIR, EPOCH, 0, ok=True, reason="flat") in said


def test_a_retirement_that_comes_before_the_inheritance_is_not_forgotten() -> None:
    seat = TraderSeat(PAIR, EPOCH, strategy=find_strategy("market_maker"), parameters=EAGER, limits=EngineLimits())
    seat.start(START)
    assert not seat.on_supervisor(Retire(flatten=True), START), "what it holds is not known yet"
    seat.on_supervisor(BookHistory(PAIR, ()), START)
    seat.on_gateway(inherited(ONE), START)
    (exit_order,) = orders(seat.on_market(a_book(at=START), START))
    assert isinstance(exit_order, NewOrder) and exit_order.purpose is Purpose.EXIT


def test_a_retirement_that_is_taken_back_before_the_inheritance_leaves_nothing() -> None:
    seat = TraderSeat(PAIR, EPOCH, strategy=find_strategy("market_maker"), parameters=EAGER, limits=EngineLimits())
    seat.start(START)
    seat.on_supervisor(Retire(flatten=True), START)
    seat.on_supervisor(Resume(), START)
    seat.on_supervisor(BookHistory(PAIR, ()), START)
    seat.on_gateway(inherited(ONE), START)
    assert seat.engine is not None and seat.engine.mandate.mode is Mode.TRADING
