"""One client's WebSocket connection, without its socket: what it subscribed and what waits to be sent to it.

Rules: the outbox is bounded; a client that does not read is let go. Frames are text made once and shared by all
    clients. `wake` is called when something waits that did not wait before.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.venues.kraken.server_keys import ApiKey

OUTBOX_MAX = 4_096
"""Frames that wait for one client; 20 s of a busy market."""

HELD_MAX = 256
"""Replies held back by a delay fault."""

LATE_MAX = 50_000
"""Messages a lag fault keeps back for one client; one that is further behind is let go."""

IDLE_CLOSE_NS = 60 * NANOS_PER_SECOND
HEARTBEAT_NS = NANOS_PER_SECOND

CLOSE_NORMAL = 1000
CLOSE_GOING_AWAY = 1001
CLOSE_TOO_SLOW = 1013


def _no_one() -> None:
    """Nobody waits for this session yet."""


@dataclass(slots=True)
class PrivateFeed:
    """A subscription to `executions` or `balances`, with its own count of messages."""

    account: str
    all_statuses: bool = True
    ratecounter: bool = False
    sequence: int = 0

    def next_sequence(self) -> int:
        """Return the number of the next message, from 1."""
        self.sequence += 1
        return self.sequence


@dataclass(eq=False, slots=True)
class Session:
    """One connection. `books` maps a symbol to its depth, `tickers` to its event trigger; `spoken` counts the requests
    of one second."""

    number: int
    private: bool
    opened_ns: int
    last_request_ns: int
    wake: Callable[[], None] = _no_one
    outbox: deque[str] = field(default_factory=deque)
    held: deque[tuple[int, str]] = field(default_factory=deque)
    late: deque[tuple[int, str]] = field(default_factory=deque)
    muted: bool = False
    close_code: int | None = None
    abrupt: bool = False
    too_slow: bool = False
    next_heartbeat_ns: int = 0
    instrument: bool = False
    books: dict[str, int] = field(default_factory=dict)
    tickers: dict[str, str] = field(default_factory=dict)
    trades: set[str] = field(default_factory=set)
    candles: set[tuple[str, int]] = field(default_factory=set)
    executions: PrivateFeed | None = None
    balances: PrivateFeed | None = None
    key: ApiKey | None = None
    token: str = ""
    spoken: tuple[int, int] = (0, 0)

    @property
    def is_subscribed(self) -> bool:
        """Whether at least one subscription stands."""
        return bool(
            self.instrument or self.books or self.tickers or self.trades or self.candles or self.executions or self.balances
        )

    def subscriptions(self) -> dict[str, object]:
        """Return what is subscribed now, for the ledger."""
        return {
            "books": dict(self.books),
            "tickers": sorted(self.tickers),
            "trades": sorted(self.trades),
            "candles": sorted(self.candles),
            "instrument": self.instrument,
            "executions": self.executions.account if self.executions else None,
            "balances": self.balances.account if self.balances else None,
        }

    def may_speak(self, now_ns: int, per_second: int) -> bool:
        """Count one request; False when this second has seen `per_second` of them already (0: no limit)."""
        second, count = now_ns // NANOS_PER_SECOND, self.spoken[1] + 1
        self.spoken = (second, count if second == self.spoken[0] else 1)
        return not per_second or self.spoken[1] <= per_second

    def send(self, frame: str) -> None:
        """Put one frame into the outbox, unless a fault has silenced this connection; a full outbox ends it."""
        if self.close_code is not None or self.muted:
            return
        if len(self.outbox) >= OUTBOX_MAX:
            self._let_go()
            return
        self.outbox.append(frame)
        if len(self.outbox) == 1:
            self.wake()

    def send_at(self, due_ns: int, frame: str) -> None:
        """Keep one frame back until `due_ns`; when too many are kept, the oldest is lost."""
        if len(self.held) >= HELD_MAX:
            self.held.popleft()
        self.held.append((due_ns, frame))

    def send_late(self, due_ns: int, frame: str) -> None:
        """Deliver one message at `due_ns`, and never before those that are late already."""
        if len(self.late) >= LATE_MAX:
            self._let_go()
            return
        self.late.append((max(due_ns, self.late[-1][0]) if self.late else due_ns, frame))

    def release_held(self, now_ns: int) -> None:
        """Send what has been kept back long enough."""
        while self.late and self.late[0][0] <= now_ns:
            self.send(self.late.popleft()[1])
        if not self.held:
            return
        waiting = [entry for entry in self.held if entry[0] > now_ns]
        for due_ns, frame in self.held:
            if due_ns <= now_ns:
                self.send(frame)
        self.held = deque(waiting)

    def close(self, code: int, *, abrupt: bool = False) -> None:
        """Ask for the connection to be closed, after what waits has been sent; or at once and without a word."""
        if self.close_code is None:
            self.close_code = code
            self.abrupt = abrupt
            self.wake()

    def _let_go(self) -> None:
        self.too_slow = True
        self.outbox.clear()
        self.late.clear()
        self.close(CLOSE_TOO_SLOW)
