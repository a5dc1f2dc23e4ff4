"""A drill tells held from broken and from never struck, goes on after a failure, and leaves nothing behind."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from rich.console import Console

from wildbot.audit.verdict import AuditReport, Verdict
from wildbot.audit.verdict import Outcome as Held
from wildbot.commands.drill import matrix_of
from wildbot.drill.case import Case, Group, Severity
from wildbot.drill.failure import DrillError, NotStruckError
from wildbot.drill.matrix import document_of
from wildbot.drill.seeds import SeedResult
from wildbot.drill.session import Drill, Judgement, Outcome, Result, try_case
from wildbot.drill.tls_trap import TlsTrap
from wildbot.drill.whole import Whole


def a_case(run: Callable[[Whole], None] = lambda whole: None) -> Case:
    words = {"title": "The exchange vanishes", "promise": "Nothing is lost"}
    return Case(id="A01", group=Group.EXCHANGE, severity=Severity.S1, run=run, lone=True, **words)


def breaking(error: Exception) -> Callable[[Whole], None]:
    def run(whole: Whole) -> None:
        raise error

    return run


@pytest.mark.parametrize(
    ("run", "outcome", "text"),
    [
        (lambda whole: None, Outcome.HELD, ""),
        (breaking(DrillError("an order was sent twice\nwith details")), Outcome.BROKEN, "an order was sent twice"),
        (breaking(NotStruckError("it never struck")), Outcome.NOT_STRUCK, "it never struck"),
        (breaking(KeyError("result")), Outcome.BROKEN, "the case itself failed: KeyError 'result'"),
    ],
)
def test_a_case_comes_out_as_its_run_says(run: Callable[[Whole], None], outcome: Outcome, text: str) -> None:
    whole = Whole({})
    try:
        result = try_case(a_case(run), whole)
    finally:
        whole.close()
    assert (result.outcome, result.text) == (outcome, text)


def test_a_drill_is_only_well_when_all_held_and_the_checker_found_nothing() -> None:
    held, broken = (Result(a_case(), outcome, "", 1.0) for outcome in (Outcome.HELD, Outcome.BROKEN))
    fine = Judgement(("A01",), AuditReport((Verdict("I-01", "t", Held.HELD, "1 compared"),)), "")
    found = Judgement(("A01",), AuditReport((Verdict("I-01", "t", Held.VIOLATED, "one"),)), "")
    unasked = Judgement(("A01",), None, "the evidence cannot be read")
    assert Drill((held,), (fine,)).ok
    assert not Drill((held, broken), (fine,)).ok
    assert not Drill((Result(a_case(), Outcome.NOT_STRUCK, "", 1.0),), (fine,)).ok
    assert not Drill((held,), (found,)).ok
    assert Drill((held,), (Judgement(("A01",), found.report, "", excused=("I-01",)),)).ok
    assert not Drill((held,), (unasked,)).ok


def test_the_matrix_prints_what_broke_what_was_promised_and_how_it_came_out() -> None:
    console = Console(width=160)
    with console.capture() as captured:
        console.print(matrix_of([Result(a_case(), Outcome.BROKEN, "sent twice", 12.34)]))
    for words in ("A01", "The exchange vanishes", "Nothing is lost", "BROKEN", "12.3"):
        assert words in captured.get()


def test_the_document_names_every_case_rule_and_seed() -> None:
    verdict = Verdict("I-01", "each fill once", Held.HELD, "7 compared")
    done = Drill((Result(a_case(), Outcome.HELD, "", 1.0),), (Judgement(("A01",), AuditReport((verdict,)), "stopped"),))
    document = document_of(done, [SeedResult(5, ("I-02 broken",), "abc", 0.5)])
    assert document["ok"] is False
    assert document["cases"][0]["outcome"] == "held"  # type: ignore[index]
    assert document["checks"][0]["verdicts"][0]["rule"] == "I-01"  # type: ignore[index]
    assert "--first-seed 5" in document["seeds"][0]["replay"]  # type: ignore[index]


def test_closing_an_instance_ends_its_processes_and_removes_its_home() -> None:
    whole = Whole({})
    child = subprocess.Popen(
        [sys.executable, "-c", "input()"], env={**os.environ, "WILDBOT_HOME": str(whole.home)}, stdin=subprocess.PIPE
    )
    assert whole.patiently(lambda: any(each.pid == child.pid for each in whole.processes()), 5)
    whole.close()
    assert child.wait(5) < 0
    assert not whole.home.exists() and not whole.processes()


def test_a_kept_home_outlives_the_drill(tmp_path: Path) -> None:
    whole = Whole({}, keep=tmp_path / "kept")
    whole.close()
    assert (tmp_path / "kept").is_dir()


def test_nothing_of_the_callers_own_settings_reaches_an_instance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KRAKEN_API_KEY", "mine")
    monkeypatch.setenv("WILDBOT_PROFILE", "live")
    whole = Whole({})
    whole.close()
    assert "KRAKEN_API_KEY" not in whole.environment and "WILDBOT_PROFILE" not in whole.environment


def test_an_instance_that_cannot_start_says_so_at_once() -> None:
    whole = Whole({"WILDBOT_TRADING__MAX_TRADERS": "many"})
    try:
        with pytest.raises(DrillError, match="max_traders"):
            whole.start()
    finally:
        whole.close()


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_a_client_that_checks_certificates_turns_away_from_the_trap(tmp_path: Path) -> None:
    trap = TlsTrap(tmp_path)
    try:
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"https://127.0.0.1:{trap.port}/", timeout=5)
        requests.get(f"https://127.0.0.1:{trap.port}/", timeout=5, verify=False)  # noqa: S501 - that is the point
    except requests.exceptions.ConnectionError:
        pass  # it answers nobody
    finally:
        trap.close()
    assert (trap.turned_away, trap.talked) == (1, 1)
