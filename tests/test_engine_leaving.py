"""How a trader leaves: as taker at its limits, and when it is told to pause, flatten or retire."""

from tests.trading.builders_filled import filled, later
from tests.trading.builders_trading import (
    PAIR,
    SOL,
    START,
    a_book,
    a_fill,
    a_quoting_engine,
    an_engine,
    canceled,
    cancels,
    money,
    new_orders,
    requests,
)
from wildbot.model.control import Flatten, Pause, Resume, Retire, Retired
from wildbot.model.desk import Inheritance, PositionState
from wildbot.model.executions import OutcomeUnknown
from wildbot.model.instrument import FeeSchedule, Liquidity
from wildbot.model.orders import Side, TimeInForce
from wildbot.trading.mandate import FLATTEN_TRIES_MAX, Mode
from wildbot.trading.note import Note
from wildbot.trading.taker import RETRY_NS


def retired(commands: object) -> list[Retired]:
    assert isinstance(commands, list | tuple)
    return [command for command in commands if isinstance(command, Retired)]


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
