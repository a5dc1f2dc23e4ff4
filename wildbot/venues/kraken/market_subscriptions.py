"""What the public connection is subscribed to: the requests, their acknowledgements, and what is overdue.

Rules: silence is never taken for success. Each (channel, pair) is asked for, acknowledged and, for books, answered with
    a snapshot, each within a limit; past it there is an alarm and the request is made again.
Owns: the state of every subscription on the current connection; the frames still to be sent; the alarms.
Source: Kraken WebSocket v2: one acknowledgement per symbol, errors with the symbol when they belong to one.
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from wildbot.model.instrument import NANOS_PER_SECOND

ACK_OVERDUE_NS = 5 * NANOS_PER_SECOND
SNAPSHOT_OVERDUE_NS = 10 * NANOS_PER_SECOND
REFUSED_RETRY_NS = 60 * NANOS_PER_SECOND
RESYNC_SPACING_NS = NANOS_PER_SECOND
"""A book that fails again at once is not asked for again sooner, so that a broken server is not flooded."""

PING_EVERY_NS = 20 * NANOS_PER_SECOND
PONG_OVERDUE_NS = 5 * NANOS_PER_SECOND

DEPTHS = (10, 25, 100, 500, 1000)
"""What the book channel offers."""

ALREADY_SUBSCRIBED = "Already subscribed"
"""Part of the text of the one refusal that is as good as an acknowledgement."""

INSTRUMENT = "instrument"
BOOK = "book"
PAIR_CHANNELS = (BOOK, "trade", "ticker")


class Alarms:
    """Conditions worth telling the owner, each named by a key, told once until it changes or clears."""

    def __init__(self) -> None:
        self.standing: dict[str, str] = {}
        self._raised: list[tuple[str, str]] = []
        self._cleared: list[str] = []

    def sound(self, key: str, text: str) -> None:
        """State that the condition `key` holds."""
        if self.standing.get(key) != text:
            self.standing[key] = text
            self._raised.append((key, text))

    def clear(self, key: str) -> None:
        """State that it does not hold (any more)."""
        if self.standing.pop(key, None) is not None:
            self._cleared.append(key)

    def take(self) -> tuple[list[tuple[str, str]], list[str]]:
        """Return and forget the news: ([(key, text) raised], [key cleared])."""
        news = self._raised, self._cleared
        self._raised, self._cleared = [], []
        return news


class Stage(StrEnum):
    """How far a subscription has come."""

    ASKED = "asked"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    COMPLETE = "complete"
    POSTPONED = "postponed"


class _Subscription:
    __slots__ = ("asked_ns", "request_id", "since_ns", "stage")

    def __init__(self, now_ns: int, request_id: int) -> None:
        self.stage = Stage.ASKED
        self.asked_ns = self.since_ns = now_ns
        self.request_id = request_id


class Subscriptions:
    """The subscriptions of one connection after another."""

    def __init__(self, depth: int, alarms: Alarms) -> None:
        self._depth = depth
        self._alarms = alarms
        self.depths: dict[str, int] = {}
        self._outgoing: list[bytes] = []
        self._by_key: dict[tuple[str, str], _Subscription] = {}
        self._request_id = 0
        self._is_open = False
        self._pinged_ns = 0
        self._awaits_pong = False

    def open(self, now_ns: int) -> None:
        """The connection is up, with nothing subscribed."""
        self.close()
        self._is_open = True
        self._pinged_ns = now_ns

    def close(self) -> None:
        """The connection is gone, and all subscriptions with it."""
        self._is_open = self._awaits_pong = False
        self._by_key.clear()
        self.depths.clear()
        self._outgoing.clear()
        self._alarms.clear("pong")

    def take_outgoing(self) -> list[bytes]:
        """Return and forget the frames to send, in order."""
        frames, self._outgoing = self._outgoing, []
        return frames

    def subscribe(self, channel: str, pairs: Iterable[str], now_ns: int) -> None:
        """Ask for a channel; for `INSTRUMENT` the only pair is ""."""
        symbols = list(pairs)
        if not self._is_open or not symbols:
            return
        self._request(channel, symbols, "subscribe")
        for symbol in symbols:
            self._by_key[channel, symbol] = _Subscription(now_ns, self._request_id)

    def unsubscribe(self, pairs: Iterable[str]) -> None:
        """Give up every channel of these pairs."""
        for channel in PAIR_CHANNELS:
            held = [pair for pair in pairs if self._by_key.pop((channel, pair), None) is not None]
            for pair in held:
                self._clear_alarms(channel, pair)
            if held and self._is_open:
                self._request(channel, held, "unsubscribe")

    def resync(self, pair: str, now_ns: int) -> None:
        """Ask for the book of one pair anew, at once or as soon as the spacing allows."""
        former = self._by_key.get((BOOK, pair))
        if former is None:
            return
        if now_ns - former.asked_ns < RESYNC_SPACING_NS:
            former.stage = Stage.POSTPONED
            return
        self._again(BOOK, pair, now_ns)

    def renew(self, pair: str, now_ns: int) -> None:
        """Ask for every channel of one pair anew: the exchange has forgotten us."""
        for channel in PAIR_CHANNELS:
            if (channel, pair) in self._by_key:
                self._again(channel, pair, now_ns)

    def acknowledged(self, channel: str, pair: str, depth: int, now_ns: int) -> None:
        """The exchange took a subscription; for books, `depth` is what it will send (0: not stated)."""
        if depth in DEPTHS:
            self.depths[pair] = depth
        subscription = self._by_key.get((channel, pair))
        if subscription is None:
            return
        self._alarms.clear(f"refused:{channel}:{pair}")
        self._alarms.clear(f"unacknowledged:{channel}:{pair}")
        if subscription.stage in (Stage.ASKED, Stage.REFUSED):
            subscription.stage = Stage.ACKNOWLEDGED if channel == BOOK else Stage.COMPLETE
            subscription.since_ns = now_ns

    def refused(self, request_id: int, symbol: str, error: str, now_ns: int) -> bool:
        """The exchange refused a request for `symbol`, or for all of its symbols; return whether it was one of ours."""
        ours = False
        for (channel, pair), subscription in self._by_key.items():
            if subscription.request_id != request_id or (symbol and symbol != pair):
                continue
            ours = True
            if ALREADY_SUBSCRIBED in error:
                self.acknowledged(channel, pair, 0, now_ns)
            elif subscription.stage is Stage.ASKED:
                subscription.stage = Stage.REFUSED
                subscription.since_ns = now_ns
                self._alarms.clear(f"unacknowledged:{channel}:{pair}")
                self._alarms.sound(f"refused:{channel}:{pair}", f"{channel} {pair} refused: {error}".replace("  ", " "))
        return ours

    def book_arrived(self, pair: str) -> None:
        """A verified snapshot of a pair's book is here."""
        subscription = self._by_key.get((BOOK, pair))
        if subscription is not None:
            subscription.stage = Stage.COMPLETE
            self._clear_alarms(BOOK, pair)

    def ponged(self) -> None:
        """The answer to our ping is here."""
        self._awaits_pong = False
        self._alarms.clear("pong")

    def advance(self, now_ns: int) -> None:
        """Do what time demands: pings, alarms about what is overdue, repeated requests."""
        if not self._is_open:
            return
        for (channel, pair), subscription in list(self._by_key.items()):
            self._look_at(channel, pair, subscription, now_ns)
        if self._awaits_pong and now_ns - self._pinged_ns >= PONG_OVERDUE_NS:
            self._alarms.sound("pong", "the exchange does not answer pings")
        if now_ns - self._pinged_ns >= PING_EVERY_NS:
            self._request_id += 1
            self._outgoing.append(msgspec.json.encode({"method": "ping", "req_id": self._request_id}))
            self._pinged_ns = now_ns
            self._awaits_pong = True

    def _look_at(self, channel: str, pair: str, subscription: _Subscription, now_ns: int) -> None:
        what = f"{channel} {pair}".rstrip()
        waited_ns = now_ns - subscription.since_ns
        match subscription.stage:
            case Stage.ASKED:
                if waited_ns >= ACK_OVERDUE_NS:
                    self._alarms.sound(
                        f"unacknowledged:{channel}:{pair}",
                        f"{what}: subscription not acknowledged within {ACK_OVERDUE_NS // NANOS_PER_SECOND} s",
                    )
                if waited_ns >= SNAPSHOT_OVERDUE_NS:
                    self._again(channel, pair, now_ns)
            case Stage.ACKNOWLEDGED:
                if waited_ns >= SNAPSHOT_OVERDUE_NS:
                    self._alarms.sound(
                        f"silent:{channel}:{pair}",
                        f"{what}: subscribed, but no snapshot within {SNAPSHOT_OVERDUE_NS // NANOS_PER_SECOND} s",
                    )
                    self._again(channel, pair, now_ns)
            case Stage.REFUSED:
                if waited_ns >= REFUSED_RETRY_NS:
                    self._again(channel, pair, now_ns)
            case Stage.POSTPONED:
                if now_ns - subscription.asked_ns >= RESYNC_SPACING_NS:
                    self._again(channel, pair, now_ns)
            case Stage.COMPLETE:
                pass

    def _again(self, channel: str, pair: str, now_ns: int) -> None:
        if self._is_open:
            self._request(channel, [pair], "unsubscribe")
            self.subscribe(channel, [pair], now_ns)

    def _request(self, channel: str, symbols: list[str], method: str) -> None:
        self._request_id += 1
        params: dict[str, object] = {"channel": channel}
        if channel != INSTRUMENT:
            params["symbol"] = symbols
        if channel == BOOK:
            params["depth"] = self._depth
        elif channel == "ticker":
            params["event_trigger"] = "bbo"
        if method == "subscribe":
            # Trades too: after a reconnect the snapshot holds what was missed; repeated ones are known by their ids.
            params["snapshot"] = True
        self._outgoing.append(msgspec.json.encode({"method": method, "params": params, "req_id": self._request_id}))

    def _clear_alarms(self, channel: str, pair: str) -> None:
        for kind in ("refused", "unacknowledged", "silent"):
            self._alarms.clear(f"{kind}:{channel}:{pair}")
