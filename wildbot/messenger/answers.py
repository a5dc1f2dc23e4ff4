"""The answers to questions, from the newest status; each says how old that is when it is old.

Rules: what is not known is said to be so; every text of the status is one line before it is part of an answer.
"""

from collections.abc import Callable, Mapping

import msgspec

from wildbot.analytics.status_view import StatusView
from wildbot.messenger.day_book import DayRecord, summary
from wildbot.messenger.notices import digest
from wildbot.messenger.texts import UNKNOWN, badge, clock, one_line, profit_line, short, signed, span

FILLS_SHOWN = 10
ORDERS_SHOWN = 20
STALE_S = 3.0


class Seen(msgspec.Struct, frozen=True):
    """What an answer is made of. `unhealthy`: why the whole is not well; `version`: which code runs here."""

    status: StatusView | None
    age_s: float
    unhealthy: list[str]
    day: DayRecord | None
    version: str


def answer(name: str, seen: Seen) -> str:
    """Return the answer to the question `name`, one of `QUESTIONS`."""
    if seen.status is None:
        return f"nothing is known: no status was received yet\n{seen.version}" if name == "version" else NOTHING
    old = f"(as of {seen.age_s:.0f} s ago; what is now is unknown)\n" if seen.age_s > STALE_S else ""
    return f"{old}[{badge(seen.status)}] {QUESTIONS[name](seen.status, seen)}"


NOTHING = "nothing is known: no status was received yet"


def _status(status: StatusView, seen: Seen) -> str:
    return digest(status, seen.unhealthy).split("] ", 1)[1]


def _profit(status: StatusView, seen: Seen) -> str:
    lines = [profit_line(status.account)]
    lines += [
        f"{one_line(row.pair, 30)}: realised {signed(row.realised_pnl)}, unrealised {signed(row.unrealised_pnl)},"
        f" {row.wins} won, {row.losses} lost"
        for row in status.traders
    ]
    return "\n".join(lines)


def _daily(status: StatusView, seen: Seen) -> str:
    if seen.day is None:
        return "no day was looked at yet"
    return "until now: " + summary(seen.day).split("] ", 1)[1]


def _fills(status: StatusView, seen: Seen) -> str:
    lines = [
        f"{clock(row.ts_ns)} {one_line(row.side, 8)} {row.qty} {one_line(row.pair, 30)} at {row.price}"
        f" fee {short(row.fee)} profit {signed(row.pnl)}"
        for row in status.trades[-FILLS_SHOWN:]
    ]
    return "\n".join(["last fills", *lines]) if lines else "no fills yet"


def _orders(status: StatusView, seen: Seen) -> str:
    lines = [
        f"{one_line(row.pair, 30)} " + " ".join(one_line(str(order.get(key, "?")), 24) for key in ORDER_FIELDS)
        for row in status.traders
        for order in row.open_orders
    ]
    counted = status.gateway.open_orders
    head = f"open orders (the order gateway counts {UNKNOWN if counted is None else counted})"
    return "\n".join([head, *lines[:ORDERS_SHOWN], *(["..."] if len(lines) > ORDERS_SHOWN else [])])


ORDER_FIELDS = ("side", "qty", "price", "state")


def _balance(status: StatusView, seen: Seen) -> str:
    account, shares = status.account, status.allocator
    currency = one_line(account.currency, 12)
    lines = [
        f"cash {short(account.cash)} {currency}, equity {short(account.equity)} {currency}",
        f"capital {short(shares.capital)}, granted {short(shares.granted)}, free {short(shares.free)}",
    ]
    lines += [f"{one_line(row.pair, 30)}: holds {short(row.position)}, mark {short(row.mark)}" for row in status.traders]
    return "\n".join(lines)


def _pairs(status: StatusView, seen: Seen) -> str:
    lines = [
        f"{'* ' if row.active else ''}{one_line(row.pair, 30)} score {_number(row.score)}"
        f" spread {_number(row.spread_bps)} bps"
        f" volatility {_number(row.volatility_bps)} bps{f', {one_line(row.reason, 80)}' if row.reason else ''}"
        for row in status.scanner
    ]
    return "\n".join(["pairs (* is traded)", *lines]) if lines else "the scanner has not said anything yet"


def _health(status: StatusView, seen: Seen) -> str:
    head = "healthy" if not seen.unhealthy else "not healthy:"
    rows = [
        f"{one_line(row.name, 40)}: {one_line(row.state, 24)}, {_heard(row.heartbeat_age_ms, seen.age_s)},"
        f" {row.restarts} restarts, {_number(row.rss_mb)} MB"
        for row in status.actors
    ]
    return "\n".join([head, *(f"- {one_line(reason)}" for reason in seen.unhealthy), *rows])


def _version(status: StatusView, seen: Seen) -> str:
    return f"run {one_line(status.run_id, 60)}\n{seen.version}"


def _heard(beat_age_ms: float | None, document_age_s: float) -> str:
    """Return how long ago a process spoke; what it said its state is counts for as long as it does."""
    if beat_age_ms is None:
        return "never heard"
    age_s = beat_age_ms / 1_000 + document_age_s
    return f"SILENT for {span(age_s)}" if age_s > STALE_S else f"heard {age_s:.1f} s ago"


def _number(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.4g}"


QUESTIONS: Mapping[str, Callable[[StatusView, Seen], str]] = {
    "status": _status,
    "pnl": _profit,
    "daily": _daily,
    "fills": _fills,
    "orders": _orders,
    "balance": _balance,
    "pairs": _pairs,
    "health": _health,
    "version": _version,
}
"""Every question by the name of its command."""
