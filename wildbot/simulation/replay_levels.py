"""A recorded order book, level by level, replayed through our exchange so that our orders meet it in priority.

Each recorded level is held by one house account; a recorded change adds an order at the back of the level or takes from its
newest orders, and a recorded trade becomes a taker order of that side, price and size.

Rules: our fills do not bend the tape: the recorded part of a level is restated whenever the recording speaks of it. What
    shrinks a level without a trade is taken from behind, so our place in the queue improves only when trades eat what
    was there before us (the cautious choice: the recording does not say who left). Levels beyond the recording's window are
    dropped, as its venue drops them. Where the recording breaks off, the pair is under maintenance until its next whole
    book: our orders stay and are not filled, trades are only printed, and changes of a book that nobody knows are passed
    over.
Known limit: the recording's own order of trades and levels is taken as it comes; where a level is told before the trade
    that shrank it, the level is too small until it is told again. A level that only orders of ours hold counts as one of
    the window's.
"""

from collections.abc import Iterator

import msgspec

from wildbot.model.errors import ProtocolError
from wildbot.model.exchange import AmendPlaced, CancelPlaced, Kind, PlaceOrder, Refusal, SelfTrade, Tif
from wildbot.model.instrument import Instrument, PairStatus
from wildbot.model.orders import Side
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.level_tape import LevelsSet, TapeBreak, TapeEvent, TapeTrade, in_order
from wildbot.simulation.pace import Pace

MAKERS = "~tape-makers"
TAKERS = "~tape-takers"

_ALL_LEVELS = 1_000_000
_NEAR_LEVELS = 50
"""How far a trade is looked for through the book."""


class LevelCounts(msgspec.Struct):
    """What became of the tape: events applied, orders refused, trades, trades (or parts of them) that met no recorded
    size and were only printed, and holes in it."""

    applied: int = 0
    refused: int = 0
    trades: int = 0
    printed: int = 0
    holes: int = 0


