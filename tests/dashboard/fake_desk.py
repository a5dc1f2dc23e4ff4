"""A pretend WildBot for the cockpit: publishes status documents and answers the control socket, in a home of its own.

`python -m tests.dashboard.fake_desk HOME [sim|paper|live]` runs one on a random walk until it is ended: the way to work on
the cockpit without a desk.
"""

import random
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import zmq

from tests.dashboard.builders_dashboard import PAIRS, SECOND, Json, Walk, a_document, a_mind, a_trade, a_trader
from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import Hub, Publisher

PERIOD_MS = 500


class FakeDesk:
    """Binds a home's status and control sockets in a thread; `calls` are the control requests it got, in order."""

    def __init__(self, home: Path, document: Json | None = None, snapshot: Json | None = None) -> None:
        self.home = Home(home)
        self.home.prepare()
        self.document = document
        self.snapshot: Json = snapshot or {}
        self.refusal: Json | None = None
        self.is_mute = False
        self.calls: list[Json] = []
        self._got_call = threading.Condition()
        self._ending = threading.Event()
        self._bound = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "FakeDesk":
        self._thread.start()
        assert self._bound.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join(5)

    def wait_calls(self, verb: str, seconds: float = 5.0) -> list[Json]:
        """Return the requests with this verb as soon as there is one."""
        with self._got_call:
            self._got_call.wait_for(lambda: any(call.get("verb") == verb for call in self.calls), seconds)
            return [call for call in self.calls if call.get("verb") == verb]

    def moved(self) -> None:
        """Hook: called before each publication, in the desk's own thread."""

    def _serve(self) -> None:
        publisher, hub = Publisher(self.home.socket("status")), Hub(self.home.socket("control"))
        self._bound.set()
        due = 0.0
        while not self._ending.is_set():
            if time.monotonic() >= due:
                due = time.monotonic() + min(PERIOD_MS, 100 if type(self) is FakeDesk else PERIOD_MS) / 1_000
                self.moved()
                if self.document is not None:
                    self.document["seq"] = self.document.get("seq", 0) + 1
                    publisher.send_topic(b"status", msgspec.json.encode(self.document))
                for event in self.events_due():
                    publisher.send_topic(b"event", msgspec.json.encode(event))
            hub.socket.poll(20, zmq.POLLIN)
            for peer, frame in hub.drain():
                self._answer(hub, peer, msgspec.json.decode(frame))
        publisher.close()
        hub.close()

    def events_due(self) -> list[Json]:
        """Hook: the events to publish now."""
        return []

    def _answer(self, hub: Hub, peer: bytes, request: dict[str, Any]) -> None:
        with self._got_call:
            self.calls.append(request)
            self._got_call.notify_all()
        if self.is_mute and request["verb"] != "snapshot":
            return
        reply: Json = {"id": request["id"], "ok": True, "result": self.obey(request)}
        if self.refusal is not None and request["verb"] != "snapshot":
            reply = {"id": request["id"], "ok": False, "error": self.refusal}
        hub.send(peer, msgspec.json.encode(reply))

    def obey(self, request: Json) -> Json:
        """Return the result of one request."""
        return self.snapshot if request["verb"] == "snapshot" else {"accepted": True}


