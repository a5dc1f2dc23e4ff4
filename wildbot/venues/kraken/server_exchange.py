"""What the exchange server needs of an exchange: the shape of `simulation.exchange.SimulatedExchange`.

Rules: this room may not import the simulation, so it says what it needs, and the type checker compares the two where
    the actor joins them. `now_ns` never goes back.
"""

from collections.abc import Sequence
from typing import Protocol

from wildbot.model.exchange import (
    AmendDone,
    Amendment,
    AmendPlaced,
    CancelDone,
    CancelPlaced,
    EditDone,
    EditPlaced,
    ExchangeEvent,
    Execution,
    FeeTier,
    LedgerEntry,
    OrderView,
    Placed,
    PlaceOrder,
    PublicTrade,
    Refusal,
)
from wildbot.model.instrument import FeeSchedule, Instrument, Money, PairStatus
from wildbot.model.market_data import SystemStatus

Levels = list[tuple[int, int]]
"""(ticks, lots), best first."""


class DayStats(Protocol):
    """Sums over a pair's trades; all zero before the first. `ticks_lots` is the sum of price x size."""

    @property
    def open_ticks(self) -> int: ...
    @property
    def high_ticks(self) -> int: ...
    @property
    def low_ticks(self) -> int: ...
    @property
    def last_ticks(self) -> int: ...
    @property
    def last_lots(self) -> int: ...
    @property
    def volume_lots(self) -> int: ...
    @property
    def ticks_lots(self) -> int: ...
    @property
    def count(self) -> int: ...


class Exchange(Protocol):
    """A venue's engine, as its face sees it."""

    system: SystemStatus

    @property
    def instruments(self) -> dict[str, Instrument]:
        """The pairs and their rules as they stand, by pair."""
        ...

    def balances(self, account: str) -> dict[str, int]:
        """Totals by asset, in 10**-ASSET_DECIMALS."""
        ...

    def holds(self, account: str) -> dict[str, int]:
        """The part of the balances that open orders reserve."""
        ...

    def fee_schedule(self, account: str, pair: str) -> FeeSchedule:
        """The account's own rates on one pair."""
        ...

    def fee_table(self, pair: str) -> tuple[FeeTier, ...]:
        """The pair's rates by 30-day volume, the first from 0 on."""
        ...

    def volume_money(self, account: str) -> Money:
        """The account's volume of the last 30 days, in quote."""
        ...

    def place(self, request: PlaceOrder, now_ns: int) -> Placed | Refusal:
        """Take or refuse a new order."""
        ...

    def place_many(self, requests: Sequence[PlaceOrder], now_ns: int) -> list[Placed | Refusal]:
        """Take or refuse several new orders of one account on one pair, each for itself."""
        ...

    def amend(self, request: AmendPlaced, now_ns: int) -> AmendDone | Refusal:
        """Change a resting order in place, or refuse."""
        ...

    def edit(self, request: EditPlaced, now_ns: int) -> EditDone | Refusal:
        """Replace an open order by another one, or refuse."""
        ...

    def cancel(self, request: CancelPlaced, now_ns: int) -> CancelDone | Refusal:
        """Take one order back, or refuse."""
        ...

    def cancel_many(self, requests: Sequence[CancelPlaced], now_ns: int) -> CancelDone:
        """Take several orders back; those that are not open do not count."""
        ...

    def cancel_all(self, account: str, now_ns: int) -> CancelDone:
        """Take every order of the account back."""
        ...

    def cancel_all_after(self, account: str, timeout_s: int, now_ns: int) -> int:
        """Arm or disarm (0) the dead man's switch; returns the trigger time, 0 when disarmed."""
        ...

    def advance(self, now_ns: int) -> None:
        """Let time pass: expiries, triggers, the dead man's switch."""
        ...

    def charge_refused(self, account: str, pair: str, cost: float, now_ns: int) -> Refusal | None:
        """Charge the fixed part of a request that was refused before it was one; a refusal when the counter is full."""
        ...

    def open_orders(self, account: str) -> list[OrderView]:
        """Newest first."""
        ...

    def order(self, account: str, order_id: str) -> OrderView | None:
        """One order of the account, open or closed."""
        ...

    def orders_by_cl_ord_id(self, account: str, cl_ord_id: str) -> list[OrderView]:
        """All orders that ever carried this client id, newest first."""
        ...

    def closed_orders(self, account: str) -> list[OrderView]:
        """Newest first."""
        ...

    def executions(self, account: str) -> list[Execution]:
        """Newest first."""
        ...

    def amendments(self, account: str, order_id: str) -> list[Amendment]:
        """How an order stood over time, the original first; empty when the account has no such order."""
        ...

    def ledger_entries(self, account: str) -> list[LedgerEntry]:
        """Newest first."""
        ...

    def rate_counter(self, account: str, pair: str, now_ns: int) -> float:
        """The account's order-rate counter on a pair."""
        ...

    def depth(self, pair: str, levels: int) -> tuple[Levels, Levels]:
        """(bids, asks), best first."""
        ...

    def recent_trades(self, pair: str, count: int) -> list[PublicTrade]:
        """Newest first."""
        ...

    def day_stats(self, pair: str) -> DayStats:
        """The pair's trade statistics of the last 24 hours."""
        ...

    def today_stats(self, pair: str) -> DayStats:
        """The pair's trade statistics since midnight UTC."""
        ...

    def set_system(self, system: SystemStatus, now_ns: int) -> None:
        """Change the engine's state."""
        ...

    def set_pair_status(self, pair: str, status: PairStatus, now_ns: int) -> None:
        """Change what one pair accepts."""
        ...

    def drain(self) -> list[ExchangeEvent]:
        """Every event since the last call, in order."""
        ...
