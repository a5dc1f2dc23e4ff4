"""The exchange on virtual time: the simulated market behind its Kraken face, sockets made of planned bytes.

Rules: what was sent arrives, whatever becomes of its sender; both ways take the same time and keep their order. A client
    that is gone is noticed when its connection ends.
Owns: the exchange, its market, its server, the connections.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from wildbot.model.exchange import ASSET_DECIMALS
from wildbot.model.instrument import NANOS_PER_MS, parse_scaled
from wildbot.rehearsal.diary import Diary
from wildbot.rehearsal.timeline import Timeline
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.flow import SyntheticMarket
from wildbot.simulation.venue_pairs import UNIVERSE
from wildbot.venues.kraken.server import KrakenServer
from wildbot.venues.kraken.server_admin import SCRIPT_ACCOUNTS
from wildbot.venues.kraken.server_faults_script import read_script
from wildbot.venues.kraken.server_keys import TIERS, ApiKey, KeyRing
from wildbot.venues.kraken.server_rest import RestFace
from wildbot.venues.kraken.server_session import Session

ACCOUNT = "main"
API_KEY = "rehearsal"
API_SECRET = "cmVoZWFyc2FsIG9mIHRoZSB3aG9sZSBzeXN0ZW0sIG9uIHZpcnR1YWwgdGltZSwgd2l0aCBmYXVsdHMgYW5kIGE="  # noqa: S105 - the key of an exchange that exists nowhere else
TURN_NS = 100 * NANOS_PER_MS
CONNECT_NS = 20 * NANOS_PER_MS


class Venue:
    """The exchange and everything that is under way to and from it."""

    def __init__(
        self,
        timeline: Timeline,
        diary: Diary,
        rng: random.Random,
        *,
        pairs: Sequence[str],
        deposit: tuple[str, str],
        activity: float,
        latency_ns: int,
    ) -> None:
        self.timeline = timeline
        self.diary = diary
        self.latency_ns = latency_ns
        specs = [UNIVERSE[pair] for pair in pairs]
        self.exchange = SimulatedExchange([spec.instrument for spec in specs], rng=type(rng)(rng.getrandbits(64)))
        for account in (ACCOUNT, *SCRIPT_ACCOUNTS.values()):
            self.exchange.open_account(account)
        asset, amount = deposit
        self.exchange.deposit(ACCOUNT, asset, parse_scaled(amount, ASSET_DECIMALS), timeline.now_ns)
        keys = KeyRing()
        keys.add(ApiKey(ACCOUNT, API_KEY, API_SECRET, TIERS["intermediate"]))
        self.server = KrakenServer(self.exchange, keys, type(rng)(rng.getrandbits(64)), keep_unsaved=True)
        self.rest = RestFace(self.server)
        self.market = SyntheticMarket(self.exchange, specs, type(rng)(rng.getrandbits(64)), activity=activity)
        self.market.start(timeline.now_ns)
        self.server.open(timeline.now_ns)
        self._sockets: dict[int, VirtualSocket] = {}
        timeline.after(TURN_NS, self._turn)

    def arm(self, faults: list[dict[str, object]]) -> None:
        """Let faults befall the exchange, as its administrator's door would take them."""
        exact = [
            {key: Decimal(str(value)) if isinstance(value, float) else value for key, value in each.items()}
            for each in faults
        ]
        self.server.publish(self.timeline.now_ns)
        self.server.arm(read_script(exact), self.timeline.now_ns)
        self.flush()

    def connect(self, socket: "VirtualSocket", *, private: bool) -> Session:
        """A client has connected."""
        session = self.server.connect(private=private, now_ns=self.timeline.now_ns)
        self._sockets[session.number] = socket
        self.flush()
        return session

    def disconnect(self, session: Session) -> None:
        """A client has gone."""
        if self._sockets.pop(session.number, None) is not None:
            self.server.disconnect(session, self.timeline.now_ns)

    def receive(self, session: Session, frame: bytes) -> None:
        """A client's frame has arrived."""
        if session.number in self._sockets and session.close_code is None:
            self.server.receive(session, frame.decode(), self.timeline.now_ns)
            self.flush()

    def flush(self) -> None:
        """Put everything that waits in outboxes on its way."""
        for number, socket in tuple(self._sockets.items()):
            session = self.server.stream.sessions.get(number)
            if session is None:
                continue
            while session.outbox:
                socket.carry(session.outbox.popleft().encode())
            if session.close_code is not None:
                self.disconnect(session)
                socket.carry_end(f"the exchange closed the connection ({session.close_code})")

    def _turn(self) -> None:
        now_ns = self.timeline.now_ns
        self.market.step(now_ns)
        self.server.publish(now_ns)
        self.server.tick(now_ns)
        self.server.publish(now_ns)
        self.flush()
        self.timeline.after(TURN_NS, self._turn)


