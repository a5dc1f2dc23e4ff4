"""Our messages beside recorded ones: the same fields with the same JSON types."""

import json
from collections.abc import Callable, Mapping

import pytest

from tests.venues.builders_kraken_server import BTC, SAMPLES, Client, Venue
from wildbot.model.orders import Side

pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="no recorded messages here")

LIVE_ONLY = {"ext_ord_id", "ext_exec_id", "sender_sub_id", "link_id", "aclass", "ledgers", "trigger", "margin"}
"""Fields of accounts and features that we do not simulate."""


def kind_of(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return type(value).__name__


def kinds(row: Mapping[str, object]) -> dict[str, str]:
    return {name: kind_of(value) for name, value in row.items()}


def recorded(path: str, keep: Callable[[dict[str, object]], bool]) -> list[dict[str, object]]:
    return [message for line in (SAMPLES / path).read_text().splitlines() if keep(message := json.loads(line))]


def told(client: Client) -> dict[str, dict[str, object]]:
    """Report by event, from a run that has all of them."""
    frames = client.frames("executions")
    return {report["exec_type"]: report for frame in frames for report in frame["data"]}  # type: ignore[attr-defined]


@pytest.mark.parametrize("event", ["pending_new", "new", "canceled"])
def test_execution_report_has_the_fields_of_the_live_one(event: str) -> None:
    venue = Venue()
    client = venue.connect(private=True)
    client.ask("subscribe", channel="executions")
    order = {
        "order_type": "limit",
        "side": "buy",
        "symbol": BTC,
        "order_qty": 0.001,
        "limit_price": 50_000.0,
        "cl_ord_id": "wb1x1",
    }
    request = {"method": "add_order", "params": {"token": client.token, **order}}
    venue.server.receive(client.session, json.dumps(request), venue.now_ns)
    cancel = {"method": "cancel_order", "params": {"token": client.token, "cl_ord_id": ["wb1x1"]}}
    venue.server.receive(client.session, json.dumps(cancel), venue.now_ns)
    ours = told(client)[event]
    live = [
        message["data"][0]  # type: ignore[index]
        for message in recorded("ws_private/executions.ndjson", lambda m: m["channel"] == "executions")
        if message["data"][0]["exec_type"] == event and "cl_ord_id" in message["data"][0]  # type: ignore[index]
    ]
    assert live
    for sample in live:
        assert kinds(ours) == kinds(sample)


def test_trade_report_has_the_fields_of_the_live_one() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    client.ask("add_order", order_type="limit", side="buy", symbol=BTC, order_qty=0.001, limit_price=60_001.0)
    (snapshot,) = [
        frame
        for frame in client.ask("subscribe", channel="executions", snap_orders=False, snap_trades=True)
        if "data" in frame
    ]
    ours = snapshot["data"][0]  # type: ignore[index]
    for message in recorded("ws_private/executions.ndjson", lambda m: m["type"] == "snapshot"):
        for sample in message["data"]:  # type: ignore[attr-defined]
            missing = set(sample) - set(ours) - LIVE_ONLY - {"margin_borrow", "liquidated"}
            assert not missing
            shared = set(sample) & set(ours)
            assert {n: k for n, k in kinds(ours).items() if n in shared} == {
                n: k for n, k in kinds(sample).items() if n in shared
            }


def test_replies_and_acknowledgements_have_the_fields_of_the_live_ones() -> None:
    venue = Venue()
    private, public = venue.connect(private=True), venue.connect()
    ours = {
        "add_order": private.buy(50_000.0, cl_ord_id="wb1x1"),
        "amend_order": private.reply("amend_order", cl_ord_id="wb1x1", limit_price=49_000.0),
        "cancel_order": private.reply("cancel_order", cl_ord_id=["wb1x1"]),
        "cancel_all": private.reply("cancel_all"),
        "cancel_all_orders_after": private.reply("cancel_all_orders_after", timeout=5),
    }
    for sample in recorded("ws_private/replies.ndjson", lambda m: m["method"] in ours):
        reply = ours[str(sample["method"])]
        assert kinds(reply) == kinds({**sample, "req_id": 7})
        assert set(kinds(reply["result"]).values()) <= set(kinds(sample["result"]).values())  # type: ignore[arg-type]
    acks = {
        "book": public.reply("subscribe", channel="book", symbol=[BTC]),
        "ticker": public.reply("subscribe", channel="ticker", symbol=[BTC]),
        "trade": public.reply("subscribe", channel="trade", symbol=[BTC], snapshot=True),
        "instrument": public.reply("subscribe", channel="instrument"),
        "balances": private.reply("subscribe", channel="balances"),
    }
    for folder in ("ws_public", "ws_private"):
        for sample in recorded(f"{folder}/acks.ndjson", lambda m: m["result"]["channel"] in acks):  # type: ignore[index]
            ack = acks[sample["result"]["channel"]]  # type: ignore[index]
            assert next(iter(ack["result"])) == "channel"  # type: ignore[attr-defined]
            assert kinds(ack["result"]) == kinds(sample["result"])  # type: ignore[arg-type]


def test_public_messages_have_the_fields_of_the_live_ones() -> None:
    venue = Venue()
    client = venue.connect()
    for channel in ("book", "ticker", "trade", "ohlc"):
        client.ask("subscribe", channel=channel, symbol=[BTC])
    venue.house(BTC, Side.BUY, 6_000_200, 15_000_000)
    venue.publish()
    ours = {str(frame["channel"]): frame for frame in client.frames()}
    for channel in ("book", "ticker", "trade", "ohlc"):
        path = "ws_public/book_messages.ndjson" if channel == "book" else f"ws_public/{channel}.ndjson"
        sample = recorded(path, lambda m: True)[-1]
        assert kinds(ours[channel]) == kinds(sample), channel
        assert list(ours[channel]["data"][0]) == list(sample["data"][0]), channel  # type: ignore[index]
        assert kinds(ours[channel]["data"][0]) == kinds(sample["data"][0]), channel  # type: ignore[index]


def test_instrument_pairs_have_the_fields_of_the_live_ones() -> None:
    (_, snapshot) = Venue().connect().ask("subscribe", channel="instrument")
    sample = recorded("ws_public/instrument.ndjson", lambda m: True)[0]
    plain = next(pair for pair in sample["data"]["pairs"] if not pair["marginable"])  # type: ignore[index]
    assert kinds(snapshot["data"]["pairs"][0]) == kinds(plain)  # type: ignore[index]
    assert kinds(snapshot["data"]["assets"][0]) == kinds(sample["data"]["assets"][0])  # type: ignore[index]


def first(document: object) -> dict[str, object]:
    while isinstance(document, dict) and len(document) and all(isinstance(value, dict) for value in document.values()):
        document = next(iter(document.values()))
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize(
    ("endpoint", "sample", "query"),
    [
        ("Time", "Time_1", {}),
        ("SystemStatus", "SystemStatus_1", {}),
        ("Assets", "Assets_1", {}),
        ("AssetPairs", "AssetPairs_3", {}),
        ("Ticker", "Ticker_1", {}),
    ],
)
def test_public_answers_have_the_fields_of_the_live_ones(endpoint: str, sample: str, query: dict[str, str]) -> None:
    live = first(json.loads((SAMPLES / "rest_public" / f"{sample}.json").read_text())["result"])
    ours = first(Venue().get(endpoint, **query)["result"])
    optional = {"long_position_limit", "short_position_limit"}
    assert kinds(ours) == {name: kind for name, kind in kinds(live).items() if name not in optional}


@pytest.mark.parametrize(
    ("endpoint", "sample", "below"),
    [
        ("TradeBalance", "TradeBalance_1", ()),
        ("GetWebSocketsToken", "GetWebSocketsToken_1", ()),
        ("GetApiKeyInfo", "GetApiKeyInfo_1", ()),
        ("TradeVolume", "TradeVolume_1", ()),
        ("CancelAll", "CancelAll_1", ()),
        ("BalanceEx", "BalanceEx_1", ("USDC",)),
        ("OpenOrders", "OpenOrders_1", ("open", "*")),
        ("ClosedOrders", "ClosedOrders_1", ("closed", "*")),
        ("TradesHistory", "TradesHistory_1", ("trades", "*")),
    ],
)
def test_private_answers_have_the_fields_of_the_live_ones(endpoint: str, sample: str, below: tuple[str, ...]) -> None:
    venue = Venue()
    order = {"pair": "XBTUSDC", "type": "buy", "ordertype": "limit", "volume": "0.001"}
    venue.result("AddOrder", **order, price="60001")
    venue.result("AddOrder", **order, price="50000", cl_ord_id="wb1x1")
    live: object = json.loads((SAMPLES / "rest_private" / f"{sample}.json").read_text())["result"]
    ours: object = venue.result(endpoint)
    for name in below:
        assert isinstance(live, dict)
        assert isinstance(ours, dict)
        live, ours = (next(iter(d.values())) if name == "*" else d[name] for d in (live, ours))
    assert isinstance(live, dict)
    assert isinstance(ours, dict)
    absent = set(live) - set(ours) - LIVE_ONLY
    assert not absent
    for name in set(live) & set(ours):
        assert None in (live[name], ours[name]) or kind_of(live[name]) == kind_of(ours[name]), name
