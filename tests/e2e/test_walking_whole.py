"""The whole of WildBot with real processes: start, trade, swap, kill -9, halt, stop; then the books agree fill by fill.

The tests share one running instance and build on each other, in order: that is the story of one session.
"""

import json
import os
import random
import signal
import socket
import sqlite3
from collections.abc import Iterator
from decimal import Decimal

import psutil
import pytest
import requests

from tests.e2e.instance import Document, Instance

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.xdist_group("walking_whole")]

UNIVERSE_SIZE = 8


@pytest.fixture(scope="module")
def wildbot() -> Iterator[Instance]:
    # The market's mood must not decide a test: with the filters off every trader always has something resting.
    instance = Instance(
        WILDBOT_MARKET_MAKER__MIN_VOLATILITY_BPS="0",
        WILDBOT_MARKET_MAKER__MAX_SPREAD_BPS="200",
        WILDBOT_MARKET_MAKER__MOMENTUM_FILTER_ENABLED="false",
    )
    instance.up()
    yield instance
    instance.close()


def traders(document: Document) -> dict[str, Document]:
    return {row["pair"]: row for row in document["traders"]}


def is_quoting(document: Document, pair: str) -> bool:
    row = traders(document).get(pair)
    return row is not None and bool(row["open_orders"])


def own_open_orders(wildbot: Instance) -> set[str]:
    """Return the client ids of our orders that rest at the exchange, by its own ledger."""
    resting: set[str] = set()
    for entry in wildbot.ledger():
        order = entry.get("order")
        if entry["kind"] == "order" and order["account"] == "main":
            done = order["status"] in ("filled", "canceled", "expired")
            (resting.discard if done else resting.add)(order["cl_ord_id"])
    return resting


def fill_someone(wildbot: Instance) -> Document:
    """Let another participant sell into our bids until one more of our fills is in the status."""
    before = len({t["ts_ns"] for t in wildbot.status()["trades"]})
    for _ in range(40):
        document = wildbot.status()
        for pair, row in traders(document).items():
            for order in row["open_orders"]:
                # Through the whole queue of its level: our order fills wherever it stands.
                wildbot.others_order(pair, "sell" if order["side"] == "buy" else "buy", order["price"], "1000000")
        if len({t["ts_ns"] for t in wildbot.status()["trades"]}) > before:
            return wildbot.status()
    raise AssertionError(f"no fill; {wildbot.last_words()}")


def test_three_pairs_are_traded_within_a_minute(wildbot: Instance) -> None:
    document = wildbot.wait(
        lambda d: d["state"] == "running" and sum(bool(t["open_orders"]) for t in d["traders"]) == 3,
        "three traders with resting orders",
        timeout_s=90,
    )
    assert document["mode"] == "sim"
    assert len(document["scanner"]) == UNIVERSE_SIZE
    assert Decimal(document["allocator"]["granted"]) <= Decimal(document["allocator"]["capital"]) <= Decimal(16)
    assert len({t["epoch"] for t in document["traders"]}) == 3


def test_a_fill_reaches_the_status_with_its_fee(wildbot: Instance) -> None:
    document = fill_someone(wildbot)
    trade = (
        document["trades"][-1]
        if document["trades"][-1]["ts_ns"] >= document["trades"][0]["ts_ns"]
        else document["trades"][0]
    )
    assert trade["side"] in ("buy", "sell") and Decimal(trade["fee"]) > 0
    assert document["account"]["trades"] >= 1


def test_the_status_says_where_the_money_of_every_fill_came_from(wildbot: Instance) -> None:
    document = wildbot.wait(
        lambda d: d["truth"]["fills"] == d["account"].get("trades", 0) > 0,
        "every fill is in the truth section",
        timeout_s=90,
    )
    truth = document["truth"]
    parts = {name: Decimal(text) for name, text in truth["split"].items()}
    assert parts["spread"] + parts["adverse_selection"] + parts["inventory"] - parts["fees"] == Decimal(truth["change"])
    assert parts["fees"] == Decimal(document["account"]["fees"])
    assert set(truth["models"]) == {"back_of_queue", "queue_position", "touch", "picked_off"}
    assert truth["unmarked"] == 0


