"""The order book as a ladder: asks above, bids below, sizes as bars, our own quotes boxed.

Known limit: in paper mode our orders rest on our own exchange, so the venue's book does not hold them; they are then put
    in as rows of their own.
"""

from dataclasses import dataclass
from decimal import Decimal

from wildbot.dashboard.view.document import JsonObject, decimal, rows, section, text, trader_of
from wildbot.dashboard.view.wording import NOTHING, div, exact, fixed, panel, span

SIZE_DIGITS = 6
"""Digits of the largest size drawn; the others have as many decimals, so that their points stand below each other."""

LEVELS = 9
"""Levels drawn per side; always this many lines, so that the page never moves."""


@dataclass(frozen=True, slots=True)
class Level:
    """One line: `share` of the largest size drawn, in 0..1; `ours` when an order of ours rests at this price."""

    price: Decimal
    size: Decimal
    share: float
    ours: bool


@dataclass(frozen=True, slots=True)
class Ladder:
    """Both sides, best price first, and what lies between them; None when a side is empty."""

    asks: list[Level]
    bids: list[Level]
    mid: Decimal | None
    spread: Decimal | None
    spread_bps: float | None


def ladder(document: JsonObject, pair: str) -> Ladder:
    """Return the ladder of one pair from the document's `books` and our resting orders."""
    book = section(section(document, "books"), pair)
    own = own_quotes(trader_of(document, pair))
    asks = _merged(_levels(book, "asks"), own["sell"])[:LEVELS]
    bids = _merged(_levels(book, "bids"), own["buy"], best_is_high=True)[:LEVELS]
    largest = max((size for _, size in asks + bids), default=Decimal(0))
    mid = spread = spread_bps = None
    if asks and bids:
        mid, spread = (asks[0][0] + bids[0][0]) / 2, asks[0][0] - bids[0][0]
        spread_bps = float(spread / mid) * 10_000 if mid else None
    return Ladder(_drawn(asks, own["sell"], largest), _drawn(bids, own["buy"], largest), mid, spread, spread_bps)


def own_quotes(trader: JsonObject) -> dict[str, dict[Decimal, Decimal]]:
    """Return our resting size by price, under "buy" and "sell"."""
    own: dict[str, dict[Decimal, Decimal]] = {"buy": {}, "sell": {}}
    quotes = section(trader, "quotes")
    for side, row in (("buy", section(quotes, "bid")), ("sell", section(quotes, "ask"))):
        _note(own[side], row)
    for row in rows(trader, "open_orders"):
        if (side := text(row, "side")) in own:
            _note(own[side], row)
    return own


def _note(at: dict[Decimal, Decimal], row: JsonObject) -> None:
    price = decimal(row, "price")
    if price is not None:
        at.setdefault(price, decimal(row, "qty") or Decimal(0))


def _levels(book: JsonObject, side: str) -> list[tuple[Decimal, Decimal]]:
    found = book.get(side)
    pairs = [row for row in found if isinstance(row, list | tuple) and len(row) == 2] if isinstance(found, list) else []
    read = [(decimal({"": price}, ""), decimal({"": size}, "")) for price, size in pairs]
    return [(price, size) for price, size in read if price is not None and size is not None]


def _merged(
    levels: list[tuple[Decimal, Decimal]], own: dict[Decimal, Decimal], *, best_is_high: bool = False
) -> list[tuple[Decimal, Decimal]]:
    shown = {price for price, _ in levels}
    return sorted(levels + [row for row in own.items() if row[0] not in shown], reverse=best_is_high)


def _drawn(levels: list[tuple[Decimal, Decimal]], own: dict[Decimal, Decimal], largest: Decimal) -> list[Level]:
    return [Level(price, size, float(size / largest) if largest else 0.0, price in own) for price, size in levels]


def ladder_html(book: Ladder, *, stale: bool) -> str:
    """Return the ladder as markup, always 2 x LEVELS lines and the middle."""
    asks = [*[None] * (LEVELS - len(book.asks)), *reversed(book.asks)]
    bids = [*book.bids, *[None] * (LEVELS - len(book.bids))]
    middle = div(
        "wb-mid",
        span("wb-strong", exact(book.mid)),
        span("", f"spread {exact(book.spread)} · {fixed(book.spread_bps)} bp" if book.mid else NOTHING),
    )
    places = _places([level.size for level in (*book.asks, *book.bids)])
    lines = [*(_line(level, "ask", places) for level in asks), middle, *(_line(level, "bid", places) for level in bids)]
    body = div(f"wb-ladder {'stale' if stale else ''}", *lines)
    return panel("Order book", body, css="tall", aside=span("ours-key", "our quotes"))


def _places(sizes: list[Decimal]) -> int:
    """Return how many decimals all sizes are drawn with, at most as many as any of them has."""
    if not sizes:
        return 0
    most = max(max(0, -int(size.as_tuple().exponent)) for size in sizes)
    return max(0, min(most, SIZE_DIGITS - max(1, max(sizes).adjusted() + 1)))


def _line(level: Level | None, side: str, places: int) -> str:
    if level is None:
        return div("wb-level", span("", " "), span("", " "))
    bar = f"background-size:{level.share * 100:.0f}% 100%"
    return div(
        f"wb-level {side} {'ours' if level.ours else ''}",
        span("wb-size", f"{level.size:,.{places}f}", style=bar, title=exact(level.size)),
        span("wb-price", exact(level.price)),
    )
