"""Real processes die at chosen points, come back, and the independent checker finds nothing wrong: CI's part of the matrix.

The whole matrix is `wildbot drill --group crash`.
"""

from collections.abc import Iterator

import pytest

from wildbot.audit.audit import audit
from wildbot.drill.cases_crash import MATRIX, ROLES, crash
from wildbot.drill.crash_steps import ARMABLE
from wildbot.drill.surroundings import DRILL_SETTINGS
from wildbot.drill.whole import Whole

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300), pytest.mark.xdist_group("crash_matrix")]

DEATHS = ("gw.sent", "gw.fill_seen", "gw.fill_committed", "alloc.applied", "trader.decided", "sup.swap_stopped_old")


@pytest.fixture(scope="module")
def whole() -> Iterator[Whole]:
    whole = Whole({**DRILL_SETTINGS, **ARMABLE})
    try:
        whole.start()
        yield whole
    finally:
        whole.close()


def test_every_point_has_a_role() -> None:
    assert {point.partition(".")[0] for point, _ in MATRIX} == set(ROLES)


@pytest.mark.parametrize("point", DEATHS)
def test_a_process_that_dies_comes_back_and_no_fill_is_lost(whole: Whole, point: str) -> None:
    aftermath = crash(whole, point, "kill")
    promised_s = ROLES[point.partition(".")[0]].within_s
    assert promised_s is None or (aftermath.gone_s is not None and aftermath.gone_s <= promised_s)


def test_after_all_deaths_the_checker_finds_nothing(whole: Whole) -> None:
    assert whole.stop() == 0, whole.last_words()
    assert not whole.processes()
    report = audit(whole.evidence())
    assert not report.violations, "\n".join(f"{each.rule} {each.text}" for each in report.violations)
