"""A tiny bot against the real exchange face: correct as it stands, and with one classic mistake at a time on request.

It trades one pair by a fixed script.
"""

from tests.audit.naive_desk import EPOCH, LEASE, ZERO, BotDesk, Bug
from tests.venues.builders_kraken_server import BTC, DOGE
from wildbot.model.orders import Side


class NaiveBot(BotDesk):
    """`trade` plays the whole script."""

    # --- the script -------------------------------------------------------------------------------------------------

    def trade(self) -> None:
        """Start, trade through one fault after the other, swap, halt, stop."""
        venue = self.venue
        self.start()
        first = self.quote("buy", "59999.50", "0.001")
        self.others(Side.SELL, 5_999_950, 40_000)
        self.wait(2)
        self.fault(verb="fill", before="cancel_order", qty="50%")
        self.cancel(first)
        self.wait(2)

        self.fault(verb="ws.dup", channel="executions", for_s=2)
        ask = self.quote("sell", "60000.50", str(self.held))
        if self.bug is Bug.CROSSES_ITSELF:
            self.quote("buy", "60000.50", "0.0005")
        self.others(Side.BUY, 6_000_050, int(self.held * 10**8))
        self.wait(4)
        self.cancel(ask)

        self.fault(verb="apply+drop", method="add_order", count=1)
        second = self.quote("buy", "59999.00", "0.001")
        self.wait(2)
        self.cancel(second)
        self.wait(1)

        third = self.quote("buy", "59999.50", "0.001")
        self.wait(1)
        self.fault(verb="ws.drop", channel="executions", count=1)
        self.others(Side.SELL, 5_999_950, 100_000)
        self.wait(2)
        self.cancel(third)
        last = self.quote("sell", "60000.70", "0.501" if self.bug is Bug.SELLS_EVERYTHING else str(self.held))
        self.others(Side.BUY, 6_000_070, 60_000_000)
        self.wait(2)
        self.cancel(last)

        self.swap()
        self.wait(2)
        fourth = self.quote("buy", "59998.00", "0.001")
        self.note("halt")
        self.halted = True
        self.cancel(fourth)
        self.wait(2)
        self.quote("buy", "59998.50", "0.001")
        self.wait(1)
        self.stop()
        venue.pass_seconds(1)

    def start(self) -> None:
        """Reconcile, arm the switch, get a lease."""
        self.fault(verb="foreign", what="order", pair=BTC, side="buy")
        self.client.ask("subscribe", channel="executions", snap_orders=False, snap_trades=False)
        for order_id, order in self.call("OpenOrders")["open"].items():
            if self.bug is Bug.CANCELS_FOREIGN and "cl_ord_id" not in order:
                self.say("cancel_order", order_id=[order_id])
        if self.bug is Bug.REUSES_NONCE:
            self.venue.nonce -= 2
            self.venue.post("Balance")
            self.venue.nonce += 2
        self.renew()
        self.note("ready")
        self.leases[BTC] = LEASE
        self.wait(1)

    def swap(self) -> None:
        """Move the lease to another pair and back, so that the script can go on."""
        if self.bug is not Bug.KEEPS_LEASE:
            del self.leases[BTC]
        self.leases[DOGE] = LEASE
        self.wait(2)
        del self.leases[DOGE]
        self.leases[BTC] = LEASE
        self.wait(1)

    def stop(self) -> None:
        """Take back everything it knows of."""
        self.note("stopping")
        for cl_ord_id in list(self.orders):
            self.cancel(cl_ord_id)
        self.wait(1)
        self.call("OpenOrders")
        self.note("none_rest")
        self.journal.execute("DELETE FROM leases")
        self.journal.close()

    # --- orders -----------------------------------------------------------------------------------------------------

    def quote(self, side: str, price: str, qty: str) -> str:
        """Place a post-only order; return its id, or "" when halted."""
        if self.halted and self.bug is not Bug.TRADES_WHEN_HALTED:
            return ""
        cl_ord_id = self.next_id()
        if self.bug is Bug.LATE_INTENT:
            self.unwritten.add(cl_ord_id)
        order = {"side": side, "price": price, "qty": qty, "filled": ZERO, "order_id": "", "state": "pending"}
        self.orders[cl_ord_id] = order
        if self.bug not in (Bug.LATE_INTENT, Bug.NO_INTENT):
            self.write_order(cl_ord_id, order)
        self.send(cl_ord_id, side, price, qty)
        self.hear()
        if cl_ord_id not in self.answered and self.bug is Bug.RETRY_ON_TIMEOUT:
            self.send(self.next_id(), side, price, qty)
        elif cl_ord_id not in self.answered:
            self.look()
        if self.bug is Bug.LATE_INTENT:
            self.wait(1)
            self.unwritten.clear()
            self.write_order(cl_ord_id, order)
        return cl_ord_id

    def next_id(self) -> str:
        self.count += 1
        return f"wb{EPOCH:x}x{self.count:x}"

    def send(self, cl_ord_id: str, side: str, price: str, qty: str) -> None:
        self.say(
            "add_order", order_type="limit", side=side, symbol=BTC, order_qty=float(qty), limit_price=float(price),
            cl_ord_id=cl_ord_id, post_only=True, time_in_force="gtc",
        )  # fmt: skip

    def cancel(self, cl_ord_id: str) -> None:
        """Take an order back if it still lives."""
        order = self.orders.get(cl_ord_id)
        if order is None or order["state"] not in ("pending", "open", "partially_filled"):
            return
        if self.bug is Bug.FORGETS_ON_CANCEL:
            order["state"] = "cancelled"
            self.write_order(cl_ord_id, self.orders.pop(cl_ord_id))
        self.say("cancel_order", cl_ord_id=[cl_ord_id])
        self.hear()

    def look(self) -> None:
        """Ask what rests, since an answer is missing."""
        for order_id, told in self.call("OpenOrders")["open"].items():
            if (order := self.orders.get(name := told.get("cl_ord_id", ""))) is not None:
                order |= {"order_id": order_id, "state": "open"}
                self.write_order(name, order)
