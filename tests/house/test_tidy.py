"""The house stays readable: small files with a docstring, and nothing that belongs to one machine."""

import ast
import re
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES_MAX = 300
MEDIAN_MAX = 150
SOURCES = sorted([*(ROOT / "wildbot").rglob("*.py"), *(ROOT / "actors").rglob("*.py"), ROOT / "dashboard_app.py"])
TESTS = sorted((ROOT / "tests").rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "data", "info", "process"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LINES_MAX
    assert ast.get_docstring(ast.parse(text)), "no module docstring"
    assert path.stem not in FORBIDDEN_NAMES


def test_no_test_file_is_longer_than_a_source_file_may_be() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in TESTS}
    assert {name: lines for name, lines in lengths.items() if lines > LINES_MAX} == {}


def test_the_median_file_is_shorter_than_its_aim() -> None:
    assert statistics.median(len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES) <= MEDIAN_MAX


def test_every_public_thing_has_a_docstring() -> None:
    missing = []
    for path in SOURCES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if public and not ast.get_docstring(node):  # type: ignore[arg-type]
                missing.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")  # type: ignore[attr-defined]
    assert not missing


def test_nothing_names_this_machine_or_a_package_registry() -> None:
    forbidden = re.compile(r"/work/|/root/|pypi\.|pythonhosted|npmjs|deb\.debian|/tmp/wb")
    kinds = {".py", ".toml", ".md", ".conf", ".txt", ".lock", ".yml", ".ini", ".service", ""}
    for path in ROOT.rglob("*"):
        if not path.is_file() or path.suffix not in kinds or path == Path(__file__):
            continue
        parts = path.relative_to(ROOT).parts
        if any(part.startswith(".") and part not in (".ci", ".streamlit") for part in parts) or {
            "var",
            "test-output",
        } & set(parts):
            continue
        found = forbidden.search(path.read_text(encoding="utf-8", errors="ignore"))
        assert not found, f"{path.relative_to(ROOT)} names {found.group()!r}"


def test_no_test_sleeps_and_none_mocks_our_own_code() -> None:
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\btime\.sleep\(|unittest\.mock|\bMagicMock\b", text), path.relative_to(ROOT)
