"""The market without ourselves: a public book, our own resting orders taken off.

Where our orders stand in the very book that we are shown, a quote of ours that is the best price narrows the spread and
moves the mid, and whoever quotes around those would chase himself. Paper, whose feed does not show our orders, would not:
the same strategy would decide otherwise than on paper.

Rules: an order is taken off a level only when that shows at least what is left of the order, so a book that does not know
    the order yet, or no longer, is left as it is unless somebody else rests as much there. An order being amended stands
    at its old or its new price. What nothing is taken off is returned as it is.
Known limit: while the feed is behind our reports, lots of others at our price may count as ours, or ours as theirs.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from wildbot.model.market_data import BookSnapshot
from wildbot.model.orders import Side
from wildbot.trading.order_ledger import WorkingOrder

Shown = tuple[tuple[int, ...], tuple[int, ...]]
"""(ticks, lots) of one side, best first."""


def others_only(book: BookSnapshot, own: Iterable[WorkingOrder]) -> BookSnapshot:
    """Return the book without our resting orders."""
    bids, asks = (book.bid_ticks, book.bid_lots), (book.ask_ticks, book.ask_lots)
    for order in own:
        if not order.rests or not order.state.is_live:
            continue
        if order.side is Side.BUY:
            bids = _without(bids, order)
        else:
            asks = _without(asks, order)
    if bids[1] is book.bid_lots and asks[1] is book.ask_lots:
        return book
    return replace(book, bid_ticks=bids[0], bid_lots=bids[1], ask_ticks=asks[0], ask_lots=asks[1])


def _without(shown: Shown, order: WorkingOrder) -> Shown:
    places = [(order.ticks, order.lots)]
    if order.amend_lots:
        places.append((order.amend_ticks, order.amend_lots))
    ticks, lots = shown
    for price, size in places:
        left = size - order.filled_lots
        if left > 0 and price in ticks:
            index = ticks.index(price)
            rest = lots[index] - left
            if rest > 0:
                return ticks, (*lots[:index], rest, *lots[index + 1 :])
            if rest == 0:
                return (*ticks[:index], *ticks[index + 1 :]), (*lots[:index], *lots[index + 1 :])
    return shown
