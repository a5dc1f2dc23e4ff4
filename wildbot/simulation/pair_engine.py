"""The engine of one pair: takes accepted orders through the book to their end and says everything that happens.

Rules: one call is one engine event, announced as: the owners' order events and ledger entries, the public trades, then one
    `BookChange` with the levels in the order they were touched. Stop orders that a trade triggers are events of their
    own, after it. Nothing is checked here; see `order_checks`.
Owns: the pair's book, its waiting stop orders, its trade sequence and statistics.
"""

from collections import deque
from collections.abc import Callable

from wildbot.model.exchange import (
    BookChange,
    ExchangeEvent,
    ExecType,
    Execution,
    Kind,
    OrderEvent,
    OrderStatus,
    PublicTrade,
    Tif,
)
from wildbot.model.instrument import FeeSchedule, Instrument, Liquidity, Money
from wildbot.model.orders import Side
from wildbot.simulation.accounts import Account, Accounts, ledger_entry, trade_changes
from wildbot.simulation.book import Book
from wildbot.simulation.day_stats import TradeWindow
from wildbot.simulation.engine_rules import EngineRules
from wildbot.simulation.fee_tiers import FeeTable
from wildbot.simulation.funds import affordable_lots, fee_units, hold_needed, protection_ticks, quote_rates
from wildbot.simulation.live_order import LiveOrder
from wildbot.simulation.matching import LimitBook
from wildbot.simulation.order_ids import OrderIds
from wildbot.simulation.stop_orders import StopOrders

RECENT_TRADES_MAX = 1000

USER_REQUESTED = "User requested"
POST_ONLY_ORDER = "Post only order"
UNAFFORDABLE = "Insufficient funds"
TRIGGERED = "Trigger price reached"


