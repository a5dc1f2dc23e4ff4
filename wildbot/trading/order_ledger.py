"""All orders of one trader start: what was sent, what became of it, and which fills are new.

Rules: a fill is counted once, by `exec_id`, whatever its order's state. Cumulative size decides between partly and
    entirely filled. When the venue says that more was executed than we have seen, the rest is *owed*: it keeps the
    order in view until those fills arrive.
Owns: the orders of one epoch; closed ones are kept for late news, at most `CLOSED_ORDERS_MAX`.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import assert_never

import msgspec

from wildbot.model.executions import (
    Accepted,
    Amended,
    AmendRejected,
    Canceled,
    CancelRejected,
    Completed,
    Denied,
    Expired,
    Filled,
    NotPlaced,
    OrderReport,
    OutcomeUnknown,
    Rejected,
)
from wildbot.model.orders import AmendOrder, CancelOrder, NewOrder, OrderType, Purpose, Side
from wildbot.trading.order_state import OrderNews, OrderState, next_state

LIMIT, BUY, OPEN, PARTLY = OrderType.LIMIT, Side.BUY, OrderState.OPEN, OrderState.PARTIALLY_FILLED
CLOSED_ORDERS_MAX = 256
EXEC_IDS_MAX = 4_096


class Outstanding(StrEnum):
    """The one request about an order that has not been answered yet."""

    NEW = "new"
    AMEND = "amend"
    CANCEL = "cancel"


class WorkingOrder(msgspec.Struct):
    """One order of ours.

    `placed_ns`: when it was sent or last amended; `sent_ns`: our latest request about it; `refused_ns`: the latest refusal
    of an amend or cancel; `owed_lots`: executed, says the venue, but the fill has not reached us; `forgotten`: older than
    the latest inheritance, whose position holds all of it: no late report brings it back to life.
    """

    cl_ord_id: str
    side: Side
    ticks: int
    lots: int
    purpose: Purpose
    order_type: OrderType
    reason: str
    placed_ns: int
    rests: bool
    state: OrderState = OrderState.PENDING
    outstanding: Outstanding | None = Outstanding.NEW
    sent_ns: int = 0
    refused_ns: int = 0
    filled_lots: int = 0
    owed_lots: int = 0
    amend_ticks: int = 0
    amend_lots: int = 0
    forgotten: bool = False

    @property
    def is_live(self) -> bool:
        """Whether it rests, may rest, or owes us fills."""
        return not self.forgotten and (self.state.is_live or self.owed_lots > 0)

    @property
    def is_settled(self) -> bool:
        """Whether it certainly rests as described and no request about it is under way."""
        return self.outstanding is None and (self.state is OPEN or self.state is PARTLY)

    @property
    def remaining_lots(self) -> int:
        """What may still execute, at most: an amend under way counts with the larger size."""
        if not self.state.is_live:
            return self.owed_lots
        return max(self.lots, self.amend_lots) - self.filled_lots

    @property
    def worst_ticks(self) -> int:
        """The dearest price it may execute at as a buy, an amend under way included."""
        return max(self.ticks, self.amend_ticks)


class OrderLedger:
    """The orders of one trader, fed with its commands and with the reports about them."""

    def __init__(self) -> None:
        self._live: dict[str, WorkingOrder] = {}
        self._closed: dict[str, WorkingOrder] = {}
        self._exec_ids: dict[str, None] = {}

    @property
    def live(self) -> Iterable[WorkingOrder]:
        """Orders that rest, may rest or owe fills, oldest first."""
        return self._live.values()

    @property
    def quotes(self) -> tuple[WorkingOrder | None, WorkingOrder | None]:
        """The newest live limit order of each side: (bid, ask)."""
        bid: WorkingOrder | None = None
        ask: WorkingOrder | None = None
        for order in self._live.values():
            if order.order_type is LIMIT:
                if order.side is BUY:
                    bid = order
                else:
                    ask = order
        return bid, ask

    @property
    def is_empty(self) -> bool:
        """Whether nothing of ours rests, may rest or owes fills."""
        return not self._live

    def order(self, cl_ord_id: str) -> WorkingOrder | None:
        """Return an order, live or closed and remembered."""
        return self._live.get(cl_ord_id) or self._closed.get(cl_ord_id)

    # --- commands -------------------------------------------------------------------------------------------------

    def sent(self, command: NewOrder | AmendOrder | CancelOrder, now_ns: int) -> None:
        """Take note of a command that leaves now."""
        match command:
            case NewOrder():
                self._live[command.cl_ord_id] = WorkingOrder(
                    cl_ord_id=command.cl_ord_id,
                    side=command.side,
                    ticks=command.ticks,
                    lots=command.lots,
                    purpose=command.purpose,
                    order_type=command.order_type,
                    reason=command.reason,
                    placed_ns=now_ns,
                    rests=command.post_only or command.order_type is not OrderType.LIMIT,
                    sent_ns=now_ns,
                )
            case AmendOrder():
                order = self._live[command.cl_ord_id]
                order.outstanding, order.sent_ns = Outstanding.AMEND, now_ns
                order.amend_ticks, order.amend_lots = command.ticks, command.lots
            case CancelOrder():
                order = self._live[command.cl_ord_id]
                order.outstanding, order.sent_ns = Outstanding.CANCEL, now_ns
            case _:
                assert_never(command)

    # --- reports --------------------------------------------------------------------------------------------------

    def apply(self, report: OrderReport) -> bool:
        """Take note of a report; return whether it is news (False: a fill already counted).

        A fill of an order that nobody here remembers is news too: the position must count it.
        """
        if isinstance(report, Filled) and not self._is_new_fill(report.exec_id):
            return False
        order = self.order(report.cl_ord_id)
        if order is not None:
            _learn(order, report)
            self._file(order)
        return True

    def forget_live(self) -> None:
        """The gateway says that nothing of ours rests: everything so far is over; late fills still count."""
        for order in self._closed.values():
            order.forgotten = True
        for order in list(self._live.values()):
            order.forgotten = True
            order.state, order.outstanding, order.owed_lots = OrderState.CANCELLED, None, 0
            self._file(order)

    def _is_new_fill(self, exec_id: str) -> bool:
        if exec_id in self._exec_ids:
            return False
        self._exec_ids[exec_id] = None
        if len(self._exec_ids) > EXEC_IDS_MAX:
            del self._exec_ids[next(iter(self._exec_ids))]
        return True

    def _file(self, order: WorkingOrder) -> None:
        if order.is_live:
            self._closed.pop(order.cl_ord_id, None)
            self._live.setdefault(order.cl_ord_id, order)
            return
        if self._live.pop(order.cl_ord_id, None) is not None:
            self._closed[order.cl_ord_id] = order
            if len(self._closed) > CLOSED_ORDERS_MAX:
                del self._closed[next(iter(self._closed))]


def _learn(order: WorkingOrder, report: OrderReport) -> None:
    match report:
        case Accepted():
            if order.outstanding is Outstanding.NEW or order.state is OrderState.UNKNOWN:
                _settle(order)  # otherwise a late echo, which answers no amend or cancel under way
            order.state = next_state(order.state, OrderNews.ACCEPTED)
            _count(order)
        case Filled():
            order.filled_lots += report.lots
            order.owed_lots = max(0, order.owed_lots - report.lots)
            _count(order)
            if order.outstanding is Outstanding.NEW:
                order.outstanding = None
        case Amended():
            order.ticks, order.lots, order.placed_ns = report.ticks, report.lots, order.sent_ns
            _answer(order, OrderNews.ACCEPTED)
            _count(order)
        case AmendRejected():
            # The order stands as it was; when it is gone instead, its end is still to come.
            order.refused_ns = report.ts_ns
            _settle(order)
            if order.state is OrderState.UNKNOWN:
                order.state = next_state(order.state, OrderNews.ACCEPTED)
                _count(order)
        case CancelRejected():
            order.refused_ns = report.ts_ns  # usually it is gone already, and its end is still to come
            _settle(order)
        case Denied():
            order.refused_ns = report.ts_ns
            if order.outstanding is Outstanding.NEW:
                order.state = next_state(order.state, OrderNews.DENIED)
            _settle(order)
        case Rejected():
            _answer(order, OrderNews.REJECTED)
        case NotPlaced():
            _answer(order, OrderNews.NOT_PLACED)
        case Canceled():
            _end(order, OrderNews.CANCELED, report.filled_lots)
        case Expired():
            _end(order, OrderNews.EXPIRED, report.filled_lots)
        case Completed():
            _end(order, OrderNews.FILLED_FULL, report.filled_lots)
        case OutcomeUnknown():
            order.state = next_state(order.state, OrderNews.OUTCOME_UNKNOWN)
        case _:
            assert_never(report)


def _answer(order: WorkingOrder, news: OrderNews) -> None:
    order.state = next_state(order.state, news)
    _settle(order)


def _count(order: WorkingOrder) -> None:
    """Let the cumulative size decide between open, partly and entirely filled."""
    if order.filled_lots:
        is_full = order.filled_lots >= order.lots
        order.state = next_state(order.state, OrderNews.FILLED_FULL if is_full else OrderNews.FILLED_PART)


def _end(order: WorkingOrder, news: OrderNews, executed_lots: int) -> None:
    order.owed_lots = max(0, executed_lots - order.filled_lots)
    order.state = next_state(order.state, OrderNews.FILLED_FULL if executed_lots >= order.lots else news)
    _settle(order)


def _settle(order: WorkingOrder) -> None:
    order.outstanding = None
    order.amend_ticks = order.amend_lots = 0
