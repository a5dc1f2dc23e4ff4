"""One card per trader: its pair, state, position, quotes, profit and reason."""

from decimal import Decimal

from wildbot.dashboard.view.document import JsonObject, decimal, is_cut_off, number, rows, section, text
from wildbot.dashboard.view.kpis import position_word
from wildbot.dashboard.view.wording import NOTHING, div, exact, fixed, gain_class, milliseconds, money, panel, span
from wildbot.trader_words import Why, activity, why

CARDS_MAX = 3
CUT_OFF = "CUT OFF"

_TONES = {
    "QUOTING": "good",
    "EXITING": "good",
    "HOLDING": "good",
    "WATCHING": "blue",
    "ENDING": "bad",
    "QUARANTINED": "bad",
}


def doing(document: JsonObject, trader: JsonObject) -> tuple[str, str]:
    """Return what a trader is about in one word, and its colour class; what is neither good nor bad news is amber."""
    if is_cut_off(document, trader):
        return CUT_OFF, "bad"
    position = decimal(trader, "position") or Decimal(0)
    sides = {text(order, "side") for order in rows(trader, "open_orders")}
    held = int(position.compare(0))
    word = activity(text(trader, "state", NOTHING), text(trader, "reason"), held=held, sides=sides)
    return word, _TONES.get(word, "warn")


def why_of(trader: JsonObject) -> Why:
    """Return why a trader does what it does."""
    return why(text(trader, "reason", NOTHING), text(trader, "strategy"))


def net_pnl(trader: JsonObject) -> Decimal | None:
    """Return realised (after fees already) plus unrealised profit of one trader; None when one is missing."""
    realised, unrealised = decimal(trader, "realised_pnl"), decimal(trader, "unrealised_pnl")
    return None if realised is None or unrealised is None else realised + unrealised


def traders_html(document: JsonObject, *, pair: str, stale: bool) -> str:
    """Return the cards as markup; the selected pair's is outlined, missing traders leave their place empty.

    A stale document does not know what its traders do now.
    """
    traders = rows(document, "traders")[:CARDS_MAX]
    cards = [_card(document, trader, chosen=text(trader, "pair") == pair, stale=stale) for trader in traders]
    vacant = [div("wb-card vacant", span("dim", "no trader")) for _ in range(CARDS_MAX - len(cards))]
    return panel("Traders", div(f"wb-cards {'stale' if stale else ''}", *cards, *vacant), css="tall")


def _card(document: JsonObject, trader: JsonObject, *, chosen: bool, stale: bool) -> str:
    state, state_tone = ("UNKNOWN", "warn") if stale else doing(document, trader)
    reason = why_of(trader)
    position, pnl = decimal(trader, "position"), net_pnl(trader)
    word, tone = position_word(position)
    held = f"{word} {exact(abs(position))}" if position else word
    return div(
        f"wb-card {state_tone} {'chosen' if chosen else ''}",
        div(
            "wb-card-top",
            span("wb-strong", text(trader, "pair", NOTHING)),
            span(f"wb-state {state_tone}", f"● {state}"),
            span(f"wb-value {gain_class(pnl)}", money(pnl, sign=True)),
        ),
        div(
            "wb-card-line",
            span(tone, held),
            span("dim", f"{fixed(number(trader, 'spread_bps'))} bp · {milliseconds(number(trader, 'data_age_ms'))}"),
        ),
        div("wb-card-line", _quote(trader, "bid"), _quote(trader, "ask")),
        div("wb-card-reason", span("", reason.line), title=reason.line),
    )


def _quote(trader: JsonObject, side: str) -> str:
    quote = section(section(trader, "quotes"), side)
    if not quote:
        return span("dim", f"no {side}")
    tone, arrow = ("up", "▲") if side == "bid" else ("down", "▼")
    return span(tone, f"{arrow} {exact(decimal(quote, 'qty'))} @ {exact(decimal(quote, 'price'))}")
