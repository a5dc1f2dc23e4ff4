"""What was seen at the price of each of our resting orders, as the evidence that `queue_fit` judges by.

Rules: levels are the others': our own lots are taken off. An order that goes to the back of its queue (another price, a
    larger size) is another order from then on; one that was cut is watched no longer.
Owns: one tape per order.
"""

from collections.abc import Sequence

from wildbot.backtest.exchange_venue import ACCOUNT
from wildbot.model.exchange import BookChange, ExchangeEvent, ExecType, Kind, OrderEvent, OrderView, PublicTrade
from wildbot.model.market_data import TradePrint
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.queue_fit import OrderTape, OrderWatch

_BEGINS = {ExecType.NEW, ExecType.AMENDED}
_ENDS = {ExecType.FILLED, ExecType.CANCELED, ExecType.EXPIRED, ExecType.AMENDED, ExecType.RESTATED}


class QueueWatch:
    """Watches our limit orders on one pair of an exchange; `tapes` are those that are over."""

    def __init__(self, exchange: SimulatedExchange, pair: str) -> None:
        self.tapes: list[OrderTape] = []
        self._exchange = exchange
        self._pair = pair
        self._watched: dict[str, tuple[OrderView, OrderWatch]] = {}
        self._joining: dict[str, OrderView] = {}

    def learn(self, events: Sequence[ExchangeEvent]) -> None:
        """Take in everything the exchange said since the last call; its book is as after the last event."""
        fills: dict[int, tuple[str, int]] = {}
        for event in events:
            if isinstance(event, OrderEvent) and event.execution is not None:
                fills[event.execution.trade_id] = (event.order.order_id, event.execution.lots)
        moved_ns = 0
        for event in events:
            if isinstance(event, OrderEvent):
                self._order(event)
            elif isinstance(event, PublicTrade):
                self._trade(event, *fills.get(event.trade_id, ("", 0)))
            elif isinstance(event, BookChange):
                moved_ns = event.ts_ns
        if moved_ns:
            self._look(moved_ns)

    def _order(self, event: OrderEvent) -> None:
        order = event.order
        if event.exec_type in _ENDS:
            self._joining.pop(order.order_id, None)
            before, watch = self._watched.pop(order.order_id, (None, None))
            if watch is not None:
                self.tapes.append(watch.tape())
            if before is not None and order.ticks == before.ticks and order.lots <= before.lots:
                return  # cut: it kept a place that is not known
        if event.exec_type in _BEGINS and order.kind is Kind.LIMIT:
            self._joining[order.order_id] = order

    def _trade(self, trade: PublicTrade, order_id: str, lots: int) -> None:
        for key, (_, watch) in self._watched.items():
            told = TradePrint(self._pair, trade.trade_id, trade.side, trade.ticks, trade.lots, trade.ts_ns, trade.ts_ns)
            watch.on_trade(told, lots if key == order_id else 0, trade.ts_ns)

    def _look(self, now_ns: int) -> None:
        for order, watch in self._watched.values():
            watch.on_level(self._others(order), now_ns, now_ns)
        for key, order in self._joining.items():
            if left := self._exchange.open_lots(ACCOUNT, key):
                watch = OrderWatch(order.side, order.ticks, left, self._others(order), now_ns)
                self._watched[key] = (order, watch)
        self._joining.clear()

    def _others(self, order: OrderView) -> int:
        own = self._exchange.open_lots(ACCOUNT, order.order_id)
        return self._exchange.level_lots(self._pair, order.side, order.ticks) - own
