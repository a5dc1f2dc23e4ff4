"""What a pair in quarantine holds is left by a last trader, and nothing else of it trades."""

from tests.desk.builders_supervision import BTC, CRUMB, ETH, SOL, XRP, World, a_running_world, alerts
from wildbot.desk.quarantine import AGAIN_NS
from wildbot.desk.restart_budget import IN_ALL, PER_PAIR
from wildbot.desk.supervision_words import HaltAll, RearmAll, RunState, SpawnTrader, StartPair, SupervisorState
from wildbot.model.instrument import NANOS_PER_SECOND

AGAIN_S = AGAIN_NS / NANOS_PER_SECOND


def quarantine(world: World, pair: str = ETH, lots: int = 500) -> None:
    """The trader of a pair that holds a position dies until nobody starts it again."""
    world.positions[pair] = lots
    world.run()
    for _ in range(PER_PAIR.count + 1):
        world.kill(pair)
        world.run()
    assert pair in world.brain.quarantined


def last_traders(world: World, pair: str = ETH) -> int:
    return sum(command.only_leaves and command.pair == pair for command in world.sent(SpawnTrader))


def test_a_last_trader_leaves_what_a_quarantined_pair_holds_and_the_next_best_takes_over() -> None:
    world = a_running_world()
    quarantine(world)
    assert world.positions[ETH] == 0
    assert set(world.running) == {BTC, SOL, XRP}
    world.run(3 * AGAIN_S)
    assert last_traders(world) == 1, "flat is flat"
    assert ETH in world.brain.quarantined and f"stranded:{ETH}" not in alerts(world)


def test_until_the_position_is_left_its_slot_is_taken() -> None:
    world = a_running_world()
    world.keeps_position.add(ETH)
    quarantine(world)
    world.run(2)
    assert XRP not in world.running
    world.keeps_position.clear()
    world.run(AGAIN_S + 1)
    assert world.positions[ETH] == 0 and XRP in world.running


def test_a_last_trader_that_dies_or_cannot_leave_is_followed_by_another_and_halts_nothing() -> None:
    world = a_running_world()
    world.dies_at_start.add(ETH)
    quarantine_by_itself(world)
    assert last_traders(world) == 1 and f"stranded:{ETH}" in alerts(world)
    world.run((IN_ALL.count + 2) * AGAIN_S)
    assert last_traders(world) > IN_ALL.count
    assert world.brain.run_state is RunState.RUNNING and not world.on_disk.halted
    world.dies_at_start.clear()
    world.run(AGAIN_S + 1)
    assert world.positions[ETH] == 0 and f"stranded:{ETH}" not in alerts(world)


def quarantine_by_itself(world: World) -> None:
    """The pair's trader is killed once and dies at each start from then on."""
    world.positions[ETH] = 500
    world.run()
    world.kill(ETH)
    world.run(3)
    assert ETH in world.brain.quarantined


def test_a_crumb_is_not_tried_again() -> None:
    world = a_running_world()
    quarantine(world, lots=CRUMB)
    world.run(3 * AGAIN_S)
    assert last_traders(world) == 1 and world.positions[ETH] == CRUMB and XRP in world.running


def test_a_pair_that_holds_nothing_gets_no_last_trader() -> None:
    world = a_running_world()
    quarantine(world, lots=0)
    world.run(2)
    assert last_traders(world) == 0


def test_a_halt_keeps_last_traders_away_until_it_is_lifted() -> None:
    world = a_running_world()
    world.keeps_position.add(ETH)
    quarantine(world)
    world.ask(HaltAll(), "h")
    world.keeps_position.clear()
    world.run(2 * AGAIN_S)
    assert last_traders(world) == 1 and world.positions[ETH] == 500
    world.ask(RearmAll(), "r")
    world.run(10)
    assert world.positions[ETH] == 0


def test_after_a_restart_a_quarantined_position_is_left_too() -> None:
    world = World(saved=SupervisorState(quarantined=(ETH,)))
    world.positions[ETH] = 500
    world.start()
    assert world.positions[ETH] == 0 and last_traders(world) == 1


def test_a_start_by_the_owner_waits_for_the_last_trader_to_be_gone() -> None:
    world = a_running_world(max_traders=4)
    quarantine(world, ETH)
    world.ask(StartPair(ETH))
    world.run()
    assert world.reply().code == "" and ETH in world.running and ETH not in world.brain.quarantined
