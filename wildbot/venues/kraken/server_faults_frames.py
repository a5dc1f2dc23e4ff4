"""The last step of a message to a client: here silence, loss, repetition, disorder, lateness and spoiling strike.

Rules: without armed faults a message passes straight through. A stream socket neither doubles nor reorders bytes, so here
    the exchange itself says things twice or in the wrong order: private messages get their number as they leave. A lost
    private message has used its number up, and the gap is how its client can notice.
Owns: what is kept back: groups being reordered. What is late waits with its connection.
"""

from collections.abc import Callable
from functools import partial
from itertools import chain

from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.venues.kraken.server_faults import Armed, Faults
from wildbot.venues.kraken.server_ledger import Ledger
from wildbot.venues.kraken.server_session import PrivateFeed, Session
from wildbot.venues.kraken.server_text import json_text

REORDER_WAIT_NS = NANOS_PER_SECOND
"""A group that is still too small after so long leaves as it is, in reverse."""

GROUPS_MAX = 1_024
BOOK_BREAKERS = frozenset({"ws.drop", "ws.reorder", "ws.garble"})
HTML_PAGE = "<html><head><title>520: Web server is returning an unknown error</title></head><body></body></html>"

Say = Callable[[int], None]
"""Says one message at a time."""


class Wire:
    """Carries messages to sessions."""

    def __init__(self, faults: Faults, ledger: Ledger) -> None:
        self._faults = faults
        self._ledger = ledger
        self._groups: dict[tuple[int, int], tuple[int, list[Say]]] = {}

    def send(self, session: Session, channel: str, pair: str, frame: str, now_ns: int) -> None:
        """Send a public message."""
        if self._faults.frames or session.late:
            self._through_faults(session, channel, pair, now_ns, lambda: frame, None)
        else:
            session.send(frame)

    def tell(self, session: Session, feed: PrivateFeed, channel: str, pair: str, row: object, now_ns: int) -> None:
        """Send a private message with the feed's next number."""

        def numbered() -> str:
            return json_text({"channel": channel, "type": "update", "data": [row], "sequence": feed.next_sequence()})

        if self._faults.frames or session.late:
            self._through_faults(session, channel, pair, now_ns, numbered, feed)
        else:
            session.send(numbered())

    def turn(self, now_ns: int, sessions: dict[int, Session]) -> None:
        """Let time pass: whole connections fall silent or speak again, waiting groups leave."""
        for key, (since_ns, group) in tuple(self._groups.items()):
            if key[0] not in sessions:
                del self._groups[key]
            elif now_ns - since_ns >= REORDER_WAIT_NS:
                del self._groups[key]
                _say_reversed(group, now_ns)
        for session in sessions.values():
            self.mute(session, now_ns)

    def mute(self, session: Session, now_ns: int) -> None:
        """Let a connection say nothing while a silence without channel and pair names it."""
        silent = False
        for armed in self._faults.frames:
            fault = armed.fault
            if fault.verb != "ws.silence" or fault.text("channel") or fault.text("pair") or not fault.text("conn"):
                continue
            if fault.text("conn") in (str(session.number), "private" if session.private else "public"):
                silent = True
                if not session.muted:
                    self._faults.struck(armed, now_ns, {"conn": session.number})
        session.muted = silent

    def _through_faults(
        self, session: Session, channel: str, pair: str, now_ns: int, text: Callable[[], str], feed: PrivateFeed | None
    ) -> None:
        times, garbled, late_ns = 1, "", 0
        group: Armed | None = None
        for armed in self._faults.frame_faults(channel, pair, session.number, session.private, now_ns):
            fault = armed.fault
            number = feed.sequence + 1 if feed is not None else 0
            if (fault.verb == "ws.drop" and fault.whole("seq") not in (0, number)) or not self._faults.chance(armed):
                continue
            if fault.verb == "ws.reorder":
                group = armed
            else:
                self._struck(armed, session, channel, pair, now_ns)
            match fault.verb:
                case "ws.silence" | "ws.drop":
                    text()  # its number is used up
                    return
                case "ws.dup":
                    times = fault.whole("n")
                case "ws.garble":
                    garbled = fault.text("kind")
                case "ws.lag":
                    late_ns = max(late_ns, fault.nanos())
        say = partial(_say, session, text, garbled, late_ns)
        if group is not None:
            self._gather(group, session, [say] * times, channel, pair, now_ns)
            return
        for _ in range(times):
            say(now_ns)

    def _struck(self, armed: Armed, session: Session, channel: str, pair: str, now_ns: int) -> None:
        self._faults.struck(armed, now_ns, {"channel": channel, "pair": pair, "conn": session.number})
        if channel == "book" and armed.fault.verb in BOOK_BREAKERS:
            line = {"pair": pair, "conn": session.number, "cause": armed.fault.verb}
            self._ledger.record("book_invalid", now_ns, line)

    def _gather(self, armed: Armed, session: Session, says: list[Say], channel: str, pair: str, now_ns: int) -> None:
        key = (session.number, armed.number)
        since_ns, group = self._groups.get(key, (now_ns, []))
        group.extend(says)
        if len(group) < armed.fault.whole("k") and len(self._groups) < GROUPS_MAX:
            self._groups[key] = since_ns, group
            return
        self._groups.pop(key, None)
        self._struck(armed, session, channel, pair, now_ns)
        _say_reversed(group, now_ns)


def _say_reversed(group: list[Say], now_ns: int) -> None:
    for say in reversed(group):
        say(now_ns)


def _say(session: Session, text: Callable[[], str], garbled: str, late_ns: int, now_ns: int) -> None:
    frame = garble(text(), garbled) if garbled else text()
    if late_ns or session.late:
        session.send_late(now_ns + late_ns, frame)
    else:
        session.send(frame)


def garble(frame: str, kind: str) -> str:
    """Return a frame spoiled: cut off, with an impossible number or an unknown field, or no JSON at all."""
    if kind == "truncated":
        return frame[: len(frame) // 2]
    if kind == "unknown_field":
        return '{"surprise":{"nested":[1,null]},' + frame[1:]
    if kind == "html":
        return HTML_PAGE
    if kind == "not_json":
        return "".join(chain("event: ", reversed(frame)))
    spoiled = "NaN" if kind == "nan" else "1e400"
    for name in ('"qty":', '"last_qty":', '"amount":', '"bid":', '"open":', '"sequence":'):
        start = frame.find(name)
        if start >= 0:
            digits = start + len(name)
            end = digits
            while end < len(frame) and frame[end] not in ",}]":
                end += 1
            return frame[:digits] + spoiled + frame[end:]
    return f'{frame[:-1]},"extra":{spoiled}}}'
