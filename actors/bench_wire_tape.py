"""The market of the wire measurement: book frames of eight pairs, made beforehand, some of which must move our quote.

Rules: deterministic in the seed; real digits, real checksums. Between two triggers the touch of a pair stays what it is,
    its size too, so that a maker at the touch has nothing to do; a trigger moves the best bid one tick up or back down.
    Each pair has therefore two best bids for the whole run, and no two pairs share one: an order's price names its cause.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from wildbot.market.order_book import Level
from wildbot.model.instrument import Instrument, scaled_text
from wildbot.simulation.venue_pairs import UNIVERSE
from wildbot.venues.kraken.checksum import checksum_of_levels
from wildbot.venues.kraken.server_text import timestamp

DEPTH = 10
SPREAD_TICKS = 6
TOUCH_UNITS = 500
SEED = 5


@dataclass(frozen=True, slots=True)
class WireFrame:
    """One frame; `price` is the best bid it brings about, when it is a trigger, else ""."""

    pair: str
    text: bytes
    price: str = ""


class WireBook:
    """One pair's book of exactly `DEPTH` levels a side."""

    def __init__(self, instrument: Instrument, start_ticks: int, rng: random.Random) -> None:
        self.instrument = instrument
        self._rng = rng
        self._touch_lots = int(TOUCH_UNITS / (start_ticks / 10**instrument.price_decimals) * 10**instrument.lot_decimals)
        self._bids = {start_ticks - level: self._lots(level) for level in range(DEPTH)}
        self._asks = {start_ticks + SPREAD_TICKS + level: self._lots(level) for level in range(DEPTH)}
        # Thinner than the bid: the microprice leans, and a quote at the touch is no matter of the last size.
        self._asks[start_ticks + SPREAD_TICKS] = self._touch_lots * 3 // 5
        self._is_up = False

    def snapshot(self, now_ns: int) -> WireFrame:
        """Return what a new subscriber gets."""
        return self._frame("snapshot", self._levels(self._bids), self._levels(self._asks), now_ns)

    def ordinary(self, now_ns: int) -> WireFrame:
        """Change the size of one level below the touch."""
        is_bid = self._rng.random() < 0.5
        side = self._bids if is_bid else self._asks
        ticks = self._levels(side)[self._rng.randrange(1, DEPTH)][0]
        side[ticks] = self._lots(1)
        changed = [(ticks, side[ticks])]
        return self._frame("update", changed if is_bid else [], [] if is_bid else changed, now_ns)

    def trigger(self, now_ns: int) -> WireFrame:
        """Move the best bid: a level comes above it, or that one goes and a deep one comes back into the window."""
        best, worst = max(self._bids), min(self._bids)
        if self._is_up:
            del self._bids[best]
            self._bids[worst - 1] = self._lots(1)
            self._bids[best - 1] = self._touch_lots
            changed = [(best, 0), (best - 1, self._touch_lots), (worst - 1, self._bids[worst - 1])]
        else:
            del self._bids[worst]
            self._bids[best + 1] = self._lots(0)
            changed = [(best + 1, self._bids[best + 1])]
        self._is_up = not self._is_up
        frame = self._frame("update", changed, [], now_ns)
        return WireFrame(frame.pair, frame.text, scaled_text(max(self._bids), self.instrument.price_decimals))

    def _lots(self, level: int) -> int:
        return self._touch_lots if level == 0 else self._rng.randint(1, 2 * self._touch_lots)

    def _levels(self, side: dict[int, int]) -> list[Level]:
        return sorted(side.items(), reverse=side is self._bids)

    def _frame(self, kind: str, bids: Sequence[Level], asks: Sequence[Level], now_ns: int) -> WireFrame:
        checksum = checksum_of_levels(self._levels(self._bids), self._levels(self._asks))
        pair = self.instrument.pair
        text = (
            f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"{pair}","bids":[{self._text(bids)}],'
            f'"asks":[{self._text(asks)}],"checksum":{checksum},"timestamp":"{timestamp(now_ns)}"}}]}}'
        )
        return WireFrame(pair, text.encode())

    def _text(self, levels: Sequence[Level]) -> str:
        digits = self.instrument
        return ",".join(
            f'{{"price":{scaled_text(ticks, digits.price_decimals)},"qty":{scaled_text(lots, digits.lot_decimals)}}}'
            for ticks, lots in levels
        )


def wire_books(seed: int = SEED) -> dict[str, WireBook]:
    """Return the books of all pairs of the universe, as they stand before the run."""
    rng = random.Random(seed)
    books = {}
    for pair, listed in UNIVERSE.items():
        start_ticks = round(listed.shape.start_price * 10**listed.instrument.price_decimals)
        books[pair] = WireBook(listed.instrument, start_ticks, rng)
    return books


def wire_tape(
    books: dict[str, WireBook], triggered: Sequence[str], *, updates: int, triggers: int, began_ns: int, step_ns: int
) -> list[WireFrame]:
    """Return `updates` frames, `triggers` of them evenly spaced and by turns on the pairs `triggered`."""
    rng = random.Random(SEED)
    pairs = list(books)
    every = max(1, updates // max(1, triggers))
    tape = []
    for number in range(updates):
        now_ns = began_ns + number * step_ns
        if number % every == every - 1:
            tape.append(books[triggered[number // every % len(triggered)]].trigger(now_ns))
        else:
            tape.append(books[rng.choice(pairs)].ordinary(now_ns))
    return tape
