"""Between a request that was let in and the exchange: what the armed faults make of it, for REST and WebSocket alike.

Rules: a request is carried out once or not at all; its reply is sent, delayed, replaced or lost; the ledger says which. A
    held request is carried out when it is released, with the time of then: its deadline may have passed.
Owns: the held requests.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from wildbot.model.instrument import NANOS_PER_MS
from wildbot.venues.kraken.server_faults import METHODS, NEVER_NS, Armed, Faults
from wildbot.venues.kraken.server_ledger import Ledger

HELD_MAX = 1_000
"""Requests that a fault may hold back; more are carried out at once."""


class Part(NamedTuple):
    """One reply to a request: its text as it would go out, and its error, empty when there is none."""

    text: str
    error: str


class Call(Protocol):
    """A request with its way back to the client."""

    method: str
    account: str
    via: str
    seq: int

    def apply(self, now_ns: int) -> Sequence[Part]:
        """Carry the request out and return the replies, at least one."""
        ...

    def refusal(self, error: str, parts: Sequence[Part], now_ns: int) -> str:
        """Return a reply with this error; when `parts` are given, with their result as well."""
        ...

    def answer(self, texts: Sequence[str], delay_ns: int, now_ns: int) -> None:
        """Send the replies, after a while."""
        ...

    def break_with(self, code: int) -> None:
        """Answer with a gateway's error page."""
        ...

    def lose(self) -> None:
        """Never answer."""
        ...


Deeds = Callable[[str, str, int], None]
"""Does the deeds that wait for a request: ("before" or "upon", method, now)."""


class Outcomes:
    """Lets requests meet their fate."""

    def __init__(self, faults: Faults, ledger: Ledger, deeds: Deeds) -> None:
        self._faults = faults
        self._ledger = ledger
        self._deeds = deeds
        self._held: deque[tuple[int, Armed, Call]] = deque()

    def take(self, call: Call, now_ns: int) -> None:
        """Carry a request out, unless a fault has it otherwise."""
        self._deeds("before", call.method, now_ns)
        armed = self._faults.strike_request(call.method, call.account, now_ns) if self._faults.requests else None
        if armed is not None and armed.fault.verb == "hold" and len(self._held) < HELD_MAX:
            self._held.append((armed.until_ns if armed.fault.for_ns else NEVER_NS, armed, call))
            return
        self._meet(call, armed, now_ns)

    def turn(self, now_ns: int) -> None:
        """Carry out what was held for long enough."""
        if any(until_ns <= now_ns for until_ns, _, _ in self._held):
            self._let_go(lambda until_ns, call: until_ns <= now_ns, now_ns)

    def release(self, method: str, now_ns: int) -> int:
        """Carry out what is held of a method, or of "any"; return how many requests that were."""
        wanted = METHODS.get(method, method)
        return self._let_go(lambda until_ns, call: wanted in ("any", METHODS.get(call.method, call.method)), now_ns)

    def _let_go(self, chosen: Callable[[int, Call], bool], now_ns: int) -> int:
        waiting, self._held = self._held, deque()
        released = 0
        for until_ns, armed, call in waiting:
            if chosen(until_ns, call):
                released += 1
                self._meet(call, None, now_ns)
            else:
                self._held.append((until_ns, armed, call))
        return released

    def _meet(self, call: Call, armed: Armed | None, now_ns: int) -> None:
        verb = armed.fault.verb if armed is not None else ""
        parts = [] if verb.startswith("noapply") else call.apply(now_ns)
        self._deeds("upon", call.method, now_ns)
        delay_ns = 0
        truths = [part.error for part in parts]
        told: list[str] | None = None
        texts = [part.text for part in parts]
        if armed is not None and verb.endswith("+error"):
            error = armed.fault.text("error")
            with_result = verb == "apply+error" and armed.fault.arguments["with_result"] is True
            texts, told = [call.refusal(error, parts if with_result else (), now_ns)], [error]
        elif armed is not None and verb.endswith("+html"):
            told = [f"HTTP {armed.fault.whole('code')}"]
        elif armed is not None and verb == "delay":
            delay_ns = armed.fault.whole("ms") * NANOS_PER_MS
        self._note(call, truths, told, sent=not verb.endswith("+drop"), delay_ns=delay_ns, now_ns=now_ns)
        if armed is not None and verb.endswith("+html"):
            call.break_with(armed.fault.whole("code"))
        elif verb.endswith("+drop"):
            call.lose()
        else:
            call.answer(texts, delay_ns, now_ns)

    def _note(
        self, call: Call, truths: list[str], told: list[str] | None, *, sent: bool, delay_ns: int, now_ns: int
    ) -> None:
        """One line per reply of the exchange; when a fault told the client something else, every line says that."""
        for truth in truths or [""]:
            self._ledger.reply(
                now_ns,
                call.via,
                call.account,
                call.method,
                told[0] if told else truth,
                sent=sent,
                to=call.seq,
                applied=bool(truths),
                truth=truth if truths else None,
                delay_ns=delay_ns,
            )
