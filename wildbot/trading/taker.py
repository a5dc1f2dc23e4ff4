"""Taking liquidity: immediate limit orders inside the collar, and the patience to get out with them.

Rules: never a market order. A limit price ends at the collar's edge; a touch beyond it is left to be denied. An exit is
    pursued, one attempt at a time on a fresh book, until the position is flat or too small for the exchange; an entry is
    tried once.
Owns: the exit under way.
"""

import msgspec

from wildbot.market.quotes import mid_ticks
from wildbot.model.instrument import NANOS_PER_SECOND, Instrument
from wildbot.model.market_data import BookSnapshot
from wildbot.model.orders import Purpose, Side

EXIT_BEYOND_TOUCH_PCT = 1.0
ENTRY_BEYOND_TOUCH_PCT = 0.5
RETRY_NS = NANOS_PER_SECOND


class TakerOrder(msgspec.Struct, frozen=True):
    """Take liquidity now: an immediate limit order inside the collar. `is_stop`: left at a loss limit (starts a cool-down).

    An exit is pursued by the engine until the position is flat or too small to sell; an entry is tried once.
    """

    side: Side
    lots: int
    purpose: Purpose
    reason: str
    is_stop: bool = False


def taker_ticks(order: TakerOrder, book: BookSnapshot, instrument: Instrument) -> int:
    """Return the limit price of an immediate order: so far beyond the touch as its purpose allows, on the grid."""
    beyond = (EXIT_BEYOND_TOUCH_PCT if order.purpose is Purpose.EXIT else ENTRY_BEYOND_TOUCH_PCT) / 100
    if order.side is Side.BUY:
        return max(instrument.floor_ticks(book.ask_ticks[0] * (1 + beyond)), book.ask_ticks[0])
    return min(instrument.ceil_ticks(book.bid_ticks[0] * (1 - beyond)), book.bid_ticks[0])


def inside_collar(ticks: int, side: Side, book: BookSnapshot, instrument: Instrument, collar_pct: float) -> int:
    """Return a limit price pulled back to the collar's edge; where even the touch is beyond it, the touch."""
    mid, share = mid_ticks(book), collar_pct / 100
    if side is Side.BUY:
        return min(ticks, max(instrument.floor_ticks(mid * (1 + share)), book.ask_ticks[0]))
    return max(ticks, min(instrument.ceil_ticks(mid * (1 - share)), book.bid_ticks[0]))


class Pursuit:
    """One taker exit, from the decision until the position is gone."""

    __slots__ = ("_next_ns", "order", "tries")

    def __init__(self, order: TakerOrder) -> None:
        assert order.purpose is Purpose.EXIT, order
        self.order = order
        self.tries = 0
        self._next_ns = 0

    def is_over(self, held_lots: int, least_lots: int) -> bool:
        """Return whether nothing is left that could be left: flat, on the other side, or below the exchange's minimum."""
        return held_lots * self.order.side.sign >= 0 or abs(held_lots) < least_lots

    def attempt(self, held_lots: int, lot_step: int, now_ns: int) -> TakerOrder | None:
        """Return the order to send now for what is held, None while the last attempt is too recent."""
        if now_ns < self._next_ns:
            return None
        self.tries += 1
        self._next_ns = now_ns + RETRY_NS
        return msgspec.structs.replace(self.order, lots=abs(held_lots) // lot_step * lot_step)
