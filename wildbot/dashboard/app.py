"""Puts the cockpit together: page frame, style, password gate, navigation."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from wildbot.dashboard.gate import require_password
from wildbot.dashboard.pages.actors import draw_actors
from wildbot.dashboard.pages.cockpit import draw_cockpit
from wildbot.dashboard.pages.config import draw_config
from wildbot.dashboard.pages.latency import draw_latency
from wildbot.dashboard.pages.reports import draw_reports
from wildbot.dashboard.pages.scanner import draw_scanner
from wildbot.dashboard.pages.strategy import draw_strategy
from wildbot.dashboard.pages.trades import draw_trades
from wildbot.dashboard.source import open_source
from wildbot.dashboard.view.header import mode_of
from wildbot.model.errors import ConfigurationError

STYLE = Path(__file__).with_name("cockpit.css")

PAGES: dict[str, tuple[str, Callable[[], None]]] = {
    "cockpit": ("Cockpit", draw_cockpit),
    "trades": ("Trades", draw_trades),
    "scanner": ("Scanner", draw_scanner),
    "strategy": ("Strategy", draw_strategy),
    "actors": ("Actors & logs", draw_actors),
    "latency": ("Latency", draw_latency),
    "reports": ("Reports", draw_reports),
    "config": ("Config", draw_config),
}
"""Address -> (title, how it is drawn); the first one opens."""


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
        st.Page(draw, title=title, url_path=path, default=place == 0)
        for place, (path, (title, draw)) in enumerate(PAGES.items())
    ]
    page = st.navigation(pages, position="top")
    # On a phone the menu hides the pages' names: the one that is open then stands beside its button.
    st.html(f"<style>:root {{ --page: '{page.title}'; }}</style>")
    page.run()


def _frame(title: str) -> None:
    st.set_page_config(page_title=title, page_icon="🦊", layout="wide", initial_sidebar_state="collapsed")
    st.html(STYLE)
