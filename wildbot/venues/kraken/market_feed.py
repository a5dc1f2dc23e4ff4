"""Market data kept flowing: one public connection after another, and everything the exchange says on them, verified.

It is given the loop (`runtime`), the connection (`link`) and a way to publish; it knows no socket and no clock.

Rules: nothing is published that `KrakenMarketStream` did not verify. Silence is stale: a connection that has said nothing
    for `silence_s` is given up and made anew, with growing, jittered waits; its books are declared invalid first. A pair
    that alone is silent is compared with REST where there is somebody to `inquire`: a book that is not the exchange's
    any more is declared invalid, and the pair is subscribed to anew.
Owns: the connection, the latest book of each pair, the staleness of each pair.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import msgspec

from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND, Instrument
from wildbot.model.market_data import BookInvalidated, BookSnapshot, FeedBeat, MarketEvent, SystemStatus, VenueStatus
from wildbot.model.status import Severity
from wildbot.venues.kraken.market_counters import StreamCounters
from wildbot.venues.kraken.market_stream import KrakenMarketStream
from wildbot.venues.kraken.quiet_books import QuietBooks, Top

BEAT_S = 0.25
"""How often `FeedBeat` says what has been published; also the step of all time limits here."""

SILENCE_S = 2.0
"""Kraken sends a heartbeat each second, so this much silence is a lost connection."""

CONNECT_DEADLINE_NS = 20 * NANOS_PER_SECOND
"""An attempt that takes longer (a resolver that hangs) is abandoned."""

PROVEN_NS = 30 * NANOS_PER_SECOND
"""A connection that lasted so long has proved itself: the next wait begins at the floor again."""

MAINTENANCE_DELAY_S = 5.0
"""Kraken asks for no more than one attempt in five seconds while it is under maintenance."""

FIRST_DATA_NS = 30 * NANOS_PER_SECOND
"""At a start everything comes up at once, and an exchange of our own takes its time: so long nobody is alarmed."""

ALERT_KEY = "feed"


class News(Protocol):
    """What happened on a link since the last look, in this order."""

    @property
    def opened(self) -> bool: ...
    @property
    def frames(self) -> list[bytes]: ...
    @property
    def closed(self) -> str | None: ...


class Link(Protocol):
    """A WebSocket that never blocks and never reconnects by itself."""

    @property
    def is_open(self) -> bool: ...
    @property
    def is_idle(self) -> bool: ...
    def connect(self) -> None: ...
    def send(self, frame: bytes) -> bool: ...
    def pump(self) -> News: ...
    def close(self) -> None: ...


class Backoff(Protocol):
    """How long to wait before the next attempt."""

    def next_delay_s(self) -> float: ...
    def reset(self) -> None: ...


class Loop(Protocol):
    """What the feed handler needs of the actor's runtime."""

    def every(self, seconds: float, callback: Callable[[], None]) -> None: ...
    def later(self, seconds: float, callback: Callable[[], None]) -> None: ...
    def now_ns(self) -> int: ...
    def alert(self, level: Severity, key: str, text: str) -> None: ...
    def clear(self, key: str) -> None: ...


class PairFeed(msgspec.Struct, frozen=True):
    """How one pair's data stands: `seq` of the last snapshot, its age, and whether it can be traded on."""

    seq: int
    age_ms: float | None
    is_fresh: bool


class FeedStatus(msgspec.Struct, frozen=True):
    """How the feed stands; `connects` counts the connections that opened, `silent_ms` the time since anything came."""

    connected: bool
    connects: int
    silent_ms: float | None
    pairs: dict[str, PairFeed]
    alarms: tuple[str, ...]
    counters: StreamCounters


