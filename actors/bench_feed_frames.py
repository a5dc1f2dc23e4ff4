"""Generated book frames as Kraken would send them: random-walk books, real digits, real checksums.

Rules: deterministic in the seed. A frame holds the effects of one engine event on the published window: a removal is
    followed by the level that moves into the window; what falls out of it is not mentioned.
Source: shares of removals and levels per message as recorded on BTC/USD in 2023 and 2026.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass

from wildbot.market.order_book import Level
from wildbot.model.instrument import scaled_text
from wildbot.venues.kraken.checksum import checksum_of_levels

HIDDEN_LEVELS = 60
"""Levels of each side that the generator keeps beyond the published window."""

REMOVAL_SHARE = 0.3
NEW_LEVEL_SHARE = 0.2
BOTH_EFFECTS_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Shape:
    """A market to imitate: where its price starts, how numbers are printed, the typical size."""

    pair: str
    start_ticks: int
    price_decimals: int
    lot_decimals: int
    typical_lots: int


SHAPES = (
    Shape("BTC/USD", 1_059_067, 1, 8, 20_000_000),
    Shape("ETH/USD", 391_244, 2, 8, 300_000_000),
    Shape("SOL/USD", 18_455, 2, 8, 2_000_000_000),
    Shape("XRP/USD", 245_678, 5, 8, 200_000_000_000),
    Shape("ADA/USD", 612_345, 6, 8, 300_000_000_000),
    Shape("DOGE/USD", 1_612_345, 7, 8, 500_000_000_000),
    Shape("LINK/USD", 1_512_345, 5, 8, 5_000_000_000),
    Shape("AVAX/USD", 28_940, 3, 5, 4_000_000),
)


class GeneratedBook:
    """One pair's full book, changed at random, and the frames that tell a subscriber of `depth` about it."""

    def __init__(self, shape: Shape, depth: int, rng: random.Random) -> None:
        self._shape, self._depth, self._rng = shape, depth, rng
        self._micros = 0
        self._bids: dict[int, int] = {}
        self._asks: dict[int, int] = {}
        for book, sign in ((self._bids, -1), (self._asks, 1)):
            ticks = shape.start_ticks + (sign + 1) // 2
            for _ in range(depth + HIDDEN_LEVELS):
                book[ticks] = self._lots()
                ticks += sign * rng.choice((1, 1, 2, 3, 5))

    def snapshot(self) -> bytes:
        """Return the frame a new subscriber gets."""
        return self._frame("snapshot", self._window(self._bids), self._window(self._asks))

    def update(self) -> bytes:
        """Change the book and return the frame that tells of it."""
        effects = 2 if self._rng.random() < BOTH_EFFECTS_SHARE else 1
        is_bid = self._rng.random() < 0.5
        changed = [level for _ in range(effects) for level in self._change(is_bid)]
        return self._frame("update", changed if is_bid else [], [] if is_bid else changed)

    def _change(self, is_bid: bool) -> list[Level]:
        rng = self._rng
        book, other = (self._bids, self._asks) if is_bid else (self._asks, self._bids)
        sign = -1 if is_bid else 1
        window = self._window(book)
        place = min(int(rng.expovariate(4 / self._depth)), self._depth - 1)
        ticks = window[place][0]
        draw = rng.random()
        if draw < REMOVAL_SHARE:
            del book[ticks]
            entered = self._window(book)[-1]
            book[self._window(book, len(book))[-1][0] + sign * rng.choice((1, 2, 5))] = self._lots()
            return [(ticks, 0), entered]
        if draw < REMOVAL_SHARE + NEW_LEVEL_SHARE:
            ticks -= sign  # one tick nearer to the other side, if there is room
            best_other = self._window(other, 1)[0][0]
            if (best_other - ticks) * sign >= 0:
                ticks += sign
        book[ticks] = self._lots()
        return [(ticks, book[ticks])]

    def _window(self, book: dict[int, int], count: int = 0) -> list[Level]:
        return sorted(book.items(), reverse=book is self._bids)[: count or self._depth]

    def _lots(self) -> int:
        return max(1, int(self._rng.expovariate(1 / self._shape.typical_lots)))

    def _frame(self, kind: str, bids: Iterable[Level], asks: Iterable[Level]) -> bytes:
        self._micros += self._rng.randrange(50, 40_000)
        minutes, micros = divmod(self._micros, 60_000_000)
        clock = f"{minutes // 60 % 24:02d}:{minutes % 60:02d}:{micros // 1_000_000:02d}.{micros % 1_000_000:06d}"
        checksum = checksum_of_levels(self._window(self._bids), self._window(self._asks))
        return (
            f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"{self._shape.pair}",'
            f'"bids":[{self._levels(bids)}],"asks":[{self._levels(asks)}],'
            f'"checksum":{checksum},"timestamp":"2026-01-05T{clock}Z"}}]}}'
        ).encode()

    def _levels(self, levels: Iterable[Level]) -> str:
        shape = self._shape
        return ",".join(
            f'{{"price":{scaled_text(ticks, shape.price_decimals)},"qty":{scaled_text(lots, shape.lot_decimals)}}}'
            for ticks, lots in levels
        )


def generated_frames(updates: int, *, depth: int = 10, seed: int = 7, shapes: Iterable[Shape] = SHAPES) -> list[bytes]:
    """Return one snapshot per shape, then `updates` updates of pairs drawn at random."""
    rng = random.Random(seed)
    books = [GeneratedBook(shape, depth, rng) for shape in shapes]
    return [book.snapshot() for book in books] + [rng.choice(books).update() for _ in range(updates)]
