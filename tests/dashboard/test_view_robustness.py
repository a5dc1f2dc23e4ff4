"""No document, however odd, breaks a view, and no foreign text becomes markup."""

import copy
import math
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dashboard.builders_dashboard import NOW_NS, Json, a_document, a_snapshot
from wildbot.adapters.log_tail import LogRecord
from wildbot.dashboard.view.chart import lines_option
from wildbot.dashboard.view.commands import (
    Command,
    Progress,
    challengers,
    flatten_plan,
    halt_plan,
    is_in_effect,
    plan_html,
    sentence_html,
    swap_plan,
)
from wildbot.dashboard.view.document import rows, trader_of
from wildbot.dashboard.view.equity_chart import equity_option
from wildbot.dashboard.view.header import header, header_html
from wildbot.dashboard.view.health import actors_html, log_html, log_lines
from wildbot.dashboard.view.history import History
from wildbot.dashboard.view.kpis import kpis, kpis_html
from wildbot.dashboard.view.ladder import ladder, ladder_html
from wildbot.dashboard.view.latency import hops, hops_html, hops_option, pace_html, pace_option, spread_option
from wildbot.dashboard.view.log_records import records_html
from wildbot.dashboard.view.minds import families, family_option, reason_option, reasons_html
from wildbot.dashboard.view.parameters import parameters_html, settings_html
from wildbot.dashboard.view.price_chart import price_option
from wildbot.dashboard.view.process_table import processes_html
from wildbot.dashboard.view.results import curve_option, days_option, results, sums_html
from wildbot.dashboard.view.scanner import scanner_html
from wildbot.dashboard.view.strategy import strategy_html
from wildbot.dashboard.view.traders import traders_html
from wildbot.dashboard.view.trades import fills_html, trades_csv, trades_html
from wildbot.dashboard.view.truth import models_html, truth_html
from wildbot.dashboard.view.universe import offers_option, universe_html

PAIR = "BTC/USDC"
NASTY = "<img src=x onerror=alert(1)>\"'&</div><script>alert(2)</script>"

VERBS = [
    Command("swap", {"out": PAIR, "in": "ETH/USDC"}),
    *(Command(verb, {"pair": PAIR}) for verb in ("pause", "resume", "flatten")),
    *(Command(verb) for verb in ("halt", "rearm", "pause", "flatten", "status")),
]


def everything(document: Json, snapshot: Json) -> tuple[list[str], list[object]]:
    """Draw all there is from one document: all markup, all chart options."""
    history = History()
    history.absorb(document, snapshot)
    trader = trader_of(document, PAIR)
    fills = [*history.fills(), *rows(document, "trades")]
    words = [text(document) for text in (halt_plan, challengers)]
    markup = [
        header_html(header(document, age_s=0.4, pair=PAIR, now_ns=NOW_NS)),
        kpis_html(kpis(document, pair=PAIR, drawdown_limit_pct=50.0), stale=False),
        ladder_html(ladder(document, PAIR), stale=False),
        strategy_html(trader, stale=False),
        traders_html(document, pair=PAIR, stale=True),
        scanner_html({**document, "sparks": snapshot.get("sparks")}, stale=False),
        fills_html(fills, stale=False),
        trades_html(fills, begins=0, total=len(fills), note=str(document.get("state"))),
        actors_html(document, stale=False),
        log_html(log_lines(rows(document, "events"), rows(document, "alerts"))),
        *(plan_html(plan) for plan in (*words, swap_plan(document, PAIR, "ETH/USDC"), flatten_plan(document, [PAIR]))),
    ]
    for command in VERBS:
        is_in_effect(command, document)
        markup.append(sentence_html(Progress(command, 10.0, code="refused", message=str(document.get("state")))))
    trades_csv(fills)
    more_markup, more_charts = beyond_the_cockpit(document, history, fills)
    charts: list[object] = [price_option(history.candles(PAIR), fills, trader), equity_option(history.equity(), None)]
    return markup + more_markup, charts + more_charts


