"""The joined history: late joiners see everything, and two runs never share a line."""

from hypothesis import given
from hypothesis import strategies as st

from tests.dashboard.builders_dashboard import CANDLE, NOW_NS, SECOND, a_document, a_snapshot, a_trade
from wildbot.dashboard.view.history import CANDLES_MAX, EQUITY_MAX, FILLS_MAX, History

PAIR = "BTC/USDC"


def joined(*changes: dict[str, object]) -> History:
    history = History()
    for number, change in enumerate(changes):
        history.absorb(a_document(**{"seq": number, "ts_ns": NOW_NS + number * SECOND, **change}), a_snapshot())
    return history


def test_a_late_joiner_sees_the_whole_snapshot_at_once() -> None:
    history = joined({})
    assert len(history.equity()) == 1_801
    assert len(history.candles(PAIR)) == 361
    assert len(history.fills(PAIR)) == 17


def test_documents_extend_the_snapshot_without_repeats() -> None:
    history = joined({}, {}, {"trades": [a_trade(NOW_NS + SECOND)]}, {"trades": [a_trade(NOW_NS + SECOND)]})
    assert len(history.fills(PAIR)) == 18
    assert [moment for moment, _ in history.equity()][-2:] == [NOW_NS + 2 * SECOND, NOW_NS + 3 * SECOND]


def test_the_running_candle_is_replaced_by_its_newer_self() -> None:
    start = NOW_NS // CANDLE * CANDLE
    history = joined({}, {"candles_tail": {PAIR: [[start, 1.0, 9.0, 0.5, 8.0]]}})
    assert history.candles(PAIR)[-1] == (float(start), 1.0, 9.0, 0.5, 8.0)
    assert len(history.candles(PAIR)) == 361


def test_another_run_or_mode_empties_everything() -> None:
    for change in ({"run_id": "run-2"}, {"mode": "live"}):
        history = joined({})
        history.absorb(a_document(**change, seq=2, trades=[], candles_tail={}), None)
        assert history.fills() == []
        assert history.candles(PAIR) == []
        assert len(history.equity()) == 1


def test_a_snapshot_of_another_run_is_left_aside() -> None:
    history = History()
    history.absorb(a_document(run_id="run-2", trades=[], candles_tail={}), a_snapshot())
    assert history.candles(PAIR) == []


def test_an_older_snapshot_does_not_overwrite_what_came_since() -> None:
    history = joined({})
    start = NOW_NS // CANDLE * CANDLE
    history.absorb(a_document(seq=5), a_snapshot(ts_ns=NOW_NS - 1, candles={PAIR: [[start, 7, 7, 7, 7]]}))
    assert history.candles(PAIR)[-1][1] != 7.0
    history.absorb(a_document(seq=6, candles_tail={}), a_snapshot(ts_ns=NOW_NS + 1, candles={PAIR: [[start, 7, 7, 7, 7]]}))
    assert history.candles(PAIR)[-1][1] == 7.0


def test_fills_with_their_own_identity_are_never_merged() -> None:
    history = History()
    history.absorb(a_document(trades=[a_trade(NOW_NS, exec_id="a"), a_trade(NOW_NS, exec_id="b")]), None)
    assert len(history.fills()) == 2


def test_the_same_document_twice_changes_nothing() -> None:
    history = joined({})
    before = (history.equity(), history.candles(PAIR), history.fills())
    history.absorb(a_document(seq=0), None)
    assert (history.equity(), history.candles(PAIR), history.fills()) == before


@given(st.integers(0, 3))
def test_everything_is_bounded(extra: int) -> None:
    history = History()
    history.absorb(
        a_document(trades=[a_trade(NOW_NS + n) for n in range(FILLS_MAX + extra)]),
        a_snapshot(
            equity=[[n * SECOND, 1.0] for n in range(EQUITY_MAX + extra)],
            candles={PAIR: [[n * CANDLE, 1, 1, 1, 1] for n in range(CANDLES_MAX + extra)]},
            fills={},
        ),
    )
    assert len(history.fills()) == FILLS_MAX
    assert len(history.equity()) == EQUITY_MAX
    assert len(history.candles(PAIR)) == CANDLES_MAX
    assert history.fills()[-1]["ts_ns"] == NOW_NS + FILLS_MAX + extra - 1
