"""Truth tests as a picture: every run's bracket, and where the real result came to lie."""

from collections.abc import Sequence

from wildbot.analytics.plots import Series, line_chart
from wildbot.backtest.truth_verdict import TruthRun


def pnl_chart(runs: Sequence[TruthRun]) -> str:
    """Return net profits as SVG: runs by rising real result, the bracket's two ends, the real result as dots."""
    ordered = sorted(runs, key=lambda run: (run.real.net_pnl, run.scenario, run.seed))
    return line_chart(
        "net profit of each run, by rising real profit",
        [
            Series("lowest paper", _points([run.pnl_bracket[0] for run in ordered]), is_dots=True),
            Series("highest paper", _points([run.pnl_bracket[1] for run in ordered]), is_dots=True),
            Series("real", _points([run.real.net_pnl for run in ordered])),
        ],
    )


def fills_chart(runs: Sequence[TruthRun]) -> str:
    """Return fills as SVG: runs by rising real count, the bracket's two ends, the real count as a line."""
    ordered = sorted(runs, key=lambda run: (run.real.fills, run.scenario, run.seed))
    return line_chart(
        "fills of each run, by rising real count",
        [
            Series("fewest on paper", _points([run.fills_bracket[0] for run in ordered]), is_dots=True),
            Series("most on paper", _points([run.fills_bracket[1] for run in ordered]), is_dots=True),
            Series("real", _points([run.real.fills for run in ordered])),
        ],
    )


def _points(values: Sequence[float]) -> list[tuple[float, float]]:
    return [(float(index), float(value)) for index, value in enumerate(values)]
