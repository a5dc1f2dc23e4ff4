"""The state of the run, derived from what is known now; nothing is remembered but whether it has begun.

Rules: the gravest state wins; each comes with its reasons in words, for the status and for /health.
"""

from wildbot.desk.supervision_state import GATEWAY_HALTED, GATEWAY_READY, GATEWAY_STOPPING, SupervisionMemory
from wildbot.desk.supervision_words import RunState
from wildbot.desk.trader_fleet import TraderState
from wildbot.model.instrument import NANOS_PER_SECOND

SLOW_START_NS = 5 * NANOS_PER_SECOND
BEGUN_STATES = (RunState.RUNNING, RunState.DEGRADED, RunState.REDUCE_ONLY)


def judge(memory: SupervisionMemory, now_ns: int) -> tuple[RunState, tuple[str, ...]]:
    """Return the state of the run and why."""
    if memory.stopping:
        return RunState.STOPPING, ("the run ends",)
    if memory.saved.halted:
        return RunState.HALTED, (memory.saved.halt_reason,)
    waiting = _waiting_for(memory)
    if waiting:
        return RunState.STARTING, waiting
    if memory.gateway_phase not in (GATEWAY_READY, GATEWAY_HALTED, GATEWAY_STOPPING):
        assert memory.gateway is not None
        return RunState.RECONCILING, (f"order gateway: {memory.gateway.reason}",)
    faults = _faults(memory, now_ns)
    if faults:
        return RunState.DEGRADED, faults
    if memory.saved.entries_closed:
        return RunState.REDUCE_ONLY, ("the day's loss limit was reached: no entries until the next UTC day",)
    if memory.paused_all:
        return RunState.REDUCE_ONLY, ("the owner paused all pairs",)
    idle = why_idle(memory)
    return RunState.RUNNING, (idle,) if idle else ()


def has_begun(before: bool, state: RunState) -> bool:
    """Return whether the run has begun, from whether it had and its state now: a gateway that reconciles anew takes nothing
    back, a halt does."""
    return state in BEGUN_STATES or (before and state is RunState.RECONCILING)


def why_idle(memory: SupervisionMemory) -> str:
    """Return why no pair is traded although all are known, or "": the best of the ranking says it for all."""
    if memory.wanted or memory.stopped or not memory.ranked or not all(row.warm for row in memory.ranked.values()):
        return ""
    best = next(iter(memory.ranked.values()))
    return f"I do not trade because no pair is worth it; the best is {best.pair}: {best.reason}"


def _waiting_for(memory: SupervisionMemory) -> tuple[str, ...]:
    """What has never been there yet; after the run has begun nothing is."""
    if memory.has_begun:
        return ()
    reasons: list[str] = []
    if memory.gateway_ns == 0:
        reasons.append("the order gateway has not reported yet")
    if memory.allocator_ns == 0:
        reasons.append("the balance allocator has not reported yet")
    if not memory.feed_ok:
        reasons.append(memory.feed_reason)
    if not any(record.beat_ns for record in memory.fleet.records.values()):
        warm = sum(row.warm for row in memory.ranked.values())
        if memory.wanted:
            reasons.append(f"the first traders start: {', '.join(memory.wanted)}")
        elif warm < max(1, len(memory.ranked)):
            reasons.append(f"the scanner warms up: {warm} of {len(memory.ranked)} pairs")
    return tuple(reasons)


def _faults(memory: SupervisionMemory, now_ns: int) -> tuple[str, ...]:
    faults: list[str] = []
    if not memory.is_gateway_heard(now_ns):
        faults.append("the order gateway is silent")
    elif memory.gateway_phase != GATEWAY_READY:
        faults.append(f"the order gateway is {memory.gateway_phase}")
    if not memory.is_allocator_heard(now_ns):
        faults.append("the balance allocator is silent")
    if not memory.feed_ok:
        faults.append(memory.feed_reason)
    for record in memory.fleet.records.values():
        slow = record.state is TraderState.STARTING and now_ns - record.spawned_ns > SLOW_START_NS
        if record.wanted and (record.state is TraderState.ENDING or slow):
            faults.append(f"the trader of {record.pair} is {record.state}")
    return tuple(faults)
