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
    sequence: int = 0

    def next_sequence(self) -> int:
        """Return the number of the next message, from 1."""
        self.sequence += 1
        return self.sequence


@dataclass(eq=False, slots=True)
class Session:
    """One connection. `books` maps a symbol to its depth, `tickers` to its event trigger."""

    number: int
    private: bool
    opened_ns: int
    last_request_ns: int
    wake: Callable[[], None] = _no_one
    outbox: deque[str] = field(default_factory=deque)
    held: deque[tuple[int, str]] = field(default_factory=deque)
    close_code: int | None = None
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

    @property
    def is_subscribed(self) -> bool:
        """Whether at least one subscription stands."""
        return bool(
            self.instrument or self.books or self.tickers or self.trades or self.candles or self.executions or self.balances
        )

    def send(self, frame: str) -> None:
        """Put one frame into the outbox; a full outbox ends the connection."""
        if self.close_code is not None:
            return
        if len(self.outbox) >= OUTBOX_MAX:
            self.too_slow = True
            self.outbox.clear()
            self.close(CLOSE_TOO_SLOW)
            return
        self.outbox.append(frame)
        if len(self.outbox) == 1:
            self.wake()

    def send_at(self, due_ns: int, frame: str) -> None:
        """Keep one frame back until `due_ns`; when too many are kept, the oldest is lost."""
        if len(self.held) >= HELD_MAX:
            self.held.popleft()
        self.held.append((due_ns, frame))

    def release_held(self, now_ns: int) -> None:
        """Send what has been kept back long enough."""
        if not self.held:
            return
        waiting = [entry for entry in self.held if entry[0] > now_ns]
        for due_ns, frame in self.held:
            if due_ns <= now_ns:
                self.send(frame)
        self.held = deque(waiting)

    def close(self, code: int) -> None:
        """Ask for the connection to be closed, after what waits has been sent."""
        if self.close_code is None:
            self.close_code = code
            self.wake()
