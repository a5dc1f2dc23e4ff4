"""What the doctor's checks say: one line each, with the cure."""

from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """What a check found; `unknown` is something that cannot be seen now, and never counts as fine."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


class Finding(msgspec.Struct, frozen=True):
    """One line of the doctor: what was looked at, how it is, and what to do about it."""

    check: str
    verdict: Verdict
    text: str
    cure: str = ""

    def __post_init__(self) -> None:
        assert self.cure or self.verdict in (Verdict.OK, Verdict.UNKNOWN), f"{self.check}: {self.text}: no cure is told"