def test_http_tells_the_same_and_forbids_caching(wildbot: Instance) -> None:
    base = f"http://127.0.0.1:{wildbot.api_port}"
    health = requests.get(f"{base}/health", timeout=10)
    assert health.status_code == 200, health.text
    answer = requests.get(f"{base}/api/status", timeout=10)
    assert "no-cache" in answer.headers["Cache-Control"]
    assert answer.json()["run_id"] == wildbot.status()["run_id"]
    assert "wildbot_" in requests.get(f"{base}/metrics", timeout=10).text


def test_a_swap_flattens_the_old_pair_and_quotes_the_new_one(wildbot: Instance) -> None:
    document = wildbot.status()
    out = next(iter(traders(document)))
    into = next(r["pair"] for r in document["scanner"] if r["tradeable"] and not r["active"])
    answer = wildbot.control("swap", out=out, **{"in": into})
    assert answer["ok"], answer
    document = wildbot.wait(
        lambda d: is_quoting(d, into) and out not in traders(d), f"{into} instead of {out}", timeout_s=20
    )
    assert len(document["traders"]) == 3
    assert Decimal(document["allocator"]["granted"]) <= Decimal(document["allocator"]["capital"])


def test_a_trader_killed_with_kill_9_is_replaced_and_its_position_found_again(wildbot: Instance) -> None:
    document = wildbot.wait(lambda d: any(t["open_orders"] for t in d["traders"]), "a resting order")
    victim = next(t for t in document["traders"] if t["open_orders"])
    os.kill(victim["pid"], signal.SIGKILL)
    document = wildbot.wait(
        lambda d: (
            (row := traders(d).get(victim["pair"])) is not None
            and row["epoch"] > victim["epoch"]
            and bool(row["open_orders"])
        ),
        "a successor that quotes",
        timeout_s=20,
    )
    successor = traders(document)[victim["pair"]]
    assert successor["pid"] != victim["pid"]
    assert not {o["cl_ord_id"] for o in victim["open_orders"]} & own_open_orders(wildbot)


def pid_of(document: Document, actor: str) -> int:
    return next(int(row["pid"]) for row in document["actors"] if row["name"] == actor)


def test_an_order_gateway_killed_with_kill_9_takes_its_orders_back_before_it_trades_again(wildbot: Instance) -> None:
    document = wildbot.wait(lambda d: sum(len(t["open_orders"]) for t in d["traders"]) >= 2, "resting orders")
    before = {o["cl_ord_id"] for t in document["traders"] for o in t["open_orders"]}
    os.kill(pid_of(document, "order_gateway"), signal.SIGKILL)
    wildbot.wait(lambda d: d["state"] != "running", "the loss noticed", timeout_s=20)
    wildbot.wait(
        lambda d: d["state"] == "running" and sum(bool(t["open_orders"]) for t in d["traders"]) == 3,
        "trading again",
        timeout_s=60,
    )
    assert not before & own_open_orders(wildbot)


def test_a_supervisor_killed_with_kill_9_comes_back_with_three_traders_and_leaves_no_orphan(wildbot: Instance) -> None:
    document = wildbot.status()
    old = {t["pid"] for t in document["traders"]}
    run_id = document["run_id"]
    os.kill(pid_of(document, "supervisor"), signal.SIGKILL)
    document = wildbot.wait(
        lambda d: (
            d["run_id"] != run_id
            and d["state"] == "running"
            and len(d["traders"]) == 3
            and all(t["pid"] for t in d["traders"])
        ),
        "three traders of the new supervisor",
        timeout_s=60,
    )
    assert not old & {p.pid for p in wildbot.processes()}
    assert min(t["epoch"] for t in document["traders"]) >= 4


