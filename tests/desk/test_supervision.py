"""The supervisor's rules: who gets a trader, what a death leads to, and which state the run is in."""

from tests.desk.builders_supervision import BTC, ETH, SOL, XRP, World, a_running_world
from wildbot.desk.alerts import RaiseAlert
from wildbot.desk.restart_budget import IN_ALL, PER_PAIR, RestartBudget, Verdict
from wildbot.desk.supervision_words import (
    ALLOCATOR,
    GATEWAY,
    Announce,
    FeedHealth,
    KillTrader,
    RunState,
    SendTo,
    SpawnTrader,
    SupervisorState,
)
from wildbot.desk.trader_fleet import TraderState
from wildbot.model.control import EndEpoch, EpochEnded
from wildbot.model.desk import CapitalLease
from wildbot.model.instrument import NANOS_PER_SECOND, Money

# --- starting ---


def test_best_tradeable_pairs_fill_the_slots() -> None:
    world = World()
    world.rank(BTC, ETH, SOL, XRP, unfit=(ETH,))
    world.tell(FeedHealth(ok=True))
    world.run()
    assert set(world.running) == {BTC, SOL, XRP}
    assert world.brain.run_state is RunState.RUNNING


def test_no_pair_worth_trading_is_said_once_with_the_reason_of_the_best() -> None:
    world = World()
    for _ in range(3):
        world.rank(BTC, ETH, unfit=(BTC, ETH))
        world.tell(FeedHealth(ok=True))
        world.run()
    said = [c.text for c in world.sent(Announce) if c.kind == "trader" and "I do not trade" in c.text]
    assert said == ["I do not trade because no pair is worth it; the best is BTC/USDC: needs 9 USDC"]
    assert not world.running
    assert (world.brain.run_state, world.brain.reasons) == (RunState.RUNNING, tuple(said))
    world.rank(BTC, ETH, unfit=(ETH,))
    world.run()
    assert set(world.running) == {BTC}
    assert world.brain.reasons == ()


def test_pinned_pairs_are_traded_whatever_the_scanner_says() -> None:
    world = World(pinned=(XRP,))
    world.start()
    assert set(world.running) == {XRP}


def test_nothing_starts_before_the_gateway_is_ready() -> None:
    world = World(pinned=(BTC,))
    world.phase = "reconciling"
    world.start()
    assert not world.running
    assert world.brain.run_state in (RunState.STARTING, RunState.RECONCILING)
    world.phase = "ready"
    world.run()
    assert set(world.running) == {BTC}


def test_epochs_rise_and_are_on_disk_before_they_are_used() -> None:
    world = a_running_world(saved=SupervisorState(epoch=41))
    assert sorted(world.running.values()) == [42, 43, 44]
    assert world.on_disk.epoch == 44


def test_pair_that_holds_a_position_comes_first_after_a_restart() -> None:
    world = World(max_traders=1)
    world.positions[XRP] = 7
    world.start()
    assert set(world.running) == {XRP}


def test_epochs_of_an_earlier_life_are_ended_before_new_traders_start() -> None:
    lease = CapitalLease(BTC, 7, Money(5), 0)
    world = World(saved=SupervisorState(epoch=7), leases=(lease,))
    world.gateway_answers = False
    world.start()
    assert SendTo(GATEWAY, EndEpoch(BTC, 7)) in world.log and not world.running
    world.gateway_answers = True
    world.run(2)
    assert SendTo(ALLOCATOR, EpochEnded(BTC, 7)) in world.log
    assert len(world.running) == 3


# --- deaths ---


def test_killed_trader_is_replaced_under_a_new_epoch_after_its_old_one_has_ended() -> None:
    world = a_running_world()
    old = world.running[BTC]
    world.log.clear()
    world.kill(BTC)
    world.run()
    assert world.running[BTC] > old
    order = [c for c in world.log if c in (SendTo(GATEWAY, EndEpoch(BTC, old)), SpawnTrader(BTC, world.running[BTC]))]
    assert len(order) == 2 and isinstance(order[0], SendTo)
    assert SendTo(ALLOCATOR, EpochEnded(BTC, old)) in world.log


