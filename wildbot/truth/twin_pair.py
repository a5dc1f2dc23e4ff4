"""The shadow twin of one pair: each resting order of ours is also given to the paper models, on the same public feed.

Rules: a twin joins where and when the venue says the real order does, follows its amends, and leaves with it. One whose
    real order was filled to the end stays until the next order of its side comes to rest, at most `STAY_NS`: until then
    the trader would have left it there. Only post-only orders that rest have twins: a taker's fill needs no belief.
    Where the public book shows our own orders (`shows_own`), their lots are taken off before any model sees it; a trade
    that filled us counts for the models as any other, for it is what came to that price.
Owns: the models' books, the twins, what the real orders did at the same time.
Known limit: a twin sees the market that our real order was part of; at the size of a small account that is the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from wildbot.model.executions import (
    Accepted,
    Amended,
    Canceled,
    Completed,
    Expired,
    Filled,
    NotPlaced,
    OrderReport,
    Rejected,
)
from wildbot.model.instrument import NANOS_PER_SECOND, FeeSchedule, Instrument, Liquidity, Money
from wildbot.model.market_data import BookInvalidated, BookSnapshot, TradePrint
from wildbot.model.orders import NewOrder, OrderType, Side, TimeInForce
from wildbot.simulation.fills import FillModel
from wildbot.simulation.matching import Fill
from wildbot.simulation.mirror_book import MirrorBook
from wildbot.simulation.queue_fit import OrderTape, OrderWatch
from wildbot.truth.fill_values import FillValues, Tally

ACTUAL = "actual"
"""The name of what really happened, beside the models' names."""

STAY_NS = 30 * NANOS_PER_SECOND
ORDERS_MAX = 1_000
"""So many orders are remembered that were sent and do not rest yet; of the oldest nothing will ever be heard."""

OWNER = "twin"


@dataclass(slots=True)
class _Twin:
    """One order: what is left of the real one, and when anybody's copy was first filled."""

    order: NewOrder
    key: int
    ticks: int
    lots: int
    joined_ns: int
    watch: OrderWatch
    filled: dict[str, int] = field(default_factory=dict)
    first_ns: dict[str, int] = field(default_factory=dict)
    done_ns: int = 0

    @property
    def left(self) -> int:
        """What rests of the real order."""
        return 0 if self.done_ns else self.lots - self.filled.get(ACTUAL, 0)


