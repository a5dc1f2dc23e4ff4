"""Builders for the command room: a home, a status document, and a supervisor that speaks on real sockets."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
import zmq

from wildbot.adapters.home import Home
from wildbot.adapters.status_feed import StatusFeed
from wildbot.adapters.zmq_bus import Hub, Publisher

PATIENCE_S = 10.0
"""Longest a test waits for something that comes at once unless it is broken."""

Answer = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


@contextlib.contextmanager
def a_home() -> Iterator[Home]:
    """A prepared home with a path short enough for sockets."""
    with TemporaryDirectory(prefix="wb") as folder:
        home = Home(Path(folder))
        home.prepare()
        yield home


@contextlib.contextmanager
def a_seen_home(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[Home]:
    """A prepared home that the settings name, seen from `folder`, which has no `.env`."""
    monkeypatch.chdir(folder)
    with a_home() as home:
        monkeypatch.setenv("WILDBOT_HOME", str(home.root))
        yield home


def a_trader(pair: str = "BTC/USDC", **changes: object) -> dict[str, object]:
    """A trader's row that quotes both sides and is flat."""
    bid, ask = {"price": "99.5", "qty": "0.1"}, {"price": "100.5", "qty": "0.1"}
    row: dict[str, object] = {
        "pair": pair,
        "state": "running",
        "strategy": "market_maker",
        "pid": 11,
        "epoch": 3,
        "position": "0",
        "avg_cost": None,
        "mark": "100.0",
        "equity": "5",
        "realised_pnl": "0.25",
        "unrealised_pnl": "0",
        "fees": "0.01",
        "wins": 1,
        "losses": 0,
        "bid": "99.9",
        "ask": "100.1",
        "spread_bps": 20.0,
        "data_age_ms": 12.0,
        "quotes": {"bid": bid, "ask": ask},
        "open_orders": [{"side": "buy"}, {"side": "sell"}],
        "indicators": {"mid": 100.0},
        "reason": "",
    }
    return row | changes


def an_actor(name: str = "order_gateway", **changes: object) -> dict[str, object]:
    """A healthy actor's row."""
    row: dict[str, object] = {
        "name": name,
        "pid": 12,
        "state": "running",
        "heartbeat_age_ms": 100.0,
        "restarts": 0,
        "cpu_pct": 1.5,
        "rss_mb": 38.0,
        "messages_per_s": 50.0,
        "p50_us": 40.0,
        "p99_us": 90.0,
        "hops": {"send": {"count": 3, "p50_us": 80.0, "p99_us": 150.0, "total_s": 0.0003, "octaves": {"17": 2, "18": 1}}},
    }
    return row | changes


def a_document(**changes: object) -> dict[str, object]:
    """A status document of a healthy system with one trader."""
    document: dict[str, object] = {
        "schema": 1,
        "run_id": "run-1",
        "mode": "sim",
        "state": "running",
        "seq": 1,
        "ts_ns": 1_800_000_000_000_000_000,
        "uptime_s": 60.0,
        "reasons": [],
        "account": {
            "currency": "USDC",
            "starting": "16",
            "cash": "16.24",
            "equity": "16.24",
            "realised_pnl": "0.25",
            "unrealised_pnl": "0",
            "fees": "0.01",
            "return_pct": 1.5,
            "peak_equity": "16.3",
            "drawdown_pct": 0.37,
            "max_drawdown_pct": 50.0,
            "day_pnl": "0.24",
            "trades": 7,
            "wins": 1,
            "losses": 0,
            "win_rate": 100.0,
        },
        "traders": [a_trader()],
        "scanner": [{"pair": "BTC/USDC", "rank": 1, "score": 2.0, "tradeable": True, "reason": "", "active": True}],
        "allocator": {"capital": "16", "granted": "5", "free": "11", "leases": []},
        "actors": [an_actor(), an_actor("balance_allocator"), an_actor("supervisor")],
        "gateway": {
            "state": "ready",
            "open_orders": 2,
            "unknown_orders": 0,
            "foreign_orders": 0,
            "budget_used": {"BTC/USDC": 0.25},
            "requests": {"placed": 9, "rejected": 1},
        },
        "trades": [],
        "alerts": [],
        "standing": [],
    }
    return document | changes


def a_fill(**changes: object) -> dict[str, object]:
    """A fill event."""
    event: dict[str, object] = {
        "kind": "fill",
        "ts_ns": 1_800_000_000_000_000_000,
        "pair": "BTC/USDC",
        "side": "buy",
        "price": "99.5",
        "qty": "0.1",
        "fee": "0.025",
        "liquidity": "maker",
        "pnl": "0",
        "reason": "quote",
    }
    return event | changes


class FakeSupervisor:
    """Binds the status and control sockets of a home, as the supervisor does, and answers from a function.

    Publishing happens in its own thread: each document is sent again until the next one, as the real one does.
    """

    def __init__(self, home: Home, answer: Answer | None = None) -> None:
        self.heard: list[tuple[str, Mapping[str, Any]]] = []
        self._answer = answer or (lambda verb, args: {"ok": True, "result": {"verb": verb}})
        self._publisher = Publisher(home.socket("status"))
        self._hub = Hub(home.socket("control"))
        self._outbox: list[tuple[bytes, bytes]] = []
        self._repeated: list[tuple[bytes, bytes]] = []
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def __enter__(self) -> "FakeSupervisor":
        return self

    def __exit__(self, *raised: object) -> None:
        self._ending.set()
        self._thread.join()
        self._publisher.close()
        self._hub.close()

    def shows(self, document: Mapping[str, object]) -> None:
        """Publish this document from now on, several times a second."""
        with self._lock:
            self._repeated = [(b"status", msgspec.json.encode(document))]

    def says(self, topic: bytes, body: bytes) -> None:
        """Publish one message, once."""
        with self._lock:
            self._outbox.append((topic, body))

    def _serve(self) -> None:
        while not self._ending.is_set():
            if self._hub.socket.poll(20, zmq.POLLIN):
                for peer, frame in self._hub.drain():
                    self._hub.send(peer, self._reply(frame))
            with self._lock:
                messages, self._outbox = self._outbox + self._repeated, []
            for topic, body in messages:
                self._publisher.send_topic(topic, body)

    def _reply(self, frame: bytes) -> bytes:
        request = msgspec.json.decode(frame)
        self.heard.append((request["verb"], request["args"]))
        return msgspec.json.encode({"id": request["id"]} | dict(self._answer(request["verb"], request["args"])))


def wait_until(feed: StatusFeed, condition: Callable[[], bool]) -> None:
    """Wait for a change of the feed that makes the condition true; a test that waits too long has failed."""
    for _ in range(1_000):
        if condition():
            return
        feed.wait_change(PATIENCE_S / 100)
    pytest.fail("the feed never showed what the test waits for")