class PairEngine:
    """One pair. `instrument` and `fee_table` may be replaced while it runs."""

    def __init__(
        self,
        instrument: Instrument,
        fee_table: FeeTable,
        rules: EngineRules,
        *,
        accounts: Accounts,
        ids: OrderIds,
        say: Callable[[ExchangeEvent], None],
    ) -> None:
        self.instrument = instrument
        self.fee_table = fee_table
        self.rules = rules
        self.book: Book = LimitBook()
        self.stops = StopOrders()
        self.window = TradeWindow()
        self.trades: deque[PublicTrade] = deque(maxlen=RECENT_TRADES_MAX)
        self.last_trade_id = 0
        self.orders: dict[int, LiveOrder] = {}
        self._accounts = accounts
        self._ids = ids
        self._say = say

    def submit(self, order: LiveOrder, now_ns: int) -> None:
        """Take a checked order: rest it, match it, or let it wait for its trigger."""
        self.orders[order.key] = order
        self._accounts.get(order.request.account).open_order(order)
        self.reserve(order)
        self._announce(order, ExecType.PENDING_NEW, now_ns)
        if order.request.post_only and not order.awaits_trigger and self._would_match(order):
            self._close(order, ExecType.CANCELED, POST_ONLY_ORDER, now_ns)
            return
        order.status = OrderStatus.NEW
        self._announce(order, ExecType.NEW, now_ns)
        if order.awaits_trigger:
            self.stops.add(order.key, order.request.kind, order.request.side, order.trigger_ticks)
        else:
            self._execute(order, now_ns)
        self._finish(now_ns)

    def withdraw(self, order: LiveOrder, exec_type: ExecType, reason: str, now_ns: int) -> None:
        """Take an open order back: CANCELED or EXPIRED."""
        self._unqueue(order)
        self._close(order, exec_type, reason, now_ns)
        self._finish(now_ns)

    def change(self, order: LiveOrder, *, ticks: int, lots: int, trigger_ticks: int, now_ns: int) -> None:
        """Amend an open order to these values, all of them allowed. A smaller size at the same price keeps its place in
        the queue; a larger size or another price goes to the back. At or below what has filled, the rest is cancelled."""
        smaller = ticks == order.ticks and lots <= order.lots and trigger_ticks == order.trigger_ticks
        shed = order.lots - lots
        if lots <= order.filled_lots:
            self._unqueue(order)
            order.lots = order.filled_lots
        elif smaller:
            if shed and order.key in self.book:
                self.book.reduce(order.key, shed)
            order.lots = lots
        else:
            self._unqueue(order)
            order.lots, order.ticks, order.trigger_ticks = lots, ticks, trigger_ticks
        order.touched_ns = now_ns
        self.reserve(order)
        self._announce(order, ExecType.AMENDED, now_ns, reason=USER_REQUESTED)
        if order.left_lots == 0:
            self._close(order, ExecType.CANCELED, USER_REQUESTED, now_ns)
        elif not smaller and order.awaits_trigger:
            self.stops.add(order.key, order.request.kind, order.request.side, order.trigger_ticks)
        elif not smaller:
            self._execute(order, now_ns)
        self._finish(now_ns)

    def print_trade(self, side: Side, ticks: int, lots: int, now_ns: int, kind: Kind = Kind.LIMIT) -> int:
        """Publish a trade and return its id. By itself it moves no order and no balance: hidden orders trade so."""
        self.last_trade_id += 1
        trade = PublicTrade(
            pair=self.instrument.pair,
            trade_id=self.last_trade_id,
            side=side,
            ticks=ticks,
            lots=lots,
            kind=kind,
            ts_ns=now_ns,
        )
        self.trades.append(trade)
        self.window.add(ticks, lots, now_ns)
        self._say(trade)
        return self.last_trade_id

    def reserve(self, order: LiveOrder) -> None:
        """Reserve what the unfilled part of an order needs."""
        if order.is_house or order.request.kind is Kind.MARKET:
            return
        account = self._accounts.get(order.request.account)
        asset, units = hold_needed(
            self.instrument,
            self.rates(account),
            order.request,
            ticks=order.ticks,
            trigger_ticks=order.trigger_ticks,
            lots=order.left_lots,
        )
        account.set_hold(order, asset, units)

    def rates(self, account: Account) -> FeeSchedule:
        """Return what an account pays here now; the house pays nothing."""
        return account.fee_rates(self.fee_table, self._accounts.now_ns)

    def _would_match(self, order: LiveOrder) -> bool:
        return self.book.would_match(order.request.side, order.ticks)

    def _unqueue(self, order: LiveOrder) -> None:
        if order.key in self.book:
            self.book.cancel(order.key)
        elif order.key in self.stops:
            self.stops.remove(order.key)

    def _execute(self, order: LiveOrder, now_ns: int) -> None:
        request = order.request
        side = request.side
        protection_ppm = self.rules.protection_ppm
        limit = order.ticks if order.has_limit else protection_ticks(self.book, side, protection_ppm)
        lots, cut_reason = order.left_lots, self.rules.remainder_reason
        if not order.has_limit and side is Side.BUY and not order.is_house:
            account = self._accounts.get(request.account)
            free = account.free(self.instrument.quote) + order.hold
            fees = quote_rates(self.rates(account), request)
            lots = affordable_lots(self.book, self.instrument, fees, lots, free, protection_ppm)
            cut_reason = UNAFFORDABLE if lots < order.left_lots else cut_reason
        cut = ExecType.EXPIRED if self.rules.remainder_expires else ExecType.CANCELED
        if request.tif is Tif.FOK and not self._fills_at_once(order):
            self._close(order, cut, self.rules.kill_reason, now_ns)
            return
        match = self.book.match(side, lots, limit, owner=request.account, stp=request.stp)
        for fill in match.fills:
            self._trade(order, self.orders[fill.key], fill.ticks, fill.lots, now_ns)
        for key in match.prevented:
            self._close(self.orders[key], ExecType.CANCELED, self.rules.self_trade_reason, now_ns)
        if order.left_lots == 0:
            return
        if match.stopped:
            self._close(order, ExecType.CANCELED, self.rules.self_trade_reason, now_ns)
        elif order.has_limit and request.tif in (Tif.GTC, Tif.GTD):
            self.book.add(order.key, request.account, side, order.ticks, order.left_lots)
        else:
            self._close(order, cut, cut_reason, now_ns)

    def _fills_at_once(self, order: LiveOrder) -> bool:
        wanted = order.left_lots
        for resting in self.book.walk(order.request.side, order.ticks):
            if resting.owner == order.request.account:
                return False
            wanted -= resting.lots
            if wanted <= 0:
                return True
        return False

    def _trade(self, taker: LiveOrder, maker: LiveOrder, ticks: int, lots: int, now_ns: int) -> None:
        cost = self.instrument.cost(ticks, lots)
        trade_id = self.print_trade(taker.request.side, ticks, lots, now_ns, taker.request.kind)
        for order, liquidity in ((maker, Liquidity.MAKER), (taker, Liquidity.TAKER)):
            account = self._accounts.get(order.request.account)
            rate_ppm = 0 if order.is_house else self.rates(account).rate_ppm(liquidity)
            in_base = order.request.fee_in_base
            fee = fee_units(self.instrument, in_base=in_base, cost=cost, lots=lots, rate_ppm=rate_ppm) if rate_ppm else 0
            order.filled_lots += lots
            order.cost += cost
            order.fee += fee
            changes = trade_changes(order, self.instrument, lots, cost, fee)
            balances = [self._accounts.apply(account, change) for change in changes]
            if not order.is_house:
                order.status = OrderStatus.PARTIALLY_FILLED
                self.reserve(order)
                execution = self._execution(order, liquidity, trade_id, ticks, lots, cost, fee, now_ns)
                account.history.add_execution(execution)
                order.exec_ids.append(execution.exec_id)
                self._announce(order, ExecType.TRADE, now_ns, execution)
                for change, balance in zip(changes, balances, strict=True):
                    ids = (self._ids.ledger(now_ns), execution.exec_id)
                    entry = ledger_entry(ids, account.name, "trade", change, balance, now_ns)
                    account.history.add_entry(entry)
                    self._say(entry)
            if order.left_lots == 0:
                self._close(order, ExecType.FILLED, "", now_ns)

    def _execution(
        self,
        order: LiveOrder,
        liquidity: Liquidity,
        trade_id: int,
        ticks: int,
        lots: int,
        cost: Money,
        fee: int,
        now_ns: int,
    ) -> Execution:
        request = order.request
        return Execution(
            exec_id=self._ids.execution(now_ns),
            trade_id=trade_id,
            order_id=order.order_id,
            cl_ord_id=request.cl_ord_id,
            userref=request.userref,
            account=request.account,
            pair=request.pair,
            side=request.side,
            kind=request.kind,
            ticks=ticks,
            lots=lots,
            cost=cost,
            fee=fee,
            fee_asset=self.instrument.base if request.fee_in_base else self.instrument.quote,
            liquidity=liquidity,
            ts_ns=now_ns,
        )

    def _close(self, order: LiveOrder, exec_type: ExecType, reason: str, now_ns: int) -> None:
        order.status = OrderStatus(exec_type.value)
        order.reason = reason
        order.closed_ns = now_ns
        account: Account = self._accounts.get(order.request.account)
        account.close_order(order)
        del self.orders[order.key]
        if not order.is_house:
            account.history.add_closed(order.view())
            self._announce(order, exec_type, now_ns)

    def _finish(self, now_ns: int) -> None:
        """End an engine event: publish the levels it touched, then start those that its trades trigger."""
        while True:
            if levels := self.book.take_touched():
                self._say(BookChange(pair=self.instrument.pair, levels=levels, ts_ns=now_ns))
            key = self.stops.pop_due(self.window.last_ticks) if self.window.last_ticks else None
            if key is None:
                return
            order = self.orders[key]
            order.triggered = True
            self._announce(order, ExecType.RESTATED, now_ns, reason=TRIGGERED)
            if order.request.post_only and self._would_match(order):
                self._close(order, ExecType.CANCELED, POST_ONLY_ORDER, now_ns)
            else:
                self._execute(order, now_ns)

    def _announce(
        self, order: LiveOrder, exec_type: ExecType, now_ns: int, execution: Execution | None = None, reason: str = ""
    ) -> None:
        if order.is_house:
            return
        if reason:
            order.reason = reason
        self._say(OrderEvent(exec_type=exec_type, order=order.view(), ts_ns=now_ns, execution=execution))
