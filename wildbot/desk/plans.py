"""Runs plans: conversations with the venue written as straight-line generators that yield questions and pauses.

    def plan() -> Plan:
        system = yield from ask(Query(Topic.SYSTEM), SystemSeen)
        yield Pause(NANOS_PER_SECOND)

Rules: a plan has at most one question outstanding; silence and refusals that may pass are asked again after a growing
    wait; a refusal that cannot pass ends the plan with `PlanFailedError`. Plans see no clock and no socket.
Owns: the running plans and when each goes on.
Source: sans-I/O generators, as in h11 and `websockets`.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

from wildbot.desk.venue_queries import Answer, Query, QueryRefused, QuerySilent
from wildbot.model.errors import WildBotError
from wildbot.model.instrument import NANOS_PER_SECOND

RETRY_FIRST_NS = NANOS_PER_SECOND
RETRY_LAST_NS = 30 * NANOS_PER_SECOND
LOST_ANSWER_NS = 60 * NANOS_PER_SECOND
"""A question without any news for so long was lost in the shell; it counts as silence."""

PASSING_REFUSALS = (
    "EAPI:Rate limit",
    "EOrder:Rate limit",
    "EService:",
    "EGeneral:Too many",
    "EGeneral:Internal error",
    "EGeneral:Temporary lockout",
    "EAPI:Invalid nonce",
)
"""What time heals; what a lockout or a bad nonce means beyond waiting is the business of `key_health`."""


class PlanFailedError(WildBotError):
    """The venue refused a question of a plan for good; the text is the venue's."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Go on after so long."""

    nanos: int


Step = Query | Pause
Plan = Generator[Step, Answer | None, None]
T = TypeVar("T", bound=Answer)


def ask(query: Query, expected: type[T]) -> Generator[Step, Answer | None, T]:
    """Ask until the answer is of the expected kind; return it.

    Raises:
        PlanFailedError: if the venue refuses for good.
    """
    wait_ns = RETRY_FIRST_NS
    while True:
        answer = yield query
        if isinstance(answer, expected):
            return answer
        if isinstance(answer, QueryRefused) and not answer.error.startswith(PASSING_REFUSALS):
            raise PlanFailedError(f"{query.topic}: {answer.error}")
        yield Pause(wait_ns)
        wait_ns = min(2 * wait_ns, RETRY_LAST_NS)


class PlanRunner:
    """At most one plan of each name at a time."""

    def __init__(self) -> None:
        self._running: dict[str, _Running] = {}

    def start(self, name: str, plan: Plan, now_ns: int) -> list[Query]:
        """Begin a plan and return its first question, if it starts with one; replaces a running plan of that name."""
        self.stop(name)
        running = _Running(plan)
        self._running[name] = running
        return self._advance(name, running, None, now_ns)

    def stop(self, name: str) -> None:
        """Forget a plan; a late answer to it is ignored."""
        running = self._running.pop(name, None)
        if running is not None:
            running.plan.close()

    @property
    def is_busy(self) -> bool:
        """Whether any plan is not finished."""
        return bool(self._running)

    def is_running(self, name: str) -> bool:
        """Whether a plan of that name is not finished."""
        return name in self._running

    def answer(self, answer: Answer, now_ns: int) -> list[Query]:
        """Hand an answer to every plan that waits for exactly this question."""
        queries: list[Query] = []
        for name, running in list(self._running.items()):
            if running.asked == answer.query:
                queries += self._advance(name, running, answer, now_ns)
        return queries

    def tick(self, now_ns: int) -> list[Query]:
        """Go on with the plans whose pause is over; a question lost for long is answered with silence."""
        queries: list[Query] = []
        for name, running in list(self._running.items()):
            if running.asked is not None and now_ns - running.since_ns > LOST_ANSWER_NS:
                queries += self._advance(name, running, QuerySilent(running.asked, "no answer"), now_ns)
            elif running.asked is None and now_ns >= running.resume_ns:
                queries += self._advance(name, running, None, now_ns)
        return queries

    def _advance(self, name: str, running: "_Running", answer: Answer | None, now_ns: int) -> list[Query]:
        running.asked = None
        try:
            step = running.plan.send(answer)
        except StopIteration:
            if self._running.get(name) is running:
                del self._running[name]
            return []
        except PlanFailedError:
            self._running.pop(name, None)
            raise
        if isinstance(step, Pause):
            running.resume_ns = now_ns + step.nanos
            return []
        running.asked, running.since_ns = step, now_ns
        return [step]


class _Running:
    __slots__ = ("asked", "plan", "resume_ns", "since_ns")

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.asked: Query | None = None
        self.since_ns = 0
        self.resume_ns = 0
