"""The examples of the two stock systems, as an owner starts them: recorded days where they are here, samples always."""

import datetime as dt
import json
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from actors.session_calendar import sessions_of
from tests.e2e.instance import ROOT, Document, Instance

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.xdist_group("stock_examples")]

MOMENTUM, IMBALANCE = (ROOT / "config" / "examples" / name for name in ("aapl-momentum.toml", "stocks-imbalance.toml"))
EAGER_BURST = {
    "WILDBOT_MOMENTUM_BURST__ENTRY_THRESHOLD": "0.00005",
    "WILDBOT_MOMENTUM_BURST__VOLATILITY_GUARD": "0.0001",
    "WILDBOT_MOMENTUM_BURST__VOLUME_SPIKE_MULTIPLIER": "1",
}
"""A burst within seconds, so that the test need not wait for the market's mood."""
EAGER_IMBALANCE = {
    "WILDBOT_ORDER_FLOW_IMBALANCE__GRADIENT_ENABLED": "false",
    "WILDBOT_ORDER_FLOW_IMBALANCE__PRESSURE_LOWER_BOUND": "0.5",
    "WILDBOT_ORDER_FLOW_IMBALANCE__PRESSURE_UPPER_BOUND": "1",
    "WILDBOT_ORDER_FLOW_IMBALANCE__DEPTH_MULTIPLIER": "0.0001",
    "WILDBOT_ORDER_FLOW_IMBALANCE__MAX_SLIPPAGE_BPS": "100",
    "WILDBOT_ORDER_FLOW_IMBALANCE__STOP_LOSS_PCT": "0.025",
    "WILDBOT_ORDER_FLOW_IMBALANCE__TAKE_PROFIT_PCT": "0.5",
}
"""Always a signal, and a bracket too wide to be left in a test."""


def recordings(example: Path) -> list[Path]:
    return [ROOT / name for name in tomllib.loads(example.read_text())["exchange"]["data"]]


@contextmanager
def running(example: Path, *, recorded: bool, **environment: str) -> Iterator[Instance]:
    """The example, started; with `recorded` False as if no recording were here."""
    data = recordings(example)
    if recorded and not all(path.exists() for path in data):
        pytest.skip(f"the recording {next(path.name for path in data if not path.exists())} is not here")
    names = [str(path) if recorded else f"nowhere/{path.name}" for path in data]
    instance = Instance(WILDBOT_CONFIG=str(example), WILDBOT_EXCHANGE__DATA=json.dumps(names), **environment)
    try:
        instance.up()
        yield instance
    finally:
        instance.close()


def reasons(instance: Instance) -> list[str]:
    with sqlite3.connect(f"file:{instance.home / 'data' / 'sim.sqlite'}?mode=ro", uri=True) as journal:
        return [reason for (reason,) in journal.execute("SELECT reason FROM fills ORDER BY rowid")]


def held(document: Document) -> dict[str, str]:
    return {row["pair"]: row["position"] for row in document["traders"] if row["position"] not in (None, "0")}


def stops(document: Document, pair: str) -> list[Document]:
    return [order for row in document["traders"] if row["pair"] == pair for order in row["open_orders"]]


@pytest.mark.parametrize("recorded", [False, True], ids=["sample", "recorded"])
def test_momentum_burst_trades_its_example_with_dashboard_and_statistics(recorded: bool) -> None:
    with running(MOMENTUM, recorded=recorded, WILDBOT_EXCHANGE__SPEED="4", **EAGER_BURST) as wildbot:
        document = wildbot.wait(
            lambda d: d["account"].get("wins", 0) + d["account"].get("losses", 0) >= 1, "a round trip", timeout_s=150
        )
        (row,) = document["traders"]
        assert (row["pair"], row["strategy"]) == ("AAPL/USD", "momentum_burst")
        assert float(row["fees"]) == 0
        page = requests.get(f"http://127.0.0.1:{wildbot.dashboard_port}/_stcore/health", timeout=10)
        assert page.status_code == 200
        assert wildbot.interrupt() == 0, wildbot.last_words()
        found = set(reasons(wildbot))
        assert found & {"burst_up", "burst_down"} and found & {"TP", "SL", "TIME", "FLAT"}, found


@pytest.mark.parametrize("recorded", [False, True], ids=["sample", "recorded"])
def test_only_the_strongest_stock_is_entered_and_its_stop_survives_the_trader(recorded: bool) -> None:
    with running(IMBALANCE, recorded=recorded, **EAGER_IMBALANCE) as wildbot:

        def one_is_entered(d: Document) -> bool:
            waiting = [row for row in d["traders"] if row["reason"] == "not_strongest"]
            return any(stops(d, pair) for pair in held(d)) and len(waiting) == 2

        document = wildbot.wait(one_is_entered, "a bracket and two traders that wait", timeout_s=120)
        (pair,) = held(document)
        assert all(row["reason"].startswith("dominance") for row in document["scanner"]), document["scanner"]
        (before,) = stops(document, pair)
        (old,) = (row for row in document["traders"] if row["pair"] == pair)

        wildbot.kill(f"trader-{pair.replace('/', '-')}")

        def is_protected_again(d: Document) -> bool:
            row = next((r for r in d["traders"] if r["pair"] == pair), None)
            return row is not None and row["epoch"] > old["epoch"] and bool(row["open_orders"])

        document = wildbot.wait(is_protected_again, "the stop of the next trader", timeout_s=30)
        assert held(document) == {pair: old["position"]}
        (after,) = stops(document, pair)
        assert (after["price"], after["qty"], after["side"]) == (before["price"], before["qty"], before["side"])
        assert wildbot.interrupt() == 0, wildbot.last_words()


def closed_calendar() -> str:
    """An exchange that is closed for the next quarter of an hour; New York and Tokyo are never open at the same time."""
    now = dt.datetime.now(dt.UTC)
    soon, today = int((now + dt.timedelta(minutes=15)).timestamp() * 10**9), now.date()
    around = sessions_of("XNYS", today - dt.timedelta(days=1), today + dt.timedelta(days=1))
    is_open_soon = any(each.opens_ns < soon and each.closes_ns > now.timestamp() * 10**9 for each in around)
    return "XTKS" if is_open_soon else "XNYS"


def test_a_trader_waits_for_the_open_and_says_so() -> None:
    code = closed_calendar()
    always_a_signal = EAGER_IMBALANCE | {"WILDBOT_SESSIONS__DEFAULT": code}
    with running(IMBALANCE, recorded=False, **always_a_signal) as wildbot:

        def all_wait(d: Document) -> bool:
            return len(d["traders"]) == 3 and all(
                row["reason"].startswith("session_closed: opens in ") for row in d["traders"]
            )

        document = wildbot.wait(lambda d: d["state"] == "running" and all_wait(d), "three traders that wait", timeout_s=90)
        assert not held(document)
        wildbot.wait(lambda d: "READY" in wildbot.last_words(), "a start without a warning", timeout_s=30)
        assert "waits for its session (session_closed: opens in " in wildbot.last_words()
        assert (wildbot.home / "data" / "sessions.json").exists()
        assert not any("session_calendar" in " ".join(process.cmdline()) for process in wildbot.processes())
        assert wildbot.interrupt() == 0, wildbot.last_words()
        assert reasons(wildbot) == []
