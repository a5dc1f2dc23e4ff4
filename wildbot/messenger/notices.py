"""What the owner is told without asking, from one look at the status after the other.

Rules: an alert is told once, by actor, key and time, across restarts of this process and of the others, and its end is
    told too. A status that falls silent is an alert of its own, unless it was the ordered end. Profit is told when it has
    changed, the day once it is over, and now and again that all is well.
Owns: what was told, the days' records.
Known limit: the status keeps the last 50 alerts; of more than that while this process is down, the oldest are in the logs.
"""

import msgspec

from wildbot.analytics.status_view import AlertView, StatusView
from wildbot.messenger.day_book import DayRecord, looked, summary
from wildbot.messenger.outbox import Outbox
from wildbot.messenger.texts import badge, clock, day_of, one_line, profit_line, short, span
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.messaging import NoteKind

SILENT_S = 10.0
ENDED_S = 1.0
"""The end is told soon: so long after the last word of a run that was stopping, since we are stopped next."""

START_GRACE_NS = 90 * NANOS_PER_SECOND
DAY_SAVED_EVERY_NS = 60 * NANOS_PER_SECOND
TOLD_MAX = 500
OURSELVES = "notifier"
"""Our own alerts come by no status: who cannot speak is not told by itself that it cannot."""

SILENT = "silent"
KINDS = {"critical": NoteKind.CRITICAL, "warning": NoteKind.WARNING}
STOPPING = "stopping"
Condition = tuple[str, str]


class Memory(msgspec.Struct, frozen=True):
    """What outlives this process: the alerts told, by condition and time; each account's day; the last run told of."""

    alerts: tuple[str, ...] = ()
    days: tuple[DayRecord, ...] = ()
    run_told: str = ""


