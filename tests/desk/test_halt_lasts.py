"""A halt is the owner's to end: neither a restart of the gateway nor time ends it."""

from tests.desk.builders_router import Desk, a_ready_desk, an_order, codes
from wildbot.desk.gateway_commands import WriteMeta
from wildbot.desk.gateway_state import HALT_KEY, Phase
from wildbot.desk.order_checks import Code
from wildbot.desk.watch import JournalFailed, JournalMended
from wildbot.model.control import Rearm


def remembered(desk: Desk) -> str:
    return next(each.value for each in reversed(desk.done) if isinstance(each, WriteMeta) and each.key == HALT_KEY)


def a_desk_that_was_halted() -> Desk:
    desk = Desk()
    desk.world.meta[HALT_KEY] = "the journal cannot be written"
    return desk.start()


def test_a_halt_is_written_down_and_so_is_its_end() -> None:
    desk = a_ready_desk()
    desk.take(desk.router.on_shell(JournalFailed("disk full"), desk.now))
    assert "disk full" in remembered(desk)
    desk.take(desk.router.on_shell(JournalMended(), desk.now))
    desk.take(desk.router.on_supervisor(Rearm(), desk.now))
    assert remembered(desk) == ""


def test_a_gateway_that_starts_anew_stays_halted() -> None:
    desk = a_desk_that_was_halted().trade()
    assert desk.router.state.phase is Phase.HALTED
    desk.ask(an_order())
    assert codes(desk) == [Code.HALTED]


def test_the_owner_ends_a_halt_of_a_former_run() -> None:
    desk = a_desk_that_was_halted()
    desk.take(desk.router.on_supervisor(Rearm(), desk.now))
    desk.trade()
    desk.ask(an_order())
    assert codes(desk) == []
    assert desk.router.state.intents.by_client("wb7x1") is not None


def test_a_rearm_before_the_journal_is_read_counts() -> None:
    desk = Desk()
    desk.take(desk.router.on_supervisor(Rearm(), desk.now))
    assert remembered(desk) == ""
