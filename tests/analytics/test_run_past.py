"""The past a late page is given: candles that join on to the live ones, minds and ranking at a steady pace, all bounded."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildbot.analytics.history import CANDLE_NS, CANDLES_MAX, Candles
from wildbot.analytics.run_past import MIND_NS, MINDS_MAX, RunPast
from wildbot.market.pair_score import PairScore
from wildbot.model.desk import PositionState
from wildbot.model.instrument import NANOS_PER_SECOND, Instrument, Lots, Money
from wildbot.model.market_data import BookSnapshot
from wildbot.model.status import TraderStatus

SOL = "SOL/USDC"
INSTRUMENT = Instrument(SOL, "SOL", "USDC", "SOLUSDC", 2, 8, 8, 1, 1, Lots(1), Money(1))
T0 = 1_000_000 * CANDLE_NS


def a_book(at_ns: int, mid_ticks: int = 10_000) -> BookSnapshot:
    return BookSnapshot(SOL, 1, at_ns, at_ns, (mid_ticks - 1,), (5,), (mid_ticks + 1,), (5,))


def a_status(reason: str, **indicators: float | None) -> TraderStatus:
    return TraderStatus(SOL, 1, "quoting", "m", reason, PositionState(SOL), Money(0), 1, 2, 3.0, (), indicators, T0)


def a_score(pair: str, score: float) -> PairScore:
    return PairScore(pair, 1, score, 24.0, 1.5, 50.0, Money(0), True, True, True, "pays", 80.0)


def test_trades_make_the_candles_before_the_first_book_and_never_touch_it() -> None:
    candles = Candles(INSTRUMENT)
    candles.add(a_book(T0, 10_000))
    before = candles.rows()
    at = [T0 - 3 * CANDLE_NS, T0 - 3 * CANDLE_NS + 1, T0 - 2 * CANDLE_NS + 7, T0 - 1, T0, T0 + 1]
    candles.precede([(ts_ns, 9_000 + 100 * n) for n, ts_ns in enumerate(at)])
    assert candles.rows()[3:] == before
    assert candles.rows()[:3] == [
        [T0 - 3 * CANDLE_NS, "90.000", "91.000", "90.000", "91.000"],
        [T0 - 2 * CANDLE_NS, "92.000", "92.000", "92.000", "92.000"],
        [T0 - CANDLE_NS, "93.000", "93.000", "93.000", "93.000"],
    ]


def test_where_nothing_was_traded_the_last_price_stands() -> None:
    candles = Candles(INSTRUMENT)
    candles.add(a_book(T0))
    candles.precede([(T0 - 4 * CANDLE_NS, 9_000), (T0 - 2 * CANDLE_NS, 9_500)])
    assert [row[4] for row in candles.rows()] == ["90.000", "90.000", "95.000", "95.000", "100.000"]


@given(st.lists(st.tuples(st.integers(-(2**62), 2**62), st.integers(1, 10**9)), max_size=30))
def test_whatever_the_past_says_candles_are_bounded_ordered_and_apart(prints: list[tuple[int, int]]) -> None:
    candles = Candles(INSTRUMENT)
    candles.add(a_book(T0))
    candles.precede(sorted(prints))
    starts = [int(row[0]) for row in candles.rows()]
    assert len(starts) <= CANDLES_MAX and starts[-1] == T0
    assert all(later - earlier >= CANDLE_NS for earlier, later in pairwise(starts))


def test_minds_keep_a_row_every_five_seconds_with_the_code_of_the_reason() -> None:
    past = RunPast()
    for second in range(11):
        past.on_mind(a_status(f"no_edge: {second} bps", ema=1.23456789012), T0 + second * NANOS_PER_SECOND)
    past.on_mind(a_status("quoting", microprice=2.0, ema=None), T0 + 15 * NANOS_PER_SECOND)
    mind = past.snapshot([SOL])["minds"][SOL]  # type: ignore[index]
    assert mind == {
        "ts_ns": [T0, T0 + MIND_NS, T0 + 2 * MIND_NS, T0 + 3 * MIND_NS],
        "words": ["no_edge", "no_edge", "no_edge", "quoting"],
        "values": {"ema": [1.23456789, 1.23456789, 1.23456789, None], "microprice": [None, None, None, 2.0]},
    }


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_null(value: float) -> None:
    past = RunPast()
    past.on_mind(a_status("", ema=value), T0)
    assert json.loads(json.dumps(past.snapshot([SOL]), allow_nan=False))["minds"][SOL]["values"] == {"ema": [None]}


def test_the_ranking_is_kept_and_candles_of_gone_pairs_are_dropped() -> None:
    past = RunPast()
    past.on_book(a_book(T0), INSTRUMENT)
    past.on_ranking((a_score(SOL, 2.5),), T0)
    assert past.snapshot([SOL])["candles"] != {}
    past.on_ranking((a_score("BTC/USDC", 4.0),), T0 + MIND_NS)
    snapshot = past.snapshot([SOL])
    assert snapshot["candles"] == {}
    assert snapshot["ranking"]["values"] == {SOL: [2.5, None], "BTC/USDC": [None, 4.0]}  # type: ignore[index]


def test_nothing_grows_without_bound() -> None:
    past = RunPast()
    for step in range(MINDS_MAX + 50):
        past.on_mind(a_status("", ema=1.0), T0 + step * MIND_NS)
    assert len(past.snapshot([SOL])["minds"][SOL]["ts_ns"]) == MINDS_MAX  # type: ignore[index]
