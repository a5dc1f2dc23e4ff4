"""What `python -m actors` needs to know of an actor: one file with `ACTOR = ActorSpec(...)` is an actor."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_HALTED = 3
EXIT_NOT_RUNNING = 4
EXIT_TIMED_OUT = 5
EXIT_CONFIGURATION = 78


@dataclass(frozen=True, slots=True)
class ActorSpec:
    """An actor's name and its main function: it gets the words after the name and returns an exit code."""

    name: str
    summary: str
    run: Callable[[Sequence[str]], int]
