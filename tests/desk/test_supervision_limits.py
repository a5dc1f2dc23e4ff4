"""What a restart must not forgive: losses, pauses, loosened limits, quarantines, the chosen universe."""

import pytest

from tests.desk.builders_supervision import BTC, ETH, NOON, SOL, XRP, World, a_world_at_noon, alerts
from wildbot.desk.alerts import RaiseAlert
from wildbot.desk.limit_changes import is_looser
from wildbot.desk.loss_limits import DAILY_LOSS, DAY_NS
from wildbot.desk.supervision import Supervision
from wildbot.desk.supervision_state import SupervisionRules
from wildbot.desk.supervision_words import (
    Announce,
    ChangeUniverse,
    EquityMarked,
    PairModeSeen,
    PausePair,
    Persist,
    RearmAll,
    ResumePair,
    RunState,
    SendToTrader,
    SetUniverse,
    StopPair,
    SupervisorState,
)
from wildbot.model.control import Pause, Resume
from wildbot.model.instrument import NANOS_PER_SECOND, Money, PairStatus

START = Money(10_000)


def mark(world: World, equity: int) -> None:
    world.tell(EquityMarked(Money(equity), START))


def told(world: World, kind: type) -> set[str]:
    return {command.pair for command in world.sent(SendToTrader) if isinstance(command.message, kind)}


# --- the day's loss ---


@pytest.mark.parametrize("rules", [{"max_daily_loss_pct": 5.0}, {"max_daily_loss": 500}])
def test_a_day_s_loss_stops_entries_until_the_next_utc_day(rules: dict[str, object]) -> None:
    world = a_world_at_noon(**rules)
    mark(world, 10_000)
    mark(world, 9_501)
    assert not told(world, Pause)
    mark(world, 9_500)
    world.run()
    assert told(world, Pause) == {BTC, ETH, SOL} and not told(world, Resume)
    assert world.brain.run_state is RunState.REDUCE_ONLY and not world.on_disk.halted
    assert DAILY_LOSS in alerts(world)
    world.now_ns += DAY_NS
    mark(world, 9_400)
    world.run()
    assert told(world, Resume) == {BTC, ETH, SOL} and world.brain.run_state is RunState.RUNNING
    assert DAILY_LOSS not in alerts(world) and world.on_disk.day_open == 9_400


def test_the_tighter_of_two_daily_limits_counts() -> None:
    world = a_world_at_noon(max_daily_loss_pct=5.0, max_daily_loss=100)
    mark(world, 10_000)
    mark(world, 9_900)
    assert world.on_disk.entries_closed


def test_without_a_daily_limit_a_day_may_lose_anything() -> None:
    world = a_world_at_noon()
    mark(world, 10_000)
    mark(world, 5_001)
    assert not world.on_disk.entries_closed and not told(world, Pause)


def test_a_restart_forgives_no_daily_loss() -> None:
    world = a_world_at_noon(max_daily_loss_pct=5.0)
    mark(world, 10_000)
    mark(world, 9_800)
    later = a_world_at_noon(world.on_disk, NOON + 60 * NANOS_PER_SECOND, max_daily_loss_pct=5.0)
    mark(later, 9_500)
    assert later.on_disk.day_open == 10_000 and later.on_disk.entries_closed
    last = a_world_at_noon(replace_starts(later.on_disk), NOON + 120 * NANOS_PER_SECOND, max_daily_loss_pct=5.0)
    assert told(last, Pause) == {BTC, ETH, SOL}, "new traders are paused at their first heartbeat"
    mark(last, 9_900)
    assert last.on_disk.entries_closed and DAILY_LOSS in alerts(last)


def replace_starts(saved: SupervisorState) -> SupervisorState:
    """As if the starts before had been long ago."""
    return type(saved)(**{name: getattr(saved, name) for name in saved.__struct_fields__} | {"starts_ns": ()})


def test_a_clock_that_steps_back_over_midnight_begins_no_second_day() -> None:
    midnight = 20_001 * DAY_NS
    world = a_world_at_noon(now_ns=midnight - 10 * NANOS_PER_SECOND, max_daily_loss_pct=5.0)
    mark(world, 10_000)
    mark(world, 9_500)
    world.now_ns = midnight + NANOS_PER_SECOND
    mark(world, 9_500)
    assert not world.on_disk.entries_closed and world.on_disk.day_open == 9_500
    mark(world, 9_000)
    assert world.on_disk.entries_closed
    world.now_ns = midnight - NANOS_PER_SECOND
    mark(world, 9_000)
    world.now_ns = midnight + 2 * NANOS_PER_SECOND
    mark(world, 9_000)
    assert world.on_disk.day_open == 9_500 and world.on_disk.entries_closed


def test_resume_is_refused_while_the_day_is_closed_and_pauses_of_the_owner_outlast_it() -> None:
    world = a_world_at_noon(max_daily_loss_pct=5.0)
    mark(world, 10_000)
    world.ask(PausePair(BTC), "p")
    mark(world, 9_000)
    world.ask(ResumePair(ETH), "r")
    assert world.reply("r").code == "daily_loss"
    world.now_ns += DAY_NS
    mark(world, 9_000)
    assert told(world, Resume) == {ETH, SOL}


