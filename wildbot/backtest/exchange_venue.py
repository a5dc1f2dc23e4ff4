"""A simulated exchange that speaks the desk's words instead of bytes: the venue of a backtest, whatever its market.

Rules: what the live gateway would send is placed, amended and cancelled on the exchange, and what the exchange says comes
    back as the reports that the live private stream would have read from it. Questions are answered from the exchange's
    own records. Nothing here decides anything.
Owns: one account on the exchange.
Source: the reading of Kraken's executions in `venues.kraken.execution_reports`, whose words these are.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable

import msgspec

from wildbot.desk.venue_queries import (
    Answer,
    BalancesSeen,
    CancelAnswered,
    CancelTaken,
    ClockSeen,
    DeadManArmed,
    FeesSeen,
    InstrumentsSeen,
    KeySeen,
    OrdersSeen,
    Query,
    QueryRefused,
    StreamNews,
    SystemSeen,
    TimerTaken,
    TokenSeen,
    Topic,
    TradesSeen,
)
from wildbot.model.exchange import (
    AmendPlaced,
    CancelPlaced,
    ExchangeEvent,
    ExecType,
    Execution,
    Kind,
    OrderEvent,
    OrderView,
    PlaceOrder,
    Refusal,
    Tif,
)
from wildbot.model.executions import (
    Accepted,
    Amended,
    AmendRejected,
    Canceled,
    CancelRejected,
    Completed,
    Expired,
    Filled,
    OrderReport,
    Rejected,
)
from wildbot.model.instrument import FeeSchedule, Instrument, Money
from wildbot.model.market_data import MarketEvent
from wildbot.model.orders import AmendOrder, CancelOrder, NewOrder, OrderCommand, OrderType, TimeInForce
from wildbot.simulation.exchange import SimulatedExchange

ACCOUNT = "main"
_TIFS = {TimeInForce.GTC: Tif.GTC, TimeInForce.IOC: Tif.IOC, TimeInForce.GTD: Tif.GTD}
_KINDS = {OrderType.LIMIT: Kind.LIMIT, OrderType.STOP_LOSS: Kind.STOP_LOSS_LIMIT}

News = OrderReport | StreamNews


class ExchangeVenue(ABC):
    """One exchange with one account of ours."""

    def __init__(self, exchange: SimulatedExchange, instruments: tuple[Instrument, ...], fees: FeeSchedule) -> None:
        exchange.open_account(ACCOUNT)
        self._exchange = exchange
        self._instruments = instruments
        self._fees = fees

    @abstractmethod
    def hear(self, event: MarketEvent, now_ns: int) -> list[News]:
        """Take in what happened on the market; return what it did to our orders."""

    @abstractmethod
    def _catch_up(self, now_ns: int) -> None:
        """Bring the exchange up to date before it is asked or told anything."""

    @abstractmethod
    def _news(self) -> list[News]:
        """Return what the exchange has said of our orders since the last call."""

    def deposit(self, asset: str, units: int, now_ns: int) -> None:
        """Give the account so many 10**-ASSET_DECIMALS of an asset."""
        self._exchange.deposit(ACCOUNT, asset, units, now_ns)
        self._exchange.drain()

    def advance(self, now_ns: int) -> list[News]:
        """Let time pass."""
        self._exchange.advance(now_ns)
        return self._news()

    def carry_out(self, command: OrderCommand, deadline_ns: int, now_ns: int) -> list[News]:
        """A command arrives; return what the venue says to it."""
        self._catch_up(now_ns)
        match command:
            case NewOrder():
                first = self._place(command, deadline_ns, now_ns)
            case AmendOrder():
                first = self._amend(command, deadline_ns, now_ns)
            case CancelOrder():
                first = self._cancel(command, now_ns)
        return first + self._news()

    def arm_timer(self, timeout_s: int, now_ns: int) -> list[News]:
        """Arm (or with 0 disarm) the dead man's switch."""
        self._catch_up(now_ns)
        self._exchange.cancel_all_after(ACCOUNT, timeout_s, now_ns)
        return [DeadManArmed(now_ns, timeout_s), *self._news()]

    def _place(self, order: NewOrder, deadline_ns: int, now_ns: int) -> list[News]:
        is_stop = order.order_type is OrderType.STOP_LOSS
        request = PlaceOrder(
            account=ACCOUNT,
            pair=order.pair,
            side=order.side,
            kind=_KINDS[order.order_type],
            lots=order.lots,
            ticks=order.limit_ticks if is_stop else order.ticks,
            trigger_ticks=order.ticks if is_stop else 0,
            tif=_TIFS[order.time_in_force],
            post_only=order.post_only,
            cl_ord_id=order.cl_ord_id,
            deadline_ns=deadline_ns,
        )
        reply = self._exchange.place(request, now_ns)
        return [Rejected(order.cl_ord_id, reply.error, now_ns)] if isinstance(reply, Refusal) else []

    def _amend(self, amend: AmendOrder, deadline_ns: int, now_ns: int) -> list[News]:
        order = next(iter(self._exchange.orders_by_cl_ord_id(ACCOUNT, amend.cl_ord_id)), None)
        is_stop = order is not None and order.kind is Kind.STOP_LOSS_LIMIT
        request = AmendPlaced(
            account=ACCOUNT,
            cl_ord_id=amend.cl_ord_id,
            ticks=amend.limit_ticks if is_stop else amend.ticks,
            trigger_ticks=amend.ticks if is_stop else None,
            lots=amend.lots,
            post_only=amend.post_only,
            deadline_ns=deadline_ns,
        )
        reply = self._exchange.amend(request, now_ns)
        return [AmendRejected(amend.cl_ord_id, reply.error, now_ns)] if isinstance(reply, Refusal) else []

    def _cancel(self, cancel: CancelOrder, now_ns: int) -> list[News]:
        reply = self._exchange.cancel(CancelPlaced(account=ACCOUNT, cl_ord_id=cancel.cl_ord_id), now_ns)
        if isinstance(reply, Refusal):
            return [CancelRejected(cancel.cl_ord_id, reply.error, now_ns)]
        return [CancelAnswered(cancel.cl_ord_id)]

    # --- records --------------------------------------------------------------------------------------------------

    def answer(self, query: Query, now_ns: int) -> Answer:
        """Return what the venue answers to a question over REST."""
        self._catch_up(now_ns)
        exchange = self._exchange
        match query.topic:
            case Topic.SYSTEM:
                return SystemSeen(query, exchange.system)
            case Topic.CLOCK:
                return ClockSeen(query, now_ns)
            case Topic.INSTRUMENTS:
                return InstrumentsSeen(query, self._instruments)  # as stated: the mirror itself waits for its first book
            case Topic.KEY:
                return KeySeen(query, frozenset(), 0)
            case Topic.FEES:
                return FeesSeen(query, dict.fromkeys(exchange.instruments, self._fees))
            case Topic.BALANCES:
                return BalancesSeen(query, exchange.balances(ACCOUNT))
            case Topic.OPEN_ORDERS:
                views = tuple(_view(each) for each in exchange.open_orders(ACCOUNT))
                return OrdersSeen(query, views, len(views))
            case Topic.CLOSED_ORDERS:
                closed = [_view(view) for view in exchange.closed_orders(ACCOUNT) if view.closed_ns >= query.since_ns]
                return OrdersSeen(query, tuple(closed[query.offset :]), len(closed))
            case Topic.ORDERS:
                views = tuple(_view(found) for each in query.ids if (found := exchange.order(ACCOUNT, each)) is not None)
                return OrdersSeen(query, views, len(views))
            case Topic.TRADES:
                done = [each for each in exchange.executions(ACCOUNT) if each.ts_ns >= query.since_ns]
                fills = tuple(_fill(each) for each in done[query.offset :])
                return TradesSeen(query, fills, len(fills), len(done))
            case Topic.CANCEL:
                names = [CancelPlaced(account=ACCOUNT, cl_ord_id=each) for each in query.ids]
                return CancelTaken(query, exchange.cancel_many(names, now_ns).count)
            case Topic.TIMER:
                exchange.cancel_all_after(ACCOUNT, query.timeout_s, now_ns)
                return TimerTaken(query)
            case Topic.TOKEN:
                return TokenSeen(query, "backtest")
            case Topic.JOURNAL:
                return QueryRefused(query, "the journal is not the venue's")

    def balances(self) -> dict[str, int]:
        """Return the account's totals by asset."""
        return self._exchange.balances(ACCOUNT)

    def executions(self) -> list[Execution]:
        """Return the account's trades, oldest first."""
        return self._exchange.executions(ACCOUNT)[::-1]


