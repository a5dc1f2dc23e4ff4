"""A sweep: many backtests of one strategy, then the best of them on the part of the recordings nobody has looked at.

Rules: points are judged on the first part of the recordings by time; the second part is run only for the KEPT best, after
    everything is decided. The KEPT best are told with the range of their results over all fill models. A point that its
    strategy refuses is told with the reason and counts as a try.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass, replace
from functools import partial

from wildbot.analytics.deflated_sharpe import deflated_sharpe, luckiest_ratio, moments
from wildbot.commands.backtest_job import BacktestJob, run_job
from wildbot.commands.backtest_tapes import open_tape
from wildbot.commands.sweep_memory import SweepMemory
from wildbot.commands.sweep_outcome import Bracket, Outcome, bracket_over
from wildbot.commands.sweep_search import Point, Search
from wildbot.model.errors import ConfigurationError
from wildbot.simulation.fills import FILL_MODELS
from wildbot.strategies.base import check_stop

KEPT = 5
SCORES = ("net_pnl", "sharpe")


@dataclass(frozen=True, slots=True)
class Try:
    """One point, what it came to, and what it came to out of sample where that was run. `bracket` is its range over the
    fill models where it was judged last: out of sample if there is an unseen part."""

    point: Point
    seen: Outcome
    unseen: Outcome | None = None
    bracket: Bracket | None = None


@dataclass(frozen=True, slots=True)
class SweepResult:
    """All tries, best first. `deflated` is the probability that the best is better than luck, None when it cannot be told;
    `luck` the ratio per sample that luck alone would show; `split_ns` where the unseen part begins, 0 for none."""

    tries: list[Try]
    deflated: float | None
    luck: float
    split_ns: int

    @property
    def skipped(self) -> list[str]:
        """What of the recordings could not be used, in sentences: of what was looked at, then of the unseen part."""
        outcomes = [each for one in self.tries for each in (one.seen, one.unseen) if each is not None]
        return list(dict.fromkeys(sentence for each in outcomes for sentence in each.skipped))


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
        skipped=tuple(each for pair, notes in run.notes.items() for each in notes.told(pair)),
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
    progress: Callable[[int], None] = lambda done: None,
    memory: SweepMemory | None = None,
) -> SweepResult:
    """Try every point of a search. `split`: the share of time that is looked at, 0 for all of it; what `memory` knows is
    not run again.

    Raises: ConfigurationError when the recordings are empty.
    """
    run = _Runner(pool, memory or SweepMemory(None))
    split_ns = split_time(job, split) if split else 0
    seen_job = _until(job, split_ns) if split_ns else job
    tries: list[Try] = []
    for batch in search.batches():
        outcomes = run.outcomes([_at(seen_job, point) for point in batch], partial(_count, progress, len(tries)))
        search.tell([_score(each, score) for each in outcomes])
        tries += [Try(point, outcome) for point, outcome in zip(batch, outcomes, strict=True)]
    tries.sort(key=lambda each: _rank(each.seen, score), reverse=True)
    last_job, best = (_from(job, split_ns) if split_ns else job), tries[:KEPT]
    if split_ns:
        unseen = run.outcomes([_at(last_job, each.point) for each in best])
        best = [
            replace(each, unseen=None if each.seen.refusal else outcome) for each, outcome in zip(best, unseen, strict=True)
        ]
    tries[:KEPT] = [_with_bracket(last_job, each, run) for each in best]
    return SweepResult(tries, *_deflated(tries), split_ns)


class _Runner:
    """Runs jobs on a pool, save those whose outcome is known."""

    def __init__(self, pool: Executor, memory: SweepMemory) -> None:
        self._pool = pool
        self._memory = memory

    def outcomes(self, jobs: Sequence[BacktestJob], progress: Callable[[int], None] = lambda done: None) -> list[Outcome]:
        """Return what each job came to, in their order; each is remembered as soon as it is known."""
        told = [_refused(job) or self._memory.outcome(job) for job in jobs]
        done = sum(each is not None for each in told)
        progress(done)
        places: dict[Future[Outcome], int] = {}
        for place, (job, known) in enumerate(zip(jobs, told, strict=True)):
            if known is None:
                places[self._pool.submit(run_trial, job)] = place
        for count, future in enumerate(as_completed(places), start=done + 1):
            place = places[future]
            told[place] = outcome = future.result()
            self._memory.keep(jobs[place], outcome)
            progress(count)
        return [each for each in told if each is not None]


def _count(progress: Callable[[int], None], before: int, done: int) -> None:
    progress(before + done)


def _at(job: BacktestJob, point: Point) -> BacktestJob:
    return replace(job, parameters={**job.parameters, **point})


def _refused(job: BacktestJob) -> Outcome | None:
    try:
        check_stop(job.strategy, job.parameters, job.settings.risk.exit_collar_pct)
    except ConfigurationError as error:
        return Outcome(refusal=str(error))
    return None


def _with_bracket(job: BacktestJob, one: Try, run: _Runner) -> Try:
    if one.seen.refusal:
        return one
    others = [model for model in FILL_MODELS if model != job.model]
    outcomes = [one.unseen or one.seen, *run.outcomes([replace(_at(job, one.point), model=model) for model in others])]
    if any(each.refusal for each in outcomes):
        return one
    return replace(one, bracket=bracket_over([each.net_pnl for each in outcomes]))


def _deflated(tries: Sequence[Try]) -> tuple[float | None, float]:
    """Judge the try that would be chosen, among all that were made."""
    ratios = [each.seen.moments.ratio for each in tries if each.seen.moments is not None]
    best = tries[0].seen.moments if tries else None
    luck = luckiest_ratio(ratios, len(tries))
    if best is None or len(ratios) < min(2, len(tries)):  # how much the tries differ cannot be told from one
        return None, luck
    return deflated_sharpe(best, ratios, len(tries)), luck


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
