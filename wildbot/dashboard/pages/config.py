"""The configuration page: every setting in force, where it came from, secrets masked."""

import streamlit as st

from wildbot.dashboard.frame import draw_frame
from wildbot.dashboard.source import open_source
from wildbot.dashboard.view.document import is_pair, text
from wildbot.dashboard.view.document import rows as rows_of
from wildbot.dashboard.view.parameters import chosen, in_force, settings_html


def draw_config() -> None:
    """Draw the page."""
    source = open_source()
    draw_frame(source)
    now, trading = source.now(), source.settings.trading
    watched = [] if now.stale else [pair for row in rows_of(now.document, "scanner") if is_pair(pair := text(row, "pair"))]
    rows = in_force(list(source.loaded.rows()), watched, [*trading.universe, *trading.pairs])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="config_filters"):
        wanted = st.text_input("Containing", key="config_text", width=300, placeholder="part of a name or a value")
        own_only = st.toggle("Only what was chosen", key="config_own")
    st.html(settings_html(chosen(rows, containing=wanted or "", own_only=own_only), len(rows)))
