"""The supervisor and its owner: swaps, stops, starts, pauses, universes."""

from tests.desk.builders_supervision import ADA, BTC, ETH, SOL, XRP, World, a_running_world
from wildbot.desk.supervision_words import (
    ALLOCATOR,
    GATEWAY,
    ChangeUniverse,
    ChildEnded,
    FlattenPair,
    PausePair,
    ResumePair,
    RunState,
    SendTo,
    SendToTrader,
    SetUniverse,
    SpawnTrader,
    StartPair,
    StopPair,
    Swap,
    SwapProposed,
)
from wildbot.model.control import EndEpoch, EpochEnded, Pause, Resume, Retire

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
