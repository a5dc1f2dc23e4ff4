"""The simulated exchange's face without its sockets: connections, requests, time.

Rules: pure; the adapter says what arrived and what time it is, and sends what lies in the outboxes. Everything that
    happened is published before the next request is heard, so that no snapshot can overtake an update. Whatever a client
    sends is answered; only our own mistakes raise.
Owns: the connections, the keys, the ledger of the ground truth, the armed faults and what they do.
"""

import random
from collections import deque
from collections.abc import Callable, Sequence

from wildbot.model.errors import VenueRefusal
from wildbot.model.exchange import ExchangeEvent
from wildbot.venues.kraken.server_faults import Faults
from wildbot.venues.kraken.server_faults_deeds import Deeds
from wildbot.venues.kraken.server_faults_exchange import DirectedExchange
from wildbot.venues.kraken.server_faults_script import Fault
from wildbot.venues.kraken.server_frames import (
    TOO_FAST,
    Malformed,
    Params,
    error_frame,
    pong_frame,
    read_request,
)
from wildbot.venues.kraken.server_keys import ApiKey, KeyRing
from wildbot.venues.kraken.server_ledger import Ledger
from wildbot.venues.kraken.server_lockout import Lockouts
from wildbot.venues.kraken.server_names import PairNames
from wildbot.venues.kraken.server_outcomes import Outcomes
from wildbot.venues.kraken.server_public import HEARTBEAT, status_frame
from wildbot.venues.kraken.server_session import (
    CLOSE_GOING_AWAY,
    CLOSE_NORMAL,
    HEARTBEAT_NS,
    IDLE_CLOSE_NS,
    Session,
)
from wildbot.venues.kraken.server_stale import StaleReads
from wildbot.venues.kraken.server_stream import Stream
from wildbot.venues.kraken.server_subscribe import Subscriptions
from wildbot.venues.kraken.server_trading import WebSocketTrading
from wildbot.venues.kraken.server_unconfirmed import DEFAULTS, Unconfirmed
from wildbot.venues.kraken.server_ws_call import WebSocketCall

MALFORMED_SHOWN_MAX = 256
METHOD_SHOWN_MAX = 64
INBOX_MAX = 10_000
"""Trading requests that wait for the configured latency; more are refused as the real gateway does when it is busy."""


