"""The simulated exchange's face without its sockets: connections, requests, time.

Rules: pure; the adapter says what arrived and what time it is, and sends what lies in the outboxes. Everything that
    happened is published before the next request is heard, so that no snapshot can overtake an update. Whatever a client
    sends is answered; only our own mistakes raise.
Owns: the connections, the keys, the ledger of the ground truth, the armed faults.
"""

import random
from collections import deque
from collections.abc import Callable, Sequence

from wildbot.model.errors import VenueRefusal
from wildbot.model.exchange import ExchangeEvent
from wildbot.venues.kraken.server_exchange import Exchange
from wildbot.venues.kraken.server_faults import Faults
from wildbot.venues.kraken.server_frames import (
    Malformed,
    Params,
    Request,
    error_frame,
    pong_frame,
    read_request,
    reply_frame,
)
from wildbot.venues.kraken.server_keys import ApiKey, KeyRing
from wildbot.venues.kraken.server_ledger import Ledger
from wildbot.venues.kraken.server_names import PairNames
from wildbot.venues.kraken.server_public import HEARTBEAT, status_frame
from wildbot.venues.kraken.server_session import (
    CLOSE_GOING_AWAY,
    CLOSE_NORMAL,
    HEARTBEAT_NS,
    IDLE_CLOSE_NS,
    Session,
)
from wildbot.venues.kraken.server_stream import Stream
from wildbot.venues.kraken.server_subscribe import Subscriptions
from wildbot.venues.kraken.server_trading import WebSocketTrading

INBOX_MAX = 10_000
"""Trading requests that wait for the configured latency; more are refused as the real gateway does when it is busy."""


