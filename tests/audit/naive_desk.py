"""What every bot needs, right or wrong: a connection, a journal of the project's schema, and a status once a second."""

import json
import sqlite3
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from tests.venues.builders_kraken_server import BTC, SECRET, Venue
from wildbot.adapters import journal_schema as schema
from wildbot.audit.evidence import Evidence, StatusSeen, read_journal
from wildbot.model.orders import Side

CAPITAL = Decimal(150)
LEASE = Decimal(100)
LEASE_S = 10.0
RENEW_S = 15
UNIT = Decimal("1e-10")
EPOCH = 1
ZERO = Decimal(0)


class Bug(StrEnum):
    """The mistakes."""

    RETRY_ON_TIMEOUT = "no answer is taken for a rejection: the order is sent again under a new id"
    FORGETS_ON_CANCEL = "an order that is being cancelled is forgotten at once, its last fill with it"
    NO_DEDUPE = "a fill that is told twice is booked twice"
    IGNORES_GAP = "a gap in the sequence is not noticed"
    KEEPS_LEASE = "the lease of a pair that was swapped out is not released"
    NO_INTENT = "orders leave without an intent"
    LATE_INTENT = "the intent is written after the answer"
    CROSSES_ITSELF = "a bid is placed at the own ask"
    TRADES_WHEN_HALTED = "a halt does not stop it"
    CANCELS_FOREIGN = "it tidies up orders that are not its own"
    REUSES_NONCE = "the nonce goes back"
    LOGS_SECRET = "the secret is in the log"
    SELLS_EVERYTHING = "it sells the whole balance, the owner's coins too"
    WRONG_FEE = "the fee is guessed from the rate instead of read"


