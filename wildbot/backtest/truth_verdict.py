"""What truth tests say of paper: how often the real result is inside the bracket, how wide that is, how far off its middle.

Rules: the bracket is the range over all papers of a run. `margin_of` learns on runs that are not judged by how much
    brackets fall short; a widened bracket reaches further by so much on both sides, and then holds the real result of
    new runs of the same kind as often as was asked for. Both shares are told, the plain one first. What WildBot shows of
    a backtest is less: one paper per model, widened by a stated constant (`believable`); its share is told too.
Source: split conformal prediction: Vovk, Gammerman, Shafer, "Algorithmic Learning in a Random World" (2005).
"""

from collections.abc import Sequence
from math import ceil, sqrt
from statistics import fmean

import msgspec

from wildbot.analytics.believable import MARGIN_BPS, has_one_sign
from wildbot.backtest.truth import Outcome
from wildbot.simulation.fills import QueuePosition

GOAL = 0.95
_BPS = 10_000
_SLACK = 1e-9
"""Quote units that two results of the same fills may differ by in floating point."""


class TruthRun(msgspec.Struct, frozen=True):
    """One market: the real outcome and the papers' beside it, by model. `capital` is in quote currency."""

    scenario: str
    seed: int
    capital: float
    real: Outcome
    paper: dict[str, list[Outcome]]

    @property
    def papers(self) -> list[Outcome]:
        """All papers."""
        return [each for outcomes in self.paper.values() for each in outcomes]

    @property
    def calibrated(self) -> Outcome:
        """The first paper of the calibrated model: what a reader of one number sees."""
        return self.paper[QueuePosition.name][0]

    @property
    def scale(self) -> float:
        """What margins are a share of: the largest turnover on paper, at least the capital."""
        return max(self.capital, *(each.turnover for each in self.papers))

    @property
    def fills_bracket(self) -> tuple[int, int]:
        """Fewest and most fills on paper."""
        fills = [each.fills for each in self.papers]
        return min(fills), max(fills)

    @property
    def pnl_bracket(self) -> tuple[float, float]:
        """Lowest and highest net profit on paper."""
        nets = [each.net_pnl for each in self.papers]
        return min(nets), max(nets)

    @property
    def believable(self) -> tuple[float, float]:
        """The range that a backtest would show: one paper per model, widened by the stated margin."""
        shown = [outcomes[0] for outcomes in self.paper.values() if outcomes]
        margin = max(each.turnover for each in shown) * float(MARGIN_BPS) / _BPS
        return min(each.net_pnl for each in shown) - margin, max(each.net_pnl for each in shown) + margin


class Margin(msgspec.Struct, frozen=True):
    """By how much brackets are widened: fills, and profit in basis points of a run's scale; learned from `runs` runs."""

    fills: int = 0
    pnl_bps: float = 0.0
    runs: int = 0


NO_MARGIN = Margin()


class Verdict(msgspec.Struct, frozen=True):
    """Of one kind of runs (`idle_runs` without a real fill): shares inside the plain bracket (with their error), the
    widened and the believable one, mean widths, the calibrated model's mean error and mean absolute error, and of the
    runs whose bracket had one sign, the share in which the real result had it (None: there were none)."""

    runs: int
    idle_runs: int
    real_fills: float
    real_pnl: float
    fills_inside: float
    pnl_inside: float
    fills_inside_error: float
    pnl_inside_error: float
    fills_inside_widened: float
    pnl_inside_widened: float
    pnl_believable: float
    fills_width: float
    pnl_width: float
    pnl_width_bps: float
    fills_bias: float
    fills_error: float
    pnl_bias: float
    pnl_error: float
    pnl_error_bps: float
    stable_runs: int
    stable_right: float | None


def short_fills(run: TruthRun) -> int:
    """Return how many fills the bracket falls short of the real count; 0 inside."""
    low, high = run.fills_bracket
    return max(0, low - run.real.fills, run.real.fills - high)


def short_bps(run: TruthRun) -> float:
    """Return how far the real profit is outside its bracket, in basis points of the run's scale; 0.0 inside."""
    low, high = run.pnl_bracket
    short = max(low - run.real.net_pnl, run.real.net_pnl - high)
    return short / run.scale * _BPS if short > _SLACK else 0.0


def margin_of(runs: Sequence[TruthRun], goal: float = GOAL) -> Margin:
    """Return the margin that makes brackets hold with probability `goal`, learned from these runs."""
    rank = ceil((len(runs) + 1) * goal)
    if rank > len(runs):
        return Margin(0, 0.0, len(runs))  # too few to promise anything
    fills = sorted(short_fills(run) for run in runs)[rank - 1]
    return Margin(fills, sorted(short_bps(run) for run in runs)[rank - 1], len(runs))


def verdict_of(runs: Sequence[TruthRun], margin: Margin = NO_MARGIN) -> Verdict:
    """Return what these runs say. Raises: AssertionError without runs."""
    assert runs, "a verdict needs runs"
    fills_inside = fmean(short_fills(run) == 0 for run in runs)
    pnl_inside = fmean(short_bps(run) == 0.0 for run in runs)
    fills_off = [run.calibrated.fills - run.real.fills for run in runs]
    pnl_off = [run.calibrated.net_pnl - run.real.net_pnl for run in runs]
    widths = [run.pnl_bracket[1] - run.pnl_bracket[0] for run in runs]
    stable = [run for run in runs if has_one_sign(*run.pnl_bracket)]
    return Verdict(
        runs=len(runs),
        idle_runs=sum(not run.real.fills for run in runs),
        real_fills=fmean(run.real.fills for run in runs),
        real_pnl=fmean(run.real.net_pnl for run in runs),
        fills_inside=fills_inside,
        pnl_inside=pnl_inside,
        fills_inside_error=_share_error(fills_inside, len(runs)),
        pnl_inside_error=_share_error(pnl_inside, len(runs)),
        fills_inside_widened=fmean(short_fills(run) <= margin.fills for run in runs),
        pnl_inside_widened=fmean(short_bps(run) <= margin.pnl_bps for run in runs),
        pnl_believable=fmean(_is_believable(run) for run in runs),
        fills_width=fmean(run.fills_bracket[1] - run.fills_bracket[0] for run in runs),
        pnl_width=fmean(widths),
        pnl_width_bps=fmean(width / run.scale * _BPS for width, run in zip(widths, runs, strict=True)),
        fills_bias=fmean(fills_off),
        fills_error=fmean(abs(off) for off in fills_off),
        pnl_bias=fmean(pnl_off),
        pnl_error=fmean(abs(off) for off in pnl_off),
        pnl_error_bps=fmean(abs(off) / run.scale * _BPS for off, run in zip(pnl_off, runs, strict=True)),
        stable_runs=len(stable),
        stable_right=fmean(run.real.net_pnl * run.pnl_bracket[0] > 0 for run in stable) if stable else None,
    )


def _is_believable(run: TruthRun) -> bool:
    low, high = run.believable
    return low - _SLACK <= run.real.net_pnl <= high + _SLACK


def _share_error(share: float, count: int) -> float:
    return sqrt(share * (1 - share) / count)