def news_of(events: Iterable[ExchangeEvent]) -> list[News]:
    """Return what the account's owner is told of these events."""
    return [news for event in events if isinstance(event, OrderEvent) for news in _report(event)]


def _view(order: OrderView) -> OrderView:
    """Return an order as the desk reads it: a stop's price is its trigger."""
    return order if order.ticks else msgspec.structs.replace(order, ticks=order.trigger_ticks)


def _fill(done: Execution) -> Filled:
    return Filled(
        cl_ord_id=done.cl_ord_id,
        order_id=done.order_id,
        exec_id=done.exec_id,
        trade_id=done.trade_id,
        pair=done.pair,
        side=done.side,
        ticks=done.ticks,
        lots=done.lots,
        cost=done.cost,
        fee=Money(done.fee),
        fee_asset=done.fee_asset,
        liquidity=done.liquidity,
        ts_ns=done.ts_ns,
    )


def _report(event: OrderEvent) -> list[OrderReport]:
    order, ts_ns = event.order, event.ts_ns
    key = order.cl_ord_id
    match event.exec_type:
        case ExecType.PENDING_NEW | ExecType.NEW:
            return [Accepted(key, order.order_id, ts_ns)]
        case ExecType.TRADE if event.execution is not None:
            return [_fill(event.execution)]
        case ExecType.FILLED:
            return [Completed(key, order.filled_lots, ts_ns)]
        case ExecType.CANCELED:
            return [Canceled(key, order.filled_lots, order.reason, ts_ns)]
        case ExecType.EXPIRED:
            return [Expired(key, order.filled_lots, order.reason, ts_ns)]
        case ExecType.AMENDED | ExecType.RESTATED:
            return [Amended(key, order.ticks or order.trigger_ticks, order.lots, ts_ns)]
        case _:
            return []
