"""Peers that restart too often, or are not what they should be."""

import pytest

from tests.desk.builders_supervision import World, a_heartbeat, a_world_at_noon, alerts
from wildbot.desk.alerts import RaiseAlert
from wildbot.desk.supervision_words import (
    ALLOCATOR,
    GATEWAY,
    EndRun,
    Heard,
    KillTrader,
    PausePair,
    SendTo,
    StopAsked,
)
from wildbot.model.control import NoneRest
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.status import HeartbeatAck, Severity


def peer_beats(world: World, actor: str, pid: int, build: str = "") -> None:
    beat = a_heartbeat(0, world.now_ns)
    values = {name: getattr(beat, name) for name in beat.__struct_fields__} | {"actor": actor, "pid": pid, "build": build}
    world.tell(Heard(actor, type(beat)(**values)))


# --- the standing peers ---


@pytest.mark.parametrize(("actor", "window_s"), [(GATEWAY, 300), (ALLOCATOR, 120)])
def test_a_peer_s_fourth_restart_within_its_window_halts(actor: str, window_s: int) -> None:
    world = a_world_at_noon()
    for pid in range(4):
        peer_beats(world, actor, 100 + pid)
        peer_beats(world, actor, 100 + pid)
    assert not world.on_disk.halted and len(world.on_disk.peer_restarts) == 3
    peer_beats(world, actor, 104)
    assert (
        world.on_disk.halted and f"{actor} was restarted more than 3 times within {window_s} s" in world.on_disk.halt_reason
    )


def test_restarts_of_peers_spread_out_are_borne() -> None:
    world = a_world_at_noon()
    for pid in range(8):
        peer_beats(world, GATEWAY, 100 + pid)
        world.now_ns += 101 * NANOS_PER_SECOND
    assert not world.on_disk.halted


def test_restarts_of_peers_are_counted_over_a_restart_of_the_supervisor() -> None:
    world = a_world_at_noon()
    for pid in range(3):
        peer_beats(world, GATEWAY, 100 + pid)
    later = a_world_at_noon(world.on_disk)
    for pid in range(3, 5):
        peer_beats(later, GATEWAY, 100 + pid)
    assert later.on_disk.halted


def test_a_clean_end_forgets_restarts_and_the_owner_s_pauses() -> None:
    world = a_world_at_noon()
    peer_beats(world, GATEWAY, 100)
    peer_beats(world, GATEWAY, 101)
    world.ask(PausePair(""), "p")
    world.tell(StopAsked())
    world.run()
    world.tell(Heard(GATEWAY, NoneRest()))
    world.run()
    assert world.sent(EndRun) == [EndRun(0)]
    assert not world.on_disk.peer_restarts and not world.on_disk.peers and not world.on_disk.paused_all


def test_a_peer_of_another_build_is_not_answered() -> None:
    world = a_world_at_noon(build="abc")
    acks = len([c for c in world.sent(SendTo) if c.actor == GATEWAY and isinstance(c.message, HeartbeatAck)])
    peer_beats(world, GATEWAY, 100, build="old")
    assert "version_skew:order_gateway" in alerts(world)
    now = [c for c in world.sent(SendTo) if c.actor == GATEWAY and isinstance(c.message, HeartbeatAck)]
    assert len(now) == acks
    peer_beats(world, GATEWAY, 100, build="abc")
    assert "version_skew:order_gateway" not in alerts(world)


def test_a_trader_of_another_build_is_killed_before_it_trades() -> None:
    world = a_world_at_noon(build="abc")
    assert world.sent(KillTrader), "the traders of this world say no build"
    assert any(alert.level is Severity.CRITICAL and "version_skew" in alert.key for alert in world.sent(RaiseAlert))
