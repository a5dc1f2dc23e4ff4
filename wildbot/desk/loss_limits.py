"""The account's loss limits: the drawdown from its peak, and the loss of one UTC day.

Rules: both are measured from what is on disk, so a restart forgives nothing. A drawdown halts until the owner rearms. A
    day's loss stops entries only, positions may be left; the first mark of the next UTC day lets entries in again, neither
    `rearm` nor a limit loosened on the same day does. Days only go forward: a clock that steps back over midnight begins
    no second day.
Owns: nothing; peak, day and the day's first equity are in the saved state.
Known limit: the day begins with the first mark in it; while held pairs have no fresh mark, that is later than midnight.
"""

from wildbot.desk.halt_switch import HaltSwitch
from wildbot.desk.pair_slots import PairSlots
from wildbot.desk.supervision_state import SupervisionMemory
from wildbot.desk.supervision_words import EquityMarked
from wildbot.model.instrument import NANOS_PER_SECOND, money_text
from wildbot.model.status import Severity

PEAK_SAVED_PPM = 1_000
"""The peak is written when it has risen by a thousandth: a loss limit of percents needs no finer one."""

DAY_NS = 86_400 * NANOS_PER_SECOND
DAILY_LOSS = "daily_loss"


class LossLimits:
    """The part of supervision that looks at equity."""

    def __init__(self, memory: SupervisionMemory, slots: PairSlots, switch: HaltSwitch) -> None:
        self._memory = memory
        self._slots = slots
        self._switch = switch

    def on_equity(self, marked: EquityMarked, now_ns: int) -> None:
        """Keep the peak and the day, and stop at the limits."""
        memory = self._memory
        saved = memory.saved
        if saved.starting != marked.starting:  # another account: another peak, another day
            memory.save(starting=marked.starting, peak=max(marked.starting, marked.equity), day=0, day_closed=0)
        elif marked.equity - saved.peak > saved.peak * PEAK_SAVED_PPM // 1_000_000:
            memory.save(peak=marked.equity)
        self._look_at_day(marked, now_ns // DAY_NS)
        self._look_at_drawdown(marked, now_ns)

    def _look_at_drawdown(self, marked: EquityMarked, now_ns: int) -> None:
        saved, limit = self._memory.saved, self._memory.rules.max_drawdown_pct
        drawdown_pct = (saved.peak - marked.equity) / saved.peak * 100 if saved.peak > 0 else 0.0
        if drawdown_pct >= limit and not saved.halted:
            equity, peak = money_text(marked.equity, 2), money_text(saved.peak, 2)
            text = f"drawdown {drawdown_pct:.1f} % of the peak {peak}, at most {limit:g} %; equity {equity}"
            self._switch.halt(text, now_ns)

    def _look_at_day(self, marked: EquityMarked, today: int) -> None:
        memory = self._memory
        if today > memory.saved.day:
            was_closed = memory.saved.entries_closed
            memory.save(day=today, day_open=marked.equity)
            if was_closed:
                memory.clear(DAILY_LOSS)
                memory.announce("limits", "a new UTC day: entries again")
                self._slots.resume_all()
        saved = memory.saved
        lost = saved.day_open - marked.equity
        allowed = self._allowed()
        if allowed is not None and lost >= allowed and not saved.entries_closed:
            memory.save(day_closed=saved.day)
            self._slots.pause_all()
        if memory.saved.entries_closed:  # said again after a restart as well
            began = money_text(saved.day_open, 2)
            text = f"the day began with {began} and reached its loss limit: no entries until the next UTC day"
            if DAILY_LOSS not in memory.alerts:
                memory.announce("limits", text)
            memory.alert(Severity.CRITICAL, DAILY_LOSS, text)

    def _allowed(self) -> int | None:
        """Return the loss of one day that is allowed: the tighter of the two limits; None without any."""
        rules, day_open = self._memory.rules, self._memory.saved.day_open
        limits = [int(day_open * rules.max_daily_loss_pct / 100)] if rules.max_daily_loss_pct > 0 and day_open > 0 else []
        limits += [rules.max_daily_loss] if rules.max_daily_loss > 0 else []
        return min(limits, default=None)
