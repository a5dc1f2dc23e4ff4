"""The latency page: hop by hop from the exchange's frame to its acknowledgement, and each actor's loop over time."""

import streamlit as st

from wildbot.dashboard.frame import SLOW_S, draw_frame
from wildbot.dashboard.source import Source, open_source
from wildbot.dashboard.view.latency import (
    hops,
    hops_html,
    hops_option,
    pace_html,
    pace_option,
    spread_option,
)
from wildbot.dashboard.view.wording import panel

HOPS_HEIGHT, LOOPS_HEIGHT = 330, 400


def draw_latency() -> None:
    """Draw the page."""
    source = open_source()
    draw_frame(source)
    _latency(source)


@st.fragment(run_every=SLOW_S)
def _latency(source: Source) -> None:
    now = source.now()
    found = hops(now.document)
    path, table = st.columns([50, 50], gap="small")
    with path, st.container(key="hops_panel"):
        st.html(panel("Tick to order, hop by hop · microseconds, powers of ten", ""))
        st.echarts_chart(hops_option(found), key="hops", height=HOPS_HEIGHT, theme=None, alt="latency of each hop")
    table.html(hops_html(found, stale=now.stale))
    spread, lately, actors = st.columns([36, 36, 28], gap="small")
    with spread, st.container(key="spread_panel"):
        st.html(panel("How the samples are spread · since the start, in percent", ""))
        st.echarts_chart(spread_option(found), key="spread", height=LOOPS_HEIGHT, theme=None, alt="histogram of each hop")
    with lately, st.container(key="pace_panel"):
        st.html(panel("p99 of each loop over time · microseconds, powers of ten", ""))
        st.echarts_chart(pace_option(source.pace()), key="pace", height=LOOPS_HEIGHT, theme=None, alt="p99 over time")
    actors.html(pace_html(now.document, stale=now.stale))