def test_no_successor_starts_while_the_gateway_has_not_ended_the_epoch() -> None:
    world = a_running_world()
    world.gateway_answers = False
    world.kill(BTC)
    world.run(5)
    assert BTC not in world.running and world.brain.run_state is RunState.DEGRADED
    world.gateway_answers = True
    world.run(2)
    assert BTC in world.running and world.brain.run_state is RunState.RUNNING


def test_hung_trader_is_killed_after_two_seconds_of_silence_and_replaced() -> None:
    world = a_running_world()
    old = world.running[ETH]
    world.hung.add(ETH)
    world.run(1.75)
    assert not world.sent(KillTrader)
    world.run(1)
    assert world.sent(KillTrader) == [KillTrader(ETH, old)]
    assert world.running[ETH] > old


def test_traders_that_have_not_begun_may_be_slow_on_a_busy_machine() -> None:
    world = a_running_world()
    for record in world.brain.traders:
        record.state = (
            TraderState.STARTING
        )  # as their first heartbeat says, before the gateway has told them what they hold
    world.hung |= {BTC, ETH, SOL}
    world.run(10)
    assert not world.sent(KillTrader)
    world.run(11)
    assert len(world.sent(KillTrader)) == 3


def test_traders_that_fall_silent_together_count_as_one_death() -> None:
    world = a_running_world()
    for _ in range(IN_ALL.count):
        world.hung |= {BTC, ETH, SOL}
        world.run(70)
    assert not world.on_disk.halted
    world.hung |= {BTC, ETH, SOL}
    world.run(5)
    assert world.on_disk.halted and "machine is too busy" in world.on_disk.halt_reason


def test_own_sleep_is_not_counted_as_the_traders_silence() -> None:
    world = a_running_world()
    world.now_ns += 60 * NANOS_PER_SECOND
    world._take(world.brain.on_timer(world.now_ns))
    assert not world.sent(KillTrader)


def test_crash_loop_quarantines_the_pair_and_the_next_best_takes_over() -> None:
    world = World()
    world.dies_at_start = {ETH}
    world.start()
    world.run(3)
    assert world.brain.quarantined == {ETH}
    assert set(world.running) == {BTC, SOL, XRP}
    assert any(alert.key == f"quarantine:{ETH}" for alert in world.sent(RaiseAlert))


def test_deaths_across_pairs_halt_the_run() -> None:
    world = a_running_world()
    for _ in range(IN_ALL.count // 2):
        for pair in (BTC, ETH):
            world.kill(pair)
            world.run(30)
    for pair in (SOL, BTC):
        world.kill(pair)
        world.run(2)
    assert world.on_disk.halted and "traders died" in world.on_disk.halt_reason
    assert world.brain.run_state is RunState.HALTED


def test_budget_forgets_what_is_older_than_its_window() -> None:
    budget = RestartBudget()
    verdicts = [budget.died(BTC, at * NANOS_PER_SECOND) for at in (0, 1, 2, 3)]
    assert verdicts == [Verdict.RESTART] * PER_PAIR.count + [Verdict.QUARANTINE]
    assert budget.died(BTC, 1_000 * NANOS_PER_SECOND) is Verdict.RESTART


# --- the state of the run ---


def test_silent_gateway_or_feed_degrades_and_recovers() -> None:
    world = a_running_world()
    world.gateway_up = False
    world.run(4)
    assert world.brain.run_state is RunState.DEGRADED
    assert any(alert.key == "silent:order_gateway" for alert in world.sent(RaiseAlert))
    world.gateway_up = True
    world.run()
    assert world.brain.run_state is RunState.RUNNING
    world.tell(FeedHealth(ok=False, reason="silent for 3 s"))
    world.run()
    assert world.brain.reasons == ("silent for 3 s",)
    assert [c.text for c in world.sent(Announce) if c.kind == "state"][-1].startswith("degraded")


def test_a_desk_that_lost_feed_and_stream_is_degraded_never_starting() -> None:
    world = a_running_world()
    world.log.clear()
    world.tell(FeedHealth(ok=False, reason="no connection to the market data"))
    world.run()
    world.phase = "reconciling"
    world.run()
    world.phase = "ready"
    world.run()
    assert world.brain.reasons == ("no connection to the market data",)
    world.tell(FeedHealth(ok=True))
    world.run()
    said = [c.text.partition(":")[0] for c in world.sent(Announce) if c.kind == "state"]
    assert said == ["degraded", "reconciling", "degraded", "running"]
