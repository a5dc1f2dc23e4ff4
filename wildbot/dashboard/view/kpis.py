"""The strip of key numbers: nine boxes, each a label, a number and a remark."""

from dataclasses import dataclass
from decimal import Decimal

from wildbot.dashboard.view.document import JsonObject, decimal, is_cut_off, number, section, text, trader_of
from wildbot.dashboard.view.wording import NOTHING, div, exact, fixed, gain_class, milliseconds, money, percent, span

LIMIT_NEAR = 0.8
"""From this share of a limit on, its box turns amber: a limit is shown before it trips."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """One box; `tone` is a colour class or empty."""

    label: str
    value: str
    remark: str
    tone: str = ""


def kpis(document: JsonObject, *, pair: str, drawdown_limit_pct: float | None) -> list[Kpi]:
    """Return the boxes for the account and the selected pair."""
    account = section(document, "account")
    trader = trader_of(document, pair)
    return [
        _equity(account),
        Kpi(
            "Realised",
            money(decimal(account, "realised_pnl"), sign=True),
            f"after fees · today {money(decimal(account, 'day_pnl'), sign=True)}",
            gain_class(decimal(account, "realised_pnl")),
        ),
        Kpi(
            "Unrealised",
            money(decimal(account, "unrealised_pnl"), sign=True),
            "marked to mid",
            gain_class(decimal(account, "unrealised_pnl")),
        ),
        _drawdown(account, drawdown_limit_pct),
        _position(trader),
        _last(trader, cut_off=is_cut_off(document, trader)),
        _fills(account),
        Kpi("Fees", money(decimal(account, "fees")), f"this pair {money(decimal(trader, 'fees'))}"),
        _capital(section(document, "allocator")),
    ]


def position_word(position: Decimal | None) -> tuple[str, str]:
    """Return LONG, SHORT or none and its colour class; a missing position is not "none"."""
    if position is None:
        return NOTHING, ""
    if position == 0:
        return "none", ""
    return ("LONG", "up") if position > 0 else ("SHORT", "down")


def _equity(account: JsonObject) -> Kpi:
    result = number(account, "return_pct")
    return Kpi(
        f"Equity {text(account, 'currency')}".strip(),
        money(decimal(account, "equity")),
        f"{percent(result, sign=True)} on {money(decimal(account, 'starting'))}",
        gain_class(result),
    )


def _drawdown(account: JsonObject, limit_pct: float | None) -> Kpi:
    now = number(account, "drawdown_pct")
    near = now is not None and limit_pct is not None and now >= LIMIT_NEAR * limit_pct
    limit = NOTHING if limit_pct is None else f"{limit_pct:g} %"
    return Kpi(
        "Drawdown", percent(now), f"limit {limit} · peak {money(decimal(account, 'peak_equity'))}", "warn" if near else ""
    )


def _position(trader: JsonObject) -> Kpi:
    position = decimal(trader, "position")
    word, tone = position_word(position)
    if position:
        return Kpi("Position", f"{word} {exact(abs(position))}", f"avg {exact(decimal(trader, 'avg_cost'))}", tone)
    return Kpi("Position", word, "flat" if word == "none" else NOTHING, tone)


def _last(trader: JsonObject, *, cut_off: bool) -> Kpi:
    if cut_off:
        return Kpi(
            "Last price", exact(decimal(trader, "mark")), f"of {milliseconds(number(trader, 'data_age_ms'))} ago", "dim"
        )
    spread = fixed(number(trader, "spread_bps"))
    return Kpi("Last price", exact(decimal(trader, "mark")), f"spread {spread} bp")


def _fills(account: JsonObject) -> Kpi:
    rate = number(account, "win_rate")
    wins, losses = text(account, "wins", NOTHING), text(account, "losses", NOTHING)
    return Kpi("Fills", text(account, "trades", NOTHING), f"win rate {percent(rate, 0)} · {wins} W {losses} L")


def _capital(allocator: JsonObject) -> Kpi:
    return Kpi(
        "Capital leased",
        money(decimal(allocator, "granted")),
        f"free {money(decimal(allocator, 'free'))} of {money(decimal(allocator, 'capital'))}",
    )


def kpis_html(boxes: list[Kpi], *, stale: bool) -> str:
    """Return the strip as markup; stale numbers are dimmed."""
    return div(
        f"wb-kpis {'stale' if stale else ''}",
        *(
            div(
                "wb-kpi",
                span("wb-label", box.label),
                span(f"wb-value {box.tone}", box.value),
                span("wb-remark", box.remark),
            )
            for box in boxes
        ),
    )
