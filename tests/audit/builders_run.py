"""A small run told by hand: one pair, a buy that fills, a sell that is cancelled, an ordered stop; a test breaks one thing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from wildbot.audit.audit import audit
from wildbot.audit.evidence import Evidence, JournalTables, ProcessNote, StatusSeen
from wildbot.audit.verdict import Verdict

PAIR = "SOL/USDC"
SECOND = 1_000_000_000
START_NS = 1_750_000_000 * SECOND
Row = dict[str, Any]


@dataclass
class Run:
    """Lines and rows as they would be left behind; `at` takes seconds since the start."""

    ledger: list[Row] = field(default_factory=list)
    fills: list[Row] = field(default_factory=list)
    orders: list[Row] = field(default_factory=list)
    leases: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    statuses: list[StatusSeen] = field(default_factory=list)
    processes: list[ProcessNote] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    nonce: int = 0

    # --- the exchange -----------------------------------------------------------------------------------------------

    def line(self, at: float, kind: str, **fields: Any) -> Row:
        line = {"seq": len(self.ledger) + 1, "ts_ns": ns(at), "kind": kind, **fields}
        self.ledger.append(line)
        return line

    def ask(self, at: float, method: str, *, via: str = "ws1", error: str = "", **params: Any) -> Row:
        """A request and its answer."""
        request = self.line(at, "request", via=via, account="main", method=method, params=params)
        self.line(
            at, "reply", via=via, account="main", method=method, to=request["seq"], error=error, applied=True, sent=True
        )
        return request

    def call(self, at: float, method: str, *, error: str = "", **params: Any) -> Row:
        """A signed call over REST."""
        self.nonce += 1
        return self.ask(at, method, via="rest", error=error, nonce=str(self.nonce), **params)

    def order(self, at: float, exec_type: str, cl_ord_id: str, **changes: Any) -> Row:
        """An order's line; what is not said stays as in the order's last line."""
        before = [
            line["order"] for line in self.ledger if line["kind"] == "order" and line["order"]["cl_ord_id"] == cl_ord_id
        ]
        last = before[-1] if before else {
            "order_id": f"O-{cl_ord_id}", "cl_ord_id": cl_ord_id, "userref": 0, "account": "main", "pair": PAIR, "side": "buy",
            "type": "limit", "tif": "gtc", "post_only": True, "qty": "0.10000000", "price": "150.00",
            "trigger_price": "0.00", "status": "", "filled_qty": "0.00000000", "cost": "0", "fee": "0", "reason": "",
        }  # fmt: skip
        execution = {"execution": changes.pop("execution")} if "execution" in changes else {}
        order = {**last, "status": exec_type, **changes}
        return self.line(at, "order", exec_type=exec_type, order=order, **execution)

    def balance(self, at: float, asset: str, amount: str, fee: str, balance: str, ref_id: str, kind: str = "trade") -> Row:
        return self.line(
            at, "balance", account="main", ledger_id=f"L{len(self.ledger)}", ref_id=ref_id, asset=asset, type=kind,
            amount=amount, fee=fee, balance=balance,
        )  # fmt: skip

    def arm(self, at: float, action: str = "renew") -> Row:
        self.ask(at, "cancel_all_orders_after", timeout=60)
        return self.line(at, "dead_man", account="main", action=action, timeout_s=60)

    def place(self, at: float, cl_ord_id: str, side: str, price: str, qty: str = "0.10000000", **changes: Any) -> None:
        """An order as it should be: intent, request, acceptance."""
        self.intent(at - 0.002, cl_ord_id, side, price, qty)
        self.ask(
            at, "add_order", order_type="limit", side=side, symbol=PAIR, order_qty=qty, limit_price=price,
            cl_ord_id=cl_ord_id, post_only=True, time_in_force="gtc",
        )  # fmt: skip
        for exec_type in ("pending_new", "new"):
            self.order(at, exec_type, cl_ord_id, side=side, price=price, qty=qty, **changes)

    def cancel(self, at: float, cl_ord_id: str) -> None:
        self.ask(at, "cancel_order", cl_ord_id=[cl_ord_id])
        self.order(at, "canceled", cl_ord_id, reason="User requested")
        self.row(cl_ord_id).update(state="cancelled", updated_ns=ns(at + 0.01))

    # --- the journal ------------------------------------------------------------------------------------------------

    def intent(self, at: float, cl_ord_id: str, side: str, price: str, qty: str) -> None:
        self.orders.append(
            {
                "cl_ord_id": cl_ord_id, "order_id": f"O-{cl_ord_id}", "pair": PAIR, "side": side, "type": "limit", "price": price,
                "qty": qty, "filled_qty": "0", "state": "open", "reason": "", "purpose": "entry" if side == "buy" else "exit",
                "time_in_force": "gtc", "post_only": 1, "strategy_reason": "", "created_ns": ns(at), "updated_ns": ns(at), "epoch": 1,
            }
        )  # fmt: skip

    def row(self, cl_ord_id: str) -> Row:
        return next(row for row in self.orders if row["cl_ord_id"] == cl_ord_id)

    def event(self, at: float, kind: str, text: str = "") -> None:
        self.events.append({"id": len(self.events) + 1, "ts_ns": ns(at), "kind": kind, "pair": "", "text": text})

    # --- what the bot said ------------------------------------------------------------------------------------------

    def status(self, at: float, **changes: Any) -> Row:
        bought = at >= 10
        document: Row = {
            "ts_ns": ns(at), "mode": "sim", "state": "running",
            "account": {
                "starting": "30", "cash": "14.9625" if bought else "30", "equity": "29.9725" if bought else "30",
                "realised_pnl": "-0.0375" if bought else "0", "unrealised_pnl": "0.01" if bought else "0", "is_marked": True,
                "drawdown_pct": 0.1, "max_drawdown_pct": 50.0,
            },
            "allocator": {
                "capital": "29.9625" if bought else "30", "granted": "20", "locked": "0",
                "leases": [{"pair": PAIR, "epoch": 1, "amount": "20", "expires_in_s": 9.0}],
            },
            "traders": [{"pair": PAIR, "bid": "150.00", "ask": "150.10"}],
            "actors": [{"name": "order_gateway", "pid": 7, "rss_mb": 50.0}],
        }  # fmt: skip
        document.update(changes)
        self.statuses.append(StatusSeen(ns(at), document))
        return document

    def evidence(self) -> Evidence:
        journal = JournalTables(fills=self.fills, orders=self.orders, leases=self.leases, events=self.events)
        lines = sorted(self.ledger, key=lambda line: line["ts_ns"])
        renumbered = {line["seq"]: seq for seq, line in enumerate(lines, start=1)}
        ledger = [{**line, "seq": renumbered[line["seq"]]} for line in lines]
        for line in ledger:
            if "to" in line and line["kind"] == "reply":
                line["to"] = renumbered.get(line["to"], line["to"])
        return Evidence(
            ledger=ledger, journal=journal, statuses=self.statuses, processes=self.processes, outputs=self.outputs,
            secrets=self.secrets, capital="30",
        )  # fmt: skip

    def judged(self, rule: str) -> Verdict:
        return audit(self.evidence()).verdict(rule)


def ns(at: float) -> int:
    return START_NS + round(at * SECOND)


def good_run() -> Run:
    """The story that every rule which sees enough of it must hold for."""
    run = Run()
    fees = [{"volume": "0", "maker_ppm": 2500, "taker_ppm": 4000}]
    run.line(
        0, "pair", pair=PAIR, rest_name="SOLUSDC", base="SOL", quote="USDC", status="online", price_decimals=2, qty_decimals=8,
        cost_decimals=8, price_increment="0.01", qty_min="0.02", cost_min="0.5", fees=fees,
    )  # fmt: skip
    run.line(0, "account", account="main", rate_max=125, balances={"USDC": "100", "SOL": "2"})
    for at in range(1, 5):
        run.call(at, "OpenOrders")
    run.event(4.5, "ready")
    run.arm(4.5, "arm")
    run.place(5, "wb1x1", "buy", "150.00")
    fill(run, 10, "wb1x1", "T-1", "0.10000000", "150.00", "15", "0.0375")
    run.place(10.5, "wb1x2", "sell", "150.50")
    for at in (19, 34):
        run.arm(at)
    run.line(20, "trade", pair=PAIR, trade_id=900, side="buy", price="150.05", qty="1")
    foreign = {"order_id": "O-FOREIGN", "userref": 9, "price": "120.00"}
    for exec_type in ("pending_new", "new"):
        run.order(21, exec_type, "", **foreign)
    run.balance(22, "USDC", "5", "0", "89.9625", "D-1", "deposit")
    run.event(40, "stopping")
    run.cancel(40.2, "wb1x2")
    run.event(42, "none_rest")
    run.line(43, "subscription", conn=1)
    for half in range(80):
        run.status(half / 2)
    run.outputs = {"order_gateway.log": "started", "supervisor.log": "all is well"}
    run.secrets = ["a-secret-canary/with+signs=="]
    return run


def fill(run: Run, at: float, cl_ord_id: str, exec_id: str, qty: str, price: str, cost: str, fee: str) -> None:
    """An execution that ends a buy, at the exchange and in the journal."""
    execution = {
        "exec_id": exec_id, "trade_id": 800 + len(run.fills), "price": price, "qty": qty, "cost": cost, "fee": fee,
        "fee_asset": "USDC", "liquidity": "maker",
    }  # fmt: skip
    line = run.order(at, "trade", cl_ord_id, filled_qty=qty, execution=execution)
    run.balance(at, "SOL", qty, "0", "2.1", exec_id)
    run.balance(at, "USDC", f"-{cost}", fee, "84.9625", exec_id)
    run.order(at, "filled", cl_ord_id)
    order = line["order"]
    run.fills.append(
        {
            "trade_id": exec_id, "order_id": order["order_id"], "cl_ord_id": cl_ord_id, "pair": PAIR, "side": order["side"],
            "price": price, "qty": qty, "cost": cost, "fee": fee, "fee_asset": "USDC", "liquidity": "maker", "pnl": "0",
            "reason": "", "pair_trade_id": execution["trade_id"], "ts_ns": ns(at), "epoch": 1,
        }
    )  # fmt: skip
    run.row(cl_ord_id).update(state="filled", filled_qty=qty, updated_ns=ns(at + 0.01))


Break = Callable[[Run], object]