class Notices:
    """Looks at the status and fills the outbox."""

    def __init__(self, outbox: Outbox, memory: Memory, *, digest_every_ns: int, now_ns: int) -> None:
        self._outbox = outbox
        self._alerts = dict.fromkeys(memory.alerts)
        self._days = {record.badge: record for record in memory.days}
        self._run_told = memory.run_told
        self._digest_every_ns = digest_every_ns
        self._digest_ns = self._started_ns = now_ns
        self._day_saved_ns = 0
        self._run = ""
        self._standing: dict[Condition, AlertView] = {}
        self._silent = False
        self._ended = False
        self._profit = ""
        self._is_dirty = False
        self._last: StatusView | None = None

    def look(self, status: StatusView | None, age_s: float, unhealthy: list[str], now_ns: int) -> None:
        """Take in the newest status, however old; `unhealthy` says why the whole is not well."""
        if status is None or age_s > SILENT_S or (status.state == STOPPING and age_s > ENDED_S):
            self._look_at_silence(status, age_s, now_ns)
            return
        self._hear_again(status)
        self._last = status
        self._look_at_run(status, now_ns)
        self._look_at_alerts(status, now_ns)
        if status.account.equity is not None:
            self._look_at_day(status, now_ns)
            self._look_at_profit(status, now_ns)
        self._look_at_digest(status, unhealthy, now_ns)

    def memory(self) -> Memory | None:
        """Return what has to be written down, if that changed since the last call."""
        if not self._is_dirty:
            return None
        self._is_dirty = False
        return Memory(tuple(self._alerts), tuple(self._days.values()), self._run_told)

    @property
    def day(self) -> DayRecord | None:
        """The day of the account that was looked at last; None before the first look."""
        return self._days.get(badge(self._last))

    # --- silence --------------------------------------------------------------------------------------------------

    def _look_at_silence(self, status: StatusView | None, age_s: float, now_ns: int) -> None:
        last = self._last
        if last is not None and last.state == STOPPING:
            if not self._ended:
                self._ended = True
                self._outbox.add(
                    NoteKind.NEWS, "ended", f"[{badge(last)}] stopped at {clock(now_ns)}; {_resting(last)}", now_ns
                )
            return
        if self._silent or (status is None and now_ns - self._started_ns < START_GRACE_NS):
            return
        self._silent = True
        since = "ever since this start" if status is None else f"for {span(age_s)}"
        text = f"[{badge(status)}] CRITICAL {clock(now_ns)} the supervisor has said nothing {since}; {_resting(status)}"
        self._outbox.add(NoteKind.CRITICAL, SILENT, text, now_ns)

    def _hear_again(self, status: StatusView) -> None:
        if self._silent:
            text = f"[{badge(status)}] over: the supervisor is heard again, its state is {one_line(status.state, 40)}"
            self._outbox.add(NoteKind.NEWS, f"over/{SILENT}", text, status.ts_ns)
        self._silent = self._ended = False

    # --- alerts ---------------------------------------------------------------------------------------------------

    def _look_at_run(self, status: StatusView, now_ns: int) -> None:
        if status.run_id != self._run:
            self._run = status.run_id
            # Whatever stood in an earlier run is told again by this one, should it still be so.
            self._standing = {}
        if status.state == "running" and self._run_told != self._run:
            self._run_told = self._run
            self._is_dirty = True
            traded = ", ".join(one_line(trader.pair, 30) for trader in status.traders) or "nothing"
            self._outbox.add(NoteKind.NEWS, "run", f"[{badge(status)}] running since {clock(now_ns)}: {traded}", now_ns)

    def _look_at_alerts(self, status: StatusView, now_ns: int) -> None:
        standing = {(alert.actor, alert.key): alert for alert in status.standing if alert.actor != OURSELVES}
        for condition in self._standing.keys() - standing.keys():
            self._tell_end(self._standing[condition], status, now_ns)
        self._standing = standing
        shown = {f"{_name_of(alert)}@{alert.ts_ns}": alert for alert in (*status.alerts, *status.standing)}
        for occurrence in sorted(shown.keys() - self._alerts.keys(), key=lambda each: shown[each].ts_ns):
            self._alerts[occurrence] = None
            self._is_dirty = True
            self._tell(shown[occurrence], status, now_ns)
        for occurrence in [each for each in self._alerts if each not in shown][: max(0, len(self._alerts) - TOLD_MAX)]:
            del self._alerts[occurrence]

    def _tell(self, alert: AlertView, status: StatusView, now_ns: int) -> None:
        kind, name = KINDS.get(alert.level), _name_of(alert)
        if kind is None or alert.actor == OURSELVES:
            return
        self._outbox.withdraw(NoteKind.NEWS, f"over/{name}")
        said = f"{clock(alert.ts_ns)} {one_line(alert.actor, 40)}: {one_line(alert.text)}"
        self._outbox.add(kind, name, f"[{badge(status)}] {kind.name} {said}", now_ns)

    def _tell_end(self, alert: AlertView, status: StatusView, now_ns: int) -> None:
        if alert.level in KINDS:
            text = f"[{badge(status)}] over since {clock(now_ns)}: {one_line(alert.text)}"
            self._outbox.add(NoteKind.NEWS, f"over/{_name_of(alert)}", text, now_ns)

    # --- the account ----------------------------------------------------------------------------------------------

    def _look_at_day(self, status: StatusView, now_ns: int) -> None:
        day, account = day_of(status.ts_ns), badge(status)
        for record in [each for each in self._days.values() if each.day < day]:
            self._outbox.add(NoteKind.NEWS, f"day/{record.badge}/{record.day}", summary(record), now_ns)
            del self._days[record.badge]
            self._day_saved_ns = 0
        before = self._days.get(account)
        if before is None or day >= before.day:  # a clock that was set back begins no day again
            self._days[account] = looked(before, account, day, status.account)
        if not self._day_saved_ns <= now_ns < self._day_saved_ns + DAY_SAVED_EVERY_NS:
            self._day_saved_ns = now_ns
            self._is_dirty = True

    def _look_at_profit(self, status: StatusView, now_ns: int) -> None:
        account = status.account
        booked = f"{account.trades} {account.realised_pnl}"
        if booked == self._profit:
            return
        is_first, self._profit = not self._profit, booked
        if not is_first:
            self._outbox.add(NoteKind.PROFIT, "profit", f"[{badge(status)}] {profit_line(account)}", now_ns)

    def _look_at_digest(self, status: StatusView, unhealthy: list[str], now_ns: int) -> None:
        if not self._digest_every_ns or 0 <= now_ns - self._digest_ns < self._digest_every_ns:
            return
        self._digest_ns = now_ns
        self._outbox.add(NoteKind.DIGEST, "digest", digest(status, unhealthy), now_ns)


def digest(status: StatusView, unhealthy: list[str]) -> str:
    """Return how everything is, in a few lines."""
    well = "all is well" if not unhealthy else f"not well: {one_line('; '.join(unhealthy))}"
    lines = [f"[{badge(status)}] {one_line(status.state, 40)} for {span(status.uptime_s)}, {well}"]
    if status.account.equity is not None:
        lines.append(profit_line(status.account))
    lines += [f"{one_line(row.pair, 30)}: {one_line(row.state, 40)}, holds {short(row.position)}" for row in status.traders]
    lines += [f"stands: {one_line(alert.text, 200)}" for alert in status.standing if alert.level in KINDS]
    return "\n".join(lines)


def _name_of(alert: AlertView) -> str:
    return f"{alert.actor}/{alert.key}"


def _resting(status: StatusView | None) -> str:
    """Return what is known of our orders at the exchange."""
    if status is None or status.gateway.open_orders is None:
        return "whether orders rest is unknown"
    unknown = status.gateway.unknown_orders or 0
    if not status.gateway.open_orders and not unknown:
        return "no orders rest"
    return f"{status.gateway.open_orders} orders rest or are unknown ({unknown} unknown)"