class MarketFeed:
    """One public connection, kept alive; see the module docstring. `books` holds each pair's latest valid book."""

    def __init__(
        self,
        runtime: Loop,
        link: Link,
        backoff: Backoff,
        pairs: Iterable[str],
        publish: Callable[[MarketEvent], None],
        *,
        instruments: Iterable[Instrument] = (),
        depth: int = 10,
        silence_s: float = SILENCE_S,
        inquire: Callable[[tuple[str, ...]], None] | None = None,
    ) -> None:
        """Prepare; `start` connects. `publish` gets every event, in order.

        `inquire` asks REST for the best prices of these pairs; `on_tops` takes what it answers.
        """
        self.books: dict[str, BookSnapshot] = {}
        self._runtime = runtime
        self._publish_out = publish
        self._stream = KrakenMarketStream(pairs, depth=depth, instruments=instruments)
        self._link = link
        self._backoff = backoff
        self._silence_s = silence_s
        self._inquire = inquire
        self._quiet_books = QuietBooks()
        self._silent_beats = 0
        self._last_recv_ns = 0
        self._since_ns = self._began_ns = runtime.now_ns()
        self._connects = 0
        self._system = SystemStatus.UNKNOWN
        self._is_stopped = False

    @property
    def pairs(self) -> list[str]:
        """The pairs watched."""
        return list(self._stream.pairs)

    @property
    def instruments(self) -> dict[str, Instrument]:
        """Every instrument the exchange has described, by pair."""
        return self._stream.instruments

    def start(self) -> None:
        """Connect, and keep connected until `stop`."""
        self._runtime.every(BEAT_S, self.on_beat)
        self._connect()

    def stop(self) -> None:
        """Disconnect for good; every book is declared invalid."""
        if not self._is_stopped:
            self._is_stopped = True
            self._publish(self._stream.on_close(self._runtime.now_ns()))
            self._link.close()

    def set_pairs(self, pairs: Iterable[str]) -> None:
        """Watch these pairs from now on, without a reconnect."""
        self._publish(self._stream.set_pairs(pairs, self._runtime.now_ns()))
        self._send_outgoing()

    def is_fresh(self, pair: str) -> bool:
        """Whether the pair has a verified book and the connection that would change it is not silent."""
        return pair in self.books and not self._is_silent(self._runtime.now_ns())

    def status(self) -> FeedStatus:
        """Return how the feed stands now."""
        now_ns = self._runtime.now_ns()
        return FeedStatus(
            connected=self._link.is_open,
            connects=self._connects,
            silent_ms=(now_ns - self._last_recv_ns) / NANOS_PER_MS if self._last_recv_ns else None,
            pairs={pair: self._pair_feed(pair, now_ns) for pair in self._stream.pairs},
            alarms=self._stream.standing_alarms,
            counters=self._stream.counters(),
        )

    def _pair_feed(self, pair: str, now_ns: int) -> PairFeed:
        book = self.books.get(pair)
        if book is None:
            return PairFeed(0, None, is_fresh=False)
        return PairFeed(book.seq, (now_ns - book.recv_ts_ns) / NANOS_PER_MS, is_fresh=self.is_fresh(pair))

    # --- what the loop calls --------------------------------------------------------------------------------------

    def on_readable(self) -> None:
        """Take in what the connection has."""
        news = self._link.pump()
        now_ns = self._runtime.now_ns()
        if news.opened:
            self._connects += 1
            self._since_ns = now_ns
            self._silent_beats = 0
            self._stream.on_open(now_ns)
            self._runtime.clear(ALERT_KEY)
        if news.frames:
            self._last_recv_ns = now_ns
            self._silent_beats = 0
            receive = self._stream.receive
            for frame in news.frames:
                self._publish(receive(frame, now_ns))
        self._send_outgoing()
        if news.closed is not None:
            self._lost(news.closed)

    def on_beat(self) -> None:
        """Do what time demands, then vouch for what was published."""
        if self._is_stopped:
            return
        now_ns = self._runtime.now_ns()
        self._silent_beats += 1
        if self._link.is_open:
            if self._is_silent(now_ns):
                self._lost(f"nothing received for {self._silence_s:g} s")
            elif now_ns - self._since_ns >= PROVEN_NS:
                self._backoff.reset()
        elif not self._link.is_idle and now_ns - self._since_ns >= CONNECT_DEADLINE_NS:
            self._lost("connecting took too long")
        self._stream.advance(now_ns)
        self._send_outgoing()
        if self._inquire is not None and (quiet := self._quiet_books.ask(self.books, now_ns)):
            self._inquire(quiet)
        raised, cleared = self._stream.take_alarms()
        for key, text in raised:
            self._runtime.alert(Severity.WARNING, f"{ALERT_KEY}:{key}", text)
        for key in cleared:
            self._runtime.clear(f"{ALERT_KEY}:{key}")
        beat = FeedBeat(now_ns, self._last_recv_ns, self._link.is_open, self._stream.live_seqs)
        self._publish_out(beat)

    def on_tops(self, shown: Mapping[str, Top]) -> None:
        """Take in what REST answered to `inquire`: best prices by pair, or nothing."""
        for pair in self._quiet_books.answer(shown, self.books):
            self._publish(self._stream.disproved(pair, self._runtime.now_ns()))
        self._send_outgoing()

    # --- the connection -------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        if not self._is_stopped and self._link.is_idle:
            self._since_ns = self._runtime.now_ns()
            self._link.connect()

    def _lost(self, reason: str) -> None:
        self._link.close()
        self._publish(self._stream.on_close(self._runtime.now_ns()))
        delay_s = self._backoff.next_delay_s()
        if self._system is SystemStatus.MAINTENANCE:
            delay_s = max(delay_s, MAINTENANCE_DELAY_S)
        if self._connects:
            self._runtime.alert(Severity.CRITICAL, ALERT_KEY, f"market data lost: {reason}")
        elif self._runtime.now_ns() - self._began_ns >= FIRST_DATA_NS:
            self._runtime.alert(Severity.WARNING, ALERT_KEY, f"no market data yet: {reason}")
        self._runtime.later(delay_s, self._connect)

    def _is_silent(self, now_ns: int) -> bool:
        # Two clocks: beats cannot be moved by a step of the wall clock, the wall clock notices that we were suspended.
        heard_ns = max(self._last_recv_ns, self._since_ns)
        by_wall = now_ns - heard_ns >= self._silence_s * NANOS_PER_SECOND
        return by_wall or self._silent_beats * BEAT_S > self._silence_s

    def _send_outgoing(self) -> None:
        for frame in self._stream.take_outgoing():
            if not self._link.send(frame):
                self._lost("the exchange does not take what we send")
                return

    def _publish(self, events: Iterable[MarketEvent]) -> None:
        for event in events:
            if isinstance(event, BookSnapshot):
                self.books[event.pair] = event
            elif isinstance(event, BookInvalidated):
                self.books.pop(event.pair, None)
            elif isinstance(event, VenueStatus):
                self._system = event.system
            self._publish_out(event)
