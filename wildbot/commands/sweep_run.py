"""A sweep: many backtests of one strategy, then the best of them on the part of the recordings nobody has looked at.

Rules: points are judged on the first part of the recordings by time; the second part is run only for the KEPT best, after
    everything is decided. A point that its strategy refuses is told with the reason and counts as a try.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace

from wildbot.analytics.deflated_sharpe import SampleMoments, deflated_sharpe, luckiest_ratio, moments
from wildbot.commands.backtest_job import BacktestJob, run_job
from wildbot.commands.backtest_tapes import open_tape
from wildbot.commands.sweep_search import Point, Search
from wildbot.model.errors import ConfigurationError
from wildbot.strategies.base import check_stop

KEPT = 5
SCORES = ("net_pnl", "sharpe")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one backtest came to; `refusal` says why it was none."""

    net_pnl: float = 0.0
    fees: float = 0.0
    fills: int = 0
    round_trips: int = 0
    sharpe: float | None = None
    max_drawdown_pct: float = 0.0
    moments: SampleMoments | None = None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Try:
    """One point, what it came to, and what it came to out of sample where that was run."""

    point: Point
    seen: Outcome
    unseen: Outcome | None = None


@dataclass(frozen=True, slots=True)
class SweepResult:
    """All tries, best first. `deflated` is the probability that the best is better than luck, None when it cannot be told;
    `luck` the ratio per sample that luck alone would show; `split_ns` where the unseen part begins, 0 for none."""

    tries: list[Try]
    deflated: float | None
    luck: float
    split_ns: int


def run_trial(job: BacktestJob) -> Outcome:
    """Run one backtest, anywhere; what a worker is given and gives back."""
    try:
        answer = run_job(job)
    except ConfigurationError as error:
        return Outcome(refusal=str(error))
    run, figures = answer.run, answer.performance
    return Outcome(
        net_pnl=float(run.split.total),
        fees=float(run.split.fees),
        fills=len(run.fills),
        round_trips=figures.round_trips,
        sharpe=figures.sharpe,
        max_drawdown_pct=figures.max_drawdown_pct,
        moments=moments([money for _, money in run.equity]),
    )


def split_time(job: BacktestJob, share: float) -> int:
    """Return when the first `share` of the recordings' time is over. Raises: ConfigurationError when they are empty."""
    first, last = 1 << 62, 0
    for tape in job.tapes:
        for row in open_tape(tape).events:
            first, last = min(first, row.recv_ts_ns), max(last, row.recv_ts_ns)
    if last <= first:
        raise ConfigurationError("the recordings are too short to be split")
    return first + int((last - first) * share)


def run_sweep(
    job: BacktestJob,
    search: Search,
    pool: Executor,
    *,
    score: str = "net_pnl",
    split: float = 0.0,
    progress: Callable[[int], None] | None = None,
) -> SweepResult:
    """Try every point of a search. `split`: the share of time that is looked at, 0 for all of it."""
    split_ns = split_time(job, split) if split else 0
    seen_job = _until(job, split_ns) if split_ns else job
    tries: list[Try] = []
    for batch in search.batches():
        waiting = [_start(pool, seen_job, point) for point in batch]
        outcomes = []
        for future in waiting:
            outcomes.append(future if isinstance(future, Outcome) else future.result())
            if progress is not None:
                progress(len(tries) + len(outcomes))
        search.tell([_score(each, score) for each in outcomes])
        tries += [Try(point, outcome) for point, outcome in zip(batch, outcomes, strict=True)]
    tries.sort(key=lambda each: _rank(each.seen, score), reverse=True)
    if split_ns:
        tries[:KEPT] = _look_beyond(_from(job, split_ns), tries[:KEPT], pool)
    return SweepResult(tries, *_deflated(tries), split_ns)


def _start(pool: Executor, job: BacktestJob, point: Point) -> "Future[Outcome] | Outcome":
    parameters = {**job.parameters, **point}
    try:
        check_stop(job.strategy, parameters, job.settings.risk.exit_collar_pct)
    except ConfigurationError as error:
        return Outcome(refusal=str(error))
    return pool.submit(run_trial, replace(job, parameters=parameters))


def _look_beyond(job: BacktestJob, best: list[Try], pool: Executor) -> list[Try]:
    waiting = [None if each.seen.refusal else _start(pool, job, each.point) for each in best]
    return [
        replace(each, unseen=future.result() if isinstance(future, Future) else future)
        for each, future in zip(best, waiting, strict=True)
    ]


def _deflated(tries: Sequence[Try]) -> tuple[float | None, float]:
    """Judge the try that would be chosen, among all that were made."""
    ratios = [each.seen.moments.ratio for each in tries if each.seen.moments is not None]
    best = tries[0].seen.moments if tries else None
    luck = luckiest_ratio(ratios, len(tries))
    return (deflated_sharpe(best, ratios, len(tries)) if best is not None else None), luck


def _score(outcome: Outcome, score: str) -> float | None:
    if outcome.refusal:
        return None
    return outcome.net_pnl if score == "net_pnl" else outcome.sharpe if outcome.sharpe is not None else 0.0


def _rank(outcome: Outcome, score: str) -> tuple[bool, float]:
    value = _score(outcome, score)
    return value is not None, value or 0.0


def _until(job: BacktestJob, end_ns: int) -> BacktestJob:
    return replace(job, tapes=tuple(replace(tape, end_ns=end_ns) for tape in job.tapes))


def _from(job: BacktestJob, begin_ns: int) -> BacktestJob:
    return replace(job, tapes=tuple(replace(tape, begin_ns=begin_ns) for tape in job.tapes))
