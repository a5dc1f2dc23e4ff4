"""What the bot shows of a market, against what the exchange itself says of it.

Rules: to tell a fresh book from an old one the market is moved, and stays where it went until that was compared.
"""

import contextlib
import time
from collections.abc import Iterator
from decimal import ROUND_UP, Decimal

import requests as http

from wildbot.drill.exchange_door import ALL_OF_IT
from wildbot.drill.failure import DrillError
from wildbot.drill.moves import Quote, demand, until
from wildbot.drill.status_tap import Document
from wildbot.drill.whole import Whole

REST_NAMES = {"BTC": "XBT", "DOGE": "XDG"}
"""What the exchange calls an asset over REST, where that is not its usual name."""

ASKED_MAX = 10
ASKED_AGAIN_S = 1.0
RISE = Decimal("1.003")
WALL_COST = 3_000_000
"""What the bid is worth that holds a moved market up: more than others sell into it within a minute."""


@contextlib.contextmanager
def moved_market(whole: Whole, quote: Quote) -> Iterator[Decimal]:
    """Raise a pair's market above all that was told of it before, and hold it there; yields what nobody bids below."""
    pair, (bid, ask) = quote.pair, true_best(whole, quote.pair)
    floor = max(bid * RISE, ask).quantize(Decimal(quote.price), ROUND_UP)
    order = {"pair": pair, "side": "buy", "type": "limit", "price": f"{floor:f}"}
    whole.exchange.others_orders([{**order, "qty": ALL_OF_IT, "tif": "ioc"}, {**order, "qty": f"{WALL_COST / floor:.0f}"}])
    try:
        yield floor
    finally:
        whole.others_order(pair, "sell", f"{floor:f}", ALL_OF_IT)


def row_of(document: Document, pair: str) -> Document:
    """Return the status row of a pair's trader, empty when there is none."""
    return next((row for row in document["traders"] if row["pair"] == pair), {})


def wait_shown(whole: Whole, pair: str, floor: Decimal, timeout_s: float) -> None:
    """Wait until the book shown is the one of the moved market."""

    def shown() -> bool:
        row = row_of(whole.status(), pair)
        return bool(row.get("bid")) and Decimal(row["bid"]) >= floor

    until(whole, shown, f"the book shown for {pair} holds the market's move to {floor}", timeout_s)
    demand(true_best(whole, pair)[0] >= floor, "the market had moved back before the book was compared")
    demand_true_book(whole, pair)


def demand_true_book(whole: Whole, pair: str) -> None:
    """Demand that the best prices shown come to be the exchange's, within a tenth of a percent."""

    def agrees() -> bool:
        book = true_best(whole, pair)
        row = row_of(whole.status(), pair)
        if not row.get("bid") or not row.get("ask"):
            return False
        return abs(Decimal(row["bid"]) / book[0] - 1) < Decimal("0.001") and abs(
            Decimal(row["ask"]) / book[1] - 1
        ) < Decimal("0.001")

    until(whole, agrees, f"the book shown for {pair} is the exchange's", 15)


def true_best(whole: Whole, pair: str) -> tuple[Decimal, Decimal]:
    """Return the exchange's own best bid and ask of a pair."""
    base, _, quote = pair.partition("/")
    wanted: dict[str, str] = {"pair": REST_NAMES.get(base, base) + quote, "count": "1"}
    for _ in range(ASKED_MAX):
        answer = http.get(f"http://127.0.0.1:{whole.exchange_port}/0/public/Depth", params=wanted, timeout=10).json()
        if "result" in answer:
            break
        time.sleep(ASKED_AGAIN_S)  # it answers only so many questions a second
    else:
        raise DrillError(f"the exchange does not tell the book of {pair}: {answer['error']}")
    book = next(iter(answer["result"].values()))
    demand(bool(book["bids"] and book["asks"]), f"the market of {pair} has lost a side")
    return Decimal(book["bids"][0][0]), Decimal(book["asks"][0][0])