class BotDesk:
    """Hears the exchange, books what it says, tells what is held and what rests; with one classic mistake on request."""

    def __init__(self, home: Path, bug: Bug | None = None) -> None:
        self.bug = bug
        self.venue = Venue()
        self.client = self.venue.connect(private=True)
        self.path = home / "naive.sqlite"
        self.journal = sqlite3.connect(self.path, isolation_level=None)
        self.journal.executescript(schema.SCHEMA)
        self.log = [f"connecting with secret {SECRET}" if bug is Bug.LOGS_SECRET else "connecting"]
        self.statuses: list[StatusSeen] = []
        self.orders: dict[str, dict[str, Any]] = {}
        self.seen: set[str] = set()
        self.answered: set[str] = set()
        self.unwritten: set[str] = set()
        self.leases: dict[str, Decimal] = {}
        self.held = self.basis = self.cash_flow = self.realised = ZERO
        self.sequence = self.count = 0
        self.halted = False
        self.renewed_ns = 0

    # --- hearing ----------------------------------------------------------------------------------------------------

    def hear(self) -> None:
        """Take everything the private stream has said."""
        self.venue.publish()
        for text in self.client.texts():
            frame = json.loads(text, parse_float=Decimal)
            if frame.get("method") == "add_order" and frame["success"]:
                self.answered.add(frame["result"]["cl_ord_id"])
            if frame.get("channel") != "executions":
                continue
            gap = self.sequence and frame["sequence"] > self.sequence + 1
            self.sequence = max(self.sequence, frame["sequence"])
            for report in frame["data"]:
                self.report(report)
            if gap and self.bug is not Bug.IGNORES_GAP:
                self.catch_up()

    def report(self, report: dict[str, Any]) -> None:
        cl_ord_id = report.get("cl_ord_id", "")
        order = self.orders.get(cl_ord_id)
        if order is None:
            return
        order["order_id"] = report["order_id"]
        if report["exec_type"] == "trade":
            fee = report["fees"][0]["qty"]
            self.book(
                report["exec_id"],
                cl_ord_id,
                report["last_qty"],
                report["last_price"],
                report["cost"],
                fee,
                report["trade_id"],
            )
        elif report["exec_type"] in ("new", "canceled", "filled", "expired"):
            order["state"] = {"new": "open", "canceled": "cancelled"}.get(report["exec_type"], report["exec_type"])
            self.write_order(cl_ord_id, order)

    def catch_up(self) -> None:
        """Read the trades again: something was missed."""
        names = {order["order_id"]: name for name, order in self.orders.items()}
        for exec_id, trade in reversed(self.call("TradesHistory")["trades"].items()):
            if trade["ordertxid"] in names:
                qty, price, cost, fee = (Decimal(trade[name]) for name in ("vol", "price", "cost", "fee"))
                self.book(exec_id, names[trade["ordertxid"]], qty, price, cost, fee, trade["trade_id"])

    def book(self, exec_id: str, name: str, qty: Decimal, price: Decimal, cost: Decimal, fee: Decimal, number: int) -> None:
        """Book one fill, once."""
        trade_id = exec_id
        if exec_id in self.seen:
            if self.bug is not Bug.NO_DEDUPE:
                return
            trade_id = f"{exec_id}-{len(self.seen)}"
        self.seen.add(trade_id)
        if self.bug is Bug.WRONG_FEE:
            fee = cost * Decimal("0.0024")
        order, sign = self.orders[name], 1
        pnl = ZERO
        if order["side"] == "sell":
            sign = -1
            released = (self.basis * qty / self.held).quantize(UNIT, ROUND_HALF_UP) if self.held else ZERO
            pnl, self.basis = cost - released, self.basis - released
        else:
            self.basis += cost
        self.held += sign * qty
        self.cash_flow -= sign * cost + fee
        self.realised += pnl - fee
        order["filled"] += qty
        row = (
            trade_id, order["order_id"], name, BTC, order["side"], str(price), str(qty), str(cost), str(fee), "USDC", "maker",
            str(pnl), "", number, self.venue.now_ns, EPOCH,
        )  # fmt: skip
        self.journal.execute(schema.WRITE_FILL, row)
        self.write_order(name, order)

    # --- time -------------------------------------------------------------------------------------------------------

    def wait(self, seconds: int) -> None:
        """Let time pass, hearing and speaking once a second."""
        for _ in range(seconds):
            self.venue.pass_seconds(1)
            self.hear()
            if self.venue.now_ns - self.renewed_ns >= RENEW_S * 10**9:
                self.renew()
            self.state()

    def renew(self) -> None:
        self.renewed_ns = self.venue.now_ns
        self.say("cancel_all_orders_after", timeout=60)

    def state(self) -> None:
        """Say the status, and write the leases down."""
        now_ns, realised = self.venue.now_ns, self.realised
        rows = [(pair, EPOCH, str(amount), now_ns + 10**10, 1) for pair, amount in self.leases.items()]
        self.journal.execute("DELETE FROM leases")
        self.journal.executemany(schema.WRITE_LEASE, rows)
        leases = [{"pair": row[0], "epoch": EPOCH, "amount": row[2], "expires_in_s": LEASE_S} for row in rows]
        document = {
            "ts_ns": now_ns, "mode": "sim", "state": "halted" if self.halted else "running",
            "account": {
                "starting": str(CAPITAL), "cash": str(CAPITAL + self.cash_flow), "equity": str(CAPITAL + realised),
                "realised_pnl": str(realised), "unrealised_pnl": "0", "drawdown_pct": 0.1, "max_drawdown_pct": 50.0,
            },
            "allocator": {
                "capital": str(CAPITAL + realised), "granted": str(sum(self.leases.values(), ZERO)), "locked": "0", "leases": leases,
            },
        }  # fmt: skip
        self.statuses.append(StatusSeen(now_ns, document))

    # --- doors ------------------------------------------------------------------------------------------------------

    def say(self, method: str, **params: object) -> None:
        """Send over the private socket; what comes back is heard later."""
        text = json.dumps({"method": method, "params": {"token": self.client.token, **params}, "req_id": self.count})
        self.venue.server.receive(self.client.session, text, self.venue.now_ns)

    def call(self, endpoint: str) -> dict[str, Any]:
        result: dict[str, Any] = self.venue.result(endpoint)
        return result

    def fault(self, **fault: object) -> None:
        reply = self.venue.admin.faults(json.dumps([fault]).encode(), self.venue.now_ns)
        assert reply.status == 200, reply

    def others(self, side: Side, ticks: int, lots: int) -> None:
        """Another participant takes what rests."""
        self.venue.house(BTC, side, ticks, lots)

    def note(self, kind: str) -> None:
        self.journal.execute(schema.WRITE_EVENT, (self.venue.now_ns, kind, "", ""))

    def write_order(self, name: str, order: dict[str, Any]) -> None:
        if self.bug is Bug.NO_INTENT or name in self.unwritten:
            return
        state = order["state"]
        if state == "open" and order["filled"]:
            state = "partially_filled"
        created_ns = order.setdefault("created_ns", self.venue.now_ns)
        row = (
            name, order["order_id"], BTC, order["side"], "limit", order["price"], order["qty"], str(order["filled"]), state, "",
            "entry" if order["side"] == "buy" else "exit", "gtc", 1, "", created_ns, self.venue.now_ns, EPOCH,
        )  # fmt: skip
        self.journal.execute(schema.WRITE_ORDER, row)

    def evidence(self) -> Evidence:
        """What the run has left behind."""
        return Evidence(
            ledger=[json.loads(line) for line in self.venue.admin.ledger("").body.splitlines()],
            journal=read_journal(self.path),
            statuses=self.statuses,
            outputs={"naive.log": "\n".join(self.log)},
            secrets=[SECRET],
            capital=str(CAPITAL),
        )
