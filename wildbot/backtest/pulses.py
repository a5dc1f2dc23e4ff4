"""What time alone brings about in a backtest, ten times a virtual second, as the live timers do.

Rules: of a run of pulses on which nobody would act, before anything else happens, only the last word of the feed handler is
    passed on: nobody reads the ones before it. So quiet hours cost what is done in them, and every decision is the same.
Owns: how many pulses there were.
"""

from collections.abc import Callable, Collection, Mapping

from wildbot.backtest.desk_stage import DeskStage
from wildbot.backtest.exchange_venue import ExchangeVenue
from wildbot.backtest.latency import Line
from wildbot.backtest.schedule import Schedule
from wildbot.backtest.slot_stage import SlotStage
from wildbot.backtest.trader_stage import TraderStage
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND
from wildbot.model.market_data import BookSnapshot, FeedBeat

PULSE_NS = 100 * NANOS_PER_MS
BEAT_EVERY = 2
"""Pulses between two words of the feed handler."""
DESK_EVERY = 5
"""Pulses between two looks at a desk that waits for nothing: what it does by time alone it does twice a second or rarer."""
SAMPLE_NS = 60 * NANOS_PER_SECOND
SAMPLE_PULSES = SAMPLE_NS // PULSE_NS


class Pulses:
    """Calls the stages when they are due. `until_ns`: so far time passes now; nothing else happens before then but what is
    in the schedule. `last` has the newest book by pair; `feed` delays the feed handler's words, None: nothing does."""

    def __init__(
        self,
        schedule: Schedule,
        desk: DeskStage,
        venue: ExchangeVenue,
        traders: Collection[TraderStage],
        slot: SlotStage | None,
        last: Mapping[str, BookSnapshot],
        *,
        feed: Line | None,
        sample: Callable[[int], None],
    ) -> None:
        self.until_ns = 0
        self._schedule = schedule
        self._desk = desk
        self._venue = venue
        self._traders = traders
        self._slot = slot
        self._last = last
        self._feed = feed
        self._sample = sample
        self._count = 0

    def act(self, now_ns: int) -> None:
        """Let this pulse happen, and put the next one that matters into the schedule."""
        if idle := self._idle(now_ns):
            self._pass(now_ns, idle)
            return
        self._schedule.at(now_ns + PULSE_NS, self.act)
        self._count += 1
        if self._count % DESK_EVERY == 1 or self._slot is not None or self._desk.is_waiting:
            self._desk.on_venue(self._venue.advance(now_ns), now_ns)
            self._desk.tick(now_ns)
        if self._count % BEAT_EVERY == 0:
            beat = self._beat_at(now_ns)
            if self._feed is not None:  # it must not overtake the books it vouches for
                self._schedule.at(self._feed.arrival_ns(now_ns), lambda at_ns: self._tell(beat, at_ns))
            else:
                self._tell(beat, now_ns)
        for trader in self._traders:
            trader.on_timer(now_ns)
        if self._slot is not None:
            self._slot.pulse(now_ns)
        if self._count % SAMPLE_PULSES == 0 and self._last:
            self._sample(now_ns)

    def _idle(self, now_ns: int) -> int:
        """Return how many pulses from this one on pass before anything else happens and before anybody acts on one."""
        if self._feed is not None or self._slot is not None:
            return 0
        most = (DESK_EVERY - self._count) % DESK_EVERY  # the pulse after those is the desk's
        most = min(most, SAMPLE_PULSES - 1 - self._count % SAMPLE_PULSES)
        if not most or self._desk.is_waiting:
            return 0
        ends_ns = min(self.until_ns + 1, self._schedule.next_ns, *[each.due_ns for each in self._traders])
        return max(0, min(most, (ends_ns - 1 - now_ns) // PULSE_NS + 1))

    def _pass(self, now_ns: int, pulses: int) -> None:
        self._schedule.at(now_ns + pulses * PULSE_NS, self.act)
        before, self._count = self._count, self._count + pulses
        spoken = self._count // BEAT_EVERY * BEAT_EVERY
        if spoken > before:
            at_ns = now_ns + (spoken - before - 1) * PULSE_NS
            self._tell(self._beat_at(at_ns), at_ns)

    def _beat_at(self, now_ns: int) -> FeedBeat:
        return FeedBeat(now_ns, now_ns, True, {pair: book.seq for pair, book in self._last.items()})

    def _tell(self, beat: FeedBeat, now_ns: int) -> None:
        self._desk.on_market(beat, now_ns)
        for trader in self._traders:
            trader.give(beat, now_ns)
