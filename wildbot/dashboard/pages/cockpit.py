"""The cockpit page: everything about the desk on one screen, refreshed by fragments at two speeds.

Rules: every fragment always draws the same elements with the same keys and heights, so nothing on the page ever moves.
"""

import streamlit as st

from wildbot.dashboard.controls import selected_pair
from wildbot.dashboard.frame import FAST_S, SLOW_S, draw_frame
from wildbot.dashboard.source import Source, open_source
from wildbot.dashboard.view.document import EMPTY, is_cut_off, number, rows, section, trader_of
from wildbot.dashboard.view.equity_chart import equity_option
from wildbot.dashboard.view.health import actors_html, log_html, log_lines
from wildbot.dashboard.view.ladder import ladder, ladder_html
from wildbot.dashboard.view.price_chart import price_option
from wildbot.dashboard.view.scanner import scanner_html
from wildbot.dashboard.view.strategy import strategy_html
from wildbot.dashboard.view.traders import traders_html
from wildbot.dashboard.view.trades import fills_html
from wildbot.dashboard.view.truth import truth_html
from wildbot.dashboard.view.wording import panel

PRICE_HEIGHT = 330
EQUITY_HEIGHT = 204


def draw_cockpit() -> None:
    """Draw the page."""
    source = open_source()
    draw_frame(source, with_numbers=True)
    _market(source)
    _books(source)


@st.fragment(run_every=FAST_S)
def _market(source: Source) -> None:
    now = source.now()
    pair = selected_pair(now.document)
    trader = trader_of(now.document, pair)
    of_the_past = now.stale or is_cut_off(now.document, trader)
    chart, book, mind, desk = st.columns([46, 17, 19, 18], gap="small")
    with chart, st.container(key="price_panel"):
        st.html(panel("Price · 5 s candles · ▲ our buys ▼ our sells", ""))
        # Who is stale or cut off knows no last price and none of our quotes, so their lines go.
        option = price_option(source.candles(pair), source.fills(pair), EMPTY if of_the_past else trader)
        st.echarts_chart(option, key="price", height=PRICE_HEIGHT, theme=None, alt=f"price of {pair}")
    book.html(ladder_html(ladder(now.document, pair), stale=of_the_past))
    mind.html(strategy_html(trader, stale=of_the_past))
    desk.html(traders_html(now.document, pair=pair, stale=now.stale))


@st.fragment(run_every=SLOW_S)
def _books(source: Source) -> None:
    now = source.now()
    curve, fills, scanner = st.columns([24, 36, 40], gap="small")
    with curve, st.container(key="equity_panel"):
        st.html(panel("Equity", ""))
        starting = number(section(now.document, "account"), "starting")
        st.echarts_chart(
            equity_option(source.equity(), starting), key="equity", height=EQUITY_HEIGHT, theme=None, alt="equity"
        )
    fills.html(fills_html(source.fills(), stale=now.stale))
    scanner.html(scanner_html({**now.document, **source.sparks()}, stale=now.stale))
    actors, truth, log = st.columns([37, 23, 40], gap="small")
    actors.html(actors_html(now.document, stale=now.stale))
    truth.html(truth_html(now.document, stale=now.stale))
    heard = source.events() + rows(now.document, "events")
    log.html(log_html(log_lines(heard, rows(now.document, "alerts"))))
