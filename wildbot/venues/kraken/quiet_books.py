"""Which quiet books are still true: a pair that says nothing is compared with what the exchange tells over REST.

Rules: a pair may be quiet for minutes; that proves nothing. A book is disproved when it has not changed from before the
    first of two answers in a row until after the second, and both name other best prices. An answer that does not come
    proves nothing either. Where the book comes back unchanged after it was disproved, REST is the one that lags: that
    pair is let alone for a while, so that nothing flaps.
Owns: what was asked, the doubts, the pairs let alone.
Source: Kraken Spot REST Ticker: best ask and bid as "a" and "b", [price, whole lot volume, lot volume]; one public call a
    second for an address and a pair is allowed.
Known limit: prices are compared, not sizes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import NANOS_PER_SECOND, Instrument, parse_scaled
from wildbot.model.market_data import BookSnapshot

QUIET_NS = 2 * NANOS_PER_SECOND
"""A book that has not changed for so long is compared."""

ASK_EVERY_NS = 2 * NANOS_PER_SECOND
DOUBT_EVERY_NS = 5 * NANOS_PER_SECOND // 4
"""In doubt it is asked again sooner, but never twice within the exchange's second."""

ANSWER_OVERDUE_NS = 15 * NANOS_PER_SECOND
"""An answer that has not come by then never will."""

DISPROVED_AT = 2
ACQUITTED_NS = 60 * NANOS_PER_SECOND

Top = tuple[int, int]
"""The best bid and ask of a pair, in ticks."""


@dataclass(frozen=True, slots=True)
class _Doubt:
    seq: int
    answers: int


class QuietBooks:
    """`ask` a few times a second, `answer` with what came back; both see the books that are valid at that moment."""

    def __init__(self) -> None:
        self._asked: dict[str, int] = {}
        self._asked_ns = 0
        self._awaits = False
        self._doubts: dict[str, _Doubt] = {}
        self._disproved: dict[str, Top] = {}
        self._acquitted_ns: dict[str, int] = {}

    def ask(self, books: Mapping[str, BookSnapshot], now_ns: int) -> tuple[str, ...]:
        """Return the pairs to ask about now; empty when nothing is quiet, or it is not yet time."""
        since_ns = now_ns - self._asked_ns
        if 0 <= since_ns < (ANSWER_OVERDUE_NS if self._awaits else DOUBT_EVERY_NS if self._doubts else ASK_EVERY_NS):
            return ()
        self._acquit(books, now_ns)
        quiet = {
            pair: book.seq
            for pair, book in books.items()
            if book.is_two_sided and now_ns - book.recv_ts_ns >= QUIET_NS and now_ns >= self._acquitted_ns.get(pair, 0)
        }
        self._doubts = {pair: doubt for pair, doubt in self._doubts.items() if quiet.get(pair) == doubt.seq}
        if quiet:
            self._asked, self._asked_ns, self._awaits = quiet, now_ns, True
        return tuple(quiet)

    def answer(self, shown: Mapping[str, Top], books: Mapping[str, BookSnapshot]) -> list[str]:
        """Take in the best prices that REST names (none: it did not answer); return the pairs whose book is disproved."""
        self._awaits = False
        disproved: list[str] = []
        for pair, seq in self._asked.items():
            book, top = books.get(pair), shown.get(pair)
            if book is None or book.seq != seq or top is None:
                continue
            if top == _top(book):
                self._doubts.pop(pair, None)
                continue
            doubt = self._doubts.get(pair, _Doubt(seq, 0))
            self._doubts[pair] = _Doubt(seq, doubt.answers + 1)
            if doubt.answers + 1 >= DISPROVED_AT:
                del self._doubts[pair]
                self._disproved[pair] = _top(book)
                disproved.append(pair)
        self._asked = {}
        return disproved

    def _acquit(self, books: Mapping[str, BookSnapshot], now_ns: int) -> None:
        for pair in [pair for pair in self._disproved if pair in books]:
            if self._disproved.pop(pair) == _top(books[pair]):
                self._acquitted_ns[pair] = now_ns + ACQUITTED_NS


def _top(book: BookSnapshot) -> Top:
    return (book.bid_ticks[0] if book.bid_ticks else 0, book.ask_ticks[0] if book.ask_ticks else 0)


class _WireTop(msgspec.Struct):
    a: list[str]
    b: list[str]


_tops_decoder = msgspec.json.Decoder(dict[str, _WireTop])


def read_tops(result: bytes, instruments: Iterable[Instrument]) -> dict[str, Top]:
    """Return the best prices in a result of Ticker, by pair. Shape in: {"SOLUSDC":{"a":["85.11","3","3.000"],"b":[...]}}.

    Raises: ProtocolError when it cannot be read.
    """
    try:
        rows = _tops_decoder.decode(result)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProtocolError(f"unreadable Ticker of {len(result)} bytes: {error}") from None
    tops: dict[str, Top] = {}
    for instrument in instruments:
        row = rows.get(instrument.rest_key) or rows.get(instrument.pair)
        if row is not None and row.a and row.b:
            decimals = instrument.price_decimals
            tops[instrument.pair] = (parse_scaled(row.b[0], decimals), parse_scaled(row.a[0], decimals))
    return tops