def test_a_malformed_command_changes_nothing(wildbot: Instance) -> None:
    before = set(traders(wildbot.status()))
    for verb, arguments in (
        ("swap", {"out": "BTC/USDC"}),
        ("swap", {"out": "NOPE/USDC", "in": "BTC/USDC"}),
        ("dance", {}),
        ("pause", {"pair": 7}),
    ):
        answer = wildbot.control(verb, **arguments)
        assert answer["ok"] is False and answer["error"]["message"], answer
    assert set(traders(wildbot.status())) == before


def test_rubbish_on_every_socket_changes_nothing(wildbot: Instance) -> None:
    before = wildbot.status()
    rng = random.Random(1)
    rubbish = [b"", b"\x00" * 10, b"[" * 5_000, b"\xff" * 70_000, b'{"verb":["a"],"id":null}', rng.randbytes(300)]
    for name in ("actors", "orders", "capital", "control"):
        wildbot.throw(name, rubbish)
    for port in (wildbot.exchange_port, wildbot.api_port, wildbot.dashboard_port):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(rng.randbytes(300) + b"\r\n\r\n")
    for _ in range(6):  # three seconds of documents: nobody died of it
        after = wildbot.status()
    assert (after["state"], after["run_id"]) == ("running", before["run_id"])
    assert {a["name"]: a["pid"] for a in after["actors"]} == {a["name"]: a["pid"] for a in before["actors"]}


def test_a_second_start_in_the_same_home_is_refused(wildbot: Instance) -> None:
    second = wildbot.wildbot("up")
    assert second.returncode == 1
    assert "already runs" in second.stdout + second.stderr
    wildbot.wait(lambda d: d["state"] == "running", "the first one still running")


def test_halt_is_sticky_until_rearmed(wildbot: Instance) -> None:
    assert wildbot.control("halt")["ok"]
    wildbot.wait(lambda d: d["state"] == "halted", "halted")
    assert wildbot.control("rearm")["ok"]
    wildbot.wait(lambda d: d["state"] == "running" and len(d["traders"]) == 3, "running again", timeout_s=30)


def test_ctrl_c_stops_in_order_and_the_books_agree_fill_by_fill(wildbot: Instance) -> None:
    fill_someone(wildbot)
    wildbot.wait(lambda d: d["state"] == "running", "running")
    assert wildbot.interrupt() == 0, wildbot.last_words()
    left = [p for p in wildbot.processes() if p.pid != psutil.Process().pid]
    assert not left, left
    assert not list((wildbot.home / "run").iterdir())

    journal = sqlite3.connect(wildbot.home / "data" / "sim.sqlite")
    booked = {
        trade_id: (pair, side, digits(price), digits(qty), Decimal(fee))
        for trade_id, pair, side, price, qty, fee in journal.execute(
            "SELECT trade_id, pair, side, price, qty, fee FROM fills"
        )
    }
    resting = journal.execute(
        "SELECT count(*) FROM orders WHERE state NOT IN ('filled', 'cancelled', 'rejected', 'expired')"
    ).fetchone()
    journal.close()
    assert resting == (0,)
    assert len(booked) >= 2
    assert booked == exchange_executions(wildbot)


def digits(text: str) -> int:
    return int(text.replace(".", ""))


def exchange_executions(wildbot: Instance) -> dict[str, tuple[object, ...]]:
    """Return our executions by the exchange's own memory, as (pair, side, price digits, size digits, fee) by trade id."""
    rows = [json.loads(line) for line in (wildbot.home / "data" / "exchange-sim.jsonl").read_text().splitlines()]
    return {
        row["exec_id"]: (row["pair"], row["side"], row["ticks"], row["lots"], Decimal(row["fee"]).scaleb(-10))
        for row in (row["execution"] for row in rows if "execution" in row)
    }
