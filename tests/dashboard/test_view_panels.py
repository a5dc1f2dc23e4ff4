"""What each panel says, from documents alone."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dashboard.builders_dashboard import CANDLE, NOW_NS, SECOND, a_document, a_rating, a_trade, a_trader, an_actor
from wildbot.dashboard.view.chart import thinned
from wildbot.dashboard.view.document import STALE_S, is_pair, is_stale, traded_pairs, trader_of
from wildbot.dashboard.view.equity_chart import equity_option
from wildbot.dashboard.view.header import header, header_html
from wildbot.dashboard.view.health import LOG_LINES_MAX, actor_tone, log_lines
from wildbot.dashboard.view.kpis import kpis
from wildbot.dashboard.view.ladder import LEVELS, ladder, ladder_html
from wildbot.dashboard.view.price_chart import price_option
from wildbot.dashboard.view.scanner import scanner_rows, spark_shape
from wildbot.dashboard.view.strategy import bars, plain
from wildbot.dashboard.view.traders import net_pnl, traders_html
from wildbot.dashboard.view.trades import chosen, newest_first, trades_csv
from wildbot.dashboard.view.wording import NOTHING, age_words, exact, fixed, money, span_words

PAIR = "BTC/USDC"


@pytest.mark.parametrize(
    ("document", "age_s", "state", "age"),
    [
        (a_document(), 0.4, "TRADING", "0.4 s old"),
        (a_document(), STALE_S, "TRADING", "3.0 s old"),
        (a_document(), STALE_S + 0.1, "UNKNOWN", "NO DATA 3.1 s"),
        (a_document(), 13.0, "UNKNOWN", "NO DATA 13 s"),
        (a_document(state="halted"), 13.0, "UNKNOWN", "NO DATA 13 s"),
        (a_document(state="halted"), 0.4, "HALTED", "0.4 s old"),
        (a_document(state="reduce_only"), 0.4, "PAUSED", "0.4 s old"),
        (a_document(state="degraded"), 0.4, "DEGRADED", "0.4 s old"),
        (a_document(state="a new word"), 0.4, "UNKNOWN", "0.4 s old"),
        (None, float("inf"), "UNKNOWN", "NO DATA"),
    ],
)
def test_header_tells_the_state_only_while_the_document_is_fresh(
    document: dict[str, object] | None, age_s: float, state: str, age: str
) -> None:
    head = header(document, age_s=age_s, pair=PAIR, now_ns=NOW_NS)
    assert (head.state, head.data_age) == (state, age)


def test_header_reads_paused_for_the_paused_pair_alone_and_halted_above_it() -> None:
    def state(document: dict[str, object], pair: str) -> str:
        return header(document, age_s=0.1, pair=pair, now_ns=NOW_NS).state

    assert state(a_document(), "XRP/USDC") == "PAUSED"
    assert state(a_document(), PAIR) == "TRADING"
    assert state(a_document(state="halted"), "XRP/USDC") == "HALTED"


@pytest.mark.parametrize(("mode", "word"), [("sim", "SIM"), ("paper", "PAPER"), ("live", "LIVE"), ("other", "UNKNOWN")])
def test_mode_is_a_word_and_a_stripe(mode: str, word: str) -> None:
    markup = header_html(header(a_document(mode=mode), age_s=0.1, pair=PAIR, now_ns=NOW_NS))
    assert f">{word}<" in markup
    assert f"wb-stripe mode-{word.lower()}" in markup


def test_a_document_without_an_age_is_stale() -> None:
    assert is_stale(None)
    assert is_stale(float("nan"))
    assert not is_stale(0.0)


def test_header_says_what_stands_against_trading_and_nothing_when_stale() -> None:
    standing = [{"level": "critical", "text": "feed is silent"}, {"level": "info", "text": "started"}]
    document = a_document(state="degraded", reasons=["feed is silent"], standing=standing, gateway={"unknown_orders": 2})
    assert header(document, age_s=0.1, pair=PAIR, now_ns=NOW_NS).trouble == "feed is silent · 2 unknown orders"
    assert header(document, age_s=9.0, pair=PAIR, now_ns=NOW_NS).trouble == ""
    assert header(a_document(), age_s=0.1, pair=PAIR, now_ns=NOW_NS).trouble == ""


def test_key_numbers_show_limit_position_and_capital() -> None:
    boxes = {box.label: box for box in kpis(a_document(), pair=PAIR, drawdown_limit_pct=50.0)}
    assert boxes["Equity USDC"].value == "16.2451"
    assert boxes["Position"].value == "LONG 0.00010"
    assert boxes["Drawdown"].remark == "limit 50 % · peak 16.3000"
    assert boxes["Capital leased"].remark == "free 4.2451 of 16.2451"
    assert len(boxes) == 9


@pytest.mark.parametrize(("drawdown", "tone"), [(39.9, ""), (40.0, "warn")])
def test_drawdown_turns_amber_from_four_fifths_of_its_limit(drawdown: float, tone: str) -> None:
    account = a_document()["account"] | {"drawdown_pct": drawdown}
    boxes = {box.label: box for box in kpis(a_document(account=account), pair=PAIR, drawdown_limit_pct=50.0)}
    assert boxes["Drawdown"].tone == tone


def test_a_missing_number_is_a_dash_never_a_zero() -> None:
    boxes = kpis({}, pair=PAIR, drawdown_limit_pct=None)
    assert {box.value for box in boxes} == {NOTHING}


def test_ladder_boxes_our_quotes_and_finds_mid_and_spread() -> None:
    book = ladder(a_document(), PAIR)
    assert [level.ours for level in book.bids] == [False, True]
    assert [level.ours for level in book.asks] == [False, True]
    assert (book.mid, book.spread) == (Decimal("97160"), Decimal("10.0"))
    assert book.spread_bps == pytest.approx(1.0292, abs=1e-4)
    assert max(level.share for level in book.bids + book.asks) == 1.0


def test_ladder_puts_in_our_quote_when_the_venue_does_not_show_it() -> None:
    trader = a_trader(quotes={"bid": {"price": "97152.5", "qty": "0.1"}, "ask": None}, open_orders=[])
    book = ladder(a_document(traders=[trader]), PAIR)
    assert [(str(level.price), level.ours) for level in book.bids] == [
        ("97155.0", False),
        ("97152.5", True),
        ("97150.0", False),
    ]


@pytest.mark.parametrize("depth", [0, 1, LEVELS, LEVELS + 5])
def test_ladder_has_always_the_same_number_of_lines(depth: int) -> None:
    sides = {"bids": [[str(100 - n), "1"] for n in range(depth)], "asks": [[str(101 + n), "1"] for n in range(depth)]}
    markup = ladder_html(ladder(a_document(books={PAIR: sides}, traders=[]), PAIR), stale=False)
    assert markup.count('class="wb-level') == 2 * LEVELS


def drawn(option: dict[str, object]) -> list[dict[str, Any]]:
    """The series of a chart."""
    found = option["series"]
    assert isinstance(found, list)
    return found


def test_price_chart_sets_each_fill_on_its_own_candle() -> None:
    start = NOW_NS // CANDLE * CANDLE
    candles = [(float(start + n * CANDLE), 1.0, 3.0, 0.5, 2.0) for n in range(3)]
    fills = [
        a_trade(start + CANDLE + SECOND, side="buy", price="1.5"),
        a_trade(start + 2 * CANDLE, side="sell", price="2.5"),
        a_trade(start - CANDLE, side="sell", price="9"),
    ]
    option = price_option(candles, fills, a_trader(mark="2.0"))
    price, buys, sells = drawn(option)
    assert price["data"][0] == [1.0, 2.0, 0.5, 3.0]
    assert [marker["value"] for marker in buys["data"]] == [[1, 1.5]]
    assert [marker["value"] for marker in sells["data"]] == [[2, 2.5]]
    assert [line["yAxis"] for line in price["markLine"]["data"]] == [2.0, 97150.0, 97170.0]
    assert option["animation"] is False


def test_an_order_that_fills_in_parts_is_one_marker_with_its_count_at_the_average_price() -> None:
    start = NOW_NS // CANDLE * CANDLE
    parts = [
        a_trade(start + n, side="buy", price=price, qty=qty) for n, (price, qty) in enumerate((("1", "3"), ("2", "1")))
    ]
    _, buys, _ = drawn(price_option([(float(start), 1.0, 3.0, 0.5, 2.0)], parts, a_trader()))
    (marker,) = buys["data"]
    assert marker["value"] == [0, 1.25]
    assert (marker["label"]["show"], marker["label"]["formatter"]) == (True, "2×")


@given(st.integers(0, 3_000), st.integers(2, 700))
def test_thinning_keeps_first_and_last_point_and_never_exceeds_its_limit(count: int, most: int) -> None:
    points = [(float(n), float(n)) for n in range(count)]
    kept = [(point[0], point[1]) for point in thinned(points, most)]
    assert len(kept) == min(count, most)
    assert not points or (kept[0], kept[-1]) == (points[0], points[-1])
    assert kept == sorted(kept)


def test_equity_line_is_red_below_its_start() -> None:
    def colour(last: float) -> object:
        option = equity_option([(0.0, 16.0), (1e9, last)], 16.0)
        return drawn(option)[0]["itemStyle"]["color"]

    assert colour(15.99) != colour(16.0) == colour(16.01)


@pytest.mark.parametrize(
    ("value", "start", "length", "tone"),
    [(5.0, 50.0, 25.0, "up"), (-5.0, 25.0, 25.0, "down"), (-99.0, 0.0, 50.0, "down"), (0.0, 50.0, 0.0, "down")],
)
def test_a_signed_indicator_grows_from_the_centre(value: float, start: float, length: float, tone: str) -> None:
    (bar,) = bars({"momentum_bps": value})
    assert (bar.start, bar.length, bar.tone) == (start, length, tone)


def test_buy_pressure_is_centred_at_one_half() -> None:
    (bar,) = bars({"buy_pressure": 0.75})
    assert (bar.start, bar.length, bar.tone) == (50.0, 25.0, "up")


def test_an_unknown_indicator_is_still_shown() -> None:
    assert plain({"my_signal": 1.25, "momentum_bps": 1.0, "later": None}) == [("my signal", "1.25"), ("later", NOTHING)]


def test_a_card_shows_net_profit_after_fees_and_the_reason() -> None:
    assert net_pnl(a_trader()) == Decimal("0.0352")
    assert net_pnl(a_trader(unrealised_pnl=None)) is None
    markup = traders_html(a_document(), pair=PAIR, stale=False)
    assert "+0.0352" in markup
    assert "does not pay the hurdle" in markup
    assert markup.count("wb-card-top") == 3


def test_scanner_is_in_rank_order_with_the_best_score_as_a_full_bar() -> None:
    ratings = [a_rating("ETH/USDC", 2), a_rating(PAIR, 1), a_rating("ADA/USDC", 8)]
    shown = scanner_rows(a_document(scanner=ratings))
    assert [(row.pair, row.share) for row in shown] == [(PAIR, 1.0), ("ETH/USDC", 0.5), ("ADA/USDC", 0.125)]
    assert not shown[2].tradeable


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=80))
def test_a_sparkline_stays_inside_its_box(values: list[float]) -> None:
    shape = spark_shape(values)
    if shape:
        numbers = [
            float(word)
            for word in shape.removeprefix("polygon(").removesuffix(")").replace(",", " ").replace("%", "").split()
        ]
        assert all(0 <= number <= 100 for number in numbers)


@pytest.mark.parametrize(
    ("changes", "tone"),
    [
        ({"heartbeat_age_ms": 1_500.0}, "good"),
        ({"heartbeat_age_ms": 1_501.0}, "warn"),
        ({"heartbeat_age_ms": 3_001.0}, "bad"),
        ({"heartbeat_age_ms": None}, "bad"),
        ({"state": "crashed"}, "bad"),
    ],
)
def test_an_actor_without_a_fresh_heartbeat_is_not_well(changes: dict[str, object], tone: str) -> None:
    assert actor_tone(an_actor("gateway", **changes)) == tone


def test_the_log_is_newest_first_bounded_and_without_repeats() -> None:
    events = [{"ts_ns": NOW_NS + n, "kind": "fill", "text": f"fill {n}"} for n in range(LOG_LINES_MAX + 5)]
    lines = log_lines([*events, *events], [])
    assert len(lines) == LOG_LINES_MAX
    assert lines[0].words == f"fill {LOG_LINES_MAX + 4}"


def test_a_stale_card_does_not_claim_to_trade() -> None:
    assert "QUOTING" in traders_html(a_document(), pair=PAIR, stale=False)
    stale = traders_html(a_document(), pair=PAIR, stale=True)
    assert "QUOTING" not in stale
    assert "UNKNOWN" in stale


def test_an_event_without_a_text_is_spelled_out() -> None:
    (line,) = log_lines([{"ts_ns": NOW_NS, "kind": "swap", "out": PAIR, "in": "SOL/USDC"}], [])
    assert line.words == "swap out BTC/USDC, in SOL/USDC"


def test_trades_are_filtered_and_sorted() -> None:
    trades = [a_trade(1, pnl="0.10", fee="0.01"), a_trade(3, side="sell", pnl="-0.30", fee="0.02"), a_trade(2, pair="X/Y")]
    assert [row["ts_ns"] for row in newest_first(trades)] == [3, 2, 1]
    assert [row["ts_ns"] for row in chosen(trades, pair=PAIR, side="sell")] == [3]


def test_csv_keeps_numbers_exact_and_defuses_formulas() -> None:
    lines = trades_csv([a_trade(SECOND, price="97150.10", pnl="-0.0000000001", reason="=HYPERLINK(1)")]).splitlines()
    assert lines[0] == "time_utc,ts_ns,pair,side,price,qty,fee,liquidity,pnl,reason"
    assert (
        lines[1] == "1970-01-01 00:00:01,1000000000,BTC/USDC,buy,97150.10,0.00016,0.0388,maker,-0.0000000001,'=HYPERLINK(1)"
    )


def test_only_plain_pair_names_become_controls() -> None:
    assert is_pair("BTC/USDC")
    assert not is_pair("BTC/USDC ")
    assert not is_pair("[BTC](http://x)")
    assert traded_pairs(a_document(traders=[a_trader("<b>"), a_trader(PAIR), a_trader(PAIR)])) == [PAIR]
    assert trader_of(a_document(), "SOL/USDC")["mark"] == "190.90"


def test_words_for_numbers() -> None:
    assert money(Decimal("-0.00315"), sign=True) == "−0.0032"
    assert money(Decimal("10033.7")) == "10,033.70"
    assert money(Decimal(0), sign=True) == "0.0000"
    assert exact(Decimal("1E-8")) == "0.00000001"
    assert fixed(-0.001) == "0.00"
    assert [age_words(age) for age in (0.44, 13.2, 119.0, 700.0, 9_000.0)] == ["0.4 s", "13 s", "119 s", "12 min", "2 h"]
    assert span_words(90_061) == "1 d 1:01:01"
