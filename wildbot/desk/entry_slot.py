"""Only the strongest: of several traders of one strategy, exactly one may enter at a time, and none while one holds.

Rules: a grant is a lease in time: it ends by itself unless renewed, so a lost message costs an entry, never a second
    position. The next grant is given only after the trader that had the last one has said, later than that grant's end,
    that it is flat and has no order on its way (or after its epoch has ended at the gateway). A grant that was not used
    for `UNUSED_NS` (denied, rejected, book too thin) goes to the next best; its pair waits for `PASS_NS`, then competes
    again. The limit of entries counts all pairs together, each by its own trading day.
Owns: one watch per pair, the last grant, the day's count.
Known limit: a grant may be entered and left and entered again before its end; the day's count hears of both trips.
"""

from collections.abc import Iterator

import msgspec

from wildbot.market.dominance import Contest, EntrySignal, SignalWatch, strongest_first
from wildbot.market.session import entries_open, trading_day
from wildbot.model.control import EntrySlot
from wildbot.model.desk import PositionState
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND, Instrument
from wildbot.model.market_data import BookInvalidated, BookSnapshot, InstrumentChanged, MarketEvent, SessionHours
from wildbot.model.orders import Side
from wildbot.model.status import TraderStatus

GRANT_NS = NANOS_PER_SECOND
"""How long a grant is good for."""
RENEW_NS = 400 * NANOS_PER_MS
"""A grant that still stands is renewed when so much of it is left, or less."""
UNUSED_NS = 2 * NANOS_PER_SECOND
PASS_NS = 2 * NANOS_PER_SECOND
FRESH_NS = 2 * NANOS_PER_SECOND
"""A trader that has said nothing for so long is not granted anything."""

TRADING = "trading"


class DayCount(msgspec.Struct, frozen=True):
    """Where the count of entries began: of each pair, its trading day and the round trips before it. Outlives a restart."""

    days: dict[str, int] = {}
    trips: dict[str, int] = {}


class _Pair:
    """What is known of one instrument and its trader."""

    __slots__ = ("book", "instrument", "passed_until_ns", "position", "session", "status", "watch")

    def __init__(self, pair: str, watch: SignalWatch) -> None:
        self.watch = watch
        self.book: BookSnapshot | None = None
        self.instrument: Instrument | None = None
        self.session: SessionHours | None = None
        self.status: TraderStatus | None = None
        self.position = PositionState(pair)
        self.passed_until_ns = 0

    @property
    def holds(self) -> bool:
        """Whether there is a position that could be left; a crumb below the exchange's minimum is none."""
        lots = abs(self.position.lots)
        if lots == 0 or self.instrument is None or self.book is None:
            return lots != 0
        return lots >= self.instrument.min_order_lots(self.book.bid_ticks[0])

    @property
    def trips(self) -> int:
        """Round trips so far."""
        return self.position.wins + self.position.losses


