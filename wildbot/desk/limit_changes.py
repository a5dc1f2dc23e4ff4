"""Limits that differ from those of the last start: said aloud, and as an alert where they were loosened.

Rules: compares texts of settings, name by name; what was never saved is no change. Larger is looser for every limit but
    the daily loss ones, where 0 is no limit at all.
"""

from decimal import Decimal, InvalidOperation

from wildbot.desk.supervision_state import SupervisionMemory
from wildbot.model.status import Severity

ZERO_IS_NONE = ("risk.max_daily_loss_pct", "risk.max_daily_loss")


def announce_limits(memory: SupervisionMemory) -> None:
    """Compare the limits in force with those on disk, say what changed, and remember the new ones."""
    before, now = memory.saved.limits, dict(memory.rules.limits)
    changed = [name for name, text in now.items() if name in before and before[name] != text]
    loosened = [name for name in changed if is_looser(name, before[name], now[name])]
    for name in changed:
        word = "looser" if name in loosened else "tighter"
        memory.announce("limits", f"{name} was {before[name]}, now it is {now[name]} ({word} than at the last start)")
    if loosened:
        text = "; ".join(f"{name} from {before[name]} to {now[name]}" for name in loosened)
        memory.alert(Severity.WARNING, "limits_loosened", f"limits were loosened since the last start: {text}")
    memory.save(limits=now)


def is_looser(name: str, before: str, now: str) -> bool:
    """Return whether a limit allows more than it did; texts that are no numbers (true, false) compare as such."""
    return _reach(name, now) > _reach(name, before)


def _reach(name: str, text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return Decimal(text == "true")
    return Decimal("Infinity") if name in ZERO_IS_NONE and value == 0 else value
