"""A pair engine that can be told what happens to one order, out of turn; see `interventions`."""

from wildbot.model.exchange import ExecType
from wildbot.simulation.live_order import LiveOrder
from wildbot.simulation.pair_engine import PairEngine


class DirectedEngine(PairEngine):
    """`PairEngine` plus two events of its own accord; each is one engine event like any other."""

    def meet(self, taker: LiveOrder, maker: LiveOrder, now_ns: int) -> None:
        """Let a new order of the house trade all its lots with one resting order, at the latter's price."""
        self.orders[taker.key] = taker
        self._accounts.get(taker.request.account).open_order(taker)
        self.book.reduce(maker.key, taker.lots)
        self._trade(taker, maker, maker.ticks, taker.lots, now_ns)
        self._finish(now_ns)

    def restate(self, order: LiveOrder, lots: int, reason: str, now_ns: int) -> None:
        """Cut a resting order down to `lots`, not below what has filled; at exactly that it is cancelled."""
        if shed := order.lots - lots:
            self.book.reduce(order.key, shed)
        order.lots = lots
        self.reserve(order)
        self._announce(order, ExecType.RESTATED, now_ns, reason=reason)
        if order.left_lots == 0:
            self._close(order, ExecType.CANCELED, reason, now_ns)
        self._finish(now_ns)
