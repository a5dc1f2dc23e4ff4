"""The gateway's own door for entries: closed by the supervisor, closed across restarts, open for what makes us smaller."""

from msgspec.structs import replace

from tests.desk.builders_router import LOTS, PAIR, Desk, a_fill, a_ready_desk, a_resting_desk, an_order, codes
from tests.desk.builders_supervision import World
from wildbot.desk.gateway_commands import TellSupervisor, WriteMeta
from wildbot.desk.gateway_state import ENTRIES_KEY, GatewaySetup
from wildbot.desk.loss_limits import DAY_NS
from wildbot.desk.order_router import OrderRouter
from wildbot.desk.supervision_words import EquityMarked, PausePair, ResumePair, SendTo
from wildbot.model.control import Entries, Rearm
from wildbot.model.executions import Accepted, Canceled
from wildbot.model.instrument import Money
from wildbot.model.orders import AmendOrder, CancelOrder, NewOrder, Purpose, Side
from wildbot.model.status import GatewayStatus

CLOSED = Entries("the day's loss limit is reached")
NOON = 20_000 * DAY_NS + DAY_NS // 2


def close(desk: Desk, command: Entries = CLOSED) -> None:
    desk.take(desk.router.on_supervisor(command, desk.now))


def news(desk: Desk) -> list[NewOrder]:
    return [each for each in desk.sent() if isinstance(each, NewOrder)]


def test_no_entry_leaves_after_the_event_that_closed_the_door() -> None:
    desk = a_ready_desk()
    close(desk)
    desk.ask(an_order())
    assert codes(desk) == ["entries_closed"]
    assert news(desk) == []


def test_a_resting_entry_is_taken_back_and_cannot_be_amended() -> None:
    desk = a_resting_desk()
    close(desk)
    desk.ask(AmendOrder("wb7x1", PAIR, 9_980, LOTS))
    assert codes(desk) == ["amend_outstanding"]
    desk.run(0.2)
    assert CancelOrder("wb7x1", PAIR, "entries closed") in desk.sent()


def test_an_exit_leaves_while_entries_are_closed_and_one_that_is_none_does_not() -> None:
    desk = a_resting_desk()
    desk.hear(a_fill())
    close(desk)
    desk.ask(an_order(2, side=Side.SELL, ticks=10_010))
    assert [each.cl_ord_id for each in news(desk)] == ["wb7x1", "wb7x2"]
    desk.ask(replace(an_order(3), purpose=Purpose.EXIT))
    assert codes(desk) == ["entries_closed"]


def test_a_rearm_does_not_open_the_door_and_the_supervisor_does() -> None:
    desk = a_ready_desk()
    close(desk)
    desk.take(desk.router.on_supervisor(Rearm(), desk.now))
    desk.ask(an_order())
    close(desk, Entries(""))
    desk.ask(an_order(2))
    assert codes(desk) == ["entries_closed"]
    assert [each.cl_ord_id for each in news(desk)] == ["wb7x2"]


def test_the_closed_door_outlives_a_restart_of_the_gateway() -> None:
    first = a_ready_desk()
    close(first)
    assert WriteMeta(ENTRIES_KEY, CLOSED.closed) in first.done
    second = Desk()
    second.world.meta = {ENTRIES_KEY: CLOSED.closed}
    second.start().trade()
    second.ask(an_order())
    assert codes(second) == ["entries_closed"]
    rows = [each.message for each in second.of(TellSupervisor) if isinstance(each, TellSupervisor)]
    assert [row.entries_closed for row in rows if isinstance(row, GatewayStatus)][-1] == CLOSED.closed


def test_limits_that_differ_from_the_journal_s_are_rows_of_history() -> None:
    desk = Desk()
    texts = (("risk.max_drawdown_pct", "60.0"), ("risk.max_order_notional", "50"), ("risk.allow_short", "false"))
    desk.router = OrderRouter(GatewaySetup(**_fields(desk.router.state.setup) | {"limit_texts": texts}))
    desk.world.meta = {"limit/risk.max_drawdown_pct": "50.0", "limit/risk.max_order_notional": "100"}
    desk.start()
    rows = [(each.kind, each.text) for each in desk.done if type(each).__name__ == "WriteEvent" and "limit_" in each.kind]
    assert rows == [
        ("limit_loosened", "risk.max_drawdown_pct from 50.0 to 60.0"),
        ("limit_tightened", "risk.max_order_notional from 100 to 50"),
    ]
    assert WriteMeta("limit/risk.allow_short", "false") in desk.done


def _fields(setup: GatewaySetup) -> dict[str, object]:
    return {name: getattr(setup, name) for name in setup.__slots__}


# --- the supervisor's side ---


def told(world: World) -> list[str]:
    return [each.message.closed for each in world.sent(SendTo) if isinstance(each.message, Entries)]


def test_the_gateway_is_told_of_the_day_s_loss_limit_with_the_mark_that_reached_it() -> None:
    world = World(now_ns=NOON, rules={"max_daily_loss_pct": 5.0})
    world.start()
    assert told(world) == []
    world.tell(EquityMarked(Money(10_000), Money(10_000)))
    world.tell(EquityMarked(Money(9_500), Money(10_000)))
    assert told(world) == [CLOSED.closed]


def test_the_gateway_is_told_again_until_its_row_agrees_and_of_the_next_day() -> None:
    world = World(now_ns=NOON, rules={"max_daily_loss_pct": 5.0})
    world.start()
    world.tell(EquityMarked(Money(10_000), Money(10_000)))
    world.tell(EquityMarked(Money(9_500), Money(10_000)))
    world.run(5)
    assert len(told(world)) >= 5  # this gateway's rows never agree
    world.now_ns += DAY_NS
    world.tell(EquityMarked(Money(9_500), Money(10_000)))
    assert told(world)[-1] == ""
    count = len(told(world))
    world.run(5)
    assert len(told(world)) == count


def test_the_owner_s_pause_of_everything_closes_the_gateway_and_a_resume_opens_it() -> None:
    world = World(now_ns=NOON)
    world.start()
    world.ask(PausePair(""))
    assert told(world)[-1] == "the owner paused all pairs"
    world.ask(ResumePair(""), "t2")
    assert told(world)[-1] == ""


def test_accepted_entries_that_end_leave_nothing_behind() -> None:
    desk = a_resting_desk()
    close(desk)
    desk.hear(Accepted("wb7x1", "O1", desk.now))
    desk.hear(Canceled("wb7x1", 0, "User requested", desk.now))
    assert not list(desk.router.state.intents.live())
