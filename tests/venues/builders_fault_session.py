"""A random session of a client under random faults, the same again from its seed."""

import json
import random

from tests.venues.builders_kraken_server import BTC, DOGE, Client, Frame, Venue
from wildbot.model.orders import Side

REQUEST_FAULTS = ["apply+drop", "apply+html", "apply+error", "noapply+drop", "noapply+error", "delay", "hold"]
FRAME_FAULTS = ["ws.silence", "ws.dup", "ws.reorder", "ws.drop", "ws.lag", "ws.garble", "ws.badsum", "ws.cross"]
DEEDS: list[Frame] = [
    {"verb": "fill", "order": "oldest", "qty": "50%"},
    {"verb": "fill", "upon": "add_order", "qty": "30%"},
    {"verb": "fill", "before": "cancel_order"},
    {"verb": "restate", "qty": "60%"},
    {"verb": "foreign", "what": "fill", "side": "sell", "qty": "0.003"},
    {"verb": "foreign", "what": "order", "side": "buy", "qty": "0.002"},
    {"verb": "foreign", "what": "balance", "asset": "USDC", "amount": "-7.25"},
    {"verb": "earn.sweep", "asset": "USDC", "qty": "1%"},
    {"verb": "dms.fire"},
    {"verb": "counter.set", "n": 40},
    {"verb": "status", "mode": "cancel_only", "for_s": 3},
    {"verb": "status", "mode": "maintenance", "for_s": 3},
    {"verb": "wick", "pct": "-0.05", "for_s": 1},
    {"verb": "meta.change", "pair": BTC, "maker_pct": "0.2", "taker_pct": "0.35"},
    {"verb": "token.expire"},
    {"verb": "fee.change", "currency": "base"},
    {"verb": "fee.change"},
    {"verb": "fee.change", "volume": "120000"},
    {"verb": "fee.change", "volume": "0", "currency": "quote"},
    {"verb": "key.restrict", "take": "query-ledger,query-closed-trades", "for_s": 3},
    {"verb": "stale_read", "s": 2},
    {"verb": "ws.close", "which": "public"},
    {"verb": "release"},
    {"verb": "clear"},
]


