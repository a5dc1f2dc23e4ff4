"""The strategy page: what the selected trader saw over time, why it acted, and with which parameters."""

import streamlit as st

from wildbot.dashboard.controls import selected_pair
from wildbot.dashboard.frame import FAST_S, SLOW_S, draw_frame
from wildbot.dashboard.source import Source, open_source
from wildbot.dashboard.view.document import is_cut_off, text, trader_of
from wildbot.dashboard.view.minds import BPS, PERCENT, PRICE, RATIO, families, family_option, reason_option, reasons_html
from wildbot.dashboard.view.parameters import parameters_html
from wildbot.dashboard.view.price_chart import price_option
from wildbot.dashboard.view.strategy import strategy_html
from wildbot.dashboard.view.wording import panel

TALL, LOW = 400, 330
HEADINGS = {PRICE: "Prices it goes by", BPS: "Basis points", PERCENT: "Percent", RATIO: "Ratios"}


def draw_strategy() -> None:
    """Draw the page."""
    source = open_source()
    draw_frame(source)
    _now(source)
    _lately(source)


@st.fragment(run_every=FAST_S)
def _now(source: Source) -> None:
    now = source.now()
    pair = selected_pair(now.document)
    trader = trader_of(now.document, pair)
    lines = families(source.mind(pair))
    prices, points, mind = st.columns([40, 40, 20], gap="small")
    with prices, st.container(key="price_family_panel"):
        # A strategy that goes by no prices of its own is watched on those of the market.
        goes_by = lines[PRICE]
        option = (
            family_option(goes_by, PRICE) if goes_by else price_option(source.candles(pair), source.fills(pair), trader)
        )
        st.html(panel(HEADINGS[PRICE] if goes_by else "Price", ""))
        st.echarts_chart(option, key=f"family_{PRICE}_{bool(goes_by)}", height=TALL, theme=None, alt=f"prices of {pair}")
    with points, st.container(key="basis_family_panel"):
        family = next((each for each in (BPS, PERCENT) if lines[each]), BPS if goes_by else RATIO)
        st.html(panel(HEADINGS[family], ""))
        st.echarts_chart(
            family_option(lines[family], family), key=f"family_{family}", height=TALL, theme=None, alt=HEADINGS[family]
        )
    mind.html(strategy_html(trader, stale=now.stale or is_cut_off(now.document, trader), css="taller"))


@st.fragment(run_every=SLOW_S)
def _lately(source: Source) -> None:
    now = source.now()
    pair = selected_pair(now.document)
    track = source.mind(pair)
    name = text(trader_of(now.document, pair), "strategy") or source.settings.trading.strategy
    shares, times, ratios, parameters = st.columns([22, 30, 24, 24], gap="small")
    shares.html(reasons_html(track, strategy=name, stale=now.stale))
    with times, st.container(key="reasons_panel"):
        st.html(panel("Why, over time", ""))
        st.echarts_chart(reason_option(track, name), key="reasons", height=LOW, theme=None, alt="reasons over time")
    with ratios, st.container(key="ratios_panel"):
        st.html(panel(HEADINGS[RATIO], ""))
        st.echarts_chart(
            family_option(families(track)[RATIO], RATIO), key="ratios", height=LOW, theme=None, alt=HEADINGS[RATIO]
        )
    parameters.html(parameters_html(name, list(source.loaded.rows())))
