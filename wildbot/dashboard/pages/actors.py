"""The actors page: how each process is, how often it was restarted, and the end of its log."""

import streamlit as st

from wildbot.adapters.log_tail import LEVELS, actors_with_logs, tail
from wildbot.dashboard.frame import SLOW_S, draw_frame
from wildbot.dashboard.source import Source, open_source
from wildbot.dashboard.view.log_records import records_html
from wildbot.dashboard.view.process_table import processes_html

LINES_SHOWN = 300
SHOWN_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
FIRST_SHOWN = "supervisor"


def draw_actors() -> None:
    """Draw the page."""
    source = open_source()
    draw_frame(source)
    _processes(source)
    names = actors_with_logs(source.logs)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="log_filters"):
        start = names.index(FIRST_SHOWN) if FIRST_SHOWN in names else 0
        name = st.selectbox("Log of", names, index=start if names else None, key="log_actor", width=240)
        level = st.segmented_control("At least", SHOWN_LEVELS, default="INFO", key="log_level", required=True)
        wanted = st.text_input("Containing", key="log_text", width=260, placeholder="any text")
    _log(source, name or "", level if level in LEVELS else "INFO", wanted or "")


@st.fragment(run_every=SLOW_S)
def _processes(source: Source) -> None:
    now = source.now()
    st.html(processes_html(now.document, source.pace(), stale=now.stale))


@st.fragment(run_every=SLOW_S)
def _log(source: Source, name: str, level: str, wanted: str) -> None:
    # Only a name that lies in the folder is ever opened.
    known = name in actors_with_logs(source.logs)
    records = tail(source.logs / f"{name}.log", LINES_SHOWN, least=level, containing=wanted) if known else []
    st.html(records_html(name, records))
