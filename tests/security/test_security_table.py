"""docs/security.md against the tests: every requirement is there, every test it names exists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NOT_BUILT: set[str] = set()


def rows() -> dict[str, tuple[str, list[str]]]:
    """Return (where it is kept, tests) by requirement."""
    found = {}
    for line in TABLE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and re.fullmatch(r"S-\d\d", cells[0]):
            assert cells[0] not in found, cells[0]
            found[cells[0]] = (cells[2], re.findall(r"`(test_\w+)`", cells[3]))
    return found


def test_every_requirement_is_in_the_table_once() -> None:
    assert sorted(rows()) == [f"S-{number:02}" for number in range(1, 31)]


def test_every_row_names_a_test_or_says_why_there_is_none() -> None:
    assert {name for name, (_, tests) in rows().items() if not tests} == NOT_BUILT
    assert all(rows()[name][0].startswith("not built yet: ") for name in NOT_BUILT)


def test_every_named_test_exists() -> None:
    defined = {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    missing = {name for _, tests in rows().values() for name in tests} - defined
    assert not missing
