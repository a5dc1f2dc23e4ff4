"""What the market did after each fill, and what a profit is made of.

Rules: a markout is the mid's move in favour of the filled side, so many seconds after the fill; the mid as of a time is the
    last one before it. Profit = spread captured + adverse selection + inventory drift - fees, and the sum is exact:
    spread captured: mid at the fill against the price paid; adverse selection: the mid's move from the fill to the
    horizon; inventory drift: its move from the horizon to the end, where what is left is valued at the last mid.
Owns: the fills that still wait for their horizons.
Source: markouts as in Bouchaud, Bonart, Donier, Gould, "Trades, Quotes and Prices" (2018), realised spread.
"""

from collections import deque
from collections.abc import Sequence
from decimal import Context, Decimal

import msgspec

from wildbot.model.exchange import ASSET_DECIMALS
from wildbot.model.executions import Filled
from wildbot.model.instrument import MONEY_DECIMALS, NANOS_PER_SECOND, Instrument

HORIZONS_S = (1, 5, 30, 300)
SPLIT_HORIZON_S = 5
"""The horizon that parts adverse selection from inventory drift."""

_EXACT = Context(prec=80)
_HALF = Decimal("0.5")
_NEVER_NS = 1 << 62
assert MONEY_DECIMALS == ASSET_DECIMALS  # money and coins share one scale in `_Sums`


class Markout(msgspec.Struct, frozen=True):
    """One fill and the mids around it, doubled, in ticks; a horizon beyond the end has the last mid of all, and
    `reached` counts those that are not. `fee` is in quote, whatever it was paid in."""

    fill: Filled
    fee: Decimal
    double_mid: int
    later_double_mids: tuple[int, ...]
    reached: int

    def move_bps(self, horizon_s: int) -> float:
        """Return the mid's move in our favour within a horizon, in basis points of the mid at the fill."""
        later = self.later_double_mids[HORIZONS_S.index(horizon_s)]
        return self.fill.side.sign * (later - self.double_mid) / self.double_mid * 10_000


def mean_move_bps(rows: Sequence[Markout], horizon_s: int) -> float | None:
    """Return the mean move within a horizon over the fills that are that old; None when there is none."""
    moves = [each.move_bps(horizon_s) for each in rows if each.reached > HORIZONS_S.index(horizon_s)]
    return sum(moves) / len(moves) if moves else None


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


class _Sums:
    """What fills come to, in integers of half a tick times 10**-ASSET_DECIMALS coins; `coins` and `carried` (coins at the
    split horizon's mid) give the inventory's drift once the last mid is known."""

    __slots__ = ("adverse", "carried", "coins", "fees", "spread")

    def __init__(self) -> None:
        self.spread = self.adverse = self.carried = self.coins = self.fees = 0

    def add(self, other: "_Sums") -> None:
        self.spread += other.spread
        self.adverse += other.adverse
        self.carried += other.carried
        self.coins += other.coins
        self.fees += other.fees


class _Waiting:
    __slots__ = ("double_mid", "fill", "later")

    def __init__(self, fill: Filled, double_mid: int, later: list[int]) -> None:
        self.fill = fill
        self.double_mid = double_mid
        self.later = later


