"""A rig around a real order gateway process: a real simulated exchange, and a test that plays all the other actors."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import requests

from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import Hub, Publisher, Spoke
from wildbot.model.control import EndEpoch, HeartbeatAck, ToSupervisor
from wildbot.model.desk import CapitalLease, FromGateway, Inheritance, LeaseTable, OrderRequest, Report, TraderHello
from wildbot.model.instrument import MONEY_ONE, Money
from wildbot.model.market_data import BookSnapshot, FeedBeat
from wildbot.model.orders import NewOrder, OrderCommand, Purpose, Side, client_order_id
from wildbot.model.status import GatewayStatus, Heartbeat
from wildbot.protocol.bus import FROM_GATEWAY, TO_SUPERVISOR, encode, market_frame

ROOT = Path(__file__).resolve().parents[2]
PAIR = "SOL/USDC"
PATIENCE_S = 30.0
SECOND = 1_000_000_000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class GatewayRig:
    """Starts the processes and pumps the sockets; everything it started is ended by `close`."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.home.prepare()
        self.port = free_port()
        self.environment = {
            **os.environ,
            "WILDBOT_HOME": str(root),
            "WILDBOT_EXCHANGE__PORT": str(self.port),
            "WILDBOT_EXCHANGE__WARMUP_S": "5",
            "WILDBOT_EXCHANGE__ACTIVITY": "0.05",
            "WILDBOT_KRAKEN__REST_CALLS_PER_S": "5",
            "WILDBOT_LOG__LEVEL": "DEBUG",
        }
        self.processes: list[subprocess.Popen[bytes]] = []
        self.actors = Hub(self.home.socket("actors"))
        self.market = Publisher(self.home.socket("market"))
        self.trader: Spoke | None = None
        self.epoch = 0
        self.allocator = Spoke(self.home.socket("orders"), "allocator")
        self.heard: list[FromGateway] = []
        self.told: list[ToSupervisor] = []
        self.acks = True
        self.mid = 0
        self.exchange = self.spawn("exchange_simulator")
        self.gateway = self.spawn("order_gateway")

    def spawn(self, actor: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-m", "actors", actor], cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL
        )
        self.processes.append(process)
        return process

    def close(self) -> None:
        # The exchange goes last, so that the gateway can have it confirm that nothing rests.
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
        for each in (self.actors, self.market, self.allocator, self.trader):
            if each is not None:
                each.close()

    # --- the other actors -----------------------------------------------------------------------------------------

    def pump(self) -> None:
        for peer, frame in self.actors.drain():
            message = TO_SUPERVISOR.decode(frame)
            self.told.append(message)
            if isinstance(message, Heartbeat) and self.acks:
                self.actors.send(peer, encode(HeartbeatAck(time.time_ns(), "running")))
        for spoke in (self.trader, self.allocator):
            for frame in spoke.drain() if spoke is not None else []:
                self.heard.append(FROM_GATEWAY.decode(frame))
        if self.mid:
            now = time.time_ns()
            book = BookSnapshot(PAIR, 1, now, now, (self.mid - 2,), (10**9,), (self.mid + 2,), (10**9,))
            self.market.send(market_frame(book))
            self.market.send(market_frame(FeedBeat(now, now, True, {PAIR: 1})))

    def wait_for(self, what: Callable[[], object], text: str) -> object:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            self.pump()
            found = what()
            if found:
                return found
            self.actors.socket.poll(20)
        raise AssertionError(f"never happened: {text}; last heard {self.heard[-3:]}, {self.status()}; log:\n{self.log()}")

    def status(self) -> GatewayStatus | None:
        rows = [each for each in self.told if isinstance(each, GatewayStatus)]
        return rows[-1] if rows else None

    def wait_ready(self) -> None:
        self.told.clear()
        self.wait_for(lambda: (row := self.status()) and row.state == "ready", "gateway ready")
        ticker = requests.get(f"http://127.0.0.1:{self.port}/0/public/Ticker", params={"pair": "SOLUSDC"}, timeout=5).json()
        best = next(iter(ticker["result"].values()))
        self.mid = round((float(best["a"][0]) + float(best["b"][0])) * 50)

    def become_trader(self, epoch: int, lease: int = 16) -> Inheritance:
        if self.trader is not None:
            self.trader.close()
        self.trader, self.epoch = Spoke(self.home.socket("orders"), f"trader-{epoch}"), epoch
        self.heard.clear()
        grant = CapitalLease(PAIR, epoch, Money(lease * MONEY_ONE), time.time_ns() + 600 * SECOND)
        self.allocator.send(encode(LeaseTable(epoch, Money(lease * MONEY_ONE), (grant,))))
        self.trader.send(encode(TraderHello(PAIR, epoch)))
        found = self.wait_for(lambda: self.heard_of(Inheritance), "inheritance")
        assert isinstance(found, list)
        assert isinstance(found[0], Inheritance)
        return found[0]

    def heard_of(self, kind: type[FromGateway]) -> list[FromGateway]:
        return [each for each in self.heard if isinstance(each, kind)]

    def reports(self, kind: type[object]) -> list[object]:
        return [each.body for each in self.heard if isinstance(each, Report) and isinstance(each.body, kind)]

    def wait_report(self, kind: type[object], count: int = 1) -> list[object]:
        self.wait_for(lambda: len(self.reports(kind)) >= count, f"{count} {kind.__name__}")
        return self.reports(kind)

    def order(self, counter: int, side: Side, ticks: int, lots: int) -> NewOrder:
        purpose = Purpose.ENTRY if side is Side.BUY else Purpose.EXIT
        return NewOrder(client_order_id(self.epoch, counter), PAIR, side, ticks, lots, purpose, reason="test")

    def ask(self, command: OrderCommand) -> None:
        assert self.trader is not None
        now = time.time_ns()
        self.trader.send(encode(OrderRequest(self.epoch, command, now, now + 5 * SECOND, now, now)))

    def wait_hops(self, expected: dict[str, int]) -> dict[str, int]:
        """Wait until the heartbeats so far hold as many samples of these hops; return all hops' counts."""

        def counts() -> dict[str, int]:
            hops = [hop for beat in self.told if isinstance(beat, Heartbeat) for hop in beat.hops]
            return {hop.name: sum(sum(each.counts.values()) for each in hops if each.name == hop.name) for hop in hops}

        self.wait_for(lambda: all(counts().get(name) == count for name, count in expected.items()), f"hops {expected}")
        return counts()

    def end_epoch(self, epoch: int) -> None:
        self.actors.send(b"order_gateway", encode(EndEpoch(PAIR, epoch)))

    # --- the exchange's back door ---------------------------------------------------------------------------------

    def admin(self, path: str, items: list[dict[str, object]]) -> object:
        answer = requests.post(f"http://127.0.0.1:{self.port}/admin/{path}", data=json.dumps(items), timeout=5)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def somebody_sells(self, ticks: int, qty: str) -> None:
        price = f"{ticks / 100:.2f}"
        self.admin("orders", [{"pair": PAIR, "side": "sell", "type": "limit", "price": price, "qty": qty}])

    def ledger(self) -> list[dict[str, object]]:
        text = requests.get(f"http://127.0.0.1:{self.port}/admin/ledger", timeout=10).text
        return [json.loads(line) for line in text.splitlines()]

    # --- what is left behind --------------------------------------------------------------------------------------

    def journal(self, sql: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(f"file:{self.home.data / 'sim.sqlite'}?mode=ro", uri=True) as connection:
            return connection.execute(sql).fetchall()

    def log(self) -> str:
        path = self.home.log / "order_gateway.log"
        return "\n".join(path.read_text().splitlines()[-25:]) if path.exists() else "(no log)"
