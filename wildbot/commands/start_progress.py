"""What `wildbot up` tells while things start: which programs are up, which state the whole is in, and what is missing.

Rules: a decision per look, from what supervisord and the status document say; nothing here waits or prints. A run whose
    traders all want nothing, for reasons of the market or the clock, is as ready as one that trades: that is no fault.
"""

from collections.abc import Sequence

from actors.spec import EXIT_CONFIGURATION
from wildbot.analytics.status_view import StatusView, TraderView
from wildbot.commands.instance import ProgramState
from wildbot.trading.mandate import NOT_STRONGEST
from wildbot.trading.risk import DenialCode
from wildbot.trading.standing import CLOSED, NO_LEASE

UP_STATES = frozenset({"RUNNING"})
LOST_STATES = frozenset({"FATAL", "EXITED"})
IDLE_STATES = frozenset({"STOPPED"})
"""Programs that are meant not to run here, such as the exchange when another one is used."""

WAITS_FOR = {
    "warming_up": "its signals to warm up",
    CLOSED: "its session",
    "session_ends": "the next session",
    NOT_STRONGEST: "the entry slot, which the strongest signal gets",
}
"""What a trader waits for by its reason code; any other code of its strategy means a signal."""
TROUBLE = frozenset(
    {
        "",
        "starting",
        "no_book",
        "book_invalid",
        "data_stale",
        "order_refused",
        NO_LEASE,
        "below_exchange_minimum",
        *DenialCode,
    }
)
TROUBLE_WITH = ("venue_", "pair_")
"""Codes, and beginnings of codes, of a trader that cannot do what it wants."""
AT_WORK = "quoting"
"""The supervisor's word for a trader that is neither starting, paused nor leaving."""


class StartProgress:
    """Turns successive looks into the lines that are new."""

    def __init__(self, expected_traders: int) -> None:
        self._expected = expected_traders
        self._told: dict[str, str] = {}
        self._state = ""
        self.first_quote_s: float | None = None
        self._waiting_since_s: float | None = None

    def news(self, programs: Sequence[ProgramState], status: StatusView | None) -> list[str]:
        """Return the lines that were not told yet, oldest fact first."""
        lines: list[str] = []
        for program in programs:
            word = _word(program)
            if word and self._told.get(program.name) != word:
                self._told[program.name] = word
                lines.append(f"  {program.name:<20} {word}")
        if status is not None and status.state != self._state:
            self._state = status.state
            lines.append(f"  {'state':<20} {status.state}")
        return lines

    def is_trading(self, status: StatusView | None, now_s: float, patience_s: float) -> bool:
        """Whether the whole is running and every expected trader works, or some do and the rest had `patience_s`."""
        if status is None or status.state != "running":
            self.first_quote_s = None
            return False
        working = working_pairs(status)
        if not working:
            return False
        if self.first_quote_s is None:
            self.first_quote_s = now_s
        return len(working) >= self._expected or now_s - self.first_quote_s >= patience_s

    def is_waiting(self, status: StatusView | None, now_s: float, patience_s: float) -> bool:
        """Whether nothing has been wrong for `patience_s` and nobody trades: it is the market's turn."""
        if not waiting(status):
            self._waiting_since_s = None
            return False
        if self._waiting_since_s is None:
            self._waiting_since_s = now_s
        return now_s - self._waiting_since_s >= patience_s


def waiting(status: StatusView | None) -> list[str]:
    """Return one line for what each trader waits for, or why there is none; empty when anything is wrong or works."""
    if status is None or status.state != "running":
        return []
    if not status.traders:
        return list(status.reasons[:1])
    lines = [waits_for(trader) for trader in status.traders]
    return lines if all(lines) else []


def waits_for(trader: TraderView) -> str:
    """Return what a trader waits for, with its own reason; "" when it works or cannot."""
    code = trader.reason.partition(":")[0]
    is_idle = not trader.is_quoting and not holds(trader.position)
    if trader.state != AT_WORK or not is_idle or code in TROUBLE or code.startswith(TROUBLE_WITH):
        return ""
    return f"{trader.pair} waits for {WAITS_FOR.get(code, 'a signal')} ({trader.reason})"


def working_pairs(status: StatusView) -> list[str]:
    """Return the pairs on which an order of ours rests or a position is held."""
    return [trader.pair for trader in status.traders if trader.is_quoting or holds(trader.position)]


def misconfigured(programs: Sequence[ProgramState]) -> str | None:
    """Return the name of a program that ended because its settings cannot be used."""
    return next((p.name for p in programs if p.statename in LOST_STATES and p.exitstatus == EXIT_CONFIGURATION), None)


def what_is_missing(programs: Sequence[ProgramState], status: StatusView | None) -> list[str]:
    """Return one line per reason why there is no trading yet."""
    lines = [f"{p.name}: {_word(p) or p.statename.lower()}" for p in programs if p.statename not in UP_STATES | IDLE_STATES]
    if status is None:
        return [*lines, "the supervisor says nothing on the status socket"]
    if status.state != "running":
        lines.append(f"the state is {status.state}{f': {status.reasons[0]}' if status.reasons else ''}")
    if not status.traders:
        best = next((row for row in status.scanner if row.reason), None)
        lines.append(f"no trader was started{f': {best.pair}: {best.reason}' if best else ''}")
    lines += [f"{t.pair}: {t.state}{f', {t.reason}' if t.reason else ''}" for t in status.traders if not t.is_quoting]
    return lines


def _word(program: ProgramState) -> str:
    if program.statename in UP_STATES:
        return "up"
    if program.statename == "EXITED":
        return f"ended with code {program.exitstatus}"
    if program.statename == "FATAL":
        return f"gave up: {program.spawnerr or f'code {program.exitstatus}'}"
    return "starts again" if program.statename == "BACKOFF" else ""


def holds(position: str | None) -> bool:
    """Whether a position in decimal text is anything but zero or unknown."""
    return position is not None and position.strip("-0.") != ""
