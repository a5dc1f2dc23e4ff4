"""What anybody may ask the simulated exchange; nothing here changes anything.

Owns: the state of the whole exchange, which `SimulatedExchange` alone changes.
"""

import random
from collections.abc import Sequence
from itertools import islice

from msgspec.structs import replace

from wildbot.model.exchange import Amendment, ExchangeEvent, Execution, LedgerEntry, OrderView, PublicTrade
from wildbot.model.instrument import FeeSchedule, Instrument, Money
from wildbot.model.market_data import SystemStatus
from wildbot.model.orders import Side
from wildbot.simulation.accounts import Accounts
from wildbot.simulation.day_stats import DayStats
from wildbot.simulation.directed_engine import DirectedEngine
from wildbot.simulation.engine_rules import EngineRules
from wildbot.simulation.fee_tiers import FeeTable, fixed_table, published_table
from wildbot.simulation.live_order import LiveOrder
from wildbot.simulation.order_ids import OrderIds
from wildbot.simulation.order_rate import Tier
from wildbot.simulation.timers import Timers


class ExchangeQueries:
    """The read half of the exchange. Lists are newest first; an account must have been opened (InvariantError).

    `system` is the engine's mode, `instruments` the pairs and their rules as they stand; both are for reading.
    """

    def __init__(
        self,
        instruments: Sequence[Instrument],
        fees: FeeSchedule | None,
        tier: Tier,
        rules: EngineRules,
        rng: random.Random,
    ) -> None:
        self.system = SystemStatus.ONLINE
        self.instruments = {instrument.pair: instrument for instrument in instruments}
        self._events: list[ExchangeEvent] = []
        self._accounts = Accounts(replace(tier, by_second=rules.decay_by_second))
        self._rules = rules
        self._ids = OrderIds(rng)
        self._timers = Timers()
        self._now_ns = 0
        self._engines = {
            each.pair: DirectedEngine(
                each,
                fixed_table(fees)
                if fees is not None
                else published_table(each.base, first_tier_measured=rules.first_tier_measured),
                rules,
                accounts=self._accounts,
                ids=self._ids,
                say=self._events.append,
            )
            for each in instruments
        }

    @property
    def now_ns(self) -> int:
        """The latest time the exchange was told."""
        return self._now_ns

    def next_due_ns(self) -> int | None:
        """Return when `advance` next has something to do by time alone, or None."""
        return self._timers.next_due_ns()

    def balances(self, account: str) -> dict[str, int]:
        """Return the totals by asset; what open orders reserve is part of them."""
        return dict(self._accounts.get(account).balances)

    def holds(self, account: str) -> dict[str, int]:
        """Return what open orders reserve, by asset."""
        return {asset: units for asset, units in self._accounts.get(account).holds.items() if units}

    def asset_total(self, asset: str) -> int:
        """Return an asset's sum over every account, the house's and the collected fees included."""
        return self._accounts.total(asset)

    def fee_schedule(self, account: str, pair: str) -> FeeSchedule:
        """Return the account's rates on a pair, as its volume stands; the house pays nothing."""
        return self._engines[pair].rates(self._accounts.get(account))

    def fee_table(self, pair: str) -> FeeTable:
        """Return a pair's rates by 30-day volume."""
        return self._engines[pair].fee_table

    def volume_money(self, account: str) -> Money:
        """Return the account's 30-day volume in quote currency, or what was stated in its stead."""
        return self._accounts.get(account).volume(self._now_ns)

    def open_orders(self, account: str) -> list[OrderView]:
        """Return the open orders, those waiting for a trigger included."""
        return [order.view() for order in reversed(self._accounts.get(account).open.values())]

    def order(self, account: str, order_id: str) -> OrderView | None:
        """Return an order of the account, open or closed, or None."""
        owner = self._accounts.get(account)
        order = owner.open.get(order_id)
        return order.view() if order is not None else owner.history.closed(order_id)

    def open_lots(self, account: str, order_id: str) -> int:
        """Return what is left of an open order of the account; 0 when it is not open."""
        order = self._accounts.get(account).open.get(order_id)
        return order.left_lots if order is not None else 0

    def orders_by_cl_ord_id(self, account: str, cl_ord_id: str) -> list[OrderView]:
        """Return every order, open or closed, that carried this client id."""
        owner = self._accounts.get(account)
        order = owner.by_client.get(cl_ord_id)
        current = [order.view()] if order is not None else []
        return current + owner.history.closed_by_client(cl_ord_id)

    def closed_orders(self, account: str) -> list[OrderView]:
        """Return the closed orders."""
        return self._accounts.get(account).history.all_closed()

    def executions(self, account: str) -> list[Execution]:
        """Return the account's trades."""
        return self._accounts.get(account).history.executions()

    def amendments(self, account: str, order_id: str) -> list[Amendment]:
        """Return how an order of the account stood, the original first; empty when there is no such order."""
        owner = self._accounts.get(account)
        if known := owner.history.amendments(order_id):
            return known
        order = self.order(account, order_id)
        return [_original(order)] if order is not None else []

    def ledger_entries(self, account: str) -> list[LedgerEntry]:
        """Return the changes of the account's balances."""
        return self._accounts.get(account).history.entries()

    def rate_counter(self, account: str, pair: str, now_ns: int) -> float:
        """Return the account's order-rate counter on a pair."""
        return self._accounts.get(account).rate(pair).value(max(now_ns, self._now_ns))

    def best(self, pair: str) -> tuple[int | None, int | None]:
        """Return (best bid, best ask) in ticks."""
        book = self._engines[pair].book
        return book.best(Side.BUY), book.best(Side.SELL)

    def level_lots(self, pair: str, side: Side, ticks: int) -> int:
        """Return the size resting at one price."""
        return self._engines[pair].book.total(side, ticks)

    def queue(self, pair: str, side: Side, ticks: int) -> list[tuple[str, str, int]]:
        """Return one price level order by order, first in line first: (account, order id, lots left)."""
        engine = self._engines[pair]
        return [(order.owner, engine.orders[order.key].order_id, order.lots) for order in engine.book.queue(side, ticks)]

    def depth(self, pair: str, levels: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Return (bids, asks), each (ticks, lots), best first, at most `levels` of them."""
        book = self._engines[pair].book
        return book.depth(Side.BUY, levels), book.depth(Side.SELL, levels)

    def level_count(self, pair: str, side: Side) -> int:
        """Return how many prices have size on one side."""
        return self._engines[pair].book.level_count(side)

    def recent_trades(self, pair: str, count: int) -> list[PublicTrade]:
        """Return the last trades, newest first; the exchange remembers RECENT_TRADES_MAX of them."""
        return list(islice(reversed(self._engines[pair].trades), count))

    def day_stats(self, pair: str) -> DayStats:
        """Return the pair's trade statistics over the last 24 hours."""
        return self._engines[pair].window.last_day(self._now_ns)

    def today_stats(self, pair: str) -> DayStats:
        """Return the pair's trade statistics since midnight UTC."""
        return self._engines[pair].window.today(self._now_ns)


def amendment(amend_id: str, kind: str, order: LiveOrder, ts_ns: int, reason: str = "") -> Amendment:
    """Return how an open order stands now."""
    return Amendment(
        amend_id=amend_id,
        kind=kind,
        lots=order.lots,
        left_lots=order.left_lots,
        ticks=order.ticks,
        trigger_ticks=order.trigger_ticks,
        post_only=order.request.post_only,
        reason=reason,
        ts_ns=ts_ns,
    )


def original_amend_id(order_id: str) -> str:
    """Return the amend id an order is born with: its own, as an amend's."""
    return f"T{order_id[1:]}"


def _original(order: OrderView) -> Amendment:
    return Amendment(
        amend_id=original_amend_id(order.order_id),
        kind="original",
        lots=order.lots,
        left_lots=order.lots,
        ticks=order.ticks,
        trigger_ticks=order.trigger_ticks,
        post_only=order.post_only,
        reason="",
        ts_ns=order.opened_ns,
    )
