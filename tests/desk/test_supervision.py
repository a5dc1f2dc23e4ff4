"""The supervisor's rules: who gets a trader, what a death, a swap, a halt and a stop lead to."""

from tests.desk.builders_supervision import ADA, BTC, ETH, SOL, XRP, World
from wildbot.desk.alerts import RaiseAlert
from wildbot.desk.restart_budget import IN_ALL, PER_PAIR, RestartBudget, Verdict
from wildbot.desk.supervision_words import (
    ALLOCATOR,
    GATEWAY,
    Announce,
    ChangeUniverse,
    ChildEnded,
    EndRun,
    EquityMarked,
    FeedHealth,
    FlattenPair,
    HaltAll,
    Heard,
    KillTrader,
    PausePair,
    Persist,
    RearmAll,
    ResumePair,
    RunState,
    SendTo,
    SendToTrader,
    SetUniverse,
    SpawnTrader,
    StartPair,
    StopAsked,
    StopPair,
    SupervisorState,
    Swap,
    SwapProposed,
)
from wildbot.model.control import EndEpoch, EpochEnded, NoneRest, Pause, Rearm, Resume, Retire, StopAll
from wildbot.model.desk import CapitalLease
from wildbot.model.instrument import NANOS_PER_SECOND, Money


def a_running_world(**settings: object) -> World:
    world = World(**settings)  # type: ignore[arg-type]
    world.start()
    return world


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


# --- swaps ---


def test_swap_retires_ends_and_starts_in_this_order() -> None:
    world = a_running_world()
    old = world.running[BTC]
    world.log.clear()
    world.ask(Swap(BTC, XRP))
    world.run()
    assert set(world.running) == {ETH, SOL, XRP}
    kinds = [
        SendToTrader(BTC, Retire(flatten=True)),
        SendTo(GATEWAY, EndEpoch(BTC, old)),
        SendTo(ALLOCATOR, EpochEnded(BTC, old)),
    ]
    steps = [world.log.index(step) for step in [*kinds, SpawnTrader(XRP, world.running[XRP])]]
    assert steps == sorted(steps)
    assert world.reply().result == {"out": BTC, "in": XRP, "epoch": world.running[XRP]}


def test_swap_is_refused_with_a_reason_and_changes_nothing() -> None:
    world = a_running_world()
    world.rank(BTC, ETH, SOL, XRP, ADA, unfit=(ADA,))
    cases = {
        "unknown_pair": Swap(BTC, "NOPE/USDC"),
        "not_active": Swap(XRP, XRP),
        "already_active": Swap(BTC, ETH),
        "does_not_fit": Swap(BTC, ADA),
    }
    before = dict(world.running)
    for code, verb in cases.items():
        world.ask(verb, code)
        assert world.reply(code).code == code and world.reply(code).message
    assert world.running == before


def test_swap_that_cannot_flatten_is_refused_and_the_old_trader_resumes() -> None:
    world = a_running_world()
    world.positions[BTC], world.keeps_position = 1, {BTC}
    world.ask(Swap(BTC, XRP))
    world.run()
    assert world.reply().code == "position_held" and "below the minimum order" in world.reply().message
    assert SendToTrader(BTC, Resume()) in world.log
    assert set(world.running) == {BTC, ETH, SOL}


def test_a_trader_that_kept_its_position_and_exits_all_the_same_is_replaced_without_counting_a_death() -> None:
    world = a_running_world()
    world.positions[BTC], world.keeps_position = 1, {BTC}
    world.ask(Swap(BTC, XRP))
    world.run()
    epoch = world.running.pop(BTC)
    world.tell(ChildEnded(BTC, epoch, 0))
    world.run()
    assert world.running[BTC] > epoch and not world.on_disk.restarts
    world.kill(BTC)
    world.run()
    assert len(world.on_disk.restarts) == 1, "its successor's death is one"


def test_policy_refuse_does_not_even_touch_a_trader_with_a_position() -> None:
    world = a_running_world(policy="refuse")
    world.positions[BTC] = 1
    world.run()
    world.ask(Swap(BTC, XRP))
    assert world.reply().code == "position_held"
    assert not [c for c in world.sent(SendToTrader) if isinstance(c.message, Retire)]


def test_trader_that_dies_with_a_position_during_a_swap_is_replaced_by_its_own_pair() -> None:
    world = a_running_world()
    world.positions[BTC] = 1
    world.run()
    world.hung.add(BTC)
    world.ask(Swap(BTC, XRP))
    world.kill(BTC)
    world.run()
    assert world.reply().code == "position_held"
    assert set(world.running) == {BTC, ETH, SOL}


def test_second_swap_waits_its_turn() -> None:
    world = a_running_world()
    world.hung.add(BTC)
    world.ask(Swap(BTC, XRP))
    world.ask(StopPair(ETH), "t2")
    assert world.reply("t2").code == "busy"


def test_scanner_s_proposal_swaps_and_a_pinned_run_ignores_it() -> None:
    world = a_running_world()
    world.tell(SwapProposed(BTC, XRP, "twice the score"))
    world.run()
    assert set(world.running) == {ETH, SOL, XRP}
    pinned = World(pinned=(BTC,))
    pinned.start()
    pinned.tell(SwapProposed(BTC, XRP, "twice the score"))
    pinned.run()
    assert set(pinned.running) == {BTC}


# --- the owner's other verbs ---


def test_stopped_pair_leaves_its_slot_empty_until_the_owner_fills_it() -> None:
    world = a_running_world()
    world.ask(StopPair(BTC))
    world.run(2)
    assert set(world.running) == {ETH, SOL}
    world.ask(StartPair(XRP), "t2")
    world.run()
    assert set(world.running) == {ETH, SOL, XRP}
    world.ask(StartPair(BTC), "t3")
    assert world.reply("t3").code == "no_free_slot"


def test_pause_reaches_one_or_all_and_survives_the_trader() -> None:
    world = a_running_world()
    world.ask(PausePair(BTC))
    assert [c.pair for c in world.sent(SendToTrader)] == [BTC]
    world.log.clear()
    world.kill(BTC)
    world.run()
    assert SendToTrader(BTC, Pause()) in world.log
    world.ask(PausePair(), "t2")
    world.run()
    assert world.brain.run_state is RunState.REDUCE_ONLY
    world.ask(ResumePair(), "t3")
    world.run()
    assert world.brain.run_state is RunState.RUNNING


def test_flatten_of_an_idle_pair_is_refused() -> None:
    world = a_running_world()
    world.ask(FlattenPair(ADA))
    assert world.reply().code == "not_active"


def test_universe_must_keep_the_traded_pairs() -> None:
    world = a_running_world()
    world.ask(SetUniverse((ADA,)))
    assert world.reply().code == "pair_active"
    world.ask(SetUniverse((BTC, ETH, SOL, ADA)), "t2")
    assert world.sent(ChangeUniverse) == [ChangeUniverse((BTC, ETH, SOL, ADA))]


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
