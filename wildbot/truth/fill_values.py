"""What a fill is worth: passed on at the mid some time later, less its fee; summed by who had it.

Rules: an inventory that a model alone would hold can have no later history, since the real trader acts on its own. So each
    fill stands for itself: sign x size x (mid `VALUE_HORIZON_S` later - price) - fee. The same measure for real fills and
    for those of the models, so that only their difference ever counts.
Owns: the fills that still wait for their horizon.
"""

from collections import deque

import msgspec

from wildbot.model.instrument import MONEY_DECIMALS, NANOS_PER_SECOND, Instrument, Money, round_half_up
from wildbot.model.orders import Side

VALUE_HORIZON_S = 30


class Tally(msgspec.Struct):
    """One believer's fills of the orders that were given to all: `waits_s` sums the seconds from resting to the first
    fill of `filled_orders`; `move_bps` sums the mid's move in favour within the horizon over `valued` fills."""

    orders: int = 0
    filled_orders: int = 0
    fills: int = 0
    waits_s: float = 0.0
    value: Money = Money(0)
    valued: int = 0
    move_bps: float = 0.0


class _Waiting(msgspec.Struct, frozen=True):
    name: str
    side: Side
    ticks: int
    lots: int
    fee: Money
    double_mid: int


class FillValues:
    """One pair's fills on their way to a value."""

    def __init__(self, instrument: Instrument, tallies: dict[str, Tally]) -> None:
        self._instrument = instrument
        self._tallies = tallies
        self._waiting: deque[tuple[int, _Waiting]] = deque()
        self._double_mid = 0

    def on_mid(self, double_mid: int, ts_ns: int) -> None:
        """The mid (twice, in ticks) from `ts_ns` on."""
        waiting = self._waiting
        while waiting and waiting[0][0] < ts_ns:
            self._settle(waiting.popleft()[1])
        self._double_mid = double_mid

    def add(self, name: str, side: Side, ticks: int, lots: int, fee: Money, ts_ns: int) -> None:
        """Somebody had a fill."""
        self._tallies[name].fills += 1
        due_ns = ts_ns + VALUE_HORIZON_S * NANOS_PER_SECOND
        self._waiting.append((due_ns, _Waiting(name, side, ticks, lots, fee, self._double_mid)))

    def pending(self) -> dict[str, Money]:
        """Return what waits is worth at the mid of now, by name."""
        found: dict[str, Money] = {}
        for _, each in self._waiting:
            found[each.name] = Money(found.get(each.name, Money(0)) + self._value(each))
        return found

    def end(self) -> None:
        """Let everything that waits count at the mid of now."""
        while self._waiting:
            self._settle(self._waiting.popleft()[1])

    def _settle(self, each: _Waiting) -> None:
        tally = self._tallies[each.name]
        tally.value = Money(tally.value + self._value(each))
        if each.double_mid:
            tally.valued += 1
            tally.move_bps += each.side.sign * (self._double_mid - each.double_mid) / each.double_mid * 10_000

    def _value(self, each: _Waiting) -> Money:
        gained = each.side.sign * each.lots * (self._double_mid - 2 * each.ticks)
        shift = MONEY_DECIMALS - self._instrument.price_decimals - self._instrument.lot_decimals
        halves = gained * 10**shift if shift >= 0 else round_half_up(gained, 10**-shift)
        return Money(round_half_up(halves, 2) - each.fee)
