"""All cases of the drill, found by walking this room; nobody keeps a list.

Rules: a module named `cases_*` holds `CASES`, a tuple of `Case`. What is not drilled stands in `not_drilled` with a reason.
"""

import importlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path

from wildbot.drill.case import Case

PACKAGE = "wildbot.drill"
PREFIX = "cases_"


class CatalogueError(Exception):
    """A selection names no case; the text says what there is."""


def all_cases() -> tuple[Case, ...]:
    """Return every case, ordered by id."""
    found: list[Case] = []
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name.startswith(PREFIX):
            found += importlib.import_module(f"{PACKAGE}.{module.name}").CASES
    return tuple(sorted(found, key=lambda case: case.id))


def select(cases: Sequence[Case], *, only: Sequence[str] = (), group: str = "", fast: bool = False) -> tuple[Case, ...]:
    """Return the cases asked for, in order. Raises: CatalogueError naming what is valid."""
    known = {case.id for case in cases}
    unknown = [each for each in only if each not in known]
    if unknown:
        raise CatalogueError(f"there is no case {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
    groups = sorted({case.group.value for case in cases})
    if group and group not in groups:
        raise CatalogueError(f"there is no group {group!r}; there are: {', '.join(groups)}")
    return tuple(
        case
        for case in cases
        if (not only or case.id in only) and (not group or case.group == group) and (not fast or case.fast)
    )


def batches(cases: Sequence[Case]) -> list[list[Case]]:
    """Return the cases grouped by the instance they share, in order of their first member."""
    found: dict[object, list[Case]] = {}
    for case in cases:
        alike = (case.wired, case.started, tuple(sorted(case.settings.items())))
        found.setdefault(case.id if case.lone or not case.started else alike, []).append(case)
    return list(found.values())
