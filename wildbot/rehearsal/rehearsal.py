"""A rehearsal from its first to its last instant, and what it leaves for the verdict."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from wildbot.desk.supervision_words import ALLOCATOR, GATEWAY
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND
from wildbot.rehearsal.allocator_stage import AllocatorStage
from wildbot.rehearsal.blows import end_troubles, plan_blow
from wildbot.rehearsal.brains import Brains, project_brains
from wildbot.rehearsal.checks import Checks
from wildbot.rehearsal.diary import Diary
from wildbot.rehearsal.gateway_stage import GatewayStage
from wildbot.rehearsal.plan import START_NS, Blow, RehearsalPlan
from wildbot.rehearsal.schedule import draw_blows
from wildbot.rehearsal.stage import SUPERVISOR, Stage
from wildbot.rehearsal.supervisor_stage import SupervisorStage
from wildbot.rehearsal.timeline import Timeline
from wildbot.rehearsal.world import World

CHECK_NS = 250 * NANOS_PER_MS
STOP_NS = 45 * NANOS_PER_SECOND
LAST_WORDS_NS = 2 * NANOS_PER_SECOND

STARTS: Mapping[str, Callable[[World], Stage]] = {
    GATEWAY: GatewayStage,
    ALLOCATOR: AllocatorStage,
    SUPERVISOR: SupervisorStage,
}
"""The standing actors, in the order they are started in."""

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a rehearsal left behind. `breaches`: what its own assertions saw; the rest is evidence for an audit.

    `statuses` are (true time, document), `processes` (true time, actor, what, detail); `digest` is the event log's hash.
    """

    plan: RehearsalPlan
    blows: tuple[Blow, ...]
    breaches: tuple[str, ...]
    ledger: Sequence[Row]
    journal: Mapping[str, Sequence[Row]]
    meta: Mapping[str, str]
    statuses: Sequence[tuple[int, Row]]
    processes: Sequence[tuple[int, str, str, str]]
    alerts: Sequence[str]
    exits: Mapping[str, int]
    digest: str
    counters: Mapping[str, int]


def rehearse(plan: RehearsalPlan, *, brains: Brains | None = None, trace: Callable[[str], None] | None = None) -> Rehearsal:
    """Play one rehearsal; the same plan gives the same digest. `trace` gets the event log, line by line."""
    timeline, diary = Timeline(START_NS), Diary(trace)
    world = World(plan, brains or project_brains(plan), timeline, diary, STARTS)
    checks = Checks(world)
    blows = draw_blows(plan) if plan.blows is None else plan.blows
    for blow in blows:
        plan_blow(world, blow, START_NS + int(blow.at_s * NANOS_PER_SECOND))
    world.start_all()
    checks.every(CHECK_NS)
    try:
        timeline.run_until(plan.troubles_end_ns)
        end_troubles(world)
        timeline.run_until(plan.troubles_end_ns + int(plan.settle_s * NANOS_PER_SECOND))
        checks.settled()
        _stop(world)
    except AssertionError as error:
        checks.breach(f"an actor broke an invariant: {error}")
    except Exception as error:
        checks.breach(f"an actor crashed: {error!r}")
    world.venue.flush()
    lines = world.venue.server.ledger.take_unsaved()
    return Rehearsal(
        plan=plan,
        blows=blows,
        breaches=tuple(checks.breaches),
        ledger=[msgspec.json.decode(line) for line in lines],
        journal=world.journal.tables(),
        meta=world.journal.meta(),
        statuses=world.statuses,
        processes=world.processes,
        alerts=[f"{alert.level} {alert.actor} {alert.key}: {alert.text}" for alert in world.alerts],
        exits=dict(world.exits),
        digest=diary.digest,
        counters={
            "acts": timeline.acts,
            "lines": diary.lines,
            "orders": len(world.journal.order_rows),
            "fills": len(world.journal.fill_rows),
            "restarts": world.restarts,
        },
    )


def _stop(world: World) -> None:
    """Stop as supervisord does: the supervisor first, which has the gateway confirm that nothing rests; then the others."""
    timeline = world.timeline
    for name in (SUPERVISOR, ALLOCATOR, GATEWAY):
        world.diary.note(timeline.now_ns, f"asked to stop: {name}")
        until_ns = timeline.now_ns + STOP_NS
        stage = world.stages.get(name)
        if stage is not None:
            stage.do(stage.ask_to_stop)
        while name in world.stages and timeline.now_ns < until_ns:
            timeline.run_until(timeline.now_ns + NANOS_PER_SECOND // 2)
    world.is_over = True
    timeline.run_until(timeline.now_ns + LAST_WORDS_NS)
