"""The trades page: every trade the document and the snapshot hold, with a filter and a CSV download.

Known limit: older trades are in the journal; `wildbot report` reads them.
"""

import time

import streamlit as st

from wildbot.dashboard.source import Source, open_source
from wildbot.dashboard.view.document import is_pair, text
from wildbot.dashboard.view.header import header, header_html
from wildbot.dashboard.view.trades import ALL, chosen, totals, trades_csv, trades_html
from wildbot.dashboard.view.wording import money

REFRESH_S = 2.0


def draw_trades() -> None:
    """Draw the page."""
    source = open_source()
    _top(source)
    pairs = sorted({name for row in source.fills() if is_pair(name := text(row, "pair"))})
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="filters"):
        pair = st.selectbox("Pair", [ALL, *pairs], key="trades_pair", width=180)
        side = st.selectbox("Side", [ALL, "buy", "sell"], key="trades_side", width=140)
        liquidity = st.selectbox("Liquidity", [ALL, "maker", "taker"], key="trades_liquidity", width=140)
    _table(source, pair or ALL, side or ALL, liquidity or ALL)


@st.fragment(run_every=REFRESH_S)
def _top(source: Source) -> None:
    now = source.now()
    known = now.document if now.is_known else None
    st.html(header_html(header(known, age_s=now.age_s, pair="", now_ns=time.time_ns())))


@st.fragment(run_every=REFRESH_S)
def _table(source: Source, pair: str, side: str, liquidity: str) -> None:
    found = chosen(source.fills(), pair=pair, side=side, liquidity=liquidity)
    profit, fees = totals(found)
    with st.container(horizontal=True, vertical_alignment="center", key="trades_sums"):
        st.caption(f"{len(found)} trades · profit before fees {money(profit, sign=True)} · fees {money(fees)}")
        st.download_button(
            "CSV", trades_csv(found), file_name="wildbot_trades.csv", mime="text/csv", on_click="ignore", key="trades_csv"
        )
    st.html(trades_html(found))
