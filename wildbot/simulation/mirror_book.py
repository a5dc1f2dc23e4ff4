"""One pair's book as another exchange shows it, with our own orders beside it: they wait in its queues and change nothing.

Rules: what is shown is the outside's, to the last lot. Our takers take from what is shown, and every shown lot can be had
    once: what they had of a level is remembered until the level is gone. Lots that leave a level are first those
    already had, since those were at its front. No order of ours meets another; one that would meet an order of its own
    account is stopped as the account asked.
    While the outside is silent (`is_live` False) nothing trades.
Owns: what is shown, what was taken of it, the places of our orders.
Known limit: the window is as deep as the feed's. Beyond it a taker finds nothing, and an order there learns its place when
    its level comes into view: behind everything.
"""

from collections.abc import Iterator

from wildbot.model.errors import InvariantError
from wildbot.model.exchange import SelfTrade
from wildbot.model.market_data import BookSnapshot, TradePrint
from wildbot.model.orders import Side
from wildbot.simulation.fills import FillModel, QueuedOrder
from wildbot.simulation.matching import Fill, Match, Resting

OUTSIDE = "~outside"
"""The account that stands for everybody on the mirrored exchange."""

OUTSIDE_KEY = 0
"""The key of whatever order of theirs a taker of ours meets."""

WINDOW_LEVELS = 10
"""Levels of each side that a live `BookSnapshot` carries; fewer mean there are no more."""

TAKEN_LEVELS_MAX = 256
"""Levels out of view of which it is still known what our takers had; the oldest are forgotten first."""


class ShownSide:
    """One side: (ticks, lots) as shown, best first, and what our takers have had of each level."""

    def __init__(self, side: Side, window: int) -> None:
        self.side = side
        self.levels: dict[int, int] = {}
        self._window = window
        self._taken: dict[int, int] = {}
        self._worst: int | None = None

    def best(self) -> int | None:
        """Return the best price at which something is shown: without our own lots a level may be empty."""
        return next((ticks for ticks, lots in self.levels.items() if lots), None)

    def lots_at(self, ticks: int) -> int | None:
        """Return the size shown at a price, 0 for none; None when the price is out of view."""
        if self._worst is not None and (ticks - self._worst) * self.side.sign < 0:
            return None
        return self.levels.get(ticks, 0)

    def available(self, limit_ticks: int | None) -> Iterator[tuple[int, int]]:
        """Yield (ticks, lots) that a taker with this limit can still have, best first."""
        for ticks, lots in self.levels.items():
            if limit_ticks is not None and (ticks - limit_ticks) * self.side.sign < 0:
                return
            if left := lots - self._taken.get(ticks, 0):
                yield ticks, left

    def take(self, ticks: int, lots: int) -> None:
        """Remember that a taker of ours had so much of a level."""
        self._taken[ticks] = self._taken.pop(ticks, 0) + lots
        if len(self._taken) > TAKEN_LEVELS_MAX:
            del self._taken[next(iter(self._taken))]

    @property
    def has_taken(self) -> bool:
        """Whether takers of ours had something of a level."""
        return bool(self._taken)

    def show(self, ticks: tuple[int, ...], lots: tuple[int, ...]) -> list[tuple[Side, int, int]]:
        """Take over a side; return its changes: first what came or changed, then what went."""
        before, self.levels = self.levels, dict(zip(ticks, lots, strict=True))
        self._worst = ticks[-1] if len(ticks) >= self._window else None
        for level in list(self._taken):
            now = self.lots_at(level)
            if now is not None:
                gone = max(0, before.get(level, now) - now)
                self._taken[level] = min(max(0, self._taken[level] - gone), now)
                if not self._taken[level]:
                    del self._taken[level]
        changed = [(self.side, level, size) for level, size in self.levels.items() if before.get(level) != size]
        return changed + [(self.side, level, 0) for level in before if level not in self.levels]


