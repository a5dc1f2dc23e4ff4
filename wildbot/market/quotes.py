"""What the top of a book says: mid, spread, microprice, queue imbalance.

Rules: prices are fractional ticks, since they are signals, not orders; every function wants a two-sided book
    (`BookSnapshot.is_two_sided` tells beforehand).
Source: Stoikov, "The micro-price" (2018), which starts from the size-weighted mid used here.
"""

from typing import Final

from wildbot.model.market_data import BookSnapshot

BPS: Final = 10_000.0


def mid_ticks(book: BookSnapshot) -> float:
    """Return the middle of best bid and best ask."""
    return (book.bid_ticks[0] + book.ask_ticks[0]) / 2


def spread_ticks(book: BookSnapshot) -> int:
    """Return best ask minus best bid."""
    return book.ask_ticks[0] - book.bid_ticks[0]


def spread_bps(book: BookSnapshot) -> float:
    """Return the spread relative to the mid in basis points."""
    return spread_ticks(book) / mid_ticks(book) * BPS


def microprice_ticks(book: BookSnapshot) -> float:
    """Return the mid leaned toward the thinner side: each price is weighed by the size on the opposite side."""
    bid_lots, ask_lots = book.bid_lots[0], book.ask_lots[0]
    return (book.bid_ticks[0] * ask_lots + book.ask_ticks[0] * bid_lots) / (bid_lots + ask_lots)


def queue_imbalance(book: BookSnapshot) -> float:
    """Return (bid size - ask size) / (bid size + ask size) at the touch: +1 is all bid."""
    bid_lots, ask_lots = book.bid_lots[0], book.ask_lots[0]
    return (bid_lots - ask_lots) / (bid_lots + ask_lots)


def depth_lots(sizes: tuple[int, ...], levels: int) -> int:
    """Return the displayed size of the best `levels` of one side."""
    return sum(sizes[:levels])


def same_touch(one: BookSnapshot, other: BookSnapshot) -> bool:
    """Return whether best prices and sizes are equal on both sides; works on one-sided books too."""
    if one.bid_ticks and one.ask_ticks and other.bid_ticks and other.ask_ticks:
        return (
            one.bid_ticks[0] == other.bid_ticks[0]
            and one.ask_ticks[0] == other.ask_ticks[0]
            and one.bid_lots[0] == other.bid_lots[0]
            and one.ask_lots[0] == other.ask_lots[0]
        )
    return (
        one.bid_ticks[:1] == other.bid_ticks[:1]
        and one.ask_ticks[:1] == other.ask_ticks[:1]
        and one.bid_lots[:1] == other.bid_lots[:1]
        and one.ask_lots[:1] == other.ask_lots[:1]
    )
