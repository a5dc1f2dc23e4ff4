"""One rehearsal's world: who lives, what outlives them, what happened to whom.

Rules: what a real machine keeps over a crash is kept here and nowhere else: the journal, the supervisor's record. A
    standing actor that dies is started anew after a while, as supervisord does it; one that ended on purpose is not.
Owns: the stages by name, the durable memory, the clock's error, everything that is noted for the verdict.
"""

import random
from collections.abc import Callable, Mapping

from wildbot.desk.records import JournalBatch
from wildbot.desk.supervision_words import SupervisorState
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.status import Alert
from wildbot.rehearsal.brains import QUOTE, Brains, gateway_setup
from wildbot.rehearsal.diary import Diary
from wildbot.rehearsal.fate import Fate
from wildbot.rehearsal.journal import VirtualJournal
from wildbot.rehearsal.links import Links
from wildbot.rehearsal.plan import RehearsalPlan
from wildbot.rehearsal.stage import ACTORS, SUPERVISOR, Stage
from wildbot.rehearsal.timeline import Timeline
from wildbot.rehearsal.venue import Venue

DONE_CODES = (0, 3, 78)
"""Exit codes after which supervisord starts nobody anew."""

CLOCK_ERROR_NS_MAX = NANOS_PER_SECOND // 4

STATUS_EVERY_NS = NANOS_PER_SECOND
"""A document for the verdict once a second is enough; the real one comes more often."""


class World:
    """Everything of one rehearsal; `starts` begins a life of each standing actor, by name."""

    def __init__(
        self,
        plan: RehearsalPlan,
        brains: Brains,
        timeline: Timeline,
        diary: Diary,
        starts: Mapping[str, Callable[["World"], Stage]],
    ) -> None:
        self._starts = starts
        self.plan = plan
        self.brains = brains
        self.timeline = timeline
        self.diary = diary
        self.rng = random.Random(f"{plan.seed} world")
        self.pairs, self.quote, self.max_traders = plan.pairs, QUOTE, plan.traders
        self.gateway_setup = gateway_setup(plan)
        self.rest_calls_per_s = 1.0
        self.venue = Venue(
            timeline,
            diary,
            random.Random(f"{plan.seed} venue"),
            pairs=plan.pairs,
            deposit=(QUOTE, plan.capital),
            activity=plan.activity,
            latency_ns=self.rng.randrange(1, 40) * 1_000_000,
        )
        self.stages: dict[str, Stage] = {}
        self.links = Links(timeline, diary, self.stages, self.rng)
        self.fate = Fate()
        self.journal = VirtualJournal(lambda: timeline.now_ns)
        self.supervisor_record = SupervisorState()
        self.clock_error_ns = self.rng.randrange(-CLOCK_ERROR_NS_MAX, CLOCK_ERROR_NS_MAX)
        self.halt_file = False
        self.is_over = False
        self.restarts = 0
        self.alerts: list[Alert] = []
        self.announcements: list[str] = []
        self.statuses: list[tuple[int, dict[str, object]]] = []
        self.processes: list[tuple[int, str, str, str]] = []
        self.exits: dict[str, int] = {}
        self.on_commit: Callable[[JournalBatch], None] = lambda rows: None
        self._pids = 1_000
        self._status_ns = 0

    # --- time and chance ------------------------------------------------------------------------------------------

    def wall_ns(self) -> int:
        """Return what the run's own clock shows: it never steps, and is a little wrong."""
        return self.timeline.now_ns + self.clock_error_ns

    def derived_rng(self) -> random.Random:
        """Return a generator of its own for somebody."""
        return random.Random(self.rng.getrandbits(64))

    def next_pid(self) -> int:
        """Return a process number."""
        self._pids += 1
        return self._pids

    # --- life -----------------------------------------------------------------------------------------------------

    def start_all(self) -> None:
        """Start the standing actors."""
        for name in self._starts:
            self.start(self._starts[name](self))

    def start(self, stage: Stage) -> None:
        """Let a life begin."""
        before = self.stages.get(stage.name)
        if before is not None:
            before.die("killed")  # one lock, one process
        self.stages[stage.name] = stage
        self.process(stage.name, "started", str(stage.epoch) if stage.epoch else "")
        self.links.reconnect(stage.name)
        stage.do(stage.begin)

    def ended(self, stage: Stage, how: str, code: int) -> None:
        """A life has ended."""
        if self.stages.get(stage.name) is stage:
            del self.stages[stage.name]
        self.process(stage.name, how, str(code))
        self.exits[stage.name] = code
        if stage.parent:
            parent = self.stages.get(stage.parent)
            if parent is not None:
                parent.child_ended(stage, code)
        elif code not in DONE_CODES and not self.is_over:
            self.restarts += 1
            wait_ns = self.rng.randrange(NANOS_PER_SECOND // 4, 3 * NANOS_PER_SECOND)
            self.timeline.after(wait_ns, lambda: self._restart(stage.name))

    def _restart(self, name: str) -> None:
        if name not in self.stages and not self.is_over:
            self.start(self._starts[name](self))

    def report(self, sender: Stage, frame: bytes) -> None:
        """Send a frame up to the supervisor."""
        self.links.send(ACTORS, sender, SUPERVISOR, frame)

    # --- notes for the verdict ------------------------------------------------------------------------------------

    def process(self, name: str, what: str, detail: str = "") -> None:
        """Something befell a process."""
        self.processes.append((self.timeline.now_ns, name, what, detail))
        self.diary.note(self.timeline.now_ns, f"{name} {what} ", detail.encode())

    def alerted(self, alert: Alert) -> None:
        """Somebody alerted the owner."""
        self.alerts.append(alert)
        self.diary.note(self.timeline.now_ns, f"alert {alert.actor} {alert.key} ", alert.text.encode())

    def announced(self, kind: str, text: str) -> None:
        """The supervisor announced a decision."""
        self.announcements.append(f"{kind}: {text}")
        self.diary.note(self.timeline.now_ns, f"announced {kind} ", text.encode())

    def committed(self, rows: JournalBatch) -> None:
        """The journal took a batch."""
        for row in (*rows.fills, *rows.orders, *(rows.leases or ()), *rows.events):
            self.diary.note(self.timeline.now_ns, "row ", repr(row).encode())
        self.on_commit(rows)

    def status_due(self) -> bool:
        """Whether the next status document is wanted for the verdict."""
        if self.timeline.now_ns - self._status_ns < STATUS_EVERY_NS:
            return False
        self._status_ns = self.timeline.now_ns
        return True

    def stated(self, document: dict[str, object]) -> None:
        """The supervisor published a status document."""
        self.statuses.append((self.timeline.now_ns, document | {"ts_ns": self.timeline.now_ns}))
