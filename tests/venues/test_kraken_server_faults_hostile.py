"""Whatever a client sends, it is answered or let go: nothing dies, nothing leaks, nothing unsigned or old passes."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.venues.builders_kraken_server import BTC, KEY, SECRET, Client, Frame, Venue
from wildbot.venues.kraken.server_keys import TIERS, ApiKey
from wildbot.venues.kraken.server_lockout import FAILURES_MAX
from wildbot.venues.kraken.signing import sign

OTHER_KEY = "another-key"
OTHER_SECRET = "b3RoZXJzZWNyZXRvdGhlcnNlY3JldG90aGVyc2VjcmV0"
METHODS = [
    "add_order", "amend_order", "edit_order", "cancel_order", "cancel_all", "cancel_all_orders_after", "batch_add",
    "batch_cancel", "subscribe", "unsubscribe", "ping", "nothing",
]  # fmt: skip
FIELDS = [
    "channel", "symbol", "depth", "interval", "snapshot", "order_type", "side", "order_qty", "limit_price", "triggers",
    "time_in_force", "expire_time", "deadline", "cl_ord_id", "order_userref", "order_id", "orders", "timeout", "validate",
    "post_only", "reduce_only", "stp_type", "cash_order_qty", "display_qty", "conditional", "effective_time", "users",
]  # fmt: skip
SPICE = [
    "book", "ohlc", "executions", BTC, [BTC], [BTC, BTC], "limit", "market", "stop-loss", "buy", "sell", "gtd", 10, 0, -1, 1,
    0.001, 59_000.5, True, None, [], {}, [[]], "9999-12-31T23:59:59Z", "0000-00-00T00:00:00Z", "٣", "\x00", "a" * 70,
    2**63, -(2**70), [{"order_type": "limit", "side": "buy", "order_qty": 1, "limit_price": 1}] * 2, {"price": 1e-9},
]  # fmt: skip
ODD_NUMBERS = [
    "1e999999",
    "-1e999999",
    "1e-999999",
    "NaN",
    "Infinity",
    "-0",
    "0x10",
    "1" * 5_000,
    "0." + "0" * 5_000 + "1",
    "01",
]


class TwoAccounts(Venue):
    """Two clients of one exchange that must never learn of each other."""

    def __init__(self) -> None:
        super().__init__()
        self.exchange.open_account("other")
        self.exchange.deposit("other", "USDC", 77_777 * 10**10, self.now_ns)
        self.server.keys.add(ApiKey("other", OTHER_KEY, OTHER_SECRET, TIERS["pro"]))
        self.publish()
        self.nonces = {KEY: 1, OTHER_KEY: 1}

    def call(self, key: str, endpoint: str, **fields: str) -> Frame:
        self.nonces[key] += 1
        secret = SECRET if key == KEY else OTHER_SECRET
        nonce = str(self.nonces[key])
        body = urlencode({"nonce": nonce, **fields}).encode()
        path = f"/0/private/{endpoint}"
        headers = {"api-key": key, "api-sign": sign(path, nonce, body, secret)}
        return json.loads(self.rest.post(path, headers, body, self.now_ns).body)

    def client(self, key: str) -> Client:
        client = Client.__new__(Client)
        client._venue = self
        client.session = self.server.connect(private=True, now_ns=self.now_ns)
        client.token = str(self.call(key, "GetWebSocketsToken")["result"]["token"])  # type: ignore[index]
        return client


def lives(venue: Venue) -> None:
    """The exchange still trades."""
    client = venue.connect(private=True)
    assert client.buy(50_000.0)["success"]
    assert venue.connect().reply("subscribe", channel="book", symbol=[BTC])["success"]


values = st.sampled_from(SPICE) | st.text(max_size=20) | st.integers() | st.floats(allow_nan=False) | st.booleans()


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(METHODS), st.dictionaries(st.sampled_from(FIELDS), values, max_size=9)), max_size=8)
)
def test_any_fields_in_any_method_are_answered(requests: list[tuple[str, Frame]]) -> None:
    venue = Venue()
    client = venue.connect(private=True)
    client.texts()
    for method, params in requests:
        text = json.dumps({"method": method, "params": {"token": client.token, **params}, "req_id": 1})
        venue.server.receive(client.session, text, venue.now_ns)
        assert client.texts(), (method, params)
    venue.pass_seconds(1)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("utf-8", "replace")))
def test_any_text_is_answered(text: str) -> None:
    venue = Venue()
    client = venue.connect()
    client.texts()
    venue.server.receive(client.session, text, venue.now_ns)
    assert client.texts()


@pytest.mark.parametrize("number", ODD_NUMBERS)
@pytest.mark.parametrize("name", ["order_qty", "limit_price", "req_id", "timeout"])
def test_impossible_numbers_are_refused_in_time_and_memory(name: str, number: str) -> None:
    venue = Venue()
    client = venue.connect(private=True)
    client.texts()
    order = {"order_type": '"limit"', "side": '"buy"', "symbol": f'"{BTC}"', "order_qty": "1", "limit_price": "1"}
    params = ",".join(f'"{key}":{value}' for key, value in {**order, name: number}.items() if key != "req_id")
    req_id = number if name == "req_id" else "1"
    text = f'{{"method":"add_order","params":{{"token":"{client.token}",{params}}},"req_id":{req_id}}}'
    venue.server.receive(client.session, text, venue.now_ns)
    assert client.texts()
    assert name == "req_id" or venue.exchange.open_orders("main") == []
    for field in ("volume", "price", "nonce", "userref", "timeout", "ofs"):
        rest = {"pair": "XBTUSDC", "type": "buy", "ordertype": "limit", "volume": "1", "price": "1", field: number}
        for endpoint in ("AddOrder", "CancelAllOrdersAfter", "ClosedOrders"):
            assert "error" in venue.post(endpoint, **rest), (endpoint, field)
    lives(venue)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 50_000 + "1" + "}" * 50_000,
        '{"method":"ping","method":"subscribe","params":{"channel":"book","channel":"trade","symbol":[]}}',
        '{"method":"subscribe","params":{"channel":"book","symbol":[' + ",".join(['"X/Y"'] * 30_000) + "]}}",
        '{"method":"\ud800"}',
        '{"method":"ping","req_id":null}',
        '{"method":"ping","req_id":[1]}',
        '{"method":{"a":1}}',
        "null",
        '"add_order"',
        "\ufeff{}",
    ],
    ids=range(11),
)
def test_deep_doubled_and_malformed_documents_are_answered(text: str) -> None:
    venue = Venue()
    client = venue.connect()
    client.texts()
    venue.server.receive(client.session, text, venue.now_ns)
    assert client.texts() or client.session.close_code is not None
    lives(venue)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        ["application/json", "application/x-www-form-urlencoded", "text/plain", "", "application/json; charset=x"]
    ),
    st.binary(max_size=120) | st.sampled_from([b"{" * 30_000, b"nonce=1&" * 300, b"nonce=%ff", b'{"nonce":1e999999}']),
    st.dictionaries(st.sampled_from(["api-key", "api-sign"]), st.sampled_from([KEY, "x", "", "=", "é", "A" * 5_000])),
)
def test_unsigned_bodies_are_refused_whatever_they_hold(kind: str, body: bytes, headers: dict[str, str]) -> None:
    venue = Venue()
    reply = venue.rest.post("/0/private/Balance", {"content-type": kind, **headers}, body, venue.now_ns)
    assert json.loads(reply.body)["error"]
    assert "result" not in json.loads(reply.body)


def test_changed_bytes_old_nonces_and_other_paths_void_a_signature() -> None:
    venue = Venue()
    body = b"nonce=100&pair=XBTUSDC&type=buy&ordertype=limit&volume=0.001&price=50000"
    path = "/0/private/AddOrder"
    signature = sign(path, "100", body, SECRET)

    def send(path: str, body: bytes, signature: str) -> object:
        headers = {"api-key": KEY, "api-sign": signature}
        return json.loads(venue.rest.post(path, headers, body, venue.now_ns).body)["error"]

    assert send(path, body.replace(b"0.001", b"0.002"), signature) == ["EAPI:Invalid signature"]
    assert send("/0/private/CancelAll", body, signature) == ["EAPI:Invalid signature"]
    assert send(path, body + b"&nonce=101", signature) == ["EAPI:Invalid signature"]
    assert send(path, body, signature) == []
    assert send(path, body, signature) == ["EAPI:Invalid nonce"]
    late = b"nonce=99"
    assert send("/0/private/Balance", late, sign("/0/private/Balance", "99", late, SECRET)) == ["EAPI:Invalid nonce"]
    assert len(venue.exchange.open_orders("main")) == 1


def test_key_that_signs_wrongly_too_often_is_locked_out_for_a_quarter_of_an_hour() -> None:
    venue = Venue()
    for _ in range(FAILURES_MAX):
        venue.rest.post("/0/private/Balance", {"api-key": KEY, "api-sign": "no"}, b"nonce=5", venue.now_ns)
    assert venue.post("Balance")["error"] == ["EGeneral:Temporary lockout"]
    venue.pass_seconds(899)
    assert venue.post("Balance")["error"] == ["EGeneral:Temporary lockout"]
    venue.pass_seconds(2)
    assert venue.post("Balance")["error"] == []


def test_few_mistakes_far_apart_lock_nobody_out() -> None:
    venue = Venue()
    for _ in range(3 * FAILURES_MAX):
        venue.rest.post("/0/private/Balance", {"api-key": KEY, "api-sign": "no"}, b"nonce=5", venue.now_ns)
        venue.pass_seconds(10)
    assert venue.post("Balance")["error"] == []


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([KEY, OTHER_KEY]),
            st.sampled_from(["add", "cross", "cancel", "cancel_all", "reconnect", "amend", "wait"]),
            st.integers(59_990, 60_010),
        ),
        min_size=5,
        max_size=30,
    )
)
def test_two_accounts_never_see_each_other(steps: list[tuple[str, str, int]]) -> None:
    venue = TwoAccounts()
    accounts = {KEY: "main", OTHER_KEY: "other"}
    clients, seen = {}, {"main": "", "other": ""}

    def connect(key: str) -> None:
        clients[key] = venue.client(key)
        for channel in ("executions", "balances"):
            clients[key].session.outbox.clear()
            tell(key, "subscribe", channel=channel)

    def tell(key: str, method: str, **params: object) -> None:
        text = json.dumps({"method": method, "params": {"token": clients[key].token, **params}})
        venue.server.receive(clients[key].session, text, venue.now_ns)
        for each, client in clients.items():
            seen[accounts[each]] += "".join(client.texts())

    for key in accounts:
        connect(key)
    for number, (key, what, price) in enumerate(steps):
        own = venue.exchange.open_orders(accounts[key])
        strangers = venue.exchange.open_orders(accounts[OTHER_KEY if key == KEY else KEY])
        order = {"order_type": "limit", "symbol": BTC, "order_qty": 0.001, "cl_ord_id": f"{accounts[key]}-{number}"}
        if what == "add":
            tell(key, "add_order", side="buy", limit_price=float(price - 5), **order)
        elif what == "cross" and key == KEY:
            tell(key, "add_order", side="sell", limit_price=float(price - 20), **order)
        elif what == "cancel" and strangers:
            tell(key, "cancel_order", order_id=[strangers[0].order_id])
            tell(key, "cancel_order", cl_ord_id=[strangers[0].cl_ord_id])
            assert strangers == venue.exchange.open_orders(accounts[OTHER_KEY if key == KEY else KEY])
            venue.call(key, "CancelOrder", txid=strangers[0].order_id)
            assert venue.call(key, "QueryOrders", txid=strangers[0].order_id)["error"]
            seen[accounts[key]] = seen[accounts[key]].replace(strangers[0].order_id, "")  # it was this client who said it
            seen[accounts[key]] = seen[accounts[key]].replace(strangers[0].cl_ord_id, "")
        elif what == "amend" and own:
            tell(key, "amend_order", order_id=own[0].order_id, order_qty=0.002)
        elif what == "cancel_all":
            tell(key, "cancel_all")
        elif what == "reconnect":
            connect(key)
        else:
            venue.pass_seconds(10)
    venue.pass_seconds(60)
    for key, account in accounts.items():
        stranger = accounts[OTHER_KEY if key == KEY else KEY]
        for endpoint in ("OpenOrders", "ClosedOrders", "TradesHistory", "Balance", "BalanceEx", "GetApiKeyInfo"):
            seen[account] += json.dumps(venue.call(key, endpoint))
            venue.pass_seconds(10)
        closed = {each.order_id for each in venue.exchange.closed_orders(stranger) + venue.exchange.open_orders(stranger)}
        trades = {each.exec_id for each in venue.exchange.executions(stranger)}
        for secret in (
            *closed,
            *trades,
            f"{stranger}-",
            "77777" if account == "main" else "99999999",
            clients[OTHER_KEY if key == KEY else KEY].token,
        ):
            assert secret not in seen[account], secret


def test_strangers_token_gives_nothing_that_is_not_its_owners() -> None:
    venue = TwoAccounts()
    main, other = venue.client(KEY), venue.client(OTHER_KEY)
    main.ask("subscribe", channel="executions")
    mixed = main.ask("add_order", order_type="limit", side="buy", symbol=BTC, order_qty=0.001, limit_price=50_000.0)
    assert mixed
    main.token = other.token
    main.ask("add_order", order_type="limit", side="buy", symbol=BTC, order_qty=0.001, limit_price=50_000.0)
    assert len(venue.exchange.open_orders("other")) == 1, "the token says whose order it is"
    assert main.frames("executions") == [], "and the subscription whose reports are heard"
