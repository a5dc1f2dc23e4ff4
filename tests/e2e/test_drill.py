"""The drill as its owner runs it: real processes, three faults, the checker's word, and nothing left behind."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from wildbot.drill.processes import processes_of
from wildbot.drill.surroundings import surroundings
from wildbot.drill.whole import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300), pytest.mark.xdist_group("drill")]

CASES = ("A01", "A07", "B03")


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="wb-"))  # short: socket paths have a limit
    yield path
    shutil.rmtree(path, ignore_errors=True)


def test_three_faults_are_struck_held_and_audited(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wildbot.cli", "drill", "--only", ",".join(CASES), "--seeds", "2", "--keep", str(folder), "--json"],
        env=surroundings(folder, {}, {}), cwd=ROOT, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    document = json.loads(done.stdout)
    assert {case["id"]: (case["outcome"], case["text"]) for case in document["cases"]} == dict.fromkeys(CASES, ("held", ""))
    (check,) = document["checks"]
    assert check["text"] == "the ordered stop ended with code 0"
    assert [each for each in check["verdicts"] if each["outcome"] == "violated"] == []
    assert sum(each["outcome"] == "held" for each in check["verdicts"]) > 10
    assert len(document["seeds"]) == 2
    assert done.returncode == (0 if document["ok"] else 1)
    assert not processes_of(folder / "A01")
    assert (folder / "A01" / "data" / "sim.sqlite").exists()


def test_an_unknown_case_is_a_mistake_of_usage() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wildbot.cli", "drill", "--only", "Z99"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip
    assert done.returncode == 2 and "Z99" in done.stderr
