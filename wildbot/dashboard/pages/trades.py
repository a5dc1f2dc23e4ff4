"""The trades page: every fill of the journal, filtered, summed by day and pair, and taken along as CSV.

Rules: the journal is read in short reads beside the gateway that writes it, and only when a fill has come; without a
    journal the fills of the status document are shown, and that is said.
"""

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import streamlit as st

from wildbot.adapters.journal_reader import JournalUnreadableError, Wanted
from wildbot.dashboard.frame import SLOW_S, draw_frame
from wildbot.dashboard.source import Source, open_source
from wildbot.dashboard.view.document import JsonObject
from wildbot.dashboard.view.results import Results, curve_option, days_option, results, sums_html
from wildbot.dashboard.view.trades import ALL, chosen, trades_csv, trades_html
from wildbot.dashboard.view.truth import models_html, truth_html
from wildbot.dashboard.view.wording import panel

CHART_HEIGHT = 204
PAGE_ROWS = 100
ROWS_MAX = 200_000
"""Most fills of one reading: a page is no place for more."""

REST_FACTOR = 20.0
"""A long journal takes long to read: for so many times as long it is then left alone, which bounds what a page costs."""

_READ = "trades_read"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read last, for what it was asked, of which state of the journal, and until when that is good enough."""

    wanted: Wanted
    mark: tuple[int, int]
    fills: list[JsonObject]
    results: Results
    note: str = ""
    good_until_s: float = 0.0


def draw_trades() -> None:
    """Draw the page."""
    source = open_source()
    draw_frame(source)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="filters"):
        pair = st.selectbox("Pair", [ALL, *_pairs(source)], key="trades_pair", width=170)
        side = st.selectbox("Side", [ALL, "buy", "sell"], key="trades_side", width=110)
        liquidity = st.selectbox("Liquidity", [ALL, "maker", "taker"], key="trades_liquidity", width=120)
        since = st.date_input("From (UTC day)", value=None, key="trades_since", width=150)
        until = st.date_input("To", value=None, key="trades_until", width=150)
        page = st.number_input("Page", 1, 100_000, 1, key="trades_page", width=120)
        wanted = Wanted(
            pair="" if pair in (ALL, None) else pair,
            side="" if side in (ALL, None) else side,
            liquidity="" if liquidity in (ALL, None) else liquidity,
            since_ns=_day_ns(since),
            until_ns=_day_ns(until, days=1),
        )
        st.download_button(
            "CSV of all that match",
            lambda: trades_csv(_fills(source, wanted)),
            file_name="wildbot_trades.csv",
            mime="text/csv",
            on_click="ignore",
            icon=":material/download:",
            key="trades_csv",
        )
    _table(source, wanted, int(page))


@st.fragment(run_every=SLOW_S)
def _table(source: Source, wanted: Wanted, page: int) -> None:
    now, read = source.now(), _read(source, wanted)
    curve, days, truth, models = st.columns([28, 20, 26, 26], gap="small")
    with curve, st.container(key="curve_panel"):
        st.html(panel("Net result of these fills", ""))
        st.echarts_chart(curve_option(read.results.curve), key="curve", height=CHART_HEIGHT, theme=None, alt="net result")
    with days, st.container(key="days_panel"):
        st.html(panel("Net by UTC day", ""))
        by_day = sorted(read.results.days.items())
        st.echarts_chart(days_option(by_day), key="days", height=CHART_HEIGHT, theme=None, alt="net by day")
    truth.html(truth_html(now.document, stale=now.stale, css="middle"))
    models.html(models_html(now.document, stale=now.stale))
    trades, sums = st.columns([66, 34], gap="small")
    begins = (page - 1) * PAGE_ROWS
    shown = read.fills[begins : begins + PAGE_ROWS]
    trades.html(trades_html(shown, begins=begins, total=len(read.fills), note=read.note))
    total = ("total", read.results.total)
    named = [*sorted(read.results.days.items(), reverse=True), *sorted(read.results.pairs.items()), total]
    sums.html(sums_html("Sums by day and pair", named, css="under"))


def _read(source: Source, wanted: Wanted) -> Reading:
    """Return what matches, read anew only when the question or the journal has changed."""
    began_s = time.monotonic()
    known = st.session_state.get(_READ)
    if isinstance(known, Reading) and known.wanted == wanted and began_s < known.good_until_s:
        return known
    try:
        mark = source.journal.mark()
        if isinstance(known, Reading) and (known.wanted, known.mark) == (wanted, mark):
            return known
        fills = _journalled(source, wanted)
    except JournalUnreadableError as error:
        return _from_document(source, wanted, str(error))
    summed, ended_s = results(fills), time.monotonic()
    reading = Reading(wanted, mark, fills, summed, good_until_s=ended_s + REST_FACTOR * (ended_s - began_s))
    st.session_state[_READ] = reading
    return reading


def _fills(source: Source, wanted: Wanted) -> list[JsonObject]:
    """Return every fill that matches, for the download: it is made outside any page."""
    try:
        return _journalled(source, wanted)
    except JournalUnreadableError:
        return _of_document(source, wanted)


def _journalled(source: Source, wanted: Wanted) -> list[JsonObject]:
    return [row._asdict() for row in source.journal.fills(wanted, limit=ROWS_MAX)]


def _of_document(source: Source, wanted: Wanted) -> list[JsonObject]:
    named = {"pair": wanted.pair or ALL, "side": wanted.side or ALL, "liquidity": wanted.liquidity or ALL}
    return chosen(source.fills(), **named)[::-1]


def _from_document(source: Source, wanted: Wanted, note: str) -> Reading:
    fills = _of_document(source, wanted)
    return Reading(wanted, (0, 0), fills, results(fills), note)


def _pairs(source: Source) -> list[str]:
    try:
        return source.journal.pairs()
    except JournalUnreadableError:
        return sorted({str(row["pair"]) for row in source.fills() if isinstance(row.get("pair"), str)})


def _day_ns(day: object, *, days: int = 0) -> int:
    """Return when a UTC day, or the one so many days later, begins; 0 for no day."""
    if not isinstance(day, date):
        return 0
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=days)
    return int(begins.timestamp()) * 1_000_000_000
