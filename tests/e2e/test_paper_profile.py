"""Paper with real processes: a second simulator is "Kraken", a whole WildBot mirrors it, trades beside it, and never moves it.

The tests share one running instance and build on each other, in order.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import requests

from tests.e2e.instance import ROOT, Document, Instance, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180), pytest.mark.xdist_group("paper_profile")]

PAIRS = '["BTC/USDC","SOL/USDC","XRP/USDC"]'
REST_KEYS = {"BTC/USDC": "XBTUSDC", "SOL/USDC": "SOLUSDC", "XRP/USDC": "XRPUSDC"}
WAIT_S = 20


class Kraken:
    """The exchange outside: a simulator of its own, which knows nothing of WildBot."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "wildbot.cli", "exchange", "--port", str(self.port), "--seed", "11"],
            env={**{k: v for k, v in os.environ.items() if not k.startswith("WILDBOT_")}, "WILDBOT_EXCHANGE__WARMUP_S": "60"},
            cwd=ROOT, stdout=(folder / "kraken.txt").open("w"), stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def ledger(self) -> list[Document]:
        answer = requests.get(f"http://127.0.0.1:{self.port}/admin/ledger", timeout=WAIT_S)
        return [json.loads(line) for line in answer.text.splitlines() if line]

    def sell_or_buy(self, pair: str, side: str, price: str) -> None:
        """Let somebody outside take everything up to a price."""
        order = {"pair": pair, "side": side, "type": "limit", "tif": "ioc", "price": price, "qty": "1000000"}
        answer = requests.post(f"http://127.0.0.1:{self.port}/admin/orders", json=[order], timeout=WAIT_S)
        assert "order_id" in answer.json()["orders"][0], answer.text

    def close(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(WAIT_S)


@pytest.fixture(scope="module")
def kraken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kraken]:
    outside = Kraken(tmp_path_factory.mktemp("kraken"))
    yield outside
    outside.close()


@pytest.fixture(scope="module")
def wildbot(kraken: Kraken) -> Iterator[Instance]:
    # The market's mood must not decide a test: with the filters off every trader always has something resting.
    instance = Instance(
        WILDBOT_PROFILE="paper",
        WILDBOT_KRAKEN__WS_URL=f"ws://127.0.0.1:{kraken.port}/public/v2",
        WILDBOT_TRADING__UNIVERSE=PAIRS,
        WILDBOT_MARKET_MAKER__EDGE_POLICY="ignore",
        WILDBOT_MARKET_MAKER__MIN_VOLATILITY_BPS="0",
        WILDBOT_MARKET_MAKER__MAX_SPREAD_BPS="200",
        WILDBOT_MARKET_MAKER__MOMENTUM_FILTER_ENABLED="false",
    )
    instance.up()
    yield instance
    instance.close()


def resting(document: Document) -> list[tuple[str, Document]]:
    return [(row["pair"], order) for row in document["traders"] for order in row["open_orders"]]


def depth(port: int, pair: str) -> list[list[list[object]]]:
    """Return the book as REST tells it, without times: [bids, asks]."""
    answer = requests.get(f"http://127.0.0.1:{port}/0/public/Depth", {"pair": REST_KEYS[pair], "count": 10}, timeout=WAIT_S)
    (book,) = answer.json()["result"].values()
    return [[level[:2] for level in book[side]] for side in ("bids", "asks")]


def test_paper_trades_on_the_market_it_mirrors(wildbot: Instance) -> None:
    document = wildbot.wait(
        lambda d: d["state"] == "running" and bool(resting(d)), "a trader with resting orders", timeout_s=60
    )
    assert document["mode"] == "paper"


def test_the_outside_never_hears_of_our_orders_and_the_mirror_shows_its_book(kraken: Kraken, wildbot: Instance) -> None:
    assert resting(wildbot.wait(lambda d: bool(resting(d)), "a resting order"))
    pair = "BTC/USDC"
    until = time.monotonic() + WAIT_S
    # Both books move; sooner or later the two questions fall between two moves.
    while (outside := depth(kraken.port, pair)) != depth(wildbot.exchange_port, pair):
        assert time.monotonic() < until, "the mirror never showed the outside's book"
    assert len(outside[0]) == len(outside[1]) == 10
    heard = [entry for entry in kraken.ledger() if entry["kind"] in ("request", "order", "balance")]
    assert {entry["method"] for entry in heard if entry["kind"] == "request"} <= {"subscribe", "ping", "Depth"}
    assert [entry for entry in heard if entry["kind"] == "order"] == []


def test_an_outside_trade_through_our_quote_fills_it_at_our_price(kraken: Kraken, wildbot: Instance) -> None:
    before = {t["ts_ns"] for t in wildbot.status()["trades"]}
    until = time.monotonic() + 2 * WAIT_S
    while not {t["ts_ns"] for t in wildbot.status()["trades"]} - before:
        assert time.monotonic() < until, f"no fill; {wildbot.last_words()}"
        for pair, order in resting(wildbot.status()):
            kraken.sell_or_buy(pair, "sell" if order["side"] == "buy" else "buy", order["price"])
    prices = {(entry["pair"], entry["side"]): [] for entry in kraken.ledger() if entry["kind"] == "trade"}
    for entry in kraken.ledger():
        if entry["kind"] == "trade":
            prices[entry["pair"], entry["side"]].append(Decimal(entry["price"]))
    fills = [entry for entry in wildbot.ledger() if entry["kind"] == "order" and "execution" in entry]
    assert fills
    for entry in fills:
        side, price, execution = entry["order"]["side"], Decimal(entry["order"]["price"]), entry["execution"]
        if execution["liquidity"] == "maker" and side == "buy":
            assert Decimal(execution["price"]) == price >= min(prices[entry["order"]["pair"], "sell"])
        elif execution["liquidity"] == "maker":
            assert Decimal(execution["price"]) == price <= max(prices[entry["order"]["pair"], "buy"])


def test_stopping_leaves_a_journal_that_agrees_with_the_local_exchange(kraken: Kraken, wildbot: Instance) -> None:
    assert wildbot.interrupt() == 0, wildbot.last_words()
    journal = sqlite3.connect(wildbot.home / "data" / "paper.sqlite")
    rows = journal.execute("SELECT trade_id, pair, side, price, qty, fee FROM fills").fetchall()
    journal.close()
    booked = {row[0]: (row[1], row[2], digits(row[3]), digits(row[4]), Decimal(row[5])) for row in rows}
    lines = [json.loads(line) for line in (wildbot.home / "data" / "exchange-paper.jsonl").read_text().splitlines()]
    executed = {
        e["exec_id"]: (e["pair"], e["side"], e["ticks"], e["lots"], Decimal(e["fee"]).scaleb(-10))
        for e in (line["execution"] for line in lines if "execution" in line)
    }
    assert booked
    assert booked == executed
    assert [entry for entry in kraken.ledger() if entry["kind"] == "order"] == []


def digits(text: str) -> int:
    return int(text.replace(".", ""))