class MirrorBook:
    """The two sides and our orders beside them; a `book.Book` for a pair's engine."""

    def __init__(self, model: FillModel, window: int = WINDOW_LEVELS) -> None:
        """`window`: so many levels of a side are shown at most; a side that shows fewer has no more."""
        self.is_live = False
        self._model = model
        self._shown = {side: ShownSide(side, window) for side in Side}
        self._own: dict[int, tuple[Resting, QueuedOrder]] = {}
        self._touched: list[tuple[Side, int, int]] = []
        self._venue_ns = 0

    def __contains__(self, key: int) -> bool:
        return key in self._own

    # --- the outside ------------------------------------------------------------------------------------------------

    def show(self, book: BookSnapshot, now_ns: int) -> list[Fill]:
        """Take over a verified book; return the fills of our orders that it crosses, or lures others to."""
        self.is_live = True
        self._venue_ns = max(self._venue_ns, book.venue_ts_ns)
        sides = {
            Side.BUY: (book.bid_ticks, book.bid_lots),
            Side.SELL: (book.ask_ticks, book.ask_lots),
        }
        # The side that makes room goes first, so that nobody who follows the changes ever sees a crossed book.
        best_ask = self._shown[Side.SELL].best()
        asks_first = best_ask is not None and bool(book.bid_ticks) and book.bid_ticks[0] >= best_ask
        for side in (Side.SELL, Side.BUY) if asks_first else (Side.BUY, Side.SELL):
            self._touched += self._shown[side].show(*sides[side])
        for resting, queued in self._own.values():
            queued.on_level(self._shown[resting.side].lots_at(resting.ticks), book.venue_ts_ns, now_ns)
        fills = [fill for side in Side for fill in self._crossed(side)]
        return fills + self._picked_off() if self._model.heeds_mid else fills

    def _picked_off(self) -> list[Fill]:
        bid, ask = self.best(Side.BUY), self.best(Side.SELL)
        if bid is None or ask is None:
            return []
        taken = [resting for resting, queued in self._own.values() if queued.is_picked_off(bid, ask)]
        return [self._filled(resting, resting.lots) for resting in taken]

    def _crossed(self, side: Side) -> list[Fill]:
        opposite, fills = self._shown[side.opposite], list[Fill]()
        for resting, queued in self._in_line(side):
            offered = list(opposite.available(resting.ticks))
            filled = queued.on_crossed(resting.lots, sum(lots for _, lots in offered))
            left = filled
            for ticks, lots in offered:
                if left:
                    opposite.take(ticks, min(left, lots))
                    left -= min(left, lots)
            if filled:
                fills.append(self._filled(resting, filled))
        return fills

    def traded(self, trade: TradePrint, now_ns: int) -> list[Fill]:
        """A trade happened outside; return the fills of our orders that it stands for."""
        fills: list[Fill] = []
        available = trade.lots
        for resting, queued in self._in_line(trade.side.opposite) if self.is_live else ():
            filled = queued.on_trade(trade, resting.lots, available, now_ns)
            if filled:
                available = max(0, available - filled)
                fills.append(self._filled(resting, filled))
        return fills

    def settle(self, now_ns: int) -> None:
        """Let time decide what was waiting for an explanation."""
        for _, queued in self._own.values():
            queued.settle(now_ns)

    def interrupt(self) -> None:
        """The outside is silent or not to be trusted: nothing trades until the next book."""
        self.is_live = False
        for _, queued in self._own.values():
            queued.on_gap()

    def clear(self) -> None:
        """Show nothing: what was shown is counted in other units now."""
        for side in self._shown.values():
            self._touched += side.show((), ())

    def ahead_of(self, key: int) -> int:
        """Return the estimate of the lots ahead of a resting order. Raises: InvariantError when it does not rest."""
        return self._place(key)[1].ahead

    def _in_line(self, side: Side) -> list[tuple[Resting, QueuedOrder]]:
        """Return our orders of one side in the order a taker would meet them."""
        mine = [place for place in self._own.values() if place[0].side is side]
        return sorted(mine, key=lambda place: -place[0].ticks * side.sign)  # stable: earlier ones stay first

    def _filled(self, resting: Resting, lots: int) -> Fill:
        resting.lots -= lots
        if not resting.lots:
            del self._own[resting.key]
        return Fill(resting.key, resting.ticks, lots)

    @property
    def has_taken(self) -> bool:
        """Whether takers of ours had something of what is shown, or of a level out of view."""
        return any(side.has_taken for side in self._shown.values())

    # --- what the engine asks ---------------------------------------------------------------------------------------

    def best(self, side: Side) -> int | None:
        """Return the best price shown."""
        return self._shown[side].best()

    def total(self, side: Side, ticks: int) -> int:
        """Return the size shown at one price."""
        return self._shown[side].levels.get(ticks, 0)

    def lots_at(self, side: Side, ticks: int) -> int | None:
        """Return the size shown at one price; None when that is out of view."""
        return self._shown[side].lots_at(ticks)

    def depth(self, side: Side, levels: int) -> list[tuple[int, int]]:
        """Return up to `levels` of what is shown, best first."""
        return list(self._shown[side].levels.items())[: max(0, levels)]

    def level_count(self, side: Side) -> int:
        """Return how many levels are shown."""
        return len(self._shown[side].levels)

    def queue(self, side: Side, ticks: int) -> list[Resting]:
        """Return our own orders at one price; of the outside's only their sum is known."""
        return [resting for resting, _ in self._own.values() if resting.side is side and resting.ticks == ticks]

    def would_match(self, side: Side, ticks: int) -> bool:
        """Whether the outside shows something on the other side at this price or better, had by our takers or not."""
        best = self.best(side.opposite)
        return best is not None and (ticks - best) * side.sign >= 0

    def walk(self, taker: Side, limit_ticks: int | None) -> Iterator[Resting]:
        """Yield what a taker can still have of each level, best first."""
        if self.is_live:
            for ticks, lots in self._shown[taker.opposite].available(limit_ticks):
                yield Resting(OUTSIDE_KEY, OUTSIDE, taker.opposite, ticks, lots)

    def add(self, key: int, owner: str, side: Side, ticks: int, lots: int) -> None:
        """Let an order of ours wait behind what is shown at its price. Raises: InvariantError when it waits already."""
        if key in self._own or key == OUTSIDE_KEY or lots <= 0:
            raise InvariantError(f"order {key} with {lots} lots cannot join the queue at {ticks}")
        shown = self._shown[side].lots_at(ticks) if self.is_live else None
        self._own[key] = (
            Resting(key, owner, side, ticks, lots),
            QueuedOrder(self._model, side, ticks, shown, self._venue_ns),
        )

    def reduce(self, key: int, lots: int) -> None:
        """Make an order of ours smaller; it keeps its place. Raises: InvariantError when it has not so much."""
        resting = self._place(key)[0]
        if not 0 < lots <= resting.lots:
            raise InvariantError(f"cannot take {lots} lots off order {key}, which rests {resting.lots}")
        self._filled(resting, lots)

    def cancel(self, key: int) -> int:
        """Take an order of ours out; return what was left. Raises: InvariantError when it does not rest."""
        lots = self._place(key)[0].lots
        del self._own[key]
        return lots

    def match(self, taker: Side, lots: int, limit_ticks: int | None, *, owner: str, stp: SelfTrade) -> Match:
        """Fill a taker of ours from what is shown, and stop it where it would meet its own account's order."""
        fills: list[Fill] = []
        prevented: list[int] = []
        side = self._shown[taker.opposite]
        mine = [place[0] for place in self._in_line(taker.opposite) if place[0].owner == owner]
        offered = list(side.available(limit_ticks)) if self.is_live else []
        while lots > 0 and (offered or mine):
            # At one price the outside was there first.
            if mine and (not offered or (offered[0][0] - mine[0].ticks) * taker.sign > 0):
                own = mine.pop(0)
                if limit_ticks is not None and (own.ticks - limit_ticks) * taker.sign > 0:
                    mine.clear()
                    continue
                if stp is not SelfTrade.CANCEL_NEWEST:
                    self.cancel(own.key)
                    prevented.append(own.key)
                if stp is not SelfTrade.CANCEL_OLDEST:
                    return Match(fills, lots, prevented, True)
                continue
            ticks, available = offered.pop(0)
            filled = min(lots, available)
            side.take(ticks, filled)
            lots -= filled
            fills.append(Fill(OUTSIDE_KEY, ticks, filled))
        return Match(fills, lots, prevented, False)

    def take_touched(self) -> tuple[tuple[Side, int, int], ...]:
        """Return the changes of what is shown since the last call, in order."""
        touched, self._touched = self._touched, []
        return tuple(touched)

    def _place(self, key: int) -> tuple[Resting, QueuedOrder]:
        place = self._own.get(key)
        if place is None:
            raise InvariantError(f"order {key} does not rest")
        return place
