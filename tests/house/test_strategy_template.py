"""The template of docs/strategies/adding.md is a strategy: it passes the contract tests, and its own test, as printed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAME = "touch_joiner"
RUN = "import sys, pytest, wildbot.strategies as s; s.__path__.append(sys.argv[1]); sys.exit(pytest.main(sys.argv[2:]))"
DEADLINE_S = 120


def blocks() -> list[str]:
    return re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "strategies" / "adding.md").read_text(encoding="utf-8"), re.S
    )


def pytest_with(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """pytest in a process of its own, to which the files of `folder` are strategies."""
    command = [sys.executable, "-c", RUN, str(folder), "-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / f"{NAME}.py").write_text(blocks()[0], encoding="utf-8")
    return tmp_path


def test_the_template_passes_the_contract_tests(folder: Path) -> None:
    done = pytest_with(folder, "tests/contracts/test_every_strategy.py", "-k", NAME)
    assert done.returncode == 0, done.stdout[-3000:]
    passed = re.search(r"(\d+) passed", done.stdout) or re.search(r"^(\.+)", done.stdout, re.M)
    assert passed is not None, done.stdout


def test_a_template_that_breaks_the_contract_is_caught(folder: Path) -> None:
    source = (folder / f"{NAME}.py").read_text(encoding="utf-8")
    broken = source.replace("        if view.entry_block:\n            return rest_nothing(view.entry_block, seen)\n", "")
    assert broken != source
    (folder / f"{NAME}.py").write_text(broken, encoding="utf-8")
    assert pytest_with(folder, "tests/contracts/test_every_strategy.py", "-k", NAME).returncode == 1


def test_the_template_s_own_test_passes(folder: Path) -> None:
    own = folder / "test_touch_joiner.py"
    own.write_text(blocks()[1], encoding="utf-8")
    done = pytest_with(folder, str(own))
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_template_is_formatted_and_checked_like_the_house(folder: Path) -> None:
    own = str(folder / f"{NAME}.py")
    for words in (["ruff", "check"], ["ruff", "format", "--check"]):
        command = [sys.executable, "-m", *words, "--config", str(ROOT / "pyproject.toml"), own]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
        assert done.returncode == 0, done.stdout
