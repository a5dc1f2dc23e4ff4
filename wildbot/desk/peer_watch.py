"""The standing peers, gateway and allocator, in the supervisor's eyes: are they heard, how often were they restarted, and
do they speak our language under our settings?

Rules: supervisord restarts them; a new process id in a heartbeat is one restart, counted on disk. Three restarts within the
    peer's window are allowed, the next one halts. A peer of another build or with other settings is not answered: it finds
    its supervisor silent and takes its orders back.
Owns: nothing; process ids and restarts are in the saved state.
"""

from wildbot.desk.halt_switch import HaltSwitch
from wildbot.desk.restart_budget import Allowance, exceeds
from wildbot.desk.supervision_state import PEER_SILENT_NS, SupervisionMemory
from wildbot.desk.supervision_words import ALLOCATOR, GATEWAY
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.status import Heartbeat, Severity

ALLOWANCES = {
    GATEWAY: Allowance(3, 300 * NANOS_PER_SECOND),
    ALLOCATOR: Allowance(3, 120 * NANOS_PER_SECOND),
}
HISTORY_NS = 600 * NANOS_PER_SECOND


class PeerWatch:
    """The part of supervision that looks at the standing peers."""

    def __init__(self, memory: SupervisionMemory, switch: HaltSwitch) -> None:
        self._memory = memory
        self._switch = switch

    def on_beat(self, actor: str, beat: Heartbeat, now_ns: int) -> bool:
        """Take in a heartbeat; return whether its sender may have an answer."""
        if actor not in ALLOWANCES:
            return True
        self._count(actor, beat.pid, now_ns)
        return self.is_our_build(actor, beat)

    def is_our_build(self, actor: str, beat: Heartbeat) -> bool:
        """Return whether an actor's message types and settings are ours; alert once while they are not."""
        memory, key = self._memory, f"version_skew:{actor}"
        ours = memory.rules.build
        if not ours or beat.build == ours:
            memory.clear(key)
            return True
        text = f"{actor} (process {beat.pid}) runs another build or other settings ({beat.build or 'it does not say'}, not"
        memory.alert(Severity.CRITICAL, key, f"{text} {ours}): it is not answered; stop and start everything")
        return False

    def look(self, now_ns: int) -> None:
        """Alert while a peer that was there is silent."""
        memory = self._memory
        peers = (
            (GATEWAY, memory.gateway_ns, Severity.CRITICAL),
            (ALLOCATOR, memory.allocator_ns, Severity.WARNING),
        )
        for name, heard_ns, level in peers:
            if heard_ns and now_ns - heard_ns > PEER_SILENT_NS and not memory.stopping:
                memory.alert(level, f"silent:{name}", f"{name} has said nothing for {PEER_SILENT_NS // NANOS_PER_SECOND} s")
            elif heard_ns:
                memory.clear(f"silent:{name}")

    def _count(self, actor: str, pid: int, now_ns: int) -> None:
        memory = self._memory
        known = memory.saved.peers.get(actor)
        if known == pid:
            return
        memory.save(peers={**memory.saved.peers, actor: pid})
        if known is None or memory.stopping:
            return
        recent = tuple(each for each in memory.saved.peer_restarts if now_ns - each[0] < HISTORY_NS)
        memory.save(peer_restarts=(*recent, (now_ns, actor)))
        times = [at for at, name in memory.saved.peer_restarts if name == actor]
        allowance = ALLOWANCES[actor]
        key, span = f"restarted:{actor}:{pid}", f"{allowance.window_ns // NANOS_PER_SECOND} s"
        memory.alert(Severity.WARNING, key, f"{actor} was restarted ({len(times)} times within ten minutes)")
        memory.clear(key)  # each restart is news of its own
        if exceeds(times, allowance, now_ns):
            self._switch.halt(f"{actor} was restarted more than {allowance.count} times within {span}", now_ns)
