"""Puts the cockpit together: page frame, style, password gate, navigation."""

from pathlib import Path

import streamlit as st

from wildbot.dashboard.cockpit import draw_cockpit
from wildbot.dashboard.gate import require_password
from wildbot.dashboard.source import open_source
from wildbot.dashboard.trades_page import draw_trades
from wildbot.dashboard.view.header import mode_of
from wildbot.model.errors import ConfigurationError

STYLE = Path(__file__).with_name("cockpit.css")


def run() -> None:
    """Run the app once, as Streamlit does for every visit and every click."""
    try:
        source = open_source()
    except ConfigurationError as error:
        _frame("WildBot")
        st.title("WildBot cannot start its cockpit")
        st.code(str(error), language=None)
        st.stop()
    _frame(f"{mode_of(source.now().document).upper()} · WildBot")
    require_password(source.settings.dashboard.password)
    pages = [
        st.Page(draw_cockpit, title="Cockpit", url_path="cockpit", default=True),
        st.Page(draw_trades, title="Trades", url_path="trades"),
    ]
    st.navigation(pages, position="top").run()


def _frame(title: str) -> None:
    st.set_page_config(page_title=title, page_icon="🦊", layout="wide", initial_sidebar_state="collapsed")
    st.html(STYLE)
