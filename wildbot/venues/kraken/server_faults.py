"""Faults the simulated exchange commits on request: lost replies, wrong checksums, silence, downtime.

Rules: a fault is armed by a verb, counts down as it strikes, and every arming and strike is in the ground-truth ledger.
Owns: what is armed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND
from wildbot.model.market_data import SystemStatus

VERBS = (
    "status",
    "ws.close",
    "ws.badsum",
    "ws.silence",
    "delay",
    "apply+drop",
    "apply+error",
    "noapply+drop",
    "noapply+error",
    "clear",
)
OUTCOMES = ("apply+drop", "apply+error", "noapply+drop", "noapply+error", "delay")
METHODS = {"AddOrder": "add_order", "AmendOrder": "amend_order", "CancelOrder": "cancel_order", "CancelAll": "cancel_all"}
"""REST endpoints that answer to the WebSocket method's faults."""

ARMED_MAX = 256
COUNT_MAX = 1_000_000
ERROR_DEFAULT = "EService:Unavailable"


@dataclass(slots=True)
class OutcomeFault:
    """What shall happen to the next `count` requests of one method."""

    verb: str
    method: str
    count: int
    error: str
    delay_ns: int

    @property
    def applies(self) -> bool:
        """Whether the request is carried out."""
        return not self.verb.startswith("noapply")

    @property
    def drops(self) -> bool:
        """Whether the answer is lost."""
        return self.verb.endswith("drop")

    @property
    def answers_error(self) -> bool:
        """Whether the answer is an error, whatever happened."""
        return self.verb.endswith("error")


@dataclass(slots=True)
class Silence:
    """A channel (and pair, when given) says nothing until `until_ns`."""

    channel: str
    pair: str
    until_ns: int


@dataclass(slots=True)
class BadSum:
    """The next `count` book messages carry a wrong checksum."""

    pair: str
    count: int


class Faults:
    """Everything armed."""

    def __init__(self) -> None:
        self._outcomes: list[OutcomeFault] = []
        self._silences: list[Silence] = []
        self._badsums: list[BadSum] = []

    def arm(self, verb: str, arguments: Mapping[str, object], now_ns: int) -> None:
        """Arm one fault of this file's kinds. Raises: ProtocolError naming the argument that is wrong."""
        if len(self._outcomes) + len(self._silences) + len(self._badsums) >= ARMED_MAX:
            raise ProtocolError(f"{ARMED_MAX} faults are armed already")
        if verb in OUTCOMES:
            delay_ns = whole(arguments, "ms", 0, 600_000) * NANOS_PER_MS
            method = word(arguments, "method", "add_order")
            count = whole(arguments, "count", 1, COUNT_MAX)
            self._outcomes.append(
                OutcomeFault(verb, METHODS.get(method, method), count, word(arguments, "error", ERROR_DEFAULT), delay_ns)
            )
        elif verb == "ws.silence":
            until_ns = now_ns + whole(arguments, "seconds", 10, 86_400) * NANOS_PER_SECOND
            self._silences.append(Silence(word(arguments, "channel", "book"), word(arguments, "pair", ""), until_ns))
        elif verb == "ws.badsum":
            self._badsums.append(BadSum(word(arguments, "pair", ""), whole(arguments, "count", 1, COUNT_MAX)))

    def clear(self) -> None:
        """Disarm everything."""
        self._outcomes.clear()
        self._silences.clear()
        self._badsums.clear()

    def strike(self, method: str) -> OutcomeFault | None:
        """Return the fault that hits this request, counted down, or None."""
        method = METHODS.get(method, method)
        for fault in self._outcomes:
            if fault.method == method:
                fault.count -= 1
                if fault.count <= 0:
                    self._outcomes.remove(fault)
                return fault
        return None

    def is_silent(self, channel: str, pair: str, now_ns: int) -> bool:
        """Whether messages of this channel are swallowed now."""
        if not self._silences:
            return False
        self._silences = [silence for silence in self._silences if silence.until_ns > now_ns]
        return any(s.channel in (channel, "all") and s.pair in ("", pair) for s in self._silences)

    def checksum(self, pair: str, checksum: int) -> int:
        """Return the checksum to print: the right one, or a wrong one while `ws.badsum` is armed."""
        for fault in self._badsums:
            if fault.pair in ("", pair):
                fault.count -= 1
                if fault.count <= 0:
                    self._badsums.remove(fault)
                return checksum ^ 1
        return checksum


def system_mode(arguments: Mapping[str, object]) -> SystemStatus:
    """Return the `mode` of a status fault. Raises: ProtocolError."""
    text = word(arguments, "mode", "online")
    try:
        return SystemStatus(text)
    except ValueError:
        raise ProtocolError(f"mode is {text[:40]!r} but must be one of: {', '.join(SystemStatus)}") from None


def word(arguments: Mapping[str, object], name: str, default: str) -> str:
    """Return a text argument. Raises: ProtocolError."""
    value = arguments.get(name, default)
    if not isinstance(value, str):
        raise ProtocolError(f"{name} must be text")
    return value


def whole(arguments: Mapping[str, object], name: str, default: int, largest: int) -> int:
    """Return a whole-number argument from 0 to `largest`. Raises: ProtocolError."""
    value = arguments.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= largest:
        raise ProtocolError(f"{name} must be a whole number from 0 to {largest}")
    return value
