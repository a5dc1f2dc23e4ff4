"""The reports page: make one from the journal, see what there is, open it here or take it along."""

from pathlib import Path

import streamlit as st

from wildbot.dashboard.frame import draw_frame
from wildbot.dashboard.report_making import Making
from wildbot.dashboard.source import Source, open_source
from wildbot.dashboard.view.report_files import ReportFile, framed, making_html, report_files

REFRESH_S = 1.0
PAGE_HEIGHT = 780
SHOWN_BYTES_MAX = 8 * 2**20

_MAKING, _SETTLED, _NAME, _MADE = "report_making", "report_settled", "report_name", "report_made"
"""Names in the session's state; _MADE holds the report that was just made, which is shown next."""


def draw_reports() -> None:
    """Draw the page."""
    source = open_source()
    draw_frame(source)
    files = report_files(source.reports)
    made = st.session_state.pop(_MADE, None)
    if any(file.name == made for file in files):
        st.session_state[_NAME] = made
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="report_row"):
        names = [file.name for file in files]
        name = st.selectbox("Report", names, index=0 if names else None, key=_NAME, width=420)
        if st.button("Make a report now", icon=":material/note_add:", key="report_make"):
            st.session_state[_MAKING] = Making(source.reports, source.settings.home)
            st.session_state[_SETTLED] = False
        file = next((each for each in files if each.name == name), None)
        if file is not None:
            path = source.reports / file.name
            st.download_button(
                "Download", path.read_bytes, file_name=path.name, mime=file.mime, on_click="ignore", key="report_download"
            )
        _progress()
    _shown(source, file)


@st.fragment(run_every=REFRESH_S)
def _progress() -> None:
    making = st.session_state.get(_MAKING)
    st.html(making_html(making.state() if isinstance(making, Making) else None))
    if isinstance(making, Making) and making.state().is_over and not st.session_state.get(_SETTLED):
        st.session_state[_SETTLED] = True
        st.session_state[_MADE] = making.state().name
        st.rerun()  # the list has one more


def _shown(source: Source, file: ReportFile | None) -> None:
    if file is None:
        st.html(framed("", "no report yet: make one, or run wildbot report", 0))
        return
    text = _read(source.reports / file.name) if file.is_page else None
    note = "" if text is not None else "this kind of file is for downloading"
    if text is None:
        st.html(framed("", note, 0))
    else:
        st.iframe(framed(text, "", PAGE_HEIGHT), height=PAGE_HEIGHT)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8") if path.stat().st_size <= SHOWN_BYTES_MAX else None
    except (OSError, UnicodeDecodeError):
        return None
