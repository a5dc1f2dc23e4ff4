"""One UTC day of one account, for the daily summary: sim, paper and live are three accounts.

Rules: the day's trades, wins, losses and fees are the differences of the account's counters between the first and the last
    look of that day; its profit is the supervisor's own count of the day. Each day of each account is summed up once, after
    it has ended. Counters that went back are another account's: the day begins again.
Known limit: a day in which the notifier did not look has no summary; of one it looked at in part, that part counts.
"""

from decimal import Decimal, InvalidOperation

import msgspec

from wildbot.analytics.status_view import AccountView
from wildbot.messenger.texts import UNKNOWN, one_line, percent_text, short, signed


class DayRecord(msgspec.Struct, frozen=True):
    """A day from its first look to its last; `badge` is the account's mode as messages begin, `worst_pct` the deepest
    drawdown below the peak that was seen."""

    badge: str
    day: str
    first: AccountView
    last: AccountView
    worst_pct: float = 0.0


def looked(record: DayRecord | None, badge: str, day: str, account: AccountView) -> DayRecord:
    """Return the day's record after one more look. A record of another day is replaced: sum it up before."""
    worst_pct = account.drawdown_pct or 0.0
    if record is None or record.day != day or account.trades < record.last.trades:
        return DayRecord(badge, day, account, account, worst_pct)
    return DayRecord(badge, day, record.first, account, max(record.worst_pct, worst_pct))


def summary(record: DayRecord) -> str:
    """Return a day as a message."""
    first, last = record.first, record.last
    currency = one_line(last.currency, 12)
    won, lost = last.wins - first.wins, last.losses - first.losses
    lines = [
        f"[{record.badge}] Day {record.day} (UTC)",
        f"profit {signed(last.day_pnl)} {currency}, equity {short(last.equity)} {currency}"
        f" ({percent_text(last.return_pct)} since the beginning)",
        f"{last.trades - first.trades} trades, {won} round trips won, {lost} lost, fees {_less(last.fees, first.fees)}",
        f"deepest drawdown {record.worst_pct:.2f} % of the peak",
    ]
    return "\n".join(lines)


def _less(after: str | None, before: str | None) -> str:
    if after is None or before is None:
        return UNKNOWN
    try:
        return short(format(Decimal(after) - Decimal(before), "f"))
    except InvalidOperation:
        return UNKNOWN
