"""Compare the book that a replay rebuilds with the recorded one, row by row."""

from collections.abc import Iterable

import msgspec

from wildbot.model.market_data import BookSnapshot
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.lobster import BookRow, LobsterMessage, ticks_of
from wildbot.simulation.replay import LobsterMarket
from wildbot.simulation.replay_levels import LevelMarket

Levels = list[tuple[int, int]]


class Agreement(msgspec.Struct):
    """How many of `rows` agree in the prices of the compared levels, and in prices and sizes. `unmatched` checkpoints name
    a message that the replayed tape does not hold; `first_difference` describes the first row with other prices."""

    rows: int = 0
    prices: int = 0
    prices_and_sizes: int = 0
    unmatched: int = 0
    first_difference: str = ""


def audit(
    market: LobsterMarket,
    exchange: SimulatedExchange,
    pair: str,
    checkpoints: Iterable[tuple[LobsterMessage, BookRow]],
    *,
    levels: int = 1,
) -> Agreement:
    """Replay up to each checkpoint's message and compare the best `levels` of our book with its row.

    Shape: checkpoints in tape order; the tape may hold more messages in between (a deeper recording of the same day).
    """
    result = Agreement()
    ahead: LobsterMessage | None = None
    for message, row in checkpoints:
        while ahead is None or (ahead != message and ahead.ts_ns <= message.ts_ns):
            ahead = market.apply_next()
            exchange.drain()
            if ahead is None:
                return result
        if ahead != message:
            result.unmatched += 1
            continue
        _compare(exchange, pair, message, row, levels, result)
        ahead = None
    return result


def audit_levels(
    market: LevelMarket, exchange: SimulatedExchange, pair: str, books: Iterable[BookSnapshot | None], *, levels: int = 10
) -> Agreement:
    """Replay event by event and compare the best `levels` of our book with what was recorded right after each.

    Shape: `books` runs beside the tape's events; None where nothing is to be compared (a trade).
    """
    result = Agreement()
    for book in books:
        event = market.apply_next()
        exchange.drain()
        if event is None:
            result.unmatched += 1
        elif book is not None:
            recorded = (
                list(zip(book.bid_ticks[:levels], book.bid_lots[:levels], strict=True)),
                list(zip(book.ask_ticks[:levels], book.ask_lots[:levels], strict=True)),
            )
            _count(exchange.depth(pair, levels), recorded, event.ts_ns, result)
    return result


def _compare(
    exchange: SimulatedExchange, pair: str, message: LobsterMessage, row: BookRow, levels: int, result: Agreement
) -> None:
    instrument = exchange.instruments[pair]
    bids, asks = exchange.depth(pair, levels)
    recorded_bids = [(ticks_of(instrument, price), size) for price, size in row.bids[:levels]]
    recorded_asks = [(ticks_of(instrument, price), size) for price, size in row.asks[:levels]]
    _count((bids, asks), (recorded_bids, recorded_asks), message.ts_ns, result)


def _count(ours: tuple[Levels, Levels], recorded: tuple[Levels, Levels], ts_ns: int, result: Agreement) -> None:
    result.rows += 1
    if ours == recorded:
        result.prices_and_sizes += 1
    if [[ticks for ticks, _ in side] for side in ours] == [[ticks for ticks, _ in side] for side in recorded]:
        result.prices += 1
    elif not result.first_difference:
        result.first_difference = f"row {result.rows} at {ts_ns}: {ours}, recorded {recorded}"
