"""The checker shares nothing with what it checks: it imports the standard library and its own room."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.test_import_directions import ROOT, imports_of, sources

OWN = "wildbot.audit"


@pytest.mark.parametrize("path", sources("wildbot/audit"), ids=lambda path: path.name)
def test_the_checker_imports_only_the_standard_library_and_its_own_room(path: Path) -> None:
    for module, _, line in imports_of(path):
        is_own = module == OWN or module.startswith(f"{OWN}.")
        assert is_own or module.split(".")[0] in sys.stdlib_module_names, f"{path}:{line}: the checker imports {module}"


def test_the_checker_loads_nothing_else_of_ours() -> None:
    look = (
        "import sys, wildbot.audit.__main__; print(*sorted(m for m in sys.modules if m.startswith(('wildbot', 'actors'))))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert [name for name in loaded if name not in ("wildbot", OWN) and not name.startswith(f"{OWN}.")] == []
