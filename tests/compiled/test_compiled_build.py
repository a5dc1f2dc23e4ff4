"""The compiled build decides what the source decides, byte for byte; and nothing that is a value is compiled.

The comparison needs a build (`make compiled`) and skips, with its reason, where there is none of this source.
"""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.compiled.decision_logs import decision_logs
from wildbot.commands.compiled import INTERPRETED, ROOMS, SOURCE, compiled_files, is_current, split_values, translate

FOLDER = SOURCE / "build" / "compiled"
MODULE = '''"""Words."""

import msgspec


class Price(msgspec.Struct, frozen=True):
    ticks: int


@dataclass(frozen=True)
class Point:
    x: int


class Dearer(Price):
    pass


class Side:
    def price(self) -> Price:
        return Price(1)
'''


def test_values_are_imported_and_everything_else_stays_on_its_line() -> None:
    split, names = split_values(MODULE, "values.words")
    assert names == ["Price", "Point", "Dearer"]
    assert "from values.words import Price as Price" in split
    assert split.splitlines().index("class Side:") == MODULE.splitlines().index("class Side:")
    assert [node.name for node in ast.parse(split).body if isinstance(node, ast.ClassDef)] == ["Side"]


def test_a_module_without_values_is_compiled_as_it_is() -> None:
    source = "def double(x: int) -> int:\n    return 2 * x\n"
    assert split_values(source, "values.words") == (source, [])


def test_every_room_and_exception_named_exists() -> None:
    assert [each for each in (*ROOMS, *INTERPRETED) if not (SOURCE / "wildbot" / each).exists()] == []
    assert "engine.py" in compiled_files()
    assert not INTERPRETED & set(compiled_files())


def test_a_folder_of_another_source_is_not_current(tmp_path: Path) -> None:
    assert not is_current(tmp_path)
    (tmp_path / "source.txt").write_text("of last week", encoding="utf-8")
    assert not is_current(tmp_path)


def test_the_source_can_be_compiled_without_a_change_of_meaning(tmp_path: Path) -> None:
    assert translate(tmp_path / "compiled") == ""


@pytest.mark.skipif(not is_current(FOLDER), reason="no compiled build of this source; `make compiled` makes one")
def test_the_compiled_build_decides_the_same() -> None:
    path = os.pathsep.join([str(FOLDER), str(SOURCE)])
    told = subprocess.run(
        [sys.executable, "-m", "tests.compiled.decision_logs"],
        env={**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"},
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=True,
    )
    compiled = json.loads(told.stdout)
    assert compiled["compiled"] is True
    assert compiled["logs"] == decision_logs()