class TwinPair:
    """One pair; events come in the venue's order."""

    def __init__(
        self,
        instrument: Instrument,
        models: Sequence[FillModel],
        tallies: dict[str, Tally],
        *,
        window: int,
        shows_own: bool,
    ) -> None:
        self.fees = FeeSchedule(0, 0)
        self.values = FillValues(instrument, tallies)
        self.tapes: list[OrderTape] = []
        self._instrument = instrument
        self._books = {model.name: MirrorBook(model, window) for model in models}
        self._tallies = tallies
        self._shows_own = shows_own
        self._sent: dict[str, NewOrder] = {}
        self._twins: dict[str, _Twin] = {}
        self._keys = 0
        self._book: BookSnapshot | None = None
        self._own_trades: dict[int, tuple[str, int]] = {}

    # --- the market ---------------------------------------------------------------------------------------------------

    def on_market(self, event: BookSnapshot | TradePrint | BookInvalidated, venue_ns: int) -> None:
        """Take in one public event of this pair."""
        match event:
            case BookSnapshot():
                self._book = event
                if event.is_two_sided:
                    self.values.on_mid(event.bid_ticks[0] + event.ask_ticks[0], venue_ns)
                if self._twins:
                    self._show(venue_ns)
            case TradePrint():
                self._on_trade(event, venue_ns)
            case BookInvalidated():
                self._book = None
                for book in self._books.values():
                    book.interrupt()
        self._end_stays(venue_ns)

    def _show(self, venue_ns: int) -> None:
        assert self._book is not None
        shown = self._without_own(self._book) if self._shows_own else self._book
        for name, book in self._books.items():
            self._filled(name, book.show(shown, venue_ns), venue_ns)
        some = next(iter(self._books.values()))
        for twin in self._twins.values():
            if not twin.done_ns:
                twin.watch.on_level(some.lots_at(twin.order.side, twin.ticks), venue_ns, venue_ns)

    def _on_trade(self, trade: TradePrint, venue_ns: int) -> None:
        if not self._twins:
            return
        owner, own_lots = self._own_trades.pop(trade.trade_id, ("", 0))
        for cl_ord_id, twin in self._twins.items():
            if not twin.done_ns or cl_ord_id == owner:
                twin.watch.on_trade(trade, own_lots if cl_ord_id == owner else 0, venue_ns)
        for name, book in self._books.items():
            self._filled(name, book.traded(trade, venue_ns), venue_ns)

    def _without_own(self, book: BookSnapshot) -> BookSnapshot:
        own: dict[tuple[Side, int], int] = {}
        for twin in self._twins.values():
            if twin.left:
                own[twin.order.side, twin.ticks] = own.get((twin.order.side, twin.ticks), 0) + twin.left
        bids = tuple(
            max(0, lots - own.get((Side.BUY, ticks), 0)) for ticks, lots in zip(book.bid_ticks, book.bid_lots, strict=True)
        )
        asks = tuple(
            max(0, lots - own.get((Side.SELL, ticks), 0)) for ticks, lots in zip(book.ask_ticks, book.ask_lots, strict=True)
        )
        return replace(book, bid_lots=bids, ask_lots=asks)

    # --- our orders ---------------------------------------------------------------------------------------------------

    def on_order(self, order: NewOrder) -> None:
        """An order of ours was sent."""
        if order.post_only and order.order_type is OrderType.LIMIT and order.time_in_force is not TimeInForce.IOC:
            self._sent[order.cl_ord_id] = order
            while len(self._sent) > ORDERS_MAX:
                del self._sent[next(iter(self._sent))]

    def on_report(self, report: OrderReport, venue_ns: int) -> None:
        """The venue said something of an order of ours."""
        match report:
            case Accepted():
                self._join(report.cl_ord_id, venue_ns)
            case Amended():
                self._amend(report)
            case Filled():
                self._real_fill(report, venue_ns)
            case Completed():
                self._done(report.cl_ord_id, venue_ns)
            case Canceled() | Expired() | Rejected() | NotPlaced():
                self._sent.pop(report.cl_ord_id, None)
                self._end(report.cl_ord_id, venue_ns)
            case _:
                pass  # what is denied, refused or unknown changes nothing that rests

    def forget(self) -> None:
        """Something was missed: what is known of our orders may be wrong, so their twins count for nothing."""
        self._sent.clear()
        for cl_ord_id in list(self._twins):
            self._remove(cl_ord_id)

    def finish(self, venue_ns: int) -> None:
        """Nothing will come any more: everything counts as it stands."""
        for cl_ord_id in list(self._twins):
            self._end(cl_ord_id, venue_ns)
        self.values.end()

    def _join(self, cl_ord_id: str, venue_ns: int) -> None:
        order = self._sent.pop(cl_ord_id, None)
        if order is None or self._book is None:
            return
        for other in [name for name, each in self._twins.items() if each.done_ns and each.order.side is order.side]:
            self._end(other, venue_ns)
        self._show(venue_ns)
        self._keys += 1
        twin = _Twin(order, self._keys, order.ticks, order.lots, venue_ns, self._watch(order.side, order.ticks, order.lots))
        self._twins[cl_ord_id] = twin
        for book in self._books.values():
            book.add(twin.key, OWNER, order.side, order.ticks, order.lots)

    def _watch(self, side: Side, ticks: int, lots: int) -> OrderWatch:
        assert self._book is not None
        shown = next(iter(self._books.values())).lots_at(side, ticks)
        return OrderWatch(side, ticks, lots, shown, self._book.venue_ts_ns)

    def _amend(self, report: Amended) -> None:
        twin = self._twins.get(report.cl_ord_id)
        if twin is None:
            return
        if self._book is None:
            self._remove(report.cl_ord_id)
            return
        side, keeps_place = twin.order.side, report.ticks == twin.ticks and report.lots <= twin.lots
        for name, book in self._books.items():
            left = report.lots - twin.filled.get(name, 0)
            if twin.key in book and keeps_place and left > 0:
                if (surplus := self._rests(book, twin) - left) > 0:
                    book.reduce(twin.key, surplus)
            elif twin.key in book:
                book.cancel(twin.key)
            if left > 0 and twin.key not in book:
                book.add(twin.key, OWNER, side, report.ticks, left)
        twin.ticks, twin.lots = report.ticks, report.lots
        if not keeps_place:
            self.tapes.append(twin.watch.tape())
            twin.watch = self._watch(side, report.ticks, max(1, twin.left))

    def _rests(self, book: MirrorBook, twin: _Twin) -> int:
        return sum(each.lots for each in book.queue(twin.order.side, twin.ticks) if each.key == twin.key)

    def _real_fill(self, fill: Filled, venue_ns: int) -> None:
        twin = self._twins.get(fill.cl_ord_id)
        if twin is None or fill.liquidity is not Liquidity.MAKER:
            return
        if fill.trade_id:
            self._own_trades[fill.trade_id] = (fill.cl_ord_id, fill.lots)
            while len(self._own_trades) > ORDERS_MAX:
                del self._own_trades[next(iter(self._own_trades))]
        fee = self._instrument.fee(fill.cost, self.fees.maker_ppm)
        self._count(twin, ACTUAL, fill.ticks, fill.lots, fee, venue_ns)
        if twin.filled[ACTUAL] >= twin.lots:
            self._done(fill.cl_ord_id, venue_ns)

    def _done(self, cl_ord_id: str, venue_ns: int) -> None:
        twin = self._twins.get(cl_ord_id)
        if twin is not None and not twin.done_ns:
            twin.done_ns = venue_ns

    def _filled(self, name: str, fills: list[Fill], venue_ns: int) -> None:
        by_key = {twin.key: twin for twin in self._twins.values()} if fills else {}
        for fill in fills:
            fee = self._instrument.fee(self._instrument.cost(fill.ticks, fill.lots), self.fees.maker_ppm)
            self._count(by_key[fill.key], name, fill.ticks, fill.lots, fee, venue_ns)

    def _count(self, twin: _Twin, name: str, ticks: int, lots: int, fee: Money, venue_ns: int) -> None:
        twin.filled[name] = twin.filled.get(name, 0) + lots
        twin.first_ns.setdefault(name, venue_ns)
        self.values.add(name, twin.order.side, ticks, lots, fee, venue_ns)

    # --- ends ---------------------------------------------------------------------------------------------------------

    def _end_stays(self, venue_ns: int) -> None:
        for cl_ord_id, twin in list(self._twins.items()):
            if twin.done_ns and venue_ns - twin.done_ns > STAY_NS:
                self._end(cl_ord_id, venue_ns)

    def _end(self, cl_ord_id: str, venue_ns: int) -> None:
        twin = self._remove(cl_ord_id)
        if twin is None:
            return
        self.tapes.append(twin.watch.tape())
        for name, tally in self._tallies.items():
            tally.orders += 1
            if name in twin.first_ns:
                tally.filled_orders += 1
                tally.waits_s += (twin.first_ns[name] - twin.joined_ns) / NANOS_PER_SECOND

    def _remove(self, cl_ord_id: str) -> _Twin | None:
        twin = self._twins.pop(cl_ord_id, None)
        if twin is not None:
            for book in self._books.values():
                if twin.key in book:
                    book.cancel(twin.key)
        return twin