def beyond_the_cockpit(document: Json, history: History, fills: list[Any]) -> tuple[list[str], list[object]]:
    """Draw what the other pages have."""
    mind, pace, sums = history.mind(PAIR), history.pace(), results(fills)
    word = str(document.get("mode"))
    record = LogRecord(word, word, word, word, word)
    markup = [
        universe_html(document, stale=False),
        truth_html(document, stale=False),
        models_html(document, stale=True),
        processes_html(document, pace, stale=False),
        reasons_html(mind, strategy="market_maker", stale=False),
        hops_html(hops(document), stale=False),
        pace_html(document, stale=False),
        records_html(word, [record]),
        settings_html([(word, word, word)], 1),
        parameters_html("a", [("a.b", word, word)]),
        sums_html("Sums", [*sums.days.items(), *sums.pairs.items(), (word, sums.total)]),
    ]
    charts: list[object] = [
        *(family_option(lines, family) for family, lines in families(mind).items()),
        reason_option(mind, "market_maker"),
        hops_option(hops(document)),
        spread_option(hops(document)),
        pace_option(pace),
        offers_option(document),
        lines_option([history.ranking().line(name) for name in history.ranking().names()]),
        curve_option(sums.curve),
        days_option(list(sums.days.items())),
    ]
    return markup, charts


class Parsed(HTMLParser):
    """Collects the tags and attributes a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)


def parsed(markup: list[str]) -> Parsed:
    reader = Parsed()
    reader.feed("".join(markup))
    return reader


def poisoned(value: Any) -> Any:
    """The same document with every text, and every name that is not ours, replaced by markup; numbers stay."""
    if isinstance(value, dict):
        return {key: poisoned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [poisoned(item) for item in value]
    if isinstance(value, str) and value != PAIR:
        try:
            float(value)
        except ValueError:
            return NASTY
    return value


ours = {"div", "span", "table", "thead", "tbody", "tr", "th", "td"}


def test_a_full_document_draws_with_our_tags_only() -> None:
    markup, _ = everything(a_document(), a_snapshot())
    seen = parsed(markup)
    assert seen.tags == ours
    assert seen.attributes <= {"class", "style", "title", "colspan"}


def test_markup_in_any_text_of_the_document_stays_text() -> None:
    document, snapshot = poisoned(a_document()), poisoned(a_snapshot())
    document["books"] = {PAIR: {"bids": [[NASTY, NASTY], ["1", "2"]], "asks": []}}
    document["events"] = [{"ts_ns": NOW_NS, "kind": NASTY, NASTY: NASTY}]
    document["traders"][0]["indicators"] = {NASTY: 1.5, "ema": NASTY}
    snapshot["run_id"] = document["run_id"]
    markup, options = everything(document, snapshot)
    seen = parsed(markup)
    assert seen.tags <= ours
    assert seen.attributes <= {"class", "style", "title", "colspan"}
    assert NASTY not in "".join(markup)
    assert b"<" not in msgspec.json.encode(options), "no foreign text reaches a chart, whose tooltips are markup"


def test_style_and_class_never_carry_foreign_text() -> None:
    document = a_document()
    document["mode"] = 'x" onload="y'
    document["traders"][0]["state"] = '" style="position:fixed'
    document["alerts"][0]["level"] = '"><b>'
    document["actors"][0]["state"] = '"><b>'
    markup, _ = everything(document, a_snapshot())
    assert parsed(markup).attributes <= {"class", "style", "title", "colspan"}
    assert "b" not in parsed(markup).tags


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["1e400", "-0", "nan", PAIR]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["pair", "state", "bid", "bids", "x"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_document_breaks_a_view_when_any_part_of_it_is_replaced(data: st.DataObject) -> None:
    document, snapshot = copy.deepcopy(a_document()), copy.deepcopy(a_snapshot(equity=[], candles={}))
    for whole in (document, document, document, snapshot):
        holder: Any = whole
        while True:
            places = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            place = data.draw(st.sampled_from(places))
            inside = holder[place]
            if not isinstance(inside, dict | list) or not inside or data.draw(st.booleans()):
                holder[place] = data.draw(json_values)
                break
            holder = inside
    markup, options = everything(document, snapshot)
    assert parsed(markup).tags <= ours
    assert _all_finite(options)


def _all_finite(value: object) -> bool:
    if isinstance(value, dict):
        return all(map(_all_finite, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_all_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


@pytest.mark.parametrize("document", [{}, {"traders": None}, {"account": [], "books": 3, "mode": 7}])
def test_an_empty_or_senseless_document_draws(document: Json) -> None:
    markup, _ = everything(document, {})
    assert parsed(markup).tags <= ours