class MarkoutDesk:
    """One instrument's fills, fed with every mid; constant time per mid while nothing is due.

    A fee in the traded coin is coins that this fill did not bring, valued at its own price.
    """

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.double_mid = 0
        self._units_per_lot = 10 ** (ASSET_DECIMALS - instrument.lot_decimals)
        self._money_unit = 2 * 10**instrument.price_decimals
        self._queues: tuple[deque[tuple[int, _Waiting]], ...] = tuple(deque() for _ in HORIZONS_S)
        self._fills: deque[_Waiting] = deque()
        self._taken = _Sums()
        self._next_ns = _NEVER_NS

    def on_mid(self, double_mid: int, ts_ns: int) -> None:
        """The mid (twice, in ticks) from `ts_ns` on."""
        if ts_ns > self._next_ns:
            self.double_mid = self.double_mid or double_mid  # a horizon that nobody saw counts at the first mid after it
            self._reach(ts_ns)
        self.double_mid = double_mid

    def on_fill(self, fill: Filled, ts_ns: int) -> None:
        """A fill of ours, at the mid that holds now. Raises: AssertionError before the first mid."""
        assert self.double_mid > 0, "a fill before any mid"
        self._wait(_Waiting(fill, self.double_mid, []), ts_ns)

    def restore(self, fill: Filled, double_mid: int, later: Sequence[int], ts_ns: int) -> None:
        """A fill of an earlier run, with the mids that were seen then; horizons still missing go on waiting."""
        self._wait(_Waiting(fill, double_mid, list(later)), ts_ns)

    def _wait(self, waiting: _Waiting, ts_ns: int) -> None:
        self._fills.append(waiting)
        for queue, seconds in list(zip(self._queues, HORIZONS_S, strict=True))[len(waiting.later) :]:
            queue.append((ts_ns + seconds * NANOS_PER_SECOND, waiting))
            self._next_ns = min(self._next_ns, ts_ns + seconds * NANOS_PER_SECOND)

    def _reach(self, ts_ns: int) -> None:
        upcoming = [_NEVER_NS]
        for queue in self._queues:
            while queue and queue[0][0] < ts_ns:
                queue.popleft()[1].later.append(self.double_mid)
            if queue:
                upcoming.append(queue[0][0])
        self._next_ns = min(upcoming)

    def markouts(self) -> list[Markout]:
        """Return every fill that was not taken; horizons still ahead count at the last mid."""
        return [self._markout(each) for each in self._fills]

    def take_done(self) -> list[Markout]:
        """Return the oldest fills whose horizons have all passed, and keep nothing of them but their sums."""
        done: list[Markout] = []
        while self._fills and len(self._fills[0].later) == len(HORIZONS_S):
            each = self._fills.popleft()
            self._taken.add(self._sums(each))
            done.append(self._markout(each))
        return done

    def split(self) -> ProfitSplit:
        """Return where the money of all fills came from, what is left valued at the last mid."""
        sums = _Sums()
        sums.add(self._taken)
        for each in self._fills:
            sums.add(self._sums(each))
        drift = sums.coins * self.double_mid - sums.carried
        return ProfitSplit(*map(self._money, (sums.spread, sums.adverse, drift, sums.fees)))

    def _markout(self, each: _Waiting) -> Markout:
        missing = [self.double_mid] * (len(HORIZONS_S) - len(each.later))
        return Markout(
            each.fill, self._money(self._fee(each.fill)), each.double_mid, (*each.later, *missing), len(each.later)
        )

    def _sums(self, each: _Waiting) -> _Sums:
        fill, sums = each.fill, _Sums()
        in_coins = self._is_in_coins(fill)
        coins = fill.side.sign * fill.lots * self._units_per_lot - (fill.fee if in_coins else 0)
        index = HORIZONS_S.index(SPLIT_HORIZON_S)
        later = each.later[index] if index < len(each.later) else self.double_mid
        sums.fees = self._fee(fill)
        paid = fill.side.sign * fill.cost * self._money_unit
        sums.spread = coins * each.double_mid - paid + (sums.fees if in_coins else 0)
        sums.adverse = coins * (later - each.double_mid)
        sums.carried = coins * later
        sums.coins = coins
        return sums

    def _fee(self, fill: Filled) -> int:
        return fill.fee * (2 * fill.ticks if self._is_in_coins(fill) else self._money_unit)

    def _is_in_coins(self, fill: Filled) -> bool:
        return fill.fee_asset == self.instrument.base

    def _money(self, value: int) -> Decimal:
        return _EXACT.multiply(Decimal(value).scaleb(-ASSET_DECIMALS - self.instrument.price_decimals, _EXACT), _HALF)


def exact_text(value: Decimal) -> str:
    """Return a sum as decimal text, every digit of it and no zero behind the last."""
    whole, _, part = f"{value:f}".partition(".")
    return f"{whole}.{part.rstrip('0') or '0'}"


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
