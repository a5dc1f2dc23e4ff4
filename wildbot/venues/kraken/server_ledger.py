"""The ground truth: everything that happened at the simulated exchange, numbered, on one clock.

Rules: written for a checker that shares no code with us: plain JSON lines with decimal text. Tokens and signatures never
    enter. The house's own orders are left out, its trades are in. Numbers rise by one and times never fall. A reply names
    the request it answers.
Owns: the last `LEDGER_MAX` lines; older ones only in the file, if there is one. Which dead man's switches are armed.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import islice

import msgspec

from wildbot.model.exchange import Execution, FeeTier, LedgerEntry, OrderEvent, OrderView, PublicTrade
from wildbot.model.instrument import NANOS_PER_SECOND, Instrument, money_text
from wildbot.model.market_data import SystemStatus
from wildbot.venues.kraken.server_names import precision
from wildbot.venues.kraken.server_text import asset_text, cost_text, fee_text, json_text

LEDGER_MAX = 100_000
"""About 25 MB, an hour or more of lively trading; who needs more keeps the file or asks with `since`."""

PARAMS_MAX = 8_192
"""A batch of fifteen orders fits; longer parameters are cut short: a ledger is no place to store a client's megabytes."""

NAME_MAX = 64
SWITCH_FIRED = "CancelAllOrdersAfter Timeout"
REDACTED = frozenset({"token", "API-Sign", "otp"})


class Ledger:
    """Appends lines; `take_unsaved` hands the new ones to whoever keeps the file."""

    def __init__(self, instruments: Mapping[str, Instrument], *, keep_unsaved: bool = False) -> None:
        self._instruments = instruments
        self._lines: deque[str] = deque(maxlen=LEDGER_MAX)
        self._seq = 0
        self._latest_ns = 0
        self._switches: dict[str, int] = {}
        self._keep_unsaved = keep_unsaved
        self._unsaved: list[str] = []

    def record(self, kind: str, ts_ns: int, fields: Mapping[str, object]) -> None:
        """Append one line."""
        self._seq += 1
        self._latest_ns = ts_ns = max(ts_ns, self._latest_ns)
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

    def request(self, ts_ns: int, via: str, account: str, method: str, params: Mapping[str, object]) -> int:
        """Record what a client asked; return the line's number, for its reply."""
        clean: Mapping[str, object] = {name[:NAME_MAX]: params[name] for name in params if name not in REDACTED}
        try:
            if len(text := json_text(clean)) > PARAMS_MAX:
                clean = {"cut_short": text[:PARAMS_MAX]}
        except (msgspec.MsgspecError, OverflowError, RecursionError, ValueError):
            clean = {"unprintable": True}
        self.record("request", ts_ns, {"via": via, "account": account, "method": method, "params": clean})
        return self._seq

    def reply(
        self,
        ts_ns: int,
        via: str,
        account: str,
        method: str,
        error: str,
        *,
        sent: bool,
        to: int,
        applied: bool = False,
        truth: str | None = None,
        delay_ns: int = 0,
    ) -> None:
        """Record how the request numbered `to` was answered.

        `applied` says that it reached the exchange; `sent` is False when a fault swallowed the answer; `truth` is the
        exchange's own error (or none) when a fault told the client another.
        """
        fields: dict[str, object] = {"via": via, "account": account, "method": method, "to": to, "error": error}
        fields |= {"applied": applied, "sent": sent}
        if truth is not None and truth != error:
            fields["truth"] = truth
        if delay_ns:
            fields["delay_ns"] = delay_ns
        self.record("reply", ts_ns, fields)

    def pair(self, ts_ns: int, instrument: Instrument, fees: Iterable[FeeTier]) -> None:
        """Record the rules of a pair as they are from now on; rates in parts per million by 30-day volume."""
        self.record(
            "pair",
            ts_ns,
            {
                "pair": instrument.pair,
                "rest_name": instrument.rest_key,
                "base": instrument.base,
                "quote": instrument.quote,
                "status": instrument.status,
                "price_decimals": instrument.price_decimals,
                "qty_decimals": instrument.lot_decimals,
                "cost_decimals": instrument.cost_decimals,
                "price_increment": instrument.price_text(instrument.tick_step),
                "qty_min": instrument.lots_text(instrument.min_lots),
                "cost_min": money_text(instrument.min_cost),
                "fees": [
                    {"volume": money_text(tier.volume), "maker_ppm": tier.maker_ppm, "taker_ppm": tier.taker_ppm}
                    for tier in fees
                ],
            },
        )

    def switch(self, account: str, timeout_s: object, now_ns: int) -> None:
        """Record that an account's dead man's switch was armed, renewed or disarmed."""
        if not isinstance(timeout_s, int):
            return
        action = "disarm" if timeout_s == 0 else "renew" if account in self._switches else "arm"
        self._switches.pop(account, None)
        if timeout_s:
            self._switches[account] = now_ns + timeout_s * NANOS_PER_SECOND
        self.record("dead_man", now_ns, {"account": account, "action": action, "timeout_s": timeout_s})

    def fire_switches(self, now_ns: int, system: SystemStatus) -> None:
        """Record the switches that fired; in maintenance none does, and those that cancelled orders are known already."""
        if self._switches and system not in (SystemStatus.MAINTENANCE, SystemStatus.UNKNOWN):
            for account in [each for each, at_ns in self._switches.items() if at_ns <= now_ns]:
                self._fired(account, now_ns)

    def switch_fired(self, account: str, now_ns: int) -> None:
        """Record that a fault fires a switch, armed or not."""
        self._switches.pop(account, None)
        self.record("dead_man", now_ns, {"account": account, "action": "fire", "cause": "dms.fire"})

    def _fired(self, account: str, now_ns: int) -> None:
        if self._switches.pop(account, None) is not None:
            self.record("dead_man", now_ns, {"account": account, "action": "fire"})

    def opened(self, ts_ns: int, account: str, rate_max: int, balances: Mapping[str, int]) -> None:
        """Record what an account has when the doors open."""
        texts = {asset: asset_text(units, precision(asset)) for asset, units in balances.items()}
        self.record("account", ts_ns, {"account": account, "rate_max": rate_max, "balances": texts})

    def order(self, event: OrderEvent) -> None:
        """Record what happened to an order."""
        if event.order.reason == SWITCH_FIRED:
            self._fired(event.order.account, event.ts_ns)
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
            "fee": fee_text(instrument, order.fee, in_base=order.fee_in_base),
            "fee_asset": instrument.base if order.fee_in_base else instrument.quote,
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
            "fee": fee_text(instrument, execution.fee, in_base=execution.fee_asset == instrument.base),
            "fee_asset": execution.fee_asset,
            "liquidity": execution.liquidity,
        }
