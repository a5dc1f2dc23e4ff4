"""How a resting order of ours is filled by a market that does not know of it: four models, each named by its bias.

    back_of_queue    joins last and is never moved up by a cancellation it cannot be sure of: too few fills
    queue_position   joins last; cancellations are shared between those ahead and those behind: calibrated in between
    touch            the whole order as soon as anything trades at its price: too many fills, and how most paper is done
    picked_off       as touch, and an order that betters everybody's price is taken as soon as the mid has come half the way
                     to it: too many fills, of the bad kind

Rules: pure, and no chance in it: the same tape gives the same fills. On the same tape, for one order, at any moment,
    back_of_queue has filled at most what queue_position has, that at most what touch has, that at most what picked_off
    has: the first two see the same trades and differ only in what is ahead, the third waits for nothing, the fourth
    not even for a trade. More fills are not always more profit.
    All models fill at the order's own price, as maker; the first three only when the market reached that price.
    A better price invites: whoever knows where the price is going takes it, who would have left the others' price alone.
    In the market without us nobody trades then, so that no model that waits for trades can see it.
    A trade at a worse price than ours (for the taker) would have met us first: it fills us up to its size. That is
    exact for orders that are small beside the trades, and too few for others: a real order would also have met what
    was left of the taker.
Source: Cont, Stoikov, Talreja, "A stochastic model for order book dynamics", 2010 (each resting order is equally likely to
    be cancelled, hence shares by size); Rigtorp, "Estimating order queue position", 2013 (shares by a function of size).
"""

from collections import deque
from typing import Protocol

from wildbot.model.instrument import NANOS_PER_MS
from wildbot.model.market_data import TradePrint
from wildbot.model.orders import Side

SETTLE_NS = 250 * NANOS_PER_MS
"""Books and trades come on separate channels: so long a smaller level waits for the trade that explains it, or a trade for
the smaller level, before the one counts as a cancellation and the other as refilled. A trade told later than that moves an
order up twice, in its favour."""

WAITING_MAX = 64
"""Changes of one level that may wait; more are joined to the last one, which then waits longest."""

_UNKNOWN = 10**30
"""Lots ahead of an order whose level is out of view."""


class FillModel(Protocol):
    """What one model believes. Sizes are lots; `shown` is the outside's size at the order's price."""

    @property
    def name(self) -> str:
        """The model's name in settings and results."""
        ...

    @property
    def heeds_mid(self) -> bool:
        """Whether an order may be filled by what the others' best prices do, without a trade."""
        ...

    def ahead_on_arrival(self, shown: int) -> int:
        """Return what is ahead of an order that joins a level."""
        ...

    def ahead_after_cancels(self, ahead: int, shown: int, cancelled: int) -> int:
        """Return what is ahead after `cancelled` of `shown` left without trading."""
        ...

    def filled_at(self, left: int, ahead: int, traded: int) -> int:
        """Return how much of `left` a trade at the order's price fills."""
        ...

    def filled_beyond(self, left: int, available: int) -> int:
        """Return how much of `left` is filled by so much that traded, or was offered, where only we could stop it."""
        ...


class BackOfQueue:
    """The pessimist: every cancellation was behind us, as long as that is possible."""

    name = "back_of_queue"
    heeds_mid = False

    def ahead_on_arrival(self, shown: int) -> int:
        """All of it."""
        return shown

    def ahead_after_cancels(self, ahead: int, shown: int, cancelled: int) -> int:
        """As before; `QueuedOrder` takes off what cannot be."""
        return ahead

    def filled_at(self, left: int, ahead: int, traded: int) -> int:
        """What is left of the trade after those ahead."""
        return min(left, max(0, traded - ahead))

    def filled_beyond(self, left: int, available: int) -> int:
        """Up to its size."""
        return min(left, available)


class QueuePosition(BackOfQueue):
    """The calibrated one: of the lots cancelled, ahead^power / (ahead^power + behind^power) were ahead of us.

    `power` 1: every lot is equally likely to leave. Above 1 cancellations fall on the longer part, below 1 they are
    shared more evenly. Our own fills beside paper's tell which (see the shadow twin).
    """

    name = "queue_position"

    def __init__(self, power: float = 1.0) -> None:
        self.power = power

    def ahead_after_cancels(self, ahead: int, shown: int, cancelled: int) -> int:
        """Less by its share, rounded down: never moved up too far."""
        ahead = min(ahead, shown)
        if ahead <= 0 or cancelled <= 0:
            return ahead
        if self.power == 1.0:
            return ahead - min(cancelled, shown) * ahead // shown
        behind = shown - ahead
        share = 1.0 / (1.0 + (behind / ahead) ** self.power)
        return ahead - min(ahead, int(cancelled * share))


class Touch:
    """The optimist: first in line, and any trade is large enough."""

    name = "touch"
    heeds_mid = False

    def ahead_on_arrival(self, shown: int) -> int:
        """Nothing."""
        return 0

    def ahead_after_cancels(self, ahead: int, shown: int, cancelled: int) -> int:
        """Nothing."""
        return 0

    def filled_at(self, left: int, ahead: int, traded: int) -> int:
        """All of it."""
        return left if traded > 0 else 0

    def filled_beyond(self, left: int, available: int) -> int:
        """All of it."""
        return left if available > 0 else 0


class PickedOff(Touch):
    """The victim: better prices invite those who know where the price is going."""

    name = "picked_off"
    heeds_mid = True


