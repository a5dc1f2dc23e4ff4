"""One card per trader: its pair, state, position, quotes, profit and reason."""

from decimal import Decimal

from wildbot.dashboard.view.document import JsonObject, decimal, number, rows, section, text
from wildbot.dashboard.view.kpis import position_word
from wildbot.dashboard.view.wording import NOTHING, div, exact, fixed, gain_class, milliseconds, money, panel, span

CARDS_MAX = 3

_TONES = {"trading": "good", "running": "good", "quoting": "good", "ending": "bad", "quarantined": "bad"}


def trader_tone(state: str) -> str:
    """Return the colour class of a trader's state; anything that is neither good nor bad news is amber."""
    return _TONES.get(state.lower(), "warn")


def net_pnl(trader: JsonObject) -> Decimal | None:
    """Return realised (after fees already) plus unrealised profit of one trader; None when one is missing."""
    realised, unrealised = decimal(trader, "realised_pnl"), decimal(trader, "unrealised_pnl")
    return None if realised is None or unrealised is None else realised + unrealised


def traders_html(document: JsonObject, *, pair: str, stale: bool) -> str:
    """Return the cards as markup; the selected pair's is outlined, missing traders leave their place empty.

    A stale document does not know what its traders do now.
    """
    traders = rows(document, "traders")[:CARDS_MAX]
    cards = [_card(trader, chosen=text(trader, "pair") == pair, stale=stale) for trader in traders]
    vacant = [div("wb-card vacant", span("dim", "no trader")) for _ in range(CARDS_MAX - len(cards))]
    return panel("Traders", div(f"wb-cards {'stale' if stale else ''}", *cards, *vacant), css="tall")


def _card(trader: JsonObject, *, chosen: bool, stale: bool) -> str:
    state = "unknown" if stale else text(trader, "state", NOTHING)
    position, pnl = decimal(trader, "position"), net_pnl(trader)
    word, tone = position_word(position)
    held = f"{word} {exact(abs(position))}" if position else word
    return div(
        f"wb-card {trader_tone(state)} {'chosen' if chosen else ''}",
        div(
            "wb-card-top",
            span("wb-strong", text(trader, "pair", NOTHING)),
            span(f"wb-state {trader_tone(state)}", f"● {state.upper()}"),
            span(f"wb-value {gain_class(pnl)}", money(pnl, sign=True)),
        ),
        div(
            "wb-card-line",
            span(tone, held),
            span("dim", f"{fixed(number(trader, 'spread_bps'))} bp · {milliseconds(number(trader, 'data_age_ms'))}"),
        ),
        div("wb-card-line", _quote(trader, "bid"), _quote(trader, "ask")),
        div("wb-card-reason", span("", text(trader, "reason", NOTHING)), title=text(trader, "reason")),
    )


def _quote(trader: JsonObject, side: str) -> str:
    quote = section(section(trader, "quotes"), side)
    if not quote:
        return span("dim", f"no {side}")
    tone, arrow = ("up", "▲") if side == "bid" else ("down", "▼")
    return span(tone, f"{arrow} {exact(decimal(quote, 'qty'))} @ {exact(decimal(quote, 'price'))}")
