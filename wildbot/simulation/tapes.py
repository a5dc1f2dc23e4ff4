"""Sample recordings in LOBSTER format, made from the synthetic market: free to ship, the same for the same seed.

Rules: every message is one order's: an amended order leaves and comes back under a new number, since the format knows no
    amends. The tape starts with an empty book, so that a replay can be exact to the last share.
"""

import random

from wildbot.model.exchange import (
    AmendDone,
    AmendPlaced,
    CancelDone,
    CancelPlaced,
    Placed,
    PlaceOrder,
    PublicTrade,
    Refusal,
    SelfTrade,
)
from wildbot.model.instrument import NANOS_PER_SECOND, Instrument
from wildbot.model.orders import Side
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.flow import SyntheticMarket
from wildbot.simulation.lobster import BookRow, LobsterMessage, MessageType, message_line, price_of, row_line, stock
from wildbot.simulation.matching import LimitBook
from wildbot.simulation.venue_pairs import MarketShape, VenuePair

OPEN_NS = 34_200 * NANOS_PER_SECOND
"""09:30, in nanoseconds after midnight."""

SAMPLE_SHAPE = MarketShape(
    start_price=200.0,
    spread_bps=5.0,
    volume_usd=0.0,
    trade_count=0,
    volatility_bps=1.5,
    trade_usd=15_000.0,
    level_usd=25_000.0,
    touch_usd=50_000.0,
    trades_per_s=0.8,
    orders_per_s=15.0,
)
"""A liquid stock at $200 with a spread of ten cents."""


def lobster_sample(
    rng: random.Random, *, symbol: str = "DEMO", seconds: int = 60, levels: int = 10, shape: MarketShape = SAMPLE_SHAPE
) -> tuple[list[str], list[str]]:
    """Return (message lines, book lines) of so many seconds of trading after the open.

    Shapes: as many book lines as message lines, line k being the book right after message k, with `levels` levels.
    """
    instrument = stock(symbol)
    exchange = _TapedExchange(instrument, rng, levels)
    market = SyntheticMarket(exchange, [VenuePair(instrument, shape)], rng)
    market.start(OPEN_NS)
    for second in range(1, seconds + 1):
        market.step(OPEN_NS + second * NANOS_PER_SECOND)
    return exchange.message_lines, exchange.row_lines


class _TapedExchange(SimulatedExchange):
    """An exchange of one stock that writes down every order's coming, going and trading."""

    def __init__(self, instrument: Instrument, rng: random.Random, levels: int) -> None:
        super().__init__([instrument], rng=rng)
        self.message_lines: list[str] = []
        self.row_lines: list[str] = []
        self._instrument = instrument
        self._levels = levels
        self._book = LimitBook()
        self._numbers: dict[str, int] = {}
        self._last_number = 0

    def place(self, request: PlaceOrder, now_ns: int) -> Placed | Refusal:
        reply = super().place(request, now_ns)
        for event in self.drain():
            if isinstance(event, PublicTrade):
                self._traded(event)
        if isinstance(reply, Placed) and (lots := self.open_lots(request.account, reply.order_id)):
            self._came(reply.order_id, request.side, request.ticks, lots)
        return reply

    def amend(self, request: AmendPlaced, now_ns: int) -> AmendDone | Refusal:
        reply = super().amend(request, now_ns)
        self.drain()
        if isinstance(reply, AmendDone):
            self._went(reply.order_id)
            if (order := self.order(request.account, reply.order_id)) is not None:
                self._came(order.order_id, order.side, order.ticks, order.lots - order.filled_lots)
        return reply

    def cancel(self, request: CancelPlaced, now_ns: int) -> CancelDone | Refusal:
        reply = super().cancel(request, now_ns)
        self.drain()
        if isinstance(reply, CancelDone):
            self._went(request.order_id)
        return reply

    def _came(self, order_id: str, side: Side, ticks: int, lots: int) -> None:
        self._last_number += 1
        self._numbers[order_id] = self._last_number
        self._book.add(self._last_number, order_id, side, ticks, lots)
        self._write(MessageType.NEW, self._last_number, side, ticks, lots)

    def _went(self, order_id: str) -> None:
        number = self._numbers.pop(order_id)
        resting = self._book.get(number)
        side, ticks, lots = resting.side, resting.ticks, resting.lots
        self._book.cancel(number)
        self._write(MessageType.DELETE, number, side, ticks, lots)

    def _traded(self, trade: PublicTrade) -> None:
        match = self._book.match(trade.side, trade.lots, trade.ticks, owner="", stp=SelfTrade.CANCEL_NEWEST)
        for fill in match.fills:
            self._write(MessageType.EXECUTION, fill.key, trade.side.opposite, fill.ticks, fill.lots)

    def _write(self, kind: MessageType, number: int, side: Side, ticks: int, lots: int) -> None:
        price = price_of(self._instrument, ticks)
        self.message_lines.append(message_line(LobsterMessage(self.now_ns, kind, number, lots, price, side)))
        asks, bids = (self._book.depth(half, self._levels) for half in (Side.SELL, Side.BUY))
        row = BookRow(
            asks=tuple((price_of(self._instrument, level), size) for level, size in asks),
            bids=tuple((price_of(self._instrument, level), size) for level, size in bids),
        )
        self.row_lines.append(row_line(row, self._levels))
        self._book.take_touched()