class KrakenServer:
    """One exchange as its clients see it."""

    def __init__(
        self, exchange: Exchange, keys: KeyRing, rng: random.Random, *, latency_ns: int = 0, keep_unsaved: bool = False
    ) -> None:
        self.exchange = exchange
        self.keys = keys
        self.rng = rng
        self.latency_ns = latency_ns
        self.faults = Faults()
        self.ledger = Ledger(exchange.instruments, keep_unsaved=keep_unsaved)
        self.names = PairNames(exchange.instruments.values())
        self.stream = Stream(exchange, self.ledger, self.faults)
        self._subscriptions = Subscriptions(exchange, self.stream, self.names, self._authenticate)
        self._trading = WebSocketTrading(exchange)
        self.on_events: Callable[[Sequence[ExchangeEvent]], None] = lambda events: None
        self._inbox: deque[tuple[int, Session, Request, str]] = deque()
        self._opened = 0

    # --- time -------------------------------------------------------------------------------------------------------

    def warm(self) -> None:
        """Take in what happened before the doors open; call as often as there is something."""
        self.stream.warm(self.exchange.drain())

    def open(self) -> None:
        """Open the doors."""
        self.warm()
        self.stream.open()

    def publish(self, now_ns: int) -> None:
        """Tell `on_events` and then the subscribers what happened since the last call."""
        events = self.exchange.drain()
        if events:
            self.on_events(events)
            self.stream.publish(events, now_ns)

    def tick(self, now_ns: int) -> None:
        """Let time pass: expiries, delayed requests and replies, heartbeats, idle connections."""
        self.exchange.advance(now_ns)
        self.publish(now_ns)
        while self._inbox and self._inbox[0][0] <= now_ns:
            _, session, request, account = self._inbox.popleft()
            self._trade(session, request, account, now_ns)
            self.publish(now_ns)
        for session in tuple(self.stream.sessions.values()):
            session.release_held(now_ns)
            if session.next_heartbeat_ns and session.next_heartbeat_ns <= now_ns:
                session.next_heartbeat_ns = max(session.next_heartbeat_ns + HEARTBEAT_NS, now_ns)
                if session.is_subscribed and not self.faults.is_silent("heartbeat", "", now_ns):
                    session.send(HEARTBEAT)
            if not session.is_subscribed and now_ns - session.last_request_ns > IDLE_CLOSE_NS:
                session.close(CLOSE_NORMAL)

    # --- connections ------------------------------------------------------------------------------------------------

    def connect(self, *, private: bool, now_ns: int) -> Session:
        """A client has connected; the status message waits for it."""
        self._opened += 1
        session = Session(self._opened, private, now_ns, now_ns)
        self.stream.sessions[session.number] = session
        connection_id = self.rng.getrandbits(63) | 1 << 62
        session.send(status_frame(self.exchange.system, connection_id))
        return session

    def disconnect(self, session: Session) -> None:
        """A client has gone."""
        self.stream.sessions.pop(session.number, None)

    def close_all(self, which: str = "all") -> int:
        """Ask for every connection ("all", "public" or "private") to be closed; return how many."""
        chosen = [s for s in self.stream.sessions.values() if which == "all" or s.private == (which == "private")]
        for session in chosen:
            session.close(CLOSE_GOING_AWAY)
        return len(chosen)

    # --- requests ---------------------------------------------------------------------------------------------------

    def receive(self, session: Session, text: str, now_ns: int) -> None:
        """One text frame has arrived; the answers wait in the outbox afterwards."""
        self.publish(now_ns)
        session.last_request_ns = now_ns
        request = read_request(text, now_ns)
        if isinstance(request, Malformed):
            session.send(request.frame)
            return
        if request.method == "ping":
            session.send(pong_frame(request, now_ns))
            return
        account = self._account_of(session, request.params, now_ns)
        self.ledger.request(now_ns, f"ws{session.number}", account, request.method, request.params)
        try:
            self._handle(session, request, now_ns)
        except VenueRefusal as error:
            session.send(error_frame(request, str(error), now_ns))
            self.ledger.reply(now_ns, f"ws{session.number}", account, request.method, str(error), sent=True)
        self.publish(now_ns)

    def _account_of(self, session: Session, params: Params, now_ns: int) -> str:
        token = params.get("token")
        key = session.key or (self.keys.by_token(token, now_ns) if isinstance(token, str) else None)
        return key.account if key else ""

    def _handle(self, session: Session, request: Request, now_ns: int) -> None:
        if request.method in ("subscribe", "unsubscribe"):
            self._subscriptions.handle(session, request, now_ns)
        elif self._trading.knows(request.method):
            if not session.private:
                raise VenueRefusal("EGeneral:Permission denied")
            account = self._authenticate(session, request.params, now_ns).account
            if not self.latency_ns:
                self._trade(session, request, account, now_ns)
            elif len(self._inbox) >= INBOX_MAX:
                raise VenueRefusal("EService:Busy")
            else:
                self._inbox.append((now_ns + self.latency_ns, session, request, account))
        else:
            raise VenueRefusal("Unsupported event")

    def _authenticate(self, session: Session, params: Params, now_ns: int) -> ApiKey:
        token = params.get("token")
        if not isinstance(token, str) or not token:
            raise VenueRefusal("Token(s) not found")
        if session.key is not None and session.token == token and (session.executions or session.balances):
            return session.key
        key = self.keys.by_token(token, now_ns)
        if key is None:
            raise VenueRefusal("ESession:Invalid session")
        return key

    def _trade(self, session: Session, request: Request, account: str, now_ns: int) -> None:
        fault = self.faults.strike(request.method)
        via = f"ws{session.number}"
        if fault is not None:
            self.ledger.record("fault", now_ns, {"verb": fault.verb, "method": request.method, "account": account})
        answers = self._trading.carry_out(request, account, now_ns) if fault is None or fault.applies else []
        if fault is not None and fault.answers_error:
            frames = [error_frame(request, fault.error, now_ns)]
            errors = [fault.error]
        else:
            errors = [answer.error for answer in answers]
            frames = [
                error_frame(request, answer.error, now_ns) if answer.error else reply_frame(request, answer.result, now_ns)
                for answer in answers
            ]
        sent = fault is None or not fault.drops
        for frame, error in zip(frames, errors, strict=True):
            self.ledger.reply(now_ns, via, account, request.method, error, sent=sent)
            if fault is not None and fault.delay_ns and sent:
                session.send_at(now_ns + fault.delay_ns, frame)
            elif sent:
                session.send(frame)