FILL_MODELS: dict[str, FillModel] = {model.name: model for model in (BackOfQueue(), QueuePosition(), Touch(), PickedOff())}
"""The models by name, from the most pessimistic to the most optimistic; none of them has a state of its own."""


def fill_models(power: float) -> dict[str, FillModel]:
    """Return the models by name, the calibrated one with this power."""
    return FILL_MODELS | {QueuePosition.name: QueuePosition(power)}


class QueuedOrder:
    """Where one resting order of ours stands in the outside's queue. How much of it is left, its owner knows.

    Rules: what is certain is certain in every model: never more ahead than the level shows. After a gap in the data nothing
        that happened in it is credited but that. A trade no later than the book the order joined is in that book.
    """

    __slots__ = ("_away", "_gap", "_model", "_since_ns", "_smaller", "_told", "ahead", "shown", "side", "ticks")

    def __init__(self, model: FillModel, side: Side, ticks: int, shown: int | None, venue_ns: int) -> None:
        """Join at `ticks` behind what is `shown` there; None: the level is out of view, and so is the queue.

        `venue_ns` is the venue's time of the book that was joined.
        """
        self.side = side
        self.ticks = ticks
        self.ahead = _UNKNOWN if shown is None else model.ahead_on_arrival(shown)
        self.shown = shown
        self._model = model
        self._since_ns = venue_ns
        self._gap = False
        self._away: int | None = None  # twice the ticks from the order to the mid, when it first bettered the others
        self._smaller: deque[list[int]] = deque()  # [due_ns, lots, shown before, after]: not yet explained by trades
        self._told: deque[list[int]] = deque()  # [due_ns, lots]: trades the level does not show yet

    def on_level(self, shown: int | None, venue_ns: int, now_ns: int) -> None:
        """The book shows so much at the order's price now; None: out of view."""
        self.settle(now_ns)
        if self._gap:
            self._gap = False
            self._since_ns = max(self._since_ns, venue_ns)
        elif shown is not None and self.shown is not None and shown < self.shown:
            gone = self.shown - shown
            gone -= _take(self._told, gone)
            if gone and len(self._smaller) >= WAITING_MAX:
                self._smaller[-1][1] += gone
                self._smaller[-1][3] = shown
            elif gone:
                self._smaller.append([now_ns + SETTLE_NS, gone, self.shown, shown])
        if shown is None:
            return
        if self.ahead == _UNKNOWN:
            self.ahead = self._model.ahead_on_arrival(shown)
        self.shown = shown
        self._limit()

    def counts(self, trade: TradePrint) -> bool:
        """Whether a trade reached the order's price from the other side after it had joined."""
        if trade.side is self.side or trade.venue_ts_ns <= self._since_ns or self._gap:
            return False
        return (self.ticks - trade.ticks) * self.side.sign >= 0

    def on_trade(self, trade: TradePrint, left: int, available: int, now_ns: int) -> int:
        """Return how much of `left` a trade fills; `available` is what better orders of ours left of it."""
        if not self.counts(trade):
            return 0
        self.settle(now_ns)
        if trade.ticks != self.ticks:
            return self._model.filled_beyond(left, available)
        told = trade.lots - _take(self._smaller, trade.lots)
        if told and len(self._told) >= WAITING_MAX:
            self._told[-1][1] += told
        elif told:
            self._told.append([now_ns + SETTLE_NS, told])
        filled = self._model.filled_at(left, self.ahead, available)
        if self.ahead != _UNKNOWN:
            self.ahead = max(0, self.ahead - available)
            self._limit()
        return filled

    def on_crossed(self, left: int, available: int) -> int:
        """Return how much of `left` is filled by what the other side offers at our price or better."""
        return self._model.filled_beyond(left, available)

    def is_picked_off(self, bid_ticks: int, ask_ticks: int) -> bool:
        """Whether the order betters the others' prices, which are these now, and is taken for it."""
        others = bid_ticks if self.side is Side.BUY else ask_ticks
        if not self._model.heeds_mid or (self.ticks - others) * self.side.sign <= 0:
            return False
        away = (bid_ticks + ask_ticks - 2 * self.ticks) * self.side.sign
        if self._away is None:
            self._away = away
        return 2 * away <= self._away or away <= 0

    def settle(self, now_ns: int) -> None:
        """Let what has waited long enough count as what it then must have been."""
        while self._told and self._told[0][0] <= now_ns:
            self._told.popleft()
        while self._smaller and self._smaller[0][0] <= now_ns:
            _, lots, before, after = self._smaller.popleft()
            # Whoever came back to the level meanwhile came behind us: ahead is at most who was left of it then.
            self.ahead = min(self._model.ahead_after_cancels(self.ahead, before, lots), after)
            self._limit()

    def on_gap(self) -> None:
        """The data broke off: until the next book nothing is known."""
        self._gap = True
        self._smaller.clear()
        self._told.clear()

    def _limit(self) -> None:
        if self.shown is not None and self.ahead != _UNKNOWN:
            self.ahead = min(self.ahead, self.shown + sum(entry[1] for entry in self._smaller))


def _take(waiting: deque[list[int]], lots: int) -> int:
    """Take up to `lots` out of what waits, oldest first; return how much."""
    taken = 0
    while waiting and taken < lots:
        part = min(waiting[0][1], lots - taken)
        taken += part
        waiting[0][1] -= part
        if not waiting[0][1]:
            waiting.popleft()
    return taken