class EntrySlotDesk:
    """Hears books and traders; `look` says what traders are to be told. `count` goes on where an earlier life ended."""

    def __init__(self, contest: Contest, *, allow_short: bool, count: DayCount | None = None) -> None:
        self.count = count or DayCount()
        self._contest = contest
        self._allow_short = allow_short
        self._pairs: dict[str, _Pair] = {}
        self._grant: EntrySlot | None = None
        self._granted_epoch, self._since_ns = 0, 0
        self._is_revoked = False

    # --- what it hears --------------------------------------------------------------------------------------------

    def on_market(self, event: MarketEvent) -> None:
        """Take in one published event."""
        match event:
            case BookSnapshot():
                if event.is_two_sided:
                    known = self._of(event.pair)
                    known.book = event
                    known.watch.on_book(event)
            case BookInvalidated(pair):
                known = self._of(pair)
                known.book = None
                known.watch.on_gap()
            case InstrumentChanged(instrument):
                self._of(instrument.pair).instrument = instrument
            case SessionHours():
                self._of(event.pair).session = event
            case _:
                pass

    def on_trader(self, status: TraderStatus) -> None:
        """A trader says how it stands."""
        known = self._of(status.pair)
        known.status = status
        self.on_position(status.position)
        grant = self._grant
        if grant is not None and grant.pair == status.pair:
            is_done = status.ts_ns > grant.until_ns and not status.orders
            if is_done and not known.holds:
                self._grant = None

    def on_position(self, position: PositionState) -> None:
        """Somebody who knows says what a pair holds; an older word than the last changes nothing."""
        known = self._of(position.pair)
        if position.trades >= known.position.trades:
            known.position = position

    def on_ended(self, pair: str, epoch: int) -> None:
        """The gateway has ended an epoch: nothing of that trader, or of one before it, is on its way any more."""
        known = self._of(pair)
        if known.status is not None and known.status.epoch <= epoch:
            known.status = None
        if self._grant is not None and self._grant.pair == pair and self._granted_epoch <= epoch:
            self._grant = None

    # --- what it decides ------------------------------------------------------------------------------------------

    def look(self, now_ns: int) -> Iterator[EntrySlot]:
        """Yield what to tell: a new grant, its renewal, or its end (`until_ns` 0). To be asked ten times a second."""
        best = self._best(now_ns)
        grant = self._grant
        if grant is None:
            if best is not None:
                self._since_ns, self._is_revoked = now_ns, False
                yield self._give(best, now_ns)
            return
        known = self._of(grant.pair)
        if best == grant.pair and not self._is_revoked and now_ns - self._since_ns < UNUSED_NS:
            if grant.until_ns - now_ns <= RENEW_NS:
                yield self._give(best, now_ns)
        elif not self._is_revoked:
            self._is_revoked = True
            if not known.holds and now_ns - self._since_ns >= UNUSED_NS:
                known.passed_until_ns = now_ns + PASS_NS
            yield EntrySlot(grant.pair, 0)

    def ranking(self) -> list[tuple[str, EntrySignal]]:
        """Return every current signal, the strongest first."""
        return strongest_first((pair, s) for pair, known in self._pairs.items() if (s := known.watch.signal) is not None)

    def entries_today(self, now_ns: int) -> int:
        """Return how many entries all pairs together have had, each on its own trading day."""
        days = {pair: trading_day(known.session, now_ns) for pair, known in self._pairs.items()}
        begun = {pair: self._pairs[pair].trips for pair, day in days.items() if self.count.days.get(pair) != day}
        if begun:
            self.count = DayCount(self.count.days | days, self.count.trips | begun)
        closed = sum(known.trips - self.count.trips[pair] for pair, known in self._pairs.items())
        return closed + sum(known.holds for known in self._pairs.values())

    def _give(self, pair: str, now_ns: int) -> EntrySlot:
        status = self._pairs[pair].status
        assert status is not None, "only a trader that speaks is granted anything"
        self._granted_epoch = status.epoch
        self._grant = EntrySlot(pair, now_ns + GRANT_NS)
        return self._grant

    def _best(self, now_ns: int) -> str | None:
        """Return the pair that should be entered now; None when none may."""
        if any(known.holds for known in self._pairs.values()):
            return None
        for pair, signal in self.ranking():
            known = self._pairs[pair]
            if not self._may_enter(known, signal.side, now_ns):
                continue
            if self.entries_today(now_ns) >= self._contest.entries_per_day:
                return None
            return pair
        return None

    def _may_enter(self, known: _Pair, side: Side, now_ns: int) -> bool:
        status = known.status
        return (
            status is not None
            and status.state == TRADING
            and now_ns - status.ts_ns <= FRESH_NS
            and known.book is not None
            and (side is Side.BUY or self._allow_short)
            and entries_open(known.session, now_ns)
            and now_ns >= known.passed_until_ns
        )

    def _of(self, pair: str) -> _Pair:
        known = self._pairs.get(pair)
        if known is None:
            known = self._pairs[pair] = _Pair(pair, self._contest.make_watch())
        return known