class WalkingDesk(FakeDesk):
    """A desk on eight random walks: its quotes get hit, its equity moves, its verbs take effect."""

    def __init__(self, home: Path, mode: str = "sim", seed: int = 7) -> None:
        now_ns = time.time_ns()
        chance = random.Random(seed)
        super().__init__(home)
        self.document = a_document(mode=mode, run_id=f"run-{now_ns}", ts_ns=now_ns)
        for age, alert in enumerate(self.document["alerts"], start=1):
            alert["ts_ns"] = now_ns - 80 * age * SECOND
        self.chance = chance
        self.began_ns = now_ns - 600 * SECOND
        self.walks = {pair: Walk(pair, random.Random(f"{seed}{pair}"), now_ns) for pair in PAIRS}
        self.traded = ["BTC/USDC", "SOL/USDC", "XRP/USDC"]
        self.paused: set[str] = set()
        self.held = dict.fromkeys(PAIRS, 0.0)
        self.realised = 0.0
        self.mind = a_mind(now_ns)
        self.trades: list[Json] = []
        self.equity: list[list[object]] = []
        self.pending_events: list[Json] = []
        worth = 16.0
        for second in range(600):
            worth += chance.gauss(0.0003, 0.004)
            self.equity.append([self.began_ns + second * SECOND, f"{worth:.6f}"])
            if chance.random() < 0.06:
                self._fill(chance.choice(self.traded), self.began_ns + second * SECOND)

    def _fill(self, pair: str, ts_ns: int) -> None:
        walk = self.walks[pair]
        side = "sell" if self.held[pair] > 0 else "buy"
        at = next((c[4] for c in walk.candles if c[0] == ts_ns // CANDLE_NS * CANDLE_NS), walk.price)
        qty = 4.0 / at
        self.held[pair] += qty if side == "buy" else -self.held[pair]
        pnl = self.chance.gauss(0.004, 0.02) if side == "sell" else 0.0
        self.realised += pnl
        self.trades.append(
            a_trade(ts_ns, pair=pair, side=side, price=walk.text(at), qty=f"{qty:.6f}", fee="0.0100", pnl=f"{pnl:.6f}",
                    reason="exit at target" if side == "sell" else "entry", liquidity=self.chance.choice(["maker", "maker", "taker"]))
        )  # fmt: skip
        self.pending_events.append({"ts_ns": ts_ns, "kind": "fill", "level": "info", "actor": "gateway",
                                    "text": f"fill {side} {qty:.6f} {pair} @ {walk.text(at)}"})  # fmt: skip

    def events_due(self) -> list[Json]:
        due, self.pending_events = self.pending_events, []
        assert self.document is not None
        self.document["events"] = [*self.document["events"], *due][-50:]
        return due

    def moved(self) -> None:
        assert self.document is not None
        now_ns = time.time_ns()
        for walk in self.walks.values():
            walk.step(now_ns)
        if self.document["state"] == "running" and self.chance.random() < 0.05:
            self._fill(self.chance.choice(self.traded), now_ns)
        worth = float(str(self.equity[-1][1])) + self.chance.gauss(0.0001, 0.003)
        self.equity = [*self.equity[-3599:], [now_ns, f"{worth:.6f}"]]
        self.document |= {
            "ts_ns": now_ns,
            "uptime_s": (now_ns - self.began_ns) / SECOND,
            "account": self.document["account"] | {
                "equity": f"{worth:.6f}", "return_pct": (worth / 16 - 1) * 100, "realised_pnl": f"{self.realised:.6f}",
                "trades": len(self.trades),
            },
            "traders": [self._trader(pair) for pair in self.traded],
            "books": {pair: self.walks[pair].book() for pair in self.traded},
            "candles_tail": {pair: walk.candles[-2:] for pair, walk in self.walks.items()},
            "trades": self.trades[-50:],
            "scanner": [row | {"active": row["pair"] in self.traded} for row in self.document["scanner"]],
        }  # fmt: skip

    def _trader(self, pair: str) -> Json:
        walk, is_paused = self.walks[pair], pair in self.paused
        book = walk.book()
        quotes: Json = {
            "bid": None if is_paused else {"price": book["bids"][1][0], "qty": "0.021"},
            "ask": {"price": book["asks"][0][0], "qty": "0.021"} if self.held[pair] else None,
        }
        orders = [
            {"side": side, "state": "open", "age_ms": self.chance.uniform(50, 4_000), **quotes[name]}
            for side, name in (("buy", "bid"), ("sell", "ask"))
            if quotes[name]
        ]
        drift = self.chance.gauss(0, 3)
        return a_trader(
            pair,
            state="paused" if is_paused else "trading",
            position=f"{self.held[pair]:.6f}" if self.held[pair] else "0",
            avg_cost=walk.text(walk.price * 0.9995),
            mark=walk.text(walk.price),
            unrealised_pnl=f"{self.held[pair] * walk.price * 0.0005:.6f}",
            data_age_ms=self.chance.uniform(20, 180),
            quotes=quotes,
            open_orders=orders,
            indicators=a_trader()["indicators"]
            | {"mid": walk.price, "microprice": walk.price, "ema": walk.price * 0.9999, "reservation": walk.price,
               "momentum_bps": drift, "inventory_ratio": 0.6 if self.held[pair] else 0.0},
            reason="paused by the owner" if is_paused else
            "momentum_up: no new sell entry while momentum is +2.4 bp; the exit rests at the target",
        )  # fmt: skip

    def obey(self, request: Json) -> Json:
        assert self.document is not None
        args = request["args"]
        match request["verb"]:
            case "snapshot":
                return {
                    **self.document,
                    "equity": self.equity,
                    "candles": {pair: walk.candles for pair, walk in self.walks.items()},
                    "fills": {pair: [row for row in self.trades if row["pair"] == pair] for pair in PAIRS},
                    "minds": {"BTC/USDC": self.mind},
                    "sparks": {pair: [candle[4] for candle in walk.candles[-60:]] for pair, walk in self.walks.items()},
                }
            case "swap":
                self.traded = [args["in"] if pair == args["out"] else pair for pair in self.traded]
            case "pause":
                self.paused.update([args["pair"]] if "pair" in args else self.traded)
            case "resume":
                self.paused.difference_update([args["pair"]] if "pair" in args else set(self.paused))
            case "flatten":
                for pair in [args["pair"]] if "pair" in args else self.traded:
                    self.held[pair] = 0.0
                    self.paused.add(pair)
            case "halt":
                self.document["state"] = "halted"
            case "rearm":
                self.document["state"] = "running"
        return {"accepted": True}


CANDLE_NS = 5 * SECOND


def main(words: list[str]) -> None:
    """Run a walking desk until the process is ended."""
    with WalkingDesk(Path(words[0]), mode=words[1] if len(words) > 1 else "sim"):
        threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1:])
