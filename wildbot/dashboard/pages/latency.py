"""The latency page: hop by hop from the exchange's frame to its acknowledgement, and each actor's loop over time."""

import streamlit as st

from wildbot.dashboard.frame import SLOW_S, draw_frame
from wildbot.dashboard.source import Source, open_source
from wildbot.dashboard.view.latency import (
    actors_option,
    hops,
    hops_html,
    hops_option,
    pace_html,
    pace_option,
)
from wildbot.dashboard.view.wording import panel

CHART_HEIGHT = 316


def draw_latency() -> None:
    """Draw the page."""
    source = open_source()
    draw_frame(source)
    _latency(source)


@st.fragment(run_every=SLOW_S)
def _latency(source: Source) -> None:
    now = source.now()
    found = hops(now.document)
    path, loops = st.columns([50, 50], gap="small")
    with path, st.container(key="hops_panel"):
        st.html(panel("Hops · microseconds, powers of ten", ""))
        st.echarts_chart(hops_option(found), key="hops", height=CHART_HEIGHT, theme=None, alt="latency of each hop")
    with loops, st.container(key="loops_panel"):
        st.html(panel("One turn of each actor's loop · microseconds, powers of ten", ""))
        st.echarts_chart(actors_option(now.document), key="loops", height=CHART_HEIGHT, theme=None, alt="latency of loops")
    st.html(hops_html(found, stale=now.stale))
    lately, table = st.columns([50, 50], gap="small")
    with lately, st.container(key="pace_panel"):
        st.html(panel("p99 of each actor over time · microseconds, powers of ten", ""))
        st.echarts_chart(pace_option(source.pace()), key="pace", height=CHART_HEIGHT - 62, theme=None, alt="p99 over time")
    table.html(pace_html(now.document, stale=now.stale))
