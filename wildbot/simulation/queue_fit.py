"""Which power of `queue_position` suits the fills that real orders had, judged trade by trade.

    watch = OrderWatch(side, ticks, lots, shown, venue_ns)      # when the order rests
    watch.on_level(shown, venue_ns, now_ns)                     # what others show at its price
    watch.on_trade(trade, filled, now_ns)                       # a public trade, and how much of it was ours
    fit = fit_power([watch.tape() for watch in watches])

Model: every trade at the order's price says something about how much stood before the order just then. One that gave it
    nothing: at least the trade's size. One that gave it a part of what was left: exactly the rest of the trade. One that
    filled it: at most the rest. The loss of a power is the distance of the believed queue from that, in shares of the
    level that was joined; the power with the smallest mean loss over orders is taken.
Rules: pure, no chance in it. The very `QueuedOrder` of the paper models is replayed: what is fitted is what is used.
    Levels are the outside's: whoever watches an order of its own on a public feed takes its lots off first.
Known limit: orders that joined an empty level, or saw no cancellation, say nothing; without others the power stays 1.
    Fills are seen where the real queue was shorter than believed rather than where it was longer, so the fit leans toward
    1: of a true power of a half it finds about 0.7, of two about 1.5. Its range is of chance alone, not of this lean.
"""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import msgspec

from wildbot.model.market_data import TradePrint
from wildbot.model.orders import Side
from wildbot.simulation.fills import QueuedOrder, QueuePosition

POWERS = tuple(2.0 ** (quarter / 4) for quarter in range(-12, 13))
"""The powers tried: an eighth to eight, by quarter octaves."""

STEPS_MAX = 4_096
"""So many steps of one order are remembered; what comes later is not looked at."""

NO_EVIDENCE = 1.0


class SeenLevel(NamedTuple):
    """The outside shows so many lots at the order's price; None: out of view."""

    shown: int | None
    venue_ns: int
    now_ns: int


class SeenTrade(NamedTuple):
    """A public trade, `filled` lots of which were the order's."""

    trade: TradePrint
    filled: int
    now_ns: int


class OrderTape(msgspec.Struct, frozen=True):
    """One resting order and what was seen at its price while it rested. `shown` and `venue_ns`: the book it joined."""

    side: Side
    ticks: int
    lots: int
    shown: int | None
    venue_ns: int
    steps: tuple[SeenLevel | SeenTrade, ...]


class PowerFit(msgspec.Struct, frozen=True):
    """The power that suits best. `low` .. `high`: no power in between is worse by more than two standard errors; `orders`
    had evidence, `trades` was its number; `loss` is the mean one at `power`, `loss_at_one` that of equal shares."""

    power: float
    low: float
    high: float
    orders: int
    trades: int
    loss: float
    loss_at_one: float


class OrderWatch:
    """Collects one order's tape; constant work per call, bounded memory."""

    __slots__ = ("_joined", "_left", "_lots", "_shown", "_side", "_steps", "_ticks", "_venue_ns")

    def __init__(self, side: Side, ticks: int, lots: int, shown: int | None, venue_ns: int) -> None:
        self._side, self._ticks, self._lots, self._left = side, ticks, lots, lots
        self._joined = self._shown = shown
        self._venue_ns = venue_ns
        self._steps: list[SeenLevel | SeenTrade] = []

    def on_level(self, shown: int | None, venue_ns: int, now_ns: int) -> None:
        """The outside shows so much at the order's price now."""
        if shown != self._shown and len(self._steps) < STEPS_MAX:
            self._steps.append(SeenLevel(shown, venue_ns, now_ns))
        self._shown = shown

    def on_trade(self, trade: TradePrint, filled: int, now_ns: int) -> None:
        """A trade of the order's pair, `filled` lots of which were its own."""
        concerns = trade.side is not self._side and (self._ticks - trade.ticks) * self._side.sign >= 0
        if concerns and self._left > 0 and len(self._steps) < STEPS_MAX:
            self._left -= filled
            self._steps.append(SeenTrade(trade, filled, now_ns))

    def tape(self) -> OrderTape:
        """Return what was seen so far."""
        return OrderTape(self._side, self._ticks, self._lots, self._joined, self._venue_ns, tuple(self._steps))


def fit_power(tapes: Sequence[OrderTape], powers: Sequence[float] = POWERS) -> PowerFit:
    """Return the power that suits these orders best. `powers` rise; 1 counts as one of them."""
    tried = sorted({*powers, NO_EVIDENCE})
    useful = [tape for tape in tapes if tape.shown and _has_evidence(tape)]
    losses = {power: [power_loss(tape, power) for tape in useful] for power in tried}
    trades = sum(count for _, count in losses[NO_EVIDENCE])
    if not trades:
        return PowerFit(NO_EVIDENCE, tried[0], tried[-1], 0, 0, 0.0, 0.0)
    means = {power: sum(loss for loss, _ in each) / len(each) for power, each in losses.items()}
    # Of equals the one nearest to equal shares: evidence has to be had to leave it.
    best = min(tried, key=lambda power: (means[power], abs(power - NO_EVIDENCE)))
    fine = [power for power in tried if _is_as_good(losses[power], losses[best])]
    return PowerFit(best, fine[0], fine[-1], len(useful), trades, means[best], means[NO_EVIDENCE])


def power_loss(tape: OrderTape, power: float) -> tuple[float, int]:
    """Return how far the queue believed with this power is from what the trades say, and how many of them said something.

    The loss is the sum over trades, in shares of the level joined. Raises: AssertionError when that level was empty.
    """
    assert tape.shown, "an order that joined nothing has no queue"
    queued = QueuedOrder(QueuePosition(power), tape.side, tape.ticks, tape.shown, tape.venue_ns)
    left, distance, count = tape.lots, 0, 0
    for step in tape.steps:
        if isinstance(step, SeenLevel):
            queued.on_level(step.shown, step.venue_ns, step.now_ns)
            continue
        trade, filled = step.trade, step.filled
        queued.settle(step.now_ns)
        if trade.ticks == tape.ticks and queued.counts(trade):
            others = trade.lots - filled
            distance += _distance(queued.ahead, others, filled, left)
            count += 1
            if others:
                queued.on_trade(msgspec.structs.replace(trade, lots=others), left, others, step.now_ns)
        left -= filled
        if left <= 0:
            break
    return distance / tape.shown, count


def _distance(ahead: int, others: int, filled: int, left: int) -> int:
    """Return how far the believed queue is from what one trade says of it."""
    if not filled:
        return max(0, others - ahead)
    if filled < left:
        return abs(ahead - others)
    return max(0, ahead - others)


def _has_evidence(tape: OrderTape) -> bool:
    return any(isinstance(step, SeenTrade) and step.trade.ticks == tape.ticks for step in tape.steps)


def _is_as_good(these: Sequence[tuple[float, int]], best: Sequence[tuple[float, int]]) -> bool:
    """Whether losses of the same orders are larger by no more than two standard errors of the difference."""
    differences = [one - other for (one, _), (other, _) in zip(these, best, strict=True)]
    mean = sum(differences) / len(differences)
    if len(differences) < 2:
        return True
    variance = sum((each - mean) ** 2 for each in differences) / (len(differences) - 1)
    return mean <= 2 * sqrt(variance / len(differences))
