"""The scanner page: every pair of the universe, what it offers, what it costs, and why it is or is not traded."""

import streamlit as st

from wildbot.dashboard.frame import SLOW_S, draw_frame
from wildbot.dashboard.source import Source, open_source
from wildbot.dashboard.view.chart import lines_option
from wildbot.dashboard.view.universe import offers_option, universe_html
from wildbot.dashboard.view.wording import panel

CHART_HEIGHT = 440


def draw_scanner() -> None:
    """Draw the page."""
    source = open_source()
    draw_frame(source)
    _ranking(source)


@st.fragment(run_every=SLOW_S)
def _ranking(source: Source) -> None:
    now = source.now()
    st.html(universe_html({**now.document, **source.sparks()}, stale=now.stale))
    scores, offers = st.columns([60, 40], gap="small")
    ranking = source.ranking()
    with scores, st.container(key="scores_panel"):
        st.html(panel("Score over time · basis points", ""))
        lines = [ranking.line(name) for name in ranking.names()]
        st.echarts_chart(lines_option(lines, zero=True), key="scores", height=CHART_HEIGHT, theme=None, alt="scores")
    with offers, st.container(key="offers_panel"):
        st.html(panel("What each pair moves and costs · filled: traded", ""))
        st.echarts_chart(
            offers_option(now.document), key="offers", height=CHART_HEIGHT, theme=None, alt="spread and volatility"
        )
