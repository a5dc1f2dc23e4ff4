"""Every recorded REST answer is read by our client, or is of a call that it never makes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.venues.builders_market_frames import SAMPLES
from wildbot.model.errors import VenueRefusal
from wildbot.venues.kraken import rest
from wildbot.venues.kraken.rest import RestReader, read_result

FILES = sorted(f"{path.parent.name}/{path.name}" for path in SAMPLES.glob("rest_*/*.json"))
FROM_THE_STREAM = "prices, trades and candles come from the public stream"
NEVER_CALLED = {
    "AddOrder": "orders go over the WebSocket",
    "AddOrderBatch": "orders go over the WebSocket",
    "AmendOrder": "orders go over the WebSocket",
    "EditOrder": "orders are amended over the WebSocket",
    "CancelOrder": "orders go over the WebSocket",
    "CancelOrderBatch": "orders go over the WebSocket",
    "CancelAllOrdersAfter": "the dead man's switch is set over the WebSocket",
    "OrderAmends": "amends are in the journal",
    "BalanceEx": "Balance is enough: what orders hold is in the journal",
    "TradeBalance": "no margin",
    "Ledgers": "fills are read as trades",
    "QueryLedgers": "fills are read as trades",
    "QueryTrades": "fills are read in pages",
    "Assets": "AssetPairs names the assets",
    "Ticker": FROM_THE_STREAM,
    "Trades": FROM_THE_STREAM,
    "OHLC": FROM_THE_STREAM,
    "Depth": FROM_THE_STREAM,
    "Spread": FROM_THE_STREAM,
}
"""Call and why our client does without it."""


def reader() -> RestReader:
    """One that knows every pair of the fullest recording."""
    result = read_result(200, (SAMPLES / "rest_public" / "AssetPairs_full_20250723.json").read_bytes())
    pairs = [entry["wsname"].replace("XBT", "BTC").replace("XDG", "DOGE") for entry in json.loads(result).values()]
    made = RestReader(tuple(pairs))
    made.asset_pairs(result)
    return made


def call_of(name: str) -> str:
    return Path(name).stem.partition("_")[0]


def readers() -> dict[str, Callable[[bytes], object]]:
    made = reader()
    return {
        "AssetPairs": RestReader(()).asset_pairs,
        "Balance": made.balances,
        "TradeVolume": made.fees,
        "OpenOrders": made.open_orders,
        "ClosedOrders": made.closed_orders,
        "QueryOrders": made.queried_orders,
        "TradesHistory": made.trades,
        "GetWebSocketsToken": rest.read_token,
        "GetApiKeyInfo": rest.read_key,
        "CancelAll": rest.read_count,
        "Time": rest.read_clock_ns,
        "SystemStatus": rest.read_system,
    }


def rows_in(result: object, call: str) -> int:
    """How many orders or trades a recorded answer has."""
    assert isinstance(result, dict)
    below = {"OpenOrders": "open", "ClosedOrders": "closed", "TradesHistory": "trades"}.get(call)
    return len(result[below] if below else result)


@pytest.mark.skipif(not FILES, reason="the recordings are not on this machine")
def test_every_recorded_call_is_read_or_never_made() -> None:
    calls = {call_of(name) for name in FILES} - {"errors"}
    assert calls == (set(readers()) | set(NEVER_CALLED)) & calls
    assert not set(readers()) & set(NEVER_CALLED)


@pytest.mark.parametrize("name", FILES)
def test_recorded_answer_is_read(name: str) -> None:
    body, call = (SAMPLES / name).read_bytes(), call_of(name)
    if call == "errors":
        (error,) = json.loads(body)["error"]
        with pytest.raises(VenueRefusal, match=error.split("[")[0]):
            read_result(200, body)
        return
    result = read_result(200, body)
    if call in NEVER_CALLED:
        assert json.loads(result)
        return
    read = readers()[call](result)
    if call in ("OpenOrders", "QueryOrders"):
        assert isinstance(read, tuple)
        assert len(read) == rows_in(json.loads(result), call)
    if call == "TradesHistory":
        assert isinstance(read, tuple)
        assert read[1] == rows_in(json.loads(result), call)
