"""Every number our server prints has as many decimals as the recorded message of that kind, counted from the pair's rules."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.venues.builders_kraken_server import BTC, SAMPLES, Venue
from wildbot.model.orders import Side

RECORDED_PAIRS = {  # symbol: decimals of (price, size, cost), of the times of the recordings
    "BTC/USD": (1, 8, 5),
    "BTC/USDT": (1, 8, 5),
    "ETH/USD": (2, 8, 5),
    "KAR/USD": (3, 8, 5),
}
OURS = (2, 8, 5)
PRICE, SIZE, COST, DOLLARS = range(4)
WEBSOCKET = {
    "price": PRICE,
    "bid": PRICE,
    "ask": PRICE,
    "last": PRICE,
    "vwap": PRICE,
    "low": PRICE,
    "high": PRICE,
    "change": PRICE,
    "open": PRICE,
    "close": PRICE,
    "limit_price": PRICE,
    "stop_price": PRICE,
    "last_price": PRICE,
    "avg_price": PRICE,
    "qty": SIZE,
    "bid_qty": SIZE,
    "ask_qty": SIZE,
    "volume": SIZE,
    "order_qty": SIZE,
    "last_qty": SIZE,
    "cum_qty": SIZE,
    "cost": COST,
    "cum_cost": COST,
    "fee_usd_equiv": DOLLARS,
}
"""Fields whose digits the recordings show to follow the pair."""

OTHER = {"change_pct": 2, "volume_usd": 2}
NUMBER = re.compile(r'"(\w+)":\s*(-?\d+\.\d+)(?![\d"])')
FEES = re.compile(r'"fees":\[[^\]]*\]')
RECORDINGS = ("ws_public/trade", "ws_public/ohlc", "ws_public/ticker", "ws_public/book_messages", "ws_private/executions")


def numbers(text: str) -> Iterator[tuple[str, int]]:
    """Return (field, decimals) of every number with a point."""
    for name, number in NUMBER.findall(FEES.sub("", text)):
        yield name, len(number.partition(".")[2])


def expected(name: str, rules: tuple[int, int, int], *, in_dollars: bool) -> int | None:
    if name in OTHER:
        return OTHER[name]
    kind = WEBSOCKET.get(name)
    if kind is None:
        return None
    return (*rules, rules[COST] if in_dollars else 4)[kind]


def objects(text: str) -> Iterator[tuple[str, str]]:
    """Return (symbol, text) of every element of a message's data."""
    parts = re.split(r'(?="symbol":)|(?<=\}),(?=\{"order_id")', text.partition('"data"')[2])
    for part in parts:
        if found := re.search(r'"symbol":"([^"]+)"', part):
            yield found[1], part


@pytest.mark.skipif(not SAMPLES.exists(), reason="the recordings are not on this machine")
def test_recorded_numbers_follow_the_rules_this_file_states() -> None:
    seen = set()
    for name in RECORDINGS:
        for line in (SAMPLES / f"{name}.ndjson").read_text().splitlines():
            for symbol, text in objects(line):
                rules = RECORDED_PAIRS.get(symbol)
                if rules is None:
                    continue
                for field, decimals in numbers(text):
                    wanted = expected(field, rules, in_dollars=symbol.endswith("/USD"))
                    assert wanted in (None, decimals), (field, decimals, text)
                    seen.add(field if wanted is not None else "")
    assert len(seen) >= 20


def test_our_messages_print_the_same_digits() -> None:
    venue = Venue()
    public, private = venue.connect(), venue.connect(private=True)
    for channel in ("ticker", "book", "trade", "ohlc"):
        public.ask("subscribe", channel=channel, symbol=[BTC])
    private.ask("subscribe", channel="executions")
    for price in (60_001.0, 50_000.0):
        order = {"order_type": "limit", "side": "buy", "symbol": BTC, "order_qty": 0.0015, "limit_price": price}
        request = {"method": "add_order", "params": {"token": private.token, **order}}
        venue.server.receive(private.session, json.dumps(request), venue.now_ns)
    venue.house(BTC, Side.SELL, 5_000_000, 400_000_000)
    venue.publish()
    seen = set()
    for text in public.texts() + private.texts():
        for _, part in objects(text):
            for field, decimals in numbers(part):
                wanted = expected(field, OURS, in_dollars=False)
                assert wanted == decimals, (field, decimals, part)
                seen.add(field)
    assert seen >= set(WEBSOCKET) - {"stop_price"}


@pytest.mark.skipif(not SAMPLES.exists(), reason="the recordings are not on this machine")
def test_rest_market_data_has_the_digits_of_the_recorded_answers() -> None:
    pairs = json.loads((SAMPLES / "rest_public" / "AssetPairs_full_20250723.json").read_text())["result"]
    recorded = json.loads((SAMPLES / "rest_public" / "Ticker_full_202603.json").read_text())["result"]["XBTUSDC"]
    rules = pairs["XBTUSDC"]
    venue = Venue()
    venue.house(BTC, Side.BUY, 6_000_100, 1_000_000)
    venue.publish()
    ours = venue.get("Ticker", pair="XBTUSDC")["result"]["XBTUSDC"]  # type: ignore[index]

    def decimals(value: object) -> object:
        if isinstance(value, list):
            return [decimals(each) for each in value]
        return len(value.partition(".")[2]) if isinstance(value, str) else value.__class__

    assert {name: decimals(value) for name, value in ours.items()} == {
        name: decimals(value) for name, value in recorded.items()
    }
    listed = venue.get("AssetPairs", pair="XBTUSDC")["result"]["XBTUSDC"]  # type: ignore[index]
    same = set(listed) & set(rules) - {"leverage_buy", "leverage_sell"}
    assert {name: listed[name] for name in same} == {name: rules[name] for name in same}
