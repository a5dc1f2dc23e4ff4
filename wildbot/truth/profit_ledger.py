"""Every fill of the account with the mids around it: markouts, and a profit split that sums exactly to its change.

Rules: prices and sizes are counted in units of 10**-MONEY_DECIMALS here, whatever a pair's rules are today, so that
    fills of any age add up. A fill is entered once, by execution id. One of a time nobody watched has no mid: it
    counts as made at its own price, all it brought since as drift, and `unmarked` says how many there are.
Owns: one `MarkoutDesk` per pair, the sums of finished markouts, the marks that are not on disk yet.
"""

from collections.abc import Iterable, Mapping

import msgspec

from wildbot.analytics.markout import HORIZONS_S, NO_PROFIT, Markout, MarkoutDesk, ProfitSplit, sum_splits
from wildbot.model.executions import Filled
from wildbot.model.instrument import MONEY_DECIMALS, Instrument, Lots, Money
from wildbot.model.status import MarkoutMean

EXEC_IDS_MAX = 200_000


class Mark(msgspec.Struct, frozen=True):
    """The mids (twice, in units of 10**-MONEY_DECIMALS) at a fill and after the horizons reached so far."""

    exec_id: str
    double_mid: int
    later: tuple[int, ...] = ()


def on_common_scale(pair: str) -> Instrument:
    """Return an instrument that counts prices and sizes in the units of `Money`."""
    base, _, quote = pair.partition("/")
    d = MONEY_DECIMALS
    return Instrument(pair, base, quote, "", d, d, d, 1, 1, Lots(1), Money(0))


class ProfitLedger:
    """Fed with fills and mids, both on the common scale, in the venue's order."""

    def __init__(self, marks: Mapping[str, Mark]) -> None:
        """`marks`: what earlier runs saw, by execution id."""
        self._marks = dict(marks)
        self._desks: dict[str, MarkoutDesk] = {}
        self._seen: dict[str, None] = {}
        self._sums = [[0, 0.0] for _ in HORIZONS_S]
        self._fresh: list[Mark] = []
        self._unmarked: set[str] = set()
        self.fills = 0
        self.turnover = Money(0)
        self.unmarked = 0

    def on_mid(self, pair: str, double_mid: int, ts_ns: int) -> None:
        """The mid (twice) of a pair from `ts_ns` on."""
        self._desk(pair).on_mid(double_mid, ts_ns)

    def on_fill(self, fill: Filled, *, is_late: bool = False) -> None:
        """Enter one fill; `is_late`: the mid of now is not the mid of its time."""
        if fill.exec_id in self._seen:
            return
        self._seen[fill.exec_id] = None
        if len(self._seen) > EXEC_IDS_MAX:
            del self._seen[next(iter(self._seen))]
        self.fills += 1
        self.turnover = Money(self.turnover + fill.cost)
        desk, known = self._desk(fill.pair), self._marks.pop(fill.exec_id, None)
        if known is not None:
            desk.restore(fill, known.double_mid, known.later, fill.ts_ns)
        elif is_late or not desk.double_mid:
            self.unmarked += 1
            self._unmarked.add(fill.exec_id)
            own = 2 * fill.ticks
            desk.restore(fill, own, [own] * len(HORIZONS_S), fill.ts_ns)
        else:
            self._fresh.append(Mark(fill.exec_id, desk.double_mid))
            desk.on_fill(fill, fill.ts_ns)

    def take_marks(self, *, ending: bool = False) -> list[Mark]:
        """Return the marks that are new since the last call; `ending`: those that still wait too, as far as they got."""
        fresh, self._fresh = self._fresh, []
        for desk in self._desks.values():
            for each in desk.take_done():
                if each.fill.exec_id in self._unmarked:
                    self._unmarked.discard(each.fill.exec_id)
                    continue
                self._add(each)
                fresh.append(_mark(each))
            if ending:
                fresh += [_mark(each) for each in desk.markouts() if each.fill.exec_id not in self._unmarked]
        return fresh

    def markouts(self) -> tuple[MarkoutMean, ...]:
        """Return the mean move in our favour by horizon, over the fills that reached it."""
        found = []
        for index, seconds in enumerate(HORIZONS_S):
            count, total = self._sums[index]
            for desk in self._desks.values():
                for each in desk.markouts():
                    if each.reached > index and each.fill.exec_id not in self._unmarked:
                        count, total = count + 1, total + each.move_bps(seconds)
            found.append(MarkoutMean(seconds, int(count), total / count if count else None))
        return tuple(found)

    def split(self, pairs: Iterable[str] | None = None) -> ProfitSplit:
        """Return where the money came from, of these pairs or of all, what is left valued at the last mids."""
        desks = self._desks if pairs is None else {pair: self._desks[pair] for pair in pairs if pair in self._desks}
        return sum_splits([NO_PROFIT, *(desk.split() for desk in desks.values())])

    def last_mids(self) -> dict[str, int]:
        """Return the last mid (twice) of every pair that was ever traded."""
        return {pair: desk.double_mid for pair, desk in self._desks.items() if desk.double_mid}

    def _add(self, each: Markout) -> None:
        for sums, seconds in zip(self._sums, HORIZONS_S, strict=True):
            sums[0] += 1
            sums[1] += each.move_bps(seconds)

    def _desk(self, pair: str) -> MarkoutDesk:
        desk = self._desks.get(pair)
        if desk is None:
            desk = self._desks[pair] = MarkoutDesk(on_common_scale(pair))
        return desk


def _mark(each: Markout) -> Mark:
    return Mark(each.fill.exec_id, each.double_mid, each.later_double_mids[: each.reached])