@dataclass(slots=True)
class SocketNews:
    """What `WebSocketLink.pump` returns of a real connection."""

    opened: bool = False
    frames: list[bytes] = field(default_factory=list)
    closed: str | None = None


class VirtualSocket:
    """A client's WebSocket, with the manners of `WebSocketLink`; `tell` is called when there is news."""

    def __init__(self, venue: Venue, name: str, *, private: bool, tell: Callable[[], None]) -> None:
        self._venue = venue
        self._name = name
        self._private = private
        self._tell = tell
        self._attempt = 0
        self._state = "idle"
        self._session: Session | None = None
        self._news = SocketNews()

    @property
    def is_open(self) -> bool:
        """Whether frames can be sent."""
        return self._state == "open"

    @property
    def is_idle(self) -> bool:
        """Whether `connect` may be called."""
        return self._state == "idle"

    def connect(self) -> None:
        """Begin a connection."""
        self._attempt += 1
        self._state = "connecting"
        attempt = self._attempt
        self._venue.timeline.after(CONNECT_NS, lambda: self._opened(attempt))

    def _opened(self, attempt: int) -> None:
        if attempt == self._attempt and self._state == "connecting":
            self._state = "open"
            self._news.opened = True
            self._session = self._venue.connect(self, private=self._private)
            self._tell()

    def send(self, frame: bytes) -> bool:
        """Send one frame; False when there is no connection."""
        session, venue = self._session, self._venue
        if session is None or self._state != "open":
            return False
        venue.diary.note(venue.timeline.now_ns, f"{self._name}>", frame)
        venue.timeline.after(venue.latency_ns, lambda: venue.receive(session, frame))
        return True

    def pump(self) -> SocketNews:
        """Return what happened since the last call."""
        news, self._news = self._news, SocketNews()
        return news

    def close(self) -> None:
        """End the connection."""
        session, self._session = self._session, None
        self._attempt += 1
        self._state = "idle"
        self._news = SocketNews()
        if session is not None:
            self._venue.timeline.after(self._venue.latency_ns, lambda: self._venue.disconnect(session))

    # --- the exchange's side --------------------------------------------------------------------------------------

    def carry(self, frame: bytes) -> None:
        """A frame of the exchange is on its way."""
        attempt = self._attempt
        self._venue.timeline.after(self._venue.latency_ns, lambda: self._arrive(attempt, frame))

    def carry_end(self, reason: str) -> None:
        """The exchange ends the connection, after everything it said."""
        attempt = self._attempt
        self._venue.timeline.after(self._venue.latency_ns, lambda: self._ended(attempt, reason))

    def _arrive(self, attempt: int, frame: bytes) -> None:
        if attempt == self._attempt:
            self._venue.diary.note(self._venue.timeline.now_ns, f"{self._name}<", frame)
            self._news.frames.append(frame)
            self._tell()

    def _ended(self, attempt: int, reason: str) -> None:
        if attempt == self._attempt:
            self._session = None
            self._state = "idle"
            self._news.closed = reason
            self._tell()