class LevelMarket:
    """One level recording on one exchange. Times are the recording's, shifted so that its first event is due at `start`'s
    time. `window` is how many levels per side it shows; 0 keeps all."""

    def __init__(
        self,
        exchange: SimulatedExchange,
        instrument: Instrument,
        events: Iterator[TapeEvent],
        *,
        window: int = 0,
        pace: Pace | None = None,
    ) -> None:
        self.counts = LevelCounts()
        self._exchange = exchange
        self._instrument = instrument
        self._pair = instrument.pair
        self._events = in_order(events)
        self._window = window
        self._pace = pace or Pace()
        self._next: TapeEvent | None = next(self._events, None)
        self._shift_ns = 0
        self._is_known = True  # what the levels are
        for account in (MAKERS, TAKERS):
            exchange.open_account(account)

    @property
    def begins_ns(self) -> int | None:
        """The recording's own time of its next event; None when it is over."""
        return self._next.ts_ns if self._next is not None else None

    def tie(self, shift_ns: int) -> None:
        """State by how much the exchange's time is ahead of the recording's."""
        self._shift_ns = shift_ns

    def start(self, now_ns: int) -> None:
        """Tie the recording's time to the exchange's and put up its first book."""
        if self._next is not None:
            self.tie(now_ns - self._next.ts_ns)
        self.step(now_ns)

    def next_due_ns(self) -> int | None:
        """Return when the next event is due; None when the tape is over."""
        return self._next.ts_ns + self._shift_ns if self._next is not None else None

    def step(self, now_ns: int) -> None:
        """Apply every event due at or before `now_ns`, each at its own time."""
        while self._next is not None and self._next.ts_ns + self._shift_ns <= now_ns:
            self.apply_next()

    def apply_next(self) -> TapeEvent | None:
        """Apply one event at its own time, due or not, and return it; None when the tape is over."""
        if self._next is None:
            return None
        event, self._next = self._next, next(self._events, None)
        at_ns = self._pace.exchange_ns(event.ts_ns + self._shift_ns)
        match event:
            case LevelsSet():
                self._set(event, at_ns)
            case TapeTrade():
                self._trade(event, at_ns)
            case TapeBreak():
                self._break_off(at_ns)
        self.counts.applied += 1
        return event

    def _break_off(self, now_ns: int) -> None:
        if self._is_known:
            self._is_known = False
            self.counts.holes += 1
            self._exchange.set_pair_status(self._pair, PairStatus.MAINTENANCE, now_ns)

    def _set(self, event: LevelsSet, now_ns: int) -> None:
        if not (self._is_known or event.is_whole):
            return
        if not self._is_known:
            self._is_known = True
            self._exchange.set_pair_status(self._pair, self._instrument.status, now_ns)
        # A frame may name a level more than once; the last word counts.
        wanted: dict[tuple[Side, int], int] = {}
        for side, rows in ((Side.BUY, event.bids), (Side.SELL, event.asks)):
            for row in rows:
                ticks, lots = self._level(row)
                wanted[side, ticks] = lots
        if event.is_whole:
            for side, ticks in self._levels():
                wanted.setdefault((side, ticks), 0)
        grows: list[tuple[Side, int, int]] = []
        for (side, ticks), lots in wanted.items():
            missing = lots - self._held(side, ticks)
            if missing < 0:
                self._take_back(side, ticks, -missing, now_ns)
            elif missing > 0:
                grows.append((side, ticks, missing))
        # What shrinks goes first, so that a moved book does not meet its own past.
        for side, ticks, missing in grows:
            self._rest(side, ticks, missing, now_ns)
        if self._window:
            self._drop_beyond_window(now_ns)

    def _trade(self, event: TapeTrade, now_ns: int) -> None:
        ticks, lots = self._level((event.price, event.size))
        side = event.side or self._taker_of(ticks)
        if lots == 0:
            return
        self.counts.trades += 1
        if not self._is_known:
            self.counts.printed += 1
            self._exchange.print_hidden(self._pair, side, ticks, lots, now_ns)
            return
        self._clear_before(side.opposite, ticks, now_ns)
        missing = lots - self._reachable(side.opposite, ticks)
        request = PlaceOrder(
            account=TAKERS, pair=self._pair, side=side, kind=Kind.LIMIT, lots=lots, ticks=ticks, tif=Tif.IOC
        )
        self._exchange.place(request, now_ns)
        if missing > 0:
            self.counts.printed += 1
            self._exchange.print_hidden(self._pair, side, ticks, missing, now_ns)

    def _taker_of(self, ticks: int) -> Side:
        bid, ask = self._exchange.best(self._pair)
        if bid is None or ask is None:
            return Side.BUY if bid is not None else Side.SELL
        return Side.BUY if 2 * ticks >= bid + ask else Side.SELL

    def _clear_before(self, side: Side, ticks: int, now_ns: int) -> None:
        """Take recorded size at better prices than a trade's away: the trade proves it gone."""
        for level, _ in self._near_levels(side):
            if side.sign * (level - ticks) <= 0:
                return
            self._take_back(side, level, self._held(side, level), now_ns)

    def _reachable(self, side: Side, ticks: int) -> int:
        return sum(lots for level, lots in self._near_levels(side) if side.sign * (level - ticks) >= 0)

    def _near_levels(self, side: Side) -> list[tuple[int, int]]:
        bids, asks = self._exchange.depth(self._pair, _NEAR_LEVELS)
        return bids if side is Side.BUY else asks

    def _rest(self, side: Side, ticks: int, lots: int, now_ns: int) -> None:
        # A recorded bid that meets a recorded ask proves that ask gone, which CANCEL_OLDEST makes true; one that meets
        # an order of ours fills it, as it would have.
        request = PlaceOrder(
            account=MAKERS,
            pair=self._pair,
            side=side,
            kind=Kind.LIMIT,
            lots=lots,
            ticks=ticks,
            stp=SelfTrade.CANCEL_OLDEST,
        )
        if isinstance(self._exchange.place(request, now_ns), Refusal):
            self.counts.refused += 1

    def _take_back(self, side: Side, ticks: int, lots: int, now_ns: int) -> None:
        """Take so much of the recorded size at a level away, newest first."""
        for account, order_id, left in reversed(self._exchange.queue(self._pair, side, ticks)):
            if lots <= 0:
                return
            if account != MAKERS:
                continue
            if left <= lots:
                self._exchange.cancel(CancelPlaced(account=MAKERS, order_id=order_id), now_ns)
            else:
                view = self._exchange.order(MAKERS, order_id)
                filled = view.filled_lots if view is not None else 0
                kept = AmendPlaced(account=MAKERS, order_id=order_id, lots=filled + left - lots)
                self._exchange.amend(kept, now_ns)
            lots -= left

    def _drop_beyond_window(self, now_ns: int) -> None:
        for side in Side:
            if self._exchange.level_count(self._pair, side) > self._window:
                for ticks in self._side_levels(side)[self._window :]:
                    self._take_back(side, ticks, self._held(side, ticks), now_ns)

    def _held(self, side: Side, ticks: int) -> int:
        queue = self._exchange.queue(self._pair, side, ticks)
        return sum(lots for account, _, lots in queue if account == MAKERS)

    def _levels(self) -> list[tuple[Side, int]]:
        return [(side, ticks) for side in Side for ticks in self._side_levels(side)]

    def _side_levels(self, side: Side) -> list[int]:
        bids, asks = self._exchange.depth(self._pair, _ALL_LEVELS)
        return [ticks for ticks, _ in (bids if side is Side.BUY else asks)]

    def _level(self, row: tuple[str, str]) -> tuple[int, int]:
        try:
            return self._instrument.ticks_from_text(row[0]), self._instrument.lots_from_text(row[1])
        except ProtocolError as error:
            raise ProtocolError(f"the recorded level {row} does not fit {self._pair}: {error}") from None
