"""Plain text as a messenger takes it: bounded, printable, without markup.

Rules: text from outside is one line and cannot look like a line of ours; a message has at most `UNITS_MAX` UTF-16 units.
    Numbers that are not known are said to be so.
Source: Bot API, sendMessage: 1 to 4096 characters, counted in UTF-16 units.
"""

from datetime import UTC, datetime

from wildbot.analytics.status_view import AccountView, StatusView
from wildbot.model.instrument import NANOS_PER_SECOND

UNITS_MAX = 3_800
LINE_MAX = 600
PLAINEST_MAX = 200
UNKNOWN = "unknown"
CUT = " [cut]"


def one_line(text: str, characters_max: int = LINE_MAX) -> str:
    """Return a text as one printable line."""
    shown = "".join(each if each.isprintable() else " " for each in text[: characters_max * 2])
    line = " ".join(shown.split())
    return line if len(line) <= characters_max else line[: characters_max - len(CUT)] + CUT


def units(text: str) -> int:
    """Return the length as the Bot API counts it."""
    return len(text.encode("utf-16-le", "replace")) // 2


def fitted(text: str) -> str:
    """Return a message of several lines that the Bot API will take: not empty, not too long, no control characters."""
    shown = "".join(each for each in text if each.isprintable() or each == "\n").strip("\n") or "-"
    while units(shown) > UNITS_MAX:
        shown = shown[: len(shown) - max(1, (units(shown) - UNITS_MAX) // 2) - len(CUT)] + CUT
    return shown


def plainest(text: str) -> str:
    """Return what nobody can have a reason to refuse: a short line of ASCII."""
    return one_line(text.encode("ascii", "replace").decode(), PLAINEST_MAX) or "-"


def clock(ts_ns: int) -> str:
    """Return a time of day, UTC."""
    return datetime.fromtimestamp(ts_ns // NANOS_PER_SECOND, UTC).strftime("%H:%M:%S UTC")


def day_of(ts_ns: int) -> str:
    """Return the UTC day, such as 2026-03-01."""
    return datetime.fromtimestamp(ts_ns // NANOS_PER_SECOND, UTC).strftime("%Y-%m-%d")


def span(seconds: float) -> str:
    """Return a duration in its two largest units, such as "3 h 5 min"."""
    minutes, hours = int(seconds) // 60, int(seconds) // 3_600
    if hours >= 48:
        return f"{hours // 24} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {int(seconds) % 60} s" if minutes else f"{int(seconds)} s"


def short(amount: str | None) -> str:
    """Return decimal text without the zeros at its end; "unknown" when there is none."""
    if amount is None:
        return UNKNOWN
    return one_line(amount.rstrip("0").rstrip(".") if "." in amount else amount, 40) or "0"


def signed(amount: str | None) -> str:
    """Return decimal text with its sign; "unknown" when there is none."""
    text = short(amount)
    return text if text.startswith("-") or text in ("0", UNKNOWN) else f"+{text}"


def percent_text(value: float | None) -> str:
    """Return a percentage; "unknown" when there is none."""
    return UNKNOWN if value is None else f"{value:+.2f} %"


def badge(status: StatusView | None) -> str:
    """Return the mode as every message begins: SIM, PAPER or LIVE."""
    return one_line(status.mode, 12).upper() if status is not None and status.mode else "WILDBOT"


def profit_line(account: AccountView) -> str:
    """Return equity and profit in one line."""
    return (
        f"equity {short(account.equity)} {one_line(account.currency, 12)} ({percent_text(account.return_pct)}),"
        f" today {signed(account.day_pnl)}, realised {signed(account.realised_pnl)},"
        f" unrealised {signed(account.unrealised_pnl)}, fees {short(account.fees)},"
        f" {account.trades} trades, {account.wins} won, {account.losses} lost"
    )
