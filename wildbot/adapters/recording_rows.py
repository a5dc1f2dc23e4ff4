"""Recorded rows as columns: one table for all kinds of row, so that their order is kept.

    kind   seq        side  ticks  lots    bids, asks        text
    book   book's     -     -      -       changed levels    -       (kind WHOLE: all levels)
    trade  trade id   +1/-1 price  size    -                 -
    ticker -          -     last   volume  best bid, ask     -
    gap    -          -     -      -       -                 why

Rules: levels lie flat in one list, ticks and lots in turn. Nothing is a float.
"""

import functools
from collections.abc import Iterator, Sequence
from itertools import chain

from wildbot.adapters.arrow import RecordBatch, Schema, Table, arrow
from wildbot.model.errors import ProtocolError
from wildbot.model.market_data import BookInvalidated, Ticker, TradePrint
from wildbot.model.orders import Side
from wildbot.model.recording import Levels, RecordedBook, RecordedRow
from wildbot.model.recording_columns import CHANGED, GAP, TICKER, TRADE, WHOLE


@functools.cache
def schema() -> Schema:
    """Return the columns of a recording."""
    return arrow().schema(
        [
            arrow().field("kind", arrow().uint8(), nullable=False),
            arrow().field("venue_ts_ns", arrow().int64(), nullable=False),
            arrow().field("recv_ts_ns", arrow().int64(), nullable=False),
            arrow().field("seq", arrow().int64(), nullable=False),
            arrow().field("side", arrow().int8(), nullable=False),
            arrow().field("ticks", arrow().int64(), nullable=False),
            arrow().field("lots", arrow().int64(), nullable=False),
            arrow().field("bids", arrow().list_(arrow().int64())),
            arrow().field("asks", arrow().list_(arrow().int64())),
            arrow().field("text", arrow().string()),
        ]
    )


_Flat = tuple[int, int, int, int, int, int, int, "list[int] | None", "list[int] | None", str | None]


def table_of(rows: Sequence[RecordedRow]) -> Table:
    """Return rows as a table."""
    columns = zip(*(_flat(row) for row in rows), strict=True)
    arrays = [arrow().array(column, field.type) for column, field in zip(columns, schema(), strict=True)]
    return arrow().Table.from_arrays(arrays, schema=schema())


def rows_of(batch: RecordBatch, pair: str) -> Iterator[RecordedRow]:
    """Yield the rows of one batch. Raises: ProtocolError for a kind of row that is not known."""
    columns = [batch.column(name).to_pylist() for name in schema().names]
    for kind, venue_ns, recv_ns, seq, side, ticks, lots, bids, asks, text in zip(*columns, strict=True):
        if kind in (CHANGED, WHOLE):
            yield RecordedBook(pair, seq, venue_ns, recv_ns, _levels(bids), _levels(asks), kind == WHOLE)
        elif kind == TRADE:
            yield TradePrint(pair, seq, Side.BUY if side > 0 else Side.SELL, ticks, lots, venue_ns, recv_ns)
        elif kind == TICKER:
            yield Ticker(pair, bids[0], asks[0], ticks, lots, recv_ns)
        elif kind == GAP:
            yield BookInvalidated(pair, text, recv_ns)
        else:
            raise ProtocolError(f"a recorded row is of kind {kind}, which this version does not know")


def _flat(row: RecordedRow) -> _Flat:
    match row:
        case RecordedBook():
            kind = WHOLE if row.is_whole else CHANGED
            bids, asks = list(chain.from_iterable(row.bids)), list(chain.from_iterable(row.asks))
            return kind, row.venue_ts_ns, row.recv_ts_ns, row.seq, 0, 0, 0, bids, asks, None
        case TradePrint():
            sign = row.side.sign
            return TRADE, row.venue_ts_ns, row.recv_ts_ns, row.trade_id, sign, row.ticks, row.lots, None, None, None
        case Ticker():
            bid, ask = [row.bid_ticks], [row.ask_ticks]
            return TICKER, row.recv_ts_ns, row.recv_ts_ns, 0, 0, row.last_ticks, row.volume_lots, bid, ask, None
        case BookInvalidated():
            return GAP, row.recv_ts_ns, row.recv_ts_ns, 0, 0, 0, 0, None, None, row.reason


def _levels(flat: list[int]) -> Levels:
    return tuple(zip(flat[::2], flat[1::2], strict=True))
