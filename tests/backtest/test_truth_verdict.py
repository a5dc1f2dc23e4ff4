"""What truth tests say: shares inside, widths, errors, and margins that hold what they promise."""

import random

import pytest

from wildbot.analytics.believable import MARGIN_BPS
from wildbot.backtest.truth import Outcome
from wildbot.backtest.truth_plot import fills_chart, pnl_chart
from wildbot.backtest.truth_verdict import (
    NO_MARGIN,
    Margin,
    TruthRun,
    margin_of,
    short_bps,
    short_fills,
    verdict_of,
)


def a_run(real: tuple[int, float], *papers: tuple[int, float], turnover: float = 1_000.0, seed: int = 1) -> TruthRun:
    """A run of 100 of capital; papers as (fills, profit): the pessimist, the calibrated one, others."""
    outcomes = [Outcome(fills, net, turnover) for fills, net in papers]
    paper = {"back_of_queue": outcomes[:1], "queue_position": outcomes[1:2] or outcomes[:1], "touch": outcomes[2:]}
    return TruthRun("calm", seed, 100.0, Outcome(*real, turnover), paper)


@pytest.mark.parametrize(
    ("real", "fills", "bps"),
    [((2, 1.0), 0, 0.0), ((4, 3.0), 0, 0.0), ((1, 0.5), 1, 5.0), ((7, 3.25), 3, 2.5), ((3, 1.0 - 1e-12), 0, 0.0)],
)
def test_short_is_what_the_bracket_misses_the_real_result_by(real: tuple[int, float], fills: int, bps: float) -> None:
    run = a_run(real, (2, 1.0), (3, 2.0), (4, 3.0))
    assert short_fills(run) == fills
    assert short_bps(run) == pytest.approx(bps)


def test_profit_is_measured_against_the_turnover_and_at_least_the_capital() -> None:
    assert short_bps(a_run((0, 1.0), (0, 0.0), turnover=0.0)) == pytest.approx(100.0)


def test_a_verdict_counts_widths_errors_and_signs() -> None:
    inside = a_run((3, 2.5), (2, 1.0), (3, 2.0), (4, 3.0))
    outside = a_run((6, -1.0), (2, 1.0), (3, 2.0), (4, 3.0))
    said = verdict_of([inside, outside], Margin(2, 20.0, 9))
    assert (said.fills_inside, said.pnl_inside) == (0.5, 0.5)
    assert (said.fills_inside_widened, said.pnl_inside_widened) == (1.0, 1.0)
    assert (said.fills_width, said.pnl_width, said.pnl_width_bps) == (2.0, 2.0, 20.0)
    assert (said.fills_bias, said.fills_error) == (-1.5, 1.5)
    assert (said.pnl_bias, said.pnl_error) == (1.25, 1.75)
    assert (said.stable_runs, said.stable_right) == (2, 0.5)
    assert verdict_of([inside], NO_MARGIN).fills_inside_error == 0.0


@pytest.mark.parametrize(("beyond_bps", "is_inside"), [(4.9, True), (5.1, False), (-10.0, True)])
def test_what_a_backtest_shows_is_one_paper_per_model_and_the_stated_margin(beyond_bps: float, is_inside: bool) -> None:
    assert MARGIN_BPS == 5
    run = a_run((2, 2.0 + beyond_bps / 10), (2, 1.0), (3, 2.0))  # a turnover of 1 000: 10 bps are 1
    run.paper["touch"] += [Outcome(3, 2.0, 1_000.0), Outcome(3, 99.0, 1_000.0)]  # a second draw is not shown
    assert verdict_of([run]).pnl_believable == is_inside


def test_a_bracket_around_nothing_has_no_sign() -> None:
    said = verdict_of([a_run((2, 1.0), (2, -1.0), (2, 1.0))])
    assert (said.stable_runs, said.stable_right) == (0, None)


def test_a_margin_learned_on_some_runs_holds_for_others_as_often_as_promised() -> None:
    rng = random.Random(4)

    def runs(count: int) -> list[TruthRun]:
        return [a_run((round(rng.gauss(5, 3)), rng.gauss(0, 2)), (4, -0.5), (5, 0.0), (6, 0.5)) for _ in range(count)]

    margin = margin_of(runs(200), 0.9)
    judged = verdict_of(runs(2_000), margin)
    assert judged.fills_inside < 0.6
    assert judged.pnl_inside < 0.4
    assert judged.fills_inside_widened > 0.85
    assert 0.85 < judged.pnl_inside_widened < 0.95


def test_too_few_runs_promise_nothing() -> None:
    assert margin_of([a_run((9, 9.0), (2, 1.0))] * 18) == Margin(0, 0.0, 18)
    assert margin_of([a_run((9, 9.0), (2, 1.0))] * 19).fills == 7


def test_pictures_show_every_run_and_are_the_same_in_any_order() -> None:
    runs = [a_run((seed, float(seed)), (1, 0.0), (2, 1.0), seed=seed) for seed in range(1, 30)]
    for chart in (pnl_chart, fills_chart):
        assert chart(runs).count("<circle") == 58
        assert chart(runs) == chart(runs[::-1])
