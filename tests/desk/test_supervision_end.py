"""The ways a run's trading ends: halts, and the ordered stop."""

from tests.desk.builders_supervision import XRP, World, a_running_world
from wildbot.desk.alerts import RaiseAlert
from wildbot.desk.supervision_words import (
    GATEWAY,
    EndRun,
    EquityMarked,
    HaltAll,
    Heard,
    KillTrader,
    Persist,
    RearmAll,
    RunState,
    SendTo,
    SendToTrader,
    StartPair,
    StopAsked,
    SupervisorState,
)
from wildbot.model.control import NoneRest, Rearm, Retire, StopAll
from wildbot.model.instrument import Money

# --- halts ---


def test_halt_is_on_disk_before_anyone_is_told() -> None:
    world = a_running_world()
    world.log.clear()
    world.ask(HaltAll())
    world.run()
    first = world.log[0]
    assert isinstance(first, Persist) and first.state.halted
    assert world.log[1] == SendTo(GATEWAY, StopAll(halt=True, reason="the owner asked"))
    assert not world.running and world.brain.run_state is RunState.HALTED


def test_halt_survives_a_restart_and_rearm_lifts_it() -> None:
    world = World(saved=SupervisorState(halted=True, halt_reason="drawdown"))
    world.start()
    assert not world.running and world.brain.run_state is RunState.HALTED
    world.ask(RearmAll())
    world.run(3)
    assert SendTo(GATEWAY, Rearm()) in world.log
    assert len(world.running) == 3 and not world.on_disk.halted


def test_gateway_s_own_halt_halts_the_run() -> None:
    world = a_running_world()
    world.phase = "halted"
    world.run()
    assert world.on_disk.halted and "order gateway halted" in world.on_disk.halt_reason


def test_restarted_gateway_is_told_of_the_halt_again() -> None:
    world = a_running_world()
    world.ask(HaltAll())
    world.run()
    world.phase = "ready"
    world.run(2)
    assert world.phase == "halted"


def test_drawdown_of_exactly_the_limit_halts_once_and_rearm_takes_a_new_peak() -> None:
    world = a_running_world()
    for equity in (1600, 2000, 1001):
        world.tell(EquityMarked(Money(equity), Money(1600)))
    assert not world.on_disk.halted and world.on_disk.peak == 2000
    for _ in range(2):
        world.tell(EquityMarked(Money(1000), Money(1600)))
    assert world.on_disk.halted
    assert sum(alert.key == "halt" for alert in world.sent(RaiseAlert)) == 1
    world.ask(RearmAll())
    world.tell(EquityMarked(Money(1000), Money(1600)))
    assert not world.on_disk.halted and world.on_disk.peak == 1000


def test_third_unclean_start_within_ten_minutes_comes_up_halted() -> None:
    saved = SupervisorState()
    for _ in range(2):
        world = World(saved=saved)
        saved = world.on_disk
        assert not saved.halted
    assert World(saved=saved).on_disk.halted


# --- the end ---


def test_stop_waits_for_the_gateway_s_word_and_ends_with_zero() -> None:
    world = a_running_world()
    world.tell(StopAsked())
    world.run(2)
    assert not world.running and not world.sent(EndRun)
    assert [c.message.flatten for c in world.sent(SendToTrader) if isinstance(c.message, Retire)] == [False] * 3
    world.tell(Heard(GATEWAY, NoneRest()))
    world.run()
    assert world.sent(EndRun)[0] == EndRun(0)
    assert world.on_disk.starts_ns == ()


def test_a_word_from_before_the_stop_does_not_end_it() -> None:
    world = a_running_world()
    world.tell(Heard(GATEWAY, NoneRest()))  # a halt's, or that of a gateway which has been replaced
    world.tell(StopAsked())
    world.run(2)
    assert not world.sent(EndRun)
    world.tell(Heard(GATEWAY, NoneRest()))
    world.run(1)
    assert world.sent(EndRun)


def test_stop_without_the_gateway_s_word_ends_with_one_and_an_alert() -> None:
    world = a_running_world()
    world.tell(StopAsked())
    world.run(21)
    assert world.sent(EndRun)[0] == EndRun(1)
    assert any(alert.key == "unclean_stop" for alert in world.sent(RaiseAlert))


def test_second_stop_kills_the_traders_but_still_waits_for_the_cancels() -> None:
    world = a_running_world()
    world.hung = set(world.running)
    world.tell(StopAsked())
    world.tell(StopAsked())
    assert len(world.sent(KillTrader)) == 3
    world.run()
    assert not world.sent(EndRun)


def test_nothing_is_started_while_stopping() -> None:
    world = a_running_world()
    world.tell(StopAsked())
    world.ask(StartPair(XRP))
    assert world.reply().code == "stopping"
    world.run(3)
    assert not world.running