def test_rearm_takes_the_peak_anew_but_leaves_the_day_closed() -> None:
    world = a_world_at_noon(max_daily_loss_pct=5.0)
    mark(world, 10_000)
    mark(world, 5_000)
    assert world.on_disk.halted and world.on_disk.entries_closed
    world.ask(RearmAll())
    mark(world, 5_000)
    assert not world.on_disk.halted and world.on_disk.peak == 5_000 and world.on_disk.entries_closed


def test_a_restart_forgives_no_drawdown() -> None:
    world = a_world_at_noon()
    mark(world, 10_000)
    mark(world, 20_000)
    later = a_world_at_noon(world.on_disk, NOON + 60 * NANOS_PER_SECOND)
    mark(later, 10_000)
    assert later.on_disk.halted and "drawdown 50.0 %" in later.on_disk.halt_reason


# --- limits that changed ---


def test_loosened_limits_are_announced_and_alerted_once() -> None:
    first = a_world_at_noon(limits=(("risk.max_drawdown_pct", "20.0"), ("risk.entry_collar_pct", "1.0")))
    assert not [each for each in first.sent(Announce) if each.kind == "limits"]
    second = a_world_at_noon(first.on_disk, limits=(("risk.max_drawdown_pct", "50.0"), ("risk.entry_collar_pct", "0.5")))
    texts = [each.text for each in second.sent(Announce) if each.kind == "limits"]
    assert len(texts) == 2 and "was 20.0, now it is 50.0 (looser" in texts[0] and "(tighter" in texts[1]
    (alert,) = [each for each in second.sent(RaiseAlert) if each.key == "limits_loosened"]
    assert "entry_collar" not in alert.text
    third = a_world_at_noon(replace_starts(second.on_disk), limits=(("risk.max_drawdown_pct", "50.0"),))
    assert "limits_loosened" not in alerts(third)


@pytest.mark.parametrize(
    ("name", "before", "now", "looser"),
    [
        ("risk.max_drawdown_pct", "20", "20.5", True),
        ("risk.max_drawdown_pct", "20", "9", False),
        ("risk.max_daily_loss_pct", "5", "0", True),
        ("risk.max_daily_loss_pct", "0", "5", False),
        ("risk.allow_short", "false", "true", True),
        ("risk.allow_short", "true", "false", False),
    ],
)
def test_looser_is_what_allows_more(name: str, before: str, now: str, looser: bool) -> None:
    assert is_looser(name, before, now) is looser


# --- what the owner chose ---


def test_pauses_and_stops_survive_a_crash() -> None:
    world = a_world_at_noon()
    world.ask(PausePair(BTC), "p")
    world.ask(StopPair(ETH), "s")
    world.run()
    later = a_world_at_noon(world.on_disk)
    assert ETH not in later.running and BTC in told(later, Pause) and SOL not in told(later, Pause)


def test_a_quarantine_survives_a_crash() -> None:
    saved = SupervisorState(quarantined=(ETH,))
    world = a_world_at_noon(saved)
    assert ETH not in world.running and f"quarantine:{ETH}" in alerts(world)


def test_a_chosen_universe_survives_until_the_settings_name_another() -> None:
    universe = (BTC, ETH, SOL, XRP)
    world = a_world_at_noon(universe=universe)
    world.ask(SetUniverse((BTC, ETH, SOL)), "u")
    assert world.reply("u").code == ""
    later = a_world_at_noon(world.on_disk, universe=universe)
    assert later.sent(ChangeUniverse) == [ChangeUniverse((BTC, ETH, SOL))]
    other = a_world_at_noon(replace_starts(later.on_disk), universe=(BTC, ETH))
    assert not other.sent(ChangeUniverse) and other.on_disk.universe == ()


def test_what_follows_from_a_saved_word_comes_after_it() -> None:
    brain = Supervision(SupervisionRules(3), SupervisorState())
    first, *_ = brain.start(NOON)
    assert isinstance(first, Persist)
    assert brain.on_timer(NOON + 1) == [], "nothing changed, nothing is written"


# --- pairs that the exchange restricts ---


def test_a_restricted_pair_is_told_with_its_exposure_until_it_is_online_again() -> None:
    world = a_world_at_noon()
    world.tell(PairModeSeen(XRP, PairStatus.MAINTENANCE))
    assert f"pair_mode:{XRP}" not in alerts(world), "neither traded nor held"
    world.positions[BTC] = 5
    world.run()
    world.tell(PairModeSeen(BTC, PairStatus.CANCEL_ONLY))
    (alert,) = [each for each in world.sent(RaiseAlert) if each.key == f"pair_mode:{BTC}"]
    assert f"{BTC} is cancel_only at the exchange" in alert.text and "stays exposed" in alert.text
    assert BTC in world.running and world.brain.run_state is RunState.RUNNING
    world.tell(PairModeSeen(BTC, PairStatus.ONLINE))
    assert f"pair_mode:{BTC}" not in alerts(world)
