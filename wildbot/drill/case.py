"""One fault of the drill: what breaks, what must hold all the same, and how to make it happen.

Rules: a case's words are for an owner who does not program. `run` injects, waits for the effect that must be seen and
    raises `DrillError` with one sentence when the promise is broken; a fault that never struck proves nothing and is
    told by `NotStruckError`. The ids are stable: reports and documents name them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from wildbot.drill.whole import Whole


class Group(StrEnum):
    """What is attacked."""

    EXCHANGE = "exchange"
    NETWORK = "network"
    PROCESS = "process"
    IPC = "ipc"
    STORAGE = "storage"
    CLOCK = "clock"
    CRASH = "crash"


class Severity(StrEnum):
    """What such a fault can cost: S1 money without bound or hidden exposure, S2 a bounded loss, S3 a worse service."""

    S1 = "S1"
    S2 = "S2"
    S3 = "S3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One fault.

    `settings` is extra environment. Cases with equal settings share an instance unless `lone`: then the case gets one for
    itself, because it leaves the system halted for good, stopped, or otherwise unlike itself. `wired` puts a proxy
    between the bot and its exchange (`whole.wires`), for faults of the network. `started` False: the case starts the
    instance itself. `fast` cases are also run by `wildbot drill --fast`. `breaks` names the checker's rules that the fault
    itself breaks, whatever the bot does; only a lone case may have any.
    """

    id: str
    group: Group
    severity: Severity
    title: str
    promise: str
    run: Callable[[Whole], None]
    settings: Mapping[str, str] = field(default_factory=dict)
    lone: bool = False
    wired: bool = False
    started: bool = True
    fast: bool = False
    breaks: tuple[str, ...] = ()