class KrakenServer:
    """One exchange as its clients see it."""

    def __init__(
        self,
        exchange: DirectedExchange,
        keys: KeyRing,
        rng: random.Random,
        *,
        latency_ns: int = 0,
        keep_unsaved: bool = False,
        assume: Unconfirmed = DEFAULTS,
    ) -> None:
        self.exchange = exchange
        self.keys = keys
        self.rng = rng
        self.latency_ns = latency_ns
        self.assume = assume
        self.ledger = Ledger(exchange.instruments, keep_unsaved=keep_unsaved)
        self.faults = Faults(rng, self.ledger)
        self.lockouts = Lockouts()
        self.stale = StaleReads(exchange)
        self.set_clock: Callable[[int], None] | None = None
        self.names = PairNames(exchange.instruments)
        self.stream = Stream(exchange, self.ledger, self.faults, assume)
        self._subscriptions = Subscriptions(exchange, self.stream, self.names, self._authenticate, assume)
        self._trading = WebSocketTrading(exchange, assume)
        self.outcomes = Outcomes(self.faults, self.ledger, self._deeds_at)
        self._deeds = Deeds(self)
        self.on_events: Callable[[Sequence[ExchangeEvent]], None] = lambda events: None
        self._inbox: deque[tuple[int, WebSocketCall]] = deque()
        self._opened = 0

    # --- time -------------------------------------------------------------------------------------------------------

    def warm(self) -> None:
        """Take in what happened before the doors open; call as often as there is something."""
        self.stream.warm(self.exchange.drain())

    def open(self, now_ns: int) -> None:
        """Open the doors."""
        self.warm()
        self.stream.open()
        for instrument in self.exchange.instruments.values():
            self.ledger.pair(now_ns, instrument, self.exchange.fee_table(instrument.pair))
        for key in self.keys:
            self.ledger.opened(now_ns, key.account, key.tier.engine_max, self.exchange.balances(key.account))

    def publish(self, now_ns: int) -> None:
        """Tell `on_events` and then the subscribers what happened since the last call."""
        events = self.exchange.drain()
        if events:
            self.on_events(events)
            self.stream.publish(events, now_ns)

    def tick(self, now_ns: int) -> None:
        """Let time pass: expiries, faults, delayed requests and replies, heartbeats, idle connections."""
        self.exchange.advance(now_ns)
        self.publish(now_ns)
        self.ledger.fire_switches(now_ns, self.exchange.system)
        self._let_faults_strike(now_ns)
        while self._inbox and self._inbox[0][0] <= now_ns:
            self.outcomes.take(self._inbox.popleft()[1], now_ns)
            self.publish(now_ns)
        for session in tuple(self.stream.sessions.values()):
            session.release_held(now_ns)
            if session.next_heartbeat_ns and session.next_heartbeat_ns <= now_ns:
                session.next_heartbeat_ns = max(session.next_heartbeat_ns + HEARTBEAT_NS, now_ns)
                if session.is_subscribed:
                    self.stream.wire.send(session, "heartbeat", "", HEARTBEAT, now_ns)
            if not session.is_subscribed and now_ns - session.last_request_ns > IDLE_CLOSE_NS:
                session.close(CLOSE_NORMAL)

    def arm(self, faults: Sequence[Fault], now_ns: int) -> list[str]:
        """Arm a script of faults and let those strike that are due; return what went wrong with these.

        Raises: ProtocolError when too much is armed.
        """
        self.faults.arm(faults, now_ns)
        return self._let_faults_strike(now_ns)

    def _let_faults_strike(self, now_ns: int) -> list[str]:
        self._deeds.turn(now_ns)
        self.outcomes.turn(now_ns)
        failed = [self._deeds.perform(armed, now_ns) for armed in self.faults.turn(now_ns)]
        self.stream.wire.turn(now_ns, self.stream.sessions)
        self.publish(now_ns)
        return [error for error in failed if error]

    def _deeds_at(self, when: str, method: str, now_ns: int) -> None:
        for armed in self.faults.strike_deeds(when, method, now_ns):
            self._deeds.perform(armed, now_ns)
            self.publish(now_ns)

    # --- connections ------------------------------------------------------------------------------------------------

    def connect(self, *, private: bool, now_ns: int) -> Session:
        """A client has connected; the status message waits for it."""
        self._opened += 1
        session = Session(self._opened, private, now_ns, now_ns)
        self.stream.sessions[session.number] = session
        connection_id = self.rng.getrandbits(63) | 1 << 62
        self.ledger.record("connection", now_ns, {"action": "opened", "conn": session.number, "private": private})
        self._deeds.greet(session, now_ns)
        self.stream.wire.mute(session, now_ns)
        session.send(status_frame(self.exchange.system, connection_id))
        return session

    def disconnect(self, session: Session, now_ns: int) -> None:
        """A client has gone."""
        if self.stream.sessions.pop(session.number, None) is not None:
            line = {"action": "closed", "conn": session.number, "private": session.private, "code": session.close_code}
            self.ledger.record("connection", now_ns, line)

    def close_all(self, which: str = "all", code: int = CLOSE_GOING_AWAY, *, abrupt: bool = False) -> int:
        """Ask for every connection ("all", "public" or "private") to be closed; return how many."""
        chosen = [s for s in self.stream.sessions.values() if which == "all" or s.private == (which == "private")]
        for session in chosen:
            session.close(code, abrupt=abrupt)
        return len(chosen)

    # --- requests ---------------------------------------------------------------------------------------------------

    def receive(self, session: Session, text: str, now_ns: int) -> None:
        """One text frame has arrived; the answers wait in the outbox afterwards."""
        self.publish(now_ns)
        session.last_request_ns = now_ns
        if not session.may_speak(now_ns, self.assume.frames_per_s):
            session.send(TOO_FAST)
            return
        request = read_request(text, now_ns)
        via = f"ws{session.number}"
        if isinstance(request, Malformed):
            self.ledger.request(now_ns, via, "", "malformed", {"text": text[:MALFORMED_SHOWN_MAX]})
            session.send(request.frame)
            return
        if request.method == "ping":
            session.send(pong_frame(request, now_ns))
            return
        account = self._account_of(session, request.params, now_ns)
        seq = self.ledger.request(now_ns, via, account, request.method[:METHOD_SHOWN_MAX], request.params)
        call = WebSocketCall(session, request, account, via, seq, self._trading, self.ledger)
        try:
            self._handle(session, call, now_ns)
        except VenueRefusal as error:
            session.send(error_frame(request, str(error), now_ns))
            self.ledger.reply(now_ns, via, account, call.method, str(error), sent=not session.muted, to=seq)
        self.publish(now_ns)

    def _account_of(self, session: Session, params: Params, now_ns: int) -> str:
        token = params.get("token")
        key = session.key or (self.keys.by_token(token, now_ns) if isinstance(token, str) else None)
        return key.account if key else ""

    def _handle(self, session: Session, call: WebSocketCall, now_ns: int) -> None:
        request = call.request
        if request.method in ("subscribe", "unsubscribe"):
            self._subscriptions.handle(session, request, now_ns)
            self.ledger.record("subscription", now_ns, {"conn": session.number, "to": call.seq, **session.subscriptions()})
        elif self._trading.knows(request.method):
            if not session.private:
                raise VenueRefusal("EGeneral:Permission denied")
            key = self._authenticate(session, request.params, now_ns)
            key.check(request.method, now_ns)
            call.account = key.account
            if not self.latency_ns:
                self.outcomes.take(call, now_ns)
            elif len(self._inbox) >= INBOX_MAX:
                raise VenueRefusal("EService:Busy")
            else:
                self._inbox.append((now_ns + self.latency_ns, call))
        else:
            raise VenueRefusal("Unsupported event")

    def _authenticate(self, session: Session, params: Params, now_ns: int) -> ApiKey:
        token = params.get("token")
        if not isinstance(token, str) or not token:
            raise VenueRefusal("Token(s) not found")
        held = session.key
        if held is not None and session.token == token and (session.executions or session.balances) and held in self.keys:
            return held
        key = self.keys.by_token(token, now_ns)
        if key is None:
            raise VenueRefusal("ESession:Invalid session")
        return key
