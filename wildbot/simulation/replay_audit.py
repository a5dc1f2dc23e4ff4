"""Compare the book that a replay rebuilds with the recorded one, row by row."""

from collections.abc import Iterable

import msgspec

from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.lobster import BookRow, LobsterMessage, ticks_of
from wildbot.simulation.replay import LobsterMarket


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


def _compare(
    exchange: SimulatedExchange, pair: str, message: LobsterMessage, row: BookRow, levels: int, result: Agreement
) -> None:
    instrument = exchange.instruments[pair]
    bids, asks = exchange.depth(pair, levels)
    recorded_bids = [(ticks_of(instrument, price), size) for price, size in row.bids[:levels]]
    recorded_asks = [(ticks_of(instrument, price), size) for price, size in row.asks[:levels]]
    result.rows += 1
    if (bids, asks) == (recorded_bids, recorded_asks):
        result.prices_and_sizes += 1
    if [t for t, _ in bids] == [t for t, _ in recorded_bids] and [t for t, _ in asks] == [t for t, _ in recorded_asks]:
        result.prices += 1
    elif not result.first_difference:
        recorded = f"recorded {recorded_bids} {recorded_asks}"
        result.first_difference = f"row {result.rows} at {message.ts_ns}: {bids} {asks}, {recorded}"
