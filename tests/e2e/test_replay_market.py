"""The whole of WildBot on a recorded day: the market maker trades AAPL as NASDAQ's book was, and the books agree."""

import json
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.instance import Document, Instance

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120), pytest.mark.xdist_group("replay_market")]

TAPE = (
    Path(__file__).resolve().parents[2].parent
    / "shared/market-data/equities/AAPL_2012-06-21_34200000_45900000_message_1.csv.gz"
)
PAIR = "AAPL/USD"
FILLS_WANTED = 4


@pytest.fixture(scope="module")
def wildbot() -> Iterator[Instance]:
    if not TAPE.exists():
        pytest.skip(f"the recording {TAPE.name} is not here")
    instance = Instance(
        WILDBOT_EXCHANGE__MARKET="replay",
        WILDBOT_EXCHANGE__DATA=str(TAPE),
        WILDBOT_EXCHANGE__FORMAT="lobster",
        WILDBOT_EXCHANGE__SPEED="20",
        WILDBOT_TRADING__UNIVERSE=json.dumps([PAIR]),
        WILDBOT_TRADING__PAIRS=json.dumps([PAIR]),
        WILDBOT_TRADING__MAX_TRADERS="1",
        # A stock broker's fee, and an exit that does not wait for what the tape does within a minute.
        WILDBOT_EXCHANGE__MAKER_PCT="0.002",
        WILDBOT_EXCHANGE__TAKER_PCT="0.005",
        WILDBOT_MARKET_MAKER__VOLATILITY_EXIT_MULTIPLIER="0",
        WILDBOT_CAPITAL__CURRENCY="USD",
        WILDBOT_CAPITAL__STARTING="10000",
        WILDBOT_RISK__MAX_ORDER_NOTIONAL="10000",
        WILDBOT_MARKET_MAKER__MIN_VOLATILITY_BPS="0",
        WILDBOT_MARKET_MAKER__MAX_SPREAD_BPS="200",
        WILDBOT_MARKET_MAKER__MOMENTUM_FILTER_ENABLED="false",
    )
    instance.up()
    yield instance
    instance.close()


def test_the_market_maker_is_filled_by_recorded_order_flow(wildbot: Instance) -> None:
    document = wildbot.wait(lambda d: d["state"] == "running", "running", timeout_s=60)
    assert [row["pair"] for row in document["scanner"]] == [PAIR]
    document = wildbot.wait(lambda d: len(d["trades"]) >= FILLS_WANTED, f"{FILLS_WANTED} fills", timeout_s=45)
    assert all(trade["pair"] == PAIR for trade in document["trades"])
    bid, ask = (Decimal(document["traders"][0][name]) for name in ("bid", "ask"))
    assert Decimal(500) < bid < ask < Decimal(700)


def test_it_stops_in_order_and_the_books_agree_fill_by_fill(wildbot: Instance) -> None:
    assert wildbot.interrupt() == 0, wildbot.last_words()
    journal = sqlite3.connect(wildbot.home / "data" / "sim.sqlite")
    booked = {
        trade_id: (pair, side, Decimal(price), Decimal(qty), Decimal(fee))
        for trade_id, pair, side, price, qty, fee in journal.execute(
            "SELECT trade_id, pair, side, price, qty, fee FROM fills"
        )
    }
    journal.close()
    assert len(booked) >= FILLS_WANTED
    assert booked == exchange_executions(wildbot)


def exchange_executions(wildbot: Instance) -> dict[str, tuple[object, ...]]:
    """Return our executions by the exchange's own memory: (pair, side, price, size, fee) by execution id."""
    rows: list[Document] = [
        json.loads(line) for line in (wildbot.home / "data" / "exchange-sim.jsonl").read_text().splitlines()
    ]
    return {
        row["exec_id"]: (
            row["pair"],
            row["side"],
            Decimal(row["ticks"]).scaleb(-2),
            Decimal(row["lots"]),
            Decimal(row["fee"]).scaleb(-10),
        )
        for row in (row["execution"] for row in rows if "execution" in row)
    }
