"""A small simulated exchange behind its Kraken face, with money in one account and a quiet two-sided book."""

import json
import random
from pathlib import Path
from urllib.parse import urlencode

from actors.exchange_accounts import engine_rules
from wildbot.model.exchange import Kind, Placed, PlaceOrder
from wildbot.model.instrument import NANOS_PER_SECOND, Instrument
from wildbot.model.orders import Side
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.venue_pairs import UNIVERSE
from wildbot.venues.kraken.server import KrakenServer
from wildbot.venues.kraken.server_admin import SCRIPT_ACCOUNTS, AdminFace
from wildbot.venues.kraken.server_keys import TIERS, ApiKey, KeyRing
from wildbot.venues.kraken.server_rest import RestFace, RestReply
from wildbot.venues.kraken.server_session import Session
from wildbot.venues.kraken.server_unconfirmed import DEFAULTS, Unconfirmed
from wildbot.venues.kraken.signing import sign

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "kraken" / "samples"
SECRET = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
KEY = "a-test-key"
START_NS = 1_750_000_000 * NANOS_PER_SECOND
BTC, DOGE = "BTC/USDC", "DOGE/USDC"

Frame = dict[str, object]


class Venue:
    """The whole venue with a clock the test moves."""

    def __init__(
        self, pairs: tuple[str, ...] = (BTC, DOGE), *, latency_ns: int = 0, assume: Unconfirmed = DEFAULTS
    ) -> None:
        instruments = [UNIVERSE[pair].instrument for pair in pairs]
        self.now_ns = START_NS
        self.nonce = 1
        self.exchange = SimulatedExchange(instruments, rng=random.Random(1), rules=engine_rules(assume))
        self.exchange.open_account("main")
        for account in SCRIPT_ACCOUNTS.values():
            self.exchange.open_account(account)
        self.exchange.deposit("main", "USDC", 100_000 * 10**10, self.now_ns)
        self.exchange.deposit("main", "BTC", 10**10, self.now_ns)
        keys = KeyRing()
        keys.add(ApiKey("main", KEY, SECRET, TIERS["intermediate"], assume))
        self.server = KrakenServer(self.exchange, keys, random.Random(2), latency_ns=latency_ns, assume=assume)
        self.rest = RestFace(self.server)
        self.admin = AdminFace(self.server)
        if BTC in pairs:
            for distance in range(1, 31):
                self.house(BTC, Side.BUY, 6_000_000 - 100 * distance, 10_000_000)
                self.house(BTC, Side.SELL, 6_000_000 + 100 * distance, 10_000_000)
        self.server.open(self.now_ns)

    def instrument(self, pair: str) -> Instrument:
        return self.exchange.instruments[pair]

    def house(self, pair: str, side: Side, ticks: int, lots: int) -> str:
        """Another participant's limit order; returns its id."""
        order = PlaceOrder(account=SCRIPT_ACCOUNTS[side], pair=pair, side=side, kind=Kind.LIMIT, lots=lots, ticks=ticks)
        reply = self.exchange.place(order, self.now_ns)
        assert isinstance(reply, Placed), reply
        return reply.order_id

    def publish(self) -> None:
        self.server.publish(self.now_ns)

    def pass_seconds(self, seconds: float) -> None:
        self.now_ns += int(seconds * NANOS_PER_SECOND)
        self.server.tick(self.now_ns)

    def connect(self, *, private: bool = False) -> "Client":
        return Client(self, self.server.connect(private=private, now_ns=self.now_ns))

    def token(self) -> str:
        result = self.post("GetWebSocketsToken")["result"]
        assert isinstance(result, dict)
        return str(result["token"])

    def get(self, endpoint: str, **query: str) -> Frame:
        return json.loads(self.rest.get(f"/0/public/{endpoint}", query, self.now_ns).body)

    def post(self, endpoint: str, **fields: str) -> Frame:
        reply = self.post_raw(endpoint, **fields)
        return json.loads(reply.body)

    def post_raw(self, endpoint: str, **fields: str) -> RestReply:
        self.nonce += 1
        body = urlencode({"nonce": str(self.nonce), **fields}).encode()
        path = f"/0/private/{endpoint}"
        headers = {"api-key": KEY, "api-sign": sign(path, str(self.nonce), body, SECRET)}
        return self.rest.post(path, headers, body, self.now_ns)

    def post_json(self, endpoint: str, **fields: object) -> Frame:
        """A private call with a JSON body."""
        self.nonce += 1
        body = json.dumps({"nonce": str(self.nonce), **fields}).encode()
        path = f"/0/private/{endpoint}"
        headers = {
            "api-key": KEY,
            "api-sign": sign(path, str(self.nonce), body, SECRET),
            "content-type": "application/json",
        }
        return json.loads(self.rest.post(path, headers, body, self.now_ns).body)

    def result(self, endpoint: str, **fields: str) -> Frame:
        """A private call that must succeed."""
        answer = self.post(endpoint, **fields)
        assert answer["error"] == [], answer
        result = answer["result"]
        assert isinstance(result, dict)
        return result


class Client:
    """One WebSocket client; what it is sent is read as JSON."""

    def __init__(self, venue: Venue, session: Session) -> None:
        self._venue = venue
        self.session = session
        self.token = venue.token() if session.private else ""

    def texts(self) -> list[str]:
        """Everything sent since the last look."""
        texts = list(self.session.outbox)
        self.session.outbox.clear()
        return texts

    def frames(self, channel: str | None = None) -> list[Frame]:
        frames = [json.loads(text) for text in self.texts()]
        return [frame for frame in frames if channel is None or frame.get("channel") == channel]

    def say(self, text: str) -> list[Frame]:
        """Send a text frame; return all that comes back."""
        self._venue.server.receive(self.session, text, self._venue.now_ns)
        return self.frames()

    def ask(self, method: str, **params: object) -> list[Frame]:
        """Send a request with a token (on the private address) and req_id 7; return what comes back."""
        self.session.outbox.clear()
        if self.token:
            params = {"token": self.token, **params}
        return self.say(json.dumps({"method": method, "params": params, "req_id": 7}))

    def reply(self, method: str, **params: object) -> Frame:
        """The one reply to a request; other frames that came with it are dropped."""
        replies = [frame for frame in self.ask(method, **params) if "method" in frame]
        assert len(replies) == 1, replies
        return replies[0]

    def buy(self, limit: float, **params: object) -> Frame:
        """A limit buy of 0.001 BTC."""
        order = {"order_type": "limit", "side": "buy", "symbol": BTC, "order_qty": 0.001, "limit_price": limit}
        return self.reply("add_order", **order | params)
