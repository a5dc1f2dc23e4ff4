"""What the market did after each fill, and what a profit is made of.

Rules: a markout is the mid's move in favour of the filled side, so many seconds after the fill; the mid as of a time is the
    last one before it. Profit = spread captured + adverse selection + inventory drift - fees, and the sum is exact:
    spread captured: mid at the fill against the price paid; adverse selection: the mid's move from the fill to the
    horizon; inventory drift: its move from the horizon to the end, where what is left is valued at the last mid.
Owns: the fills that still wait for their horizons.
Source: markouts as in Bouchaud, Bonart, Donier, Gould, "Trades, Quotes and Prices" (2018), realised spread.
"""

from collections import deque
from decimal import Context, Decimal

import msgspec

from wildbot.model.executions import Filled
from wildbot.model.instrument import MONEY_DECIMALS, NANOS_PER_SECOND, Instrument

HORIZONS_S = (1, 5, 30, 300)
SPLIT_HORIZON_S = 5
"""The horizon that parts adverse selection from inventory drift."""

_EXACT = Context(prec=80)
_HALF = Decimal("0.5")


class Markout(msgspec.Struct, frozen=True):
    """One fill and the mids around it, doubled, in ticks; a horizon beyond the end has the last mid of all."""

    fill: Filled
    fee: Decimal
    double_mid: int
    later_double_mids: tuple[int, ...]

    def move_bps(self, horizon_s: int) -> float:
        """Return the mid's move in our favour within a horizon, in basis points of the mid at the fill."""
        later = self.later_double_mids[HORIZONS_S.index(horizon_s)]
        return self.fill.side.sign * (later - self.double_mid) / self.double_mid * 10_000


class ProfitSplit(msgspec.Struct, frozen=True):
    """Where the money came from, in quote currency, exactly; `fees` is what was paid."""

    spread: Decimal
    adverse_selection: Decimal
    inventory: Decimal
    fees: Decimal

    @property
    def total(self) -> Decimal:
        """The account's change."""
        gained = _EXACT.add(_EXACT.add(self.spread, self.adverse_selection), self.inventory)
        return _EXACT.subtract(gained, self.fees)


NO_PROFIT = ProfitSplit(Decimal(0), Decimal(0), Decimal(0), Decimal(0))


class _Waiting:
    __slots__ = ("double_mid", "fee", "fill", "later")

    def __init__(self, fill: Filled, fee: Decimal, double_mid: int) -> None:
        self.fill = fill
        self.fee = fee
        self.double_mid = double_mid
        self.later: list[int] = []


class MarkoutDesk:
    """One instrument's fills, fed with every mid; constant time per mid while nothing is due."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.double_mid = 0
        self._queues: tuple[deque[tuple[int, _Waiting]], ...] = tuple(deque() for _ in HORIZONS_S)
        self._done: list[_Waiting] = []
        self._next_ns = 1 << 62

    def on_mid(self, double_mid: int, ts_ns: int) -> None:
        """The mid (twice, in ticks) from `ts_ns` on."""
        if ts_ns > self._next_ns:
            self._reach(ts_ns)
        self.double_mid = double_mid

    def on_fill(self, fill: Filled, ts_ns: int) -> None:
        """A fill of ours, at the mid that holds now. Raises: AssertionError before the first mid."""
        assert self.double_mid > 0, "a fill before any mid"
        fee = Decimal(fill.fee).scaleb(-MONEY_DECIMALS, _EXACT)
        waiting = _Waiting(fill, fee, self.double_mid)
        self._done.append(waiting)
        for queue, seconds in zip(self._queues, HORIZONS_S, strict=True):
            queue.append((ts_ns + seconds * NANOS_PER_SECOND, waiting))
        self._next_ns = min(self._next_ns, ts_ns + HORIZONS_S[0] * NANOS_PER_SECOND)

    def _reach(self, ts_ns: int) -> None:
        upcoming = [1 << 62]
        for queue in self._queues:
            while queue and queue[0][0] < ts_ns:
                queue.popleft()[1].later.append(self.double_mid)
            if queue:
                upcoming.append(queue[0][0])
        self._next_ns = min(upcoming)

    def markouts(self) -> list[Markout]:
        """Return every fill so far; horizons still ahead count at the last mid."""
        missing = [self.double_mid] * len(HORIZONS_S)
        return [
            Markout(each.fill, each.fee, each.double_mid, tuple((each.later + missing)[: len(HORIZONS_S)]))
            for each in self._done
        ]

    def split(self) -> ProfitSplit:
        """Return where the money of these fills came from, what is left valued at the last mid."""
        spread = adverse = inventory = fees = Decimal(0)
        index = HORIZONS_S.index(SPLIT_HORIZON_S)
        for each in self.markouts():
            sign, lots = each.fill.side.sign, each.fill.lots
            at_fill, later, last = (
                self._value(mid, lots) for mid in (each.double_mid, each.later_double_mids[index], self.double_mid)
            )
            paid = Decimal(each.fill.cost).scaleb(-MONEY_DECIMALS, _EXACT)
            spread = _EXACT.add(spread, sign * _EXACT.subtract(at_fill, paid))
            adverse = _EXACT.add(adverse, sign * _EXACT.subtract(later, at_fill))
            inventory = _EXACT.add(inventory, sign * _EXACT.subtract(last, later))
            fees = _EXACT.add(fees, each.fee)
        return ProfitSplit(spread, adverse, inventory, fees)

    def _value(self, double_mid: int, lots: int) -> Decimal:
        decimals = self.instrument.price_decimals + self.instrument.lot_decimals
        return _EXACT.multiply(Decimal(double_mid * lots).scaleb(-decimals, _EXACT), _HALF)


def sum_splits(splits: list[ProfitSplit]) -> ProfitSplit:
    """Return several splits as one."""
    total = NO_PROFIT
    for each in splits:
        total = ProfitSplit(
            _EXACT.add(total.spread, each.spread),
            _EXACT.add(total.adverse_selection, each.adverse_selection),
            _EXACT.add(total.inventory, each.inventory),
            _EXACT.add(total.fees, each.fees),
        )
    return total
