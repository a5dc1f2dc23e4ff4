"""Where a sweep looks: every point of a grid, or points that a seeded search proposes.

Rules: proposals come and are told in batches of BATCH whatever the number of workers, in the order they were made, so the
    same seed searches the same points on any machine.
Source: the tree-structured Parzen estimator of optuna.
"""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import isfinite, prod
from typing import Protocol

from wildbot.model.errors import ConfigurationError

BATCH = 8
GRID_MAX = 100_000

Point = dict[str, str]
"""Parameter values as text, by key."""


@dataclass(frozen=True, slots=True)
class Space:
    """What is tried: values by key, and numbers between two bounds by key (whole ones when both bounds are)."""

    choices: Mapping[str, tuple[str, ...]]
    ranges: Mapping[str, tuple[float, float]]


class Search(Protocol):
    """Proposes batches until it is done; `tell` hears the scores (None: the point failed) in the order of the batch."""

    def batches(self) -> Iterator[list[Point]]: ...

    def tell(self, scores: Sequence[float | None]) -> None: ...


def space_of(grid: Sequence[str], ranges: Sequence[str]) -> Space:
    """Return what `key=v1,v2` and `key=LOW:HIGH` words mean. Raises: ConfigurationError naming the word."""
    choices: dict[str, tuple[str, ...]] = {}
    bounds: dict[str, tuple[float, float]] = {}
    for word in grid:
        name, equals, text = word.partition("=")
        key, values = name.strip(), tuple(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))
        if not equals or not values:
            raise ConfigurationError(f"--grid {word!r} is not of the form KEY=VALUE,VALUE")
        if key in choices:
            raise ConfigurationError(f"--grid {word!r}: {key} has a --grid already; put all its values into one")
        choices[key] = values
    for word in ranges:
        name, _, text = word.partition("=")
        key = name.strip()
        try:
            low, high = (float(each) for each in text.split(":"))
        except ValueError:
            raise ConfigurationError(f"--range {word!r} is not of the form KEY=LOW:HIGH") from None
        if not (isfinite(low) and isfinite(high) and low < high):
            raise ConfigurationError(f"--range {word!r}: LOW must be below HIGH, and both finite")
        if key in choices or key in bounds:
            raise ConfigurationError(f"--range {word!r}: {key} has a {'--grid' if key in choices else '--range'} already")
        bounds[key] = (low, high)
    if not choices and not bounds:
        raise ConfigurationError("say what to try: --grid KEY=VALUE,VALUE, or --range KEY=LOW:HIGH with --trials")
    return Space(choices, bounds)


class GridSearch:
    """Every combination, the last key fastest. Raises: ConfigurationError for ranges, or for more than GRID_MAX."""

    def __init__(self, space: Space) -> None:
        if space.ranges:
            raise ConfigurationError("--range needs --trials: a grid cannot hold every number")
        self.size = prod(len(values) for values in space.choices.values())
        if self.size > GRID_MAX:
            raise ConfigurationError(f"the grid has {self.size} points and may have {GRID_MAX}; use --trials")
        self._space = space

    def batches(self) -> Iterator[list[Point]]:
        """All at once."""
        keys = list(self._space.choices)
        yield [dict(zip(keys, values, strict=True)) for values in product(*self._space.choices.values())]

    def tell(self, scores: Sequence[float | None]) -> None:
        """A grid learns nothing."""


class ParzenSearch:
    """So many trials, each batch where the ones before it did well."""

    def __init__(self, space: Space, trials: int, seed: int) -> None:
        # By name: optuna is slow to load, and only this search needs it.
        self._optuna = importlib.import_module("optuna")
        self._optuna.logging.set_verbosity(self._optuna.logging.WARNING)
        self.size = trials
        self._space = space
        sampler = self._optuna.samplers.TPESampler(seed=seed)
        self._study = self._optuna.create_study(direction="maximize", sampler=sampler)
        self._asked: list[object] = []

    def batches(self) -> Iterator[list[Point]]:
        """BATCH points at a time."""
        for begun in range(0, self.size, BATCH):
            self._asked = [self._study.ask() for _ in range(min(BATCH, self.size - begun))]
            yield [self._point(trial) for trial in self._asked]

    def tell(self, scores: Sequence[float | None]) -> None:
        """Learn."""
        for trial, score in zip(self._asked, scores, strict=True):
            if score is None:
                self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
            else:
                self._study.tell(trial, score)

    def _point(self, trial: object) -> Point:
        point = {
            key: str(trial.suggest_categorical(key, list(values)))  # type: ignore[attr-defined]
            for key, values in self._space.choices.items()
        }
        for key, (low, high) in self._space.ranges.items():
            if low.is_integer() and high.is_integer():
                point[key] = str(trial.suggest_int(key, int(low), int(high)))  # type: ignore[attr-defined]
            else:
                point[key] = f"{trial.suggest_float(key, low, high):.6g}"  # type: ignore[attr-defined]
        return point
