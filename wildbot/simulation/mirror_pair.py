"""The engine of one mirrored pair: our orders live and die as in `PairEngine`, the market they meet is another exchange's.

Rules: the tape and the book published are the outside's, trade ids included; what we do appears in neither. An execution
    carries the id of the outside trade that filled it, and 0 where none stands behind it (our takers; an offer that
    came up to our price). Everything we trade, the account OUTSIDE trades the other way, so assets are conserved.
Owns: what `PairEngine` owns, with a `MirrorBook` for its book.
"""

from collections.abc import Callable

from wildbot.model.exchange import BookChange, ExchangeEvent, ExecType, Kind, PlaceOrder
from wildbot.model.instrument import Instrument
from wildbot.model.market_data import BookSnapshot, TradePrint
from wildbot.model.orders import Side
from wildbot.simulation.accounts import Accounts
from wildbot.simulation.directed_engine import DirectedEngine
from wildbot.simulation.engine_rules import EngineRules
from wildbot.simulation.fee_tiers import FeeTable
from wildbot.simulation.fills import FillModel
from wildbot.simulation.live_order import LiveOrder
from wildbot.simulation.matching import Fill
from wildbot.simulation.mirror_book import OUTSIDE, OUTSIDE_KEY, MirrorBook
from wildbot.simulation.order_ids import OrderIds

RULES_CHANGED = "Instrument precision changed"

_BOUNDLESS = 10**30


class MirroredPair(DirectedEngine):
    """One pair of the outside; see the module docstring."""

    def __init__(
        self,
        instrument: Instrument,
        fee_table: FeeTable,
        rules: EngineRules,
        model: FillModel,
        window: int,
        *,
        accounts: Accounts,
        ids: OrderIds,
        say: Callable[[ExchangeEvent], None],
    ) -> None:
        super().__init__(instrument, fee_table, rules, accounts=accounts, ids=ids, say=say)
        self.book = self.mirror = MirrorBook(model, window)
        self._behind_id = 0
        self._tape_ns = 0

    def show(self, book: BookSnapshot, now_ns: int) -> None:
        """Take over the outside's book: one engine event."""
        self._fill(self.mirror.show(book, now_ns), 0, now_ns)
        self._publish_levels(book.venue_ts_ns)
        self._finish(now_ns)

    def trade(self, trade: TradePrint, now_ns: int) -> None:
        """Take over one of the outside's trades: one engine event."""
        self._fill(self.mirror.traded(trade, now_ns), trade.trade_id, now_ns)
        self._tape_ns = max(self._tape_ns, trade.venue_ts_ns)
        self.last_trade_id = trade.trade_id - 1
        super().print_trade(trade.side, trade.ticks, trade.lots, self._tape_ns)
        self._finish(now_ns)

    def interrupt(self) -> None:
        """The outside is silent: nothing trades and nothing is triggered until its next book."""
        self.mirror.interrupt()

    def restart(self, now_ns: int) -> None:
        """The outside counts prices or sizes in other units from now on: our orders cannot stand, its book is void."""
        self.mirror.interrupt()
        for order in list(self.orders.values()):
            self.withdraw(order, ExecType.CANCELED, RULES_CHANGED, now_ns)
        self.mirror.clear()
        self._publish_levels(now_ns)

    def print_trade(self, side: Side, ticks: int, lots: int, now_ns: int, kind: Kind = Kind.LIMIT) -> int:
        """Return the id for an execution of ours, and publish nothing: it is not on the outside's tape."""
        return self._behind_id

    def _fill(self, fills: list[Fill], behind_id: int, now_ns: int) -> None:
        self._behind_id = behind_id
        for fill in fills:
            order = self.orders[fill.key]
            self._trade(self._somebody(order.request.side.opposite), order, fill.ticks, fill.lots, now_ns)
        self._behind_id = 0

    def _execute(self, order: LiveOrder, now_ns: int) -> None:
        # A taker of ours meets the outside, which is no order of this engine's but trades like one.
        self.orders[OUTSIDE_KEY] = self._somebody(order.request.side.opposite)
        super()._execute(order, now_ns)
        del self.orders[OUTSIDE_KEY]

    def _finish(self, now_ns: int) -> None:
        if self.mirror.is_live:
            super()._finish(now_ns)

    def _publish_levels(self, ts_ns: int) -> None:
        if levels := self.mirror.take_touched():
            self._say(BookChange(pair=self.instrument.pair, levels=levels, ts_ns=ts_ns))

    def _somebody(self, side: Side) -> LiveOrder:
        """Return an order of the outside that is large enough for anything."""
        request = PlaceOrder(account=OUTSIDE, pair=self.instrument.pair, side=side, kind=Kind.LIMIT, lots=_BOUNDLESS)
        return LiveOrder(OUTSIDE_KEY, "", request, _BOUNDLESS, 0)
