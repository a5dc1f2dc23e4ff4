"""What stands on every page: the header with its ages, and the controls, so that WildBot can be stopped from anywhere.

Rules: the header is a fragment that refreshes itself; the controls never are. The header follows the desk: when the
    controls no longer fit it, the whole page is drawn again.
"""

import time

import streamlit as st

from wildbot.dashboard.controls import draw_controls, follow_desk, selected_pair
from wildbot.dashboard.source import Source
from wildbot.dashboard.view.header import header, header_html
from wildbot.dashboard.view.kpis import kpis, kpis_html

FAST_S = 1.0
SLOW_S = 2.0


def draw_frame(source: Source, *, with_numbers: bool = False) -> None:
    """Draw header and controls; `with_numbers` puts the strip of key numbers between them."""
    _top(source, with_numbers)
    draw_controls(source)
    _follow(source)


@st.fragment(run_every=FAST_S)
def _top(source: Source, with_numbers: bool) -> None:
    now = source.now()
    pair = selected_pair(now.document)
    known = now.document if now.is_known else None
    st.html(header_html(header(known, age_s=now.age_s, pair=pair, now_ns=time.time_ns())))
    if with_numbers:
        limit = source.settings.risk.max_drawdown_pct
        st.html(kpis_html(kpis(now.document, pair=pair, drawdown_limit_pct=limit), stale=now.stale))


@st.fragment(run_every=FAST_S)
def _follow(source: Source) -> None:
    follow_desk(source)
