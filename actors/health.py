"""Whether trading is healthy, as one list of reasons why not; empty means healthy.

Rules: unknown is unhealthy: an old document, a missing heartbeat and an actor that never spoke are reasons. An old
    document is the only one: what it says of states and ages was true once.
"""

from wildbot.analytics.status_view import StatusView

DOCUMENT_AGE_S_MAX = 2.0
"""The status comes at 2 Hz or faster: four missing in a row mean its writer is stuck."""

HEARTBEAT_AGE_MS_MAX = 3_000.0
"""Actors beat twice a second; six missing in a row mean death, not a busy moment."""

ALWAYS_THERE = ("supervisor", "order_gateway", "balance_allocator")
"""Without one of these nothing is traded. A trader that is missing makes the state something else than running."""

DEAD_STATES = frozenset({"dead", "lost", "crashed", "exited", "missing", "quarantined", "failed", "unknown"})


def reasons_against(status: StatusView | None, document_age_s: float) -> list[str]:
    """Return why the system is not healthy, one sentence each."""
    if status is None:
        return ["no status document was received yet"]
    if document_age_s > DOCUMENT_AGE_S_MAX:
        return [
            f"the status document is {document_age_s:.1f} s old (at most {DOCUMENT_AGE_S_MAX:g} s): the supervisor is gone"
            f" or hangs; its last state was {status.state}"
        ]
    reasons: list[str] = []
    if status.state != "running":
        reasons.append(f"the state is {status.state}, not running{f': {status.reasons[0]}' if status.reasons else ''}")
    known = {actor.name for actor in status.actors}
    reasons += [f"{name} never reported" for name in ALWAYS_THERE if name not in known]
    for actor in status.actors:
        if actor.state in DEAD_STATES:
            reasons.append(f"{actor.name} is {actor.state}")
        elif actor.heartbeat_age_ms is None:
            reasons.append(f"{actor.name} never reported")
        elif actor.heartbeat_age_ms + document_age_s * 1_000 > HEARTBEAT_AGE_MS_MAX:
            reasons.append(f"{actor.name} was last heard {actor.heartbeat_age_ms / 1_000 + document_age_s:.1f} s ago")
    return reasons
