"""The ground truth: everything that happened at the simulated exchange, numbered, on one clock.

Rules: written for a checker that shares no code with us: plain JSON lines with decimal text. Tokens and signatures never
    enter. The house's own orders are left out, its trades are in.
Owns: the last `LEDGER_MAX` lines; older ones only in the file, if there is one.
"""

from collections import deque
from collections.abc import Mapping
from itertools import islice

from wildbot.model.exchange import Execution, LedgerEntry, OrderEvent, OrderView, PublicTrade
from wildbot.model.instrument import Instrument
from wildbot.venues.kraken.server_names import precision
from wildbot.venues.kraken.server_text import asset_text, cost_text, json_text

LEDGER_MAX = 100_000
"""About 25 MB, an hour or more of lively trading; who needs more keeps the file or asks with `since`."""

REDACTED = frozenset({"token", "API-Sign", "otp"})


class Ledger:
    """Appends lines; `take_unsaved` hands the new ones to whoever keeps the file."""

    def __init__(self, instruments: Mapping[str, Instrument], *, keep_unsaved: bool = False) -> None:
        self._instruments = instruments
        self._lines: deque[str] = deque(maxlen=LEDGER_MAX)
        self._seq = 0
        self._keep_unsaved = keep_unsaved
        self._unsaved: list[str] = []

    def record(self, kind: str, ts_ns: int, fields: Mapping[str, object]) -> None:
        """Append one line."""
        self._seq += 1
        line = json_text({"seq": self._seq, "ts_ns": ts_ns, "kind": kind, **fields})
        self._lines.append(line)
        if self._keep_unsaved:
            self._unsaved.append(line)

    def since(self, seq: int) -> list[str]:
        """Return the lines numbered above `seq` that are still remembered, oldest first."""
        first = self._seq - len(self._lines) + 1
        return list(islice(self._lines, max(0, seq + 1 - first), None))

    def take_unsaved(self) -> list[str]:
        """Return the lines that were not taken yet."""
        lines, self._unsaved = self._unsaved, []
        return lines

    def request(self, ts_ns: int, via: str, account: str, method: str, params: Mapping[str, object]) -> None:
        """Record what a client asked."""
        clean = {name: value for name, value in params.items() if name not in REDACTED}
        self.record("request", ts_ns, {"via": via, "account": account, "method": method, "params": clean})

    def reply(self, ts_ns: int, via: str, account: str, method: str, error: str, sent: bool) -> None:
        """Record how a client was answered; `sent` is False when a fault swallowed the answer."""
        self.record("reply", ts_ns, {"via": via, "account": account, "method": method, "error": error, "sent": sent})

    def order(self, event: OrderEvent) -> None:
        """Record what happened to an order."""
        fields: dict[str, object] = {"exec_type": event.exec_type, "order": self._order(event.order)}
        if event.execution is not None:
            fields["execution"] = self._execution(event.execution)
        self.record("order", event.ts_ns, fields)

    def trade(self, trade: PublicTrade) -> None:
        """Record a public trade."""
        instrument = self._instruments[trade.pair]
        self.record(
            "trade",
            trade.ts_ns,
            {
                "pair": trade.pair,
                "trade_id": trade.trade_id,
                "side": trade.side,
                "price": instrument.price_text(trade.ticks),
                "qty": instrument.lots_text(trade.lots),
            },
        )

    def balance(self, entry: LedgerEntry) -> None:
        """Record one change of one balance."""
        decimals = precision(entry.asset)
        self.record(
            "balance",
            entry.ts_ns,
            {
                "account": entry.account,
                "ledger_id": entry.ledger_id,
                "ref_id": entry.ref_id,
                "asset": entry.asset,
                "type": entry.kind,
                "amount": asset_text(entry.change, decimals),
                "fee": asset_text(entry.fee, decimals),
                "balance": asset_text(entry.balance, decimals),
            },
        )

    def _order(self, order: OrderView) -> dict[str, object]:
        instrument = self._instruments[order.pair]
        return {
            "order_id": order.order_id,
            "cl_ord_id": order.cl_ord_id,
            "userref": order.userref,
            "account": order.account,
            "pair": order.pair,
            "side": order.side,
            "type": order.kind,
            "tif": order.tif,
            "post_only": order.post_only,
            "qty": instrument.lots_text(order.lots),
            "price": instrument.price_text(order.ticks),
            "trigger_price": instrument.price_text(order.trigger_ticks),
            "status": order.status,
            "filled_qty": instrument.lots_text(order.filled_lots),
            "cost": cost_text(instrument, order.cost),
            "fee": cost_text(instrument, order.fee),
            "reason": order.reason,
        }

    def _execution(self, execution: Execution) -> dict[str, object]:
        instrument = self._instruments[execution.pair]
        return {
            "exec_id": execution.exec_id,
            "trade_id": execution.trade_id,
            "price": instrument.price_text(execution.ticks),
            "qty": instrument.lots_text(execution.lots),
            "cost": cost_text(instrument, execution.cost),
            "fee": cost_text(instrument, execution.fee),
            "fee_asset": execution.fee_asset,
            "liquidity": execution.liquidity,
        }
