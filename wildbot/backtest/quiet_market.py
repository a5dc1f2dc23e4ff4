"""Which market events need not reach the mirrored exchange at once, because none of our orders is concerned.

Rules: an event is kept back only when the exchange would do nothing with it but remember it: nothing of ours had from what
    is shown, no stop waiting, and for each order that rests, its level unchanged, in view or not as before, and no offer
    up to its price; of a trade, that it did not reach one. Of what is kept back the latest book and the latest trade are
    told before anything else happens on the exchange, so it never acts on an older market. Queues settle by the times of
    their entries, so settling later changes nothing.
Owns: the latest book told, the latest book and trade not told.
Known limit: the trade statistics behind an exchange's ticker count told trades only; nobody reads them here.
"""

from wildbot.model.exchange import Kind, OrderView
from wildbot.model.market_data import BookSnapshot, TradePrint
from wildbot.model.orders import Side

SELL = Side.SELL
NO_BID, NO_ASK = -1, 1 << 62


class QuietMarket:
    """One pair. `told` is the last book the exchange has; None: there is none that holds, so everything is told."""

    __slots__ = (
        "_asks",
        "_best_ask",
        "_best_bid",
        "_bids",
        "_heeds_mid",
        "_window",
        "book",
        "is_stirred",
        "told",
        "trade",
    )

    def __init__(self, window: int, *, heeds_mid: bool) -> None:
        self._window = window
        self._heeds_mid = heeds_mid
        self._bids: tuple[int, ...] = ()
        self._asks: tuple[int, ...] = ()
        self._best_bid, self._best_ask = NO_BID, NO_ASK
        self.is_stirred = False
        self.told: BookSnapshot | None = None
        self.book: BookSnapshot | None = None
        self.trade: TradePrint | None = None

    def know(self, orders: list[OrderView], *, has_taken: bool) -> None:
        """These are our open orders of this pair now; `has_taken`: takers of ours had something of what is shown."""
        self.is_stirred = has_taken or any(each.kind is not Kind.LIMIT for each in orders)
        self._bids = tuple(each.ticks for each in orders if each.side is Side.BUY)
        self._asks = tuple(each.ticks for each in orders if each.side is SELL)
        self._best_bid, self._best_ask = max(self._bids, default=NO_BID), min(self._asks, default=NO_ASK)

    def keeps_book(self, book: BookSnapshot) -> bool:
        """Whether this book can wait; then it is kept."""
        told = self.told
        if self._heeds_mid and self._betters(book):
            return False
        if told is None or self.is_stirred or book.venue_ts_ns < (self.book or told).venue_ts_ns:
            return False
        for ticks in self._bids:
            if book.ask_ticks[0] <= ticks or self._moved(
                told.bid_ticks, told.bid_lots, book.bid_ticks, book.bid_lots, ticks, 1
            ):
                return False
        for ticks in self._asks:
            if book.bid_ticks[0] >= ticks or self._moved(
                told.ask_ticks, told.ask_lots, book.ask_ticks, book.ask_lots, ticks, -1
            ):
                return False
        self.book = book
        return True

    def _betters(self, book: BookSnapshot) -> bool:
        return any(ticks > book.bid_ticks[0] for ticks in self._bids) or any(
            ticks < book.ask_ticks[0] for ticks in self._asks
        )

    def keeps_trade(self, trade: TradePrint) -> bool:
        """Whether this trade can wait; then it is kept."""
        if self.told is None or self.is_stirred:
            return False
        if trade.ticks <= self._best_bid if trade.side is SELL else trade.ticks >= self._best_ask:
            return False
        self.trade = trade
        return True

    def _moved(
        self,
        was_ticks: tuple[int, ...],
        was_lots: tuple[int, ...],
        ticks: tuple[int, ...],
        lots: tuple[int, ...],
        own: int,
        sign: int,
    ) -> bool:
        if was_ticks is ticks and was_lots is lots:
            return False
        return _shown(was_ticks, was_lots, own, sign, self._window) != _shown(ticks, lots, own, sign, self._window)


def _shown(ticks: tuple[int, ...], lots: tuple[int, ...], own: int, sign: int, window: int) -> int | None:
    """Return the size shown at a price, 0 for none, None where it is out of view."""
    if len(ticks) >= window and (own - ticks[-1]) * sign < 0:
        return None
    return lots[ticks.index(own)] if own in ticks else 0