class Session:
    """A client that trades at random through both doors while faults strike at random."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.venue = Venue()
        self.client: Client
        self.fresh()
        self.count = 0

    def fresh(self) -> Client:
        """Connect anew; the token's own call must not meet a fault."""
        self.venue.pass_seconds(10)
        self.venue.admin.faults(b'{"verb":"clear"}', self.venue.now_ns)
        client = self.client = self.venue.connect(private=True)
        self.ask("subscribe", channel="executions")
        return client

    def ask(self, method: str, **params: object) -> str:
        """Send a request; return what comes back as text, which need not be JSON."""
        text = json.dumps({"method": method, "params": {"token": self.client.token, **params}, "req_id": 7})
        self.venue.server.receive(self.client.session, text, self.venue.now_ns)
        return "".join(self.client.texts())

    def run(self, steps: int) -> None:
        for _ in range(steps):
            what = self.rng.choice(
                [
                    self.add,
                    self.add,
                    self.add,
                    self.touch,
                    self.touch,
                    self.batch,
                    self.edit,
                    self.others,
                    self.wait,
                    self.fault,
                ]
            )
            what()
            self.venue.server.tick(self.venue.now_ns)

    def add(self) -> None:
        self.count += 1
        side, kind = self.rng.choice(["buy", "sell"]), self.rng.choice(["limit", "limit", "limit", "market", "stop-loss"])
        price = 60_000 + self.rng.randrange(-400, 400) * (1 if self.rng.random() < 0.7 else 25)
        qty = self.rng.choice(["0.001", "0.0031", "0.04", "0.00001", "900"])
        if self.rng.random() < 0.5:
            rest = {"pair": "XBTUSDC", "type": side, "ordertype": kind, "volume": qty, "cl_ord_id": f"r{self.count}"}
            if kind != "market":
                rest["price"] = str(price)
            if self.rng.random() < 0.5:
                rest["oflags"] = self.rng.choice(["fcib", "fciq"])
            self.venue.post_raw("AddOrder", **rest)
            return
        order: Frame = {
            "symbol": BTC,
            "side": side,
            "order_type": kind,
            "order_qty": float(qty),
            "cl_ord_id": f"w{self.count}",
            "fee_preference": self.rng.choice(["base", "quote"]),
        }
        if kind == "limit":
            order |= {"limit_price": float(price), "post_only": self.rng.random() < 0.4}
        elif kind == "stop-loss":
            order["triggers"] = {"price": float(price), "reference": "last"}
        if "ESession" in self.ask("add_order", **order):
            self.fresh()

    def batch(self) -> None:
        """Two to four orders in one request, some of which the engine refuses, and some requests nobody can read."""
        rows: list[Frame] = []
        for _ in range(self.rng.randrange(2, 5)):
            self.count += 1
            price, qty = 60_000 + self.rng.randrange(-400, 400), self.rng.choice(["0.001", "0.0031", "0.00001"])
            rows.append({"side": self.rng.choice(["buy", "sell"]), "qty": qty, "price": price, "id": f"b{self.count}"})
        bad = self.rng.choice(["", "", "", "price", "shape", "pair", "one"])
        rest = self.rng.random() < 0.5
        rows = rows[:1] if bad == "one" else rows
        if rest:
            fields = {
                f"orders[{n}][{name}]": str(value)
                for n, row in enumerate(rows)
                for name, value in {
                    "type": row["side"], "ordertype": "limit", "volume": row["qty"], "cl_ord_id": row["id"],
                    "price": f"{row['price']}.001" if bad == "price" else row["price"],
                }.items()
            }  # fmt: skip
            fields |= {"orders": "all"} if bad == "shape" else {}
            self.venue.post_raw("AddOrderBatch", pair="NOPAIR" if bad == "pair" else "XBTUSDC", **fields)
            return
        orders: list[Frame] = [
            {
                "side": row["side"], "order_type": "limit", "order_qty": float(str(row["qty"])), "cl_ord_id": row["id"],
                "limit_price": float(f"{row['price']}.001" if bad == "price" else f"{row['price']}"),
            }
            for row in rows
        ]  # fmt: skip
        if bad == "shape":
            orders[0]["order_qty"] = "much"
        if "ESession" in self.ask("batch_add", symbol="NO/PAIR" if bad == "pair" else BTC, orders=orders):
            self.fresh()

    def edit(self) -> None:
        """Replace an open order, or try to: too small, beyond the grid, on another pair, one that never was."""
        orders = self.venue.exchange.open_orders("main")
        order_id = self.rng.choice(orders).order_id if orders and self.rng.random() < 0.9 else "OAAAAA-BBBBB-CCCCCC"
        qty, price = self.rng.choice(["0.001", "0.0026", "0.00001"]), 60_000 + self.rng.randrange(-400, 400)
        pair = DOGE if self.rng.random() < 0.1 else BTC
        what = self.rng.choice(["qty", "qty", "price", "grid"])
        if self.rng.random() < 0.5:
            change = {"volume": qty} if what == "qty" else {"price": f"{price}.001" if what == "grid" else str(price)}
            self.venue.post_raw("EditOrder", txid=order_id, pair=pair, **change)
            return
        limit = price + 0.001 if what == "grid" else float(price)
        fields: Frame = {"order_qty": float(qty)} if what == "qty" else {"limit_price": limit}
        self.ask("edit_order", order_id=order_id, symbol=pair, **fields)

    def touch(self) -> None:
        orders = self.venue.exchange.open_orders("main")
        if not orders:
            return
        order = self.rng.choice(orders)
        qty = self.rng.choice([0.001, 0.0005, 0.002])
        match self.rng.randrange(4):
            case 0:
                self.ask("cancel_order", order_id=[order.order_id])
            case 1:
                self.venue.post_raw("CancelOrder", txid=order.order_id)
            case 2:
                self.ask("amend_order", order_id=order.order_id, order_qty=qty)
            case _:
                self.venue.post_raw("AmendOrder", txid=order.order_id, order_qty=str(qty))

    def others(self) -> None:
        best = self.venue.exchange.best(BTC)
        match self.rng.randrange(5):
            case 0:
                self.ask("cancel_all_orders_after", timeout=self.rng.choice([0, 20, 60]))
            case 1:
                self.ask("cancel_all")
            case 2:
                ids = [order.order_id for order in self.venue.exchange.open_orders("main")][:3]
                self.ask("batch_cancel", orders=[*ids, "OAAAAA-BBBBB-CCCCCC", "OAAAAA-BBBBB-CCCCCD"])
            case 3:
                self.venue.post_raw("OpenOrders")
            case _:
                side = self.rng.choice([Side.BUY, Side.SELL])
                if best[0] and best[1] and self.venue.exchange.system == "online":
                    self.venue.house(BTC, side, best[0] if side is Side.SELL else best[1], 20_000_000)

    def wait(self) -> None:
        self.venue.pass_seconds(self.rng.choice([0.2, 2, 7, 16, 50]))
        self.client.texts()

    def fault(self) -> None:
        fault: Frame = dict(self.rng.choice(DEEDS))
        if self.rng.random() < 0.5:
            fault = {
                "verb": self.rng.choice(REQUEST_FAULTS),
                "method": self.rng.choice(["any", "add_order", "cancel_order", "batch_add", "edit_order"]),
            }
        elif self.rng.random() < 0.3:
            fault = {"verb": self.rng.choice(FRAME_FAULTS), "for_s": 2}
        fault["after_s"] = self.rng.choice([0, 0, 1])
        reply = self.venue.admin.faults(json.dumps([fault]).encode(), self.venue.now_ns)
        assert reply.status == 200, reply

    def lines(self) -> list[str]:
        return self.venue.admin.ledger("").body.splitlines()
