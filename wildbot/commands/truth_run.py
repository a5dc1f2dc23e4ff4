"""A truth test over many seeds: the power of the queue model first, then the margins, then the runs that are judged.

Rules: the real runs of the training seeds give the power (from what their orders saw) and the margin (from how far paper
    falls short); the judged seeds are others and give nothing back. What is done is kept line by line where a file was
    named, so that an interrupted test goes on where it stopped.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from wildbot.adapters.build import this_build
from wildbot.backtest.truth import Outcome, TrueCase, TruthPlan, paper_case, true_case
from wildbot.backtest.truth_verdict import Margin, TruthRun, margin_of
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import MONEY_ONE
from wildbot.simulation.queue_fit import PowerFit, fit_power

TRAIN_FROM = 1_000_001
"""The first training seed; judged seeds are below."""


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the file: what was tried, and one thing that came of it."""

    words: str
    fit: PowerFit | None = None
    train_real: dict[str, Outcome] | None = None
    run: TruthRun | None = None
    build: str = ""


class TruthFile:
    """What is done already, by the words of what was tried; without a path nothing is kept."""

    def __init__(self, path: Path | None, words: str) -> None:
        self._path = path
        self._words = words
        self._build = str(this_build())
        self.fit: PowerFit | None = None
        self.train_real: dict[str, Outcome] = {}
        self.runs: dict[str, TruthRun] = {}
        if path is None or not path.exists():
            return
        told, torn = 0, ""
        for text in path.read_bytes().split(b"\n"):
            try:
                line = msgspec.json.decode(text, type=Kept)
            except msgspec.MsgspecError as error:
                torn = str(error) if text else torn  # by whoever was killed while it wrote
                continue
            told += 1
            if line.words != words:
                raise ConfigurationError(f"--keep {str(path)!r} is of another test: {line.words}")
            if line.build != self._build:
                raise ConfigurationError(f"--keep {str(path)!r} is of another WildBot: {line.build or 'an older one'}")
            self.fit, self.train_real = line.fit or self.fit, line.train_real or self.train_real
            if line.run is not None:
                self.runs[key_of(line.run.scenario, line.run.seed)] = line.run
        if torn and not told:
            raise ConfigurationError(f"--keep {str(path)!r} holds no truth test: {torn}")

    def add(self, line: Kept) -> None:
        """Keep one more result."""
        if line.run is not None:
            self.runs[key_of(line.run.scenario, line.run.seed)] = line.run
        if self._path is not None:
            with self._path.open("ab") as file:
                kept = msgspec.structs.replace(line, words=self._words, build=self._build)
                file.write(b"\n" + msgspec.json.encode(kept))  # after whatever a torn line left


@dataclass(frozen=True, slots=True)
class TruthResult:
    """The judged runs, and what was learned from the others."""

    fit: PowerFit
    margin: Margin
    runs: list[TruthRun]


def key_of(scenario: str, seed: int) -> str:
    """Return what names one market of a test."""
    return f"{scenario} {seed}"


def run_truth(
    plan: TruthPlan,
    scenarios: Sequence[str],
    seeds: Sequence[int],
    train: Sequence[int],
    pool: Executor,
    kept: TruthFile,
    progress: Callable[[int], None],
) -> TruthResult:
    """Learn on `train`, judge on `seeds`; every scenario has all of them. `progress` counts markets done."""
    train_plans = {key_of(each, seed): _plan(plan, each, seed) for seed in train for each in scenarios}
    done = 0
    if kept.fit is None:
        tapes = []
        real: dict[str, Outcome] = {}
        waiting = {pool.submit(true_case, each): key for key, each in train_plans.items()}
        for future in as_completed(waiting):
            case: TrueCase = future.result()
            real[waiting[future]] = case.outcome
            tapes.append((waiting[future], case.tapes))
            done += 1
            progress(done)
        # In the order of the seeds, whoever was done first: sums of floats are the same in every run.
        kept.fit = fit_power([tape for _, some in sorted(tapes, key=lambda each: each[0]) for tape in some])
        kept.train_real = real
        kept.add(Kept("", fit=kept.fit, train_real=real))
    fit = kept.fit
    judged = {key_of(each, seed): _plan(plan, each, seed) for seed in seeds for each in scenarios}
    everything = {**train_plans, **judged}
    missing = {key: each for key, each in everything.items() if key not in kept.runs}
    done = len(train_plans) + len(everything) - len(missing)
    progress(done)
    futures = [pool.submit(truth_case, each, fit.power, kept.train_real.get(key)) for key, each in missing.items()]
    for finished in as_completed(futures):
        kept.add(Kept("", run=finished.result()))
        done += 1
        progress(done)
    return TruthResult(fit, margin_of([kept.runs[key] for key in train_plans]), [kept.runs[key] for key in judged])


def truth_case(plan: TruthPlan, power: float, real: Outcome | None) -> TruthRun:
    """Run one market, really (unless that is done) and on paper; what a worker is given and gives back."""
    outcome = true_case(plan).outcome if real is None else real
    market = plan.market
    return TruthRun(market.scenario, market.seed, plan.capital / MONEY_ONE, outcome, paper_case(plan, power))


def _plan(plan: TruthPlan, scenario: str, seed: int) -> TruthPlan:
    return replace(plan, market=replace(plan.market, scenario=scenario, seed=seed))
