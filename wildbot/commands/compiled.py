"""The compiled build: the rooms that think, as machine code, from the same source, in a folder of their own.

    python -m wildbot.commands.compiled build/compiled          # what `make compiled` does
    PYTHONPATH=build/compiled PYTHONSAFEPATH=1 .venv/bin/wildbot ...      # what runs it

Rules: the source is the only source; without this folder everything runs as plain Python. What mypyc cannot make native
    without losing something (msgspec structs and their options, enums, dataclasses, protocols) stays Python: each module
    is staged twice, once whole under `wildbot/values/` for those classes alone, once compiled with them imported from
    there. What mypyc warns about changes meaning, so a warning ends the build.
Known limit: a folder is for one machine and one Python; `is_current` tells whether it is of this source.
"""

import ast
import platform
import shutil
import subprocess
import sys
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

from wildbot.adapters.build import CARRIED, this_build
from wildbot.market import quotes
from wildbot.shipped import FILES

SOURCE = Path(__file__).resolve().parents[2]
PACKAGES = ("wildbot", "actors")
VALUES = "wildbot/values"
STAMP = "source.txt"
VALUE_BASES = {"Struct", "StrEnum", "IntEnum", "Enum", "NamedTuple", "Protocol", "Exception"}

ROOMS = (
    "market", "trading", "engine.py", "strategies/view.py", "strategies/market_maker.py",
    "strategies/market_maker_measured.py", "strategies/glft_maker.py", "strategies/momentum_burst.py",
    "strategies/order_flow_imbalance.py", "analytics/markout.py", "backtest/desk_stage.py",
    "backtest/ladder.py", "backtest/latency.py", "backtest/market_tape.py", "backtest/pulses.py",
    "backtest/quiet_market.py", "backtest/recorded_tape.py", "backtest/run.py", "backtest/schedule.py",
    "backtest/slot_stage.py", "backtest/trader_stage.py", "backtest/venue.py", "desk/allocation.py",
    "desk/capital_ledger.py", "desk/market_watch.py", "desk/order_router.py", "desk/rounds.py", "desk/watch.py",
    "venues/kraken/market_books.py", "venues/kraken/market_stream.py", "venues/kraken/quiet_books.py",
)  # fmt: skip
"""Rooms and files below `wildbot/` that run for every event, live or in a backtest."""

INTERPRETED = {"market/book_changes.py"}
"""Of those, what mypyc would change: a generator expression becomes a list there."""

_TRANSLATE = """\
import sys
from setuptools import setup
from mypyc.build import mypycify
modules, sys.argv = sys.argv[1:], ["setup", "build_ext", "--inplace", "--quiet"]
native = mypycify(["--no-incremental", *modules], opt_level="2", multi_file=True)
"""
_LINK = """\
setup(name="wildbot-compiled", packages=[], py_modules=[], ext_modules=native)
"""


def build(folder: Path) -> str:
    """Make `folder` anew; return "" or why it could not be."""
    stamp = fingerprint()
    if complaint := _make(folder, _TRANSLATE + _LINK):
        return complaint
    shutil.rmtree(folder / "build", ignore_errors=True)
    (folder / STAMP).write_text(stamp, encoding="utf-8")
    return ""


def translate(folder: Path) -> str:
    """Make `folder` anew, up to what a C compiler would be given; return "" or what is wrong with the source."""
    return _make(folder, _TRANSLATE)


def _make(folder: Path, script: str) -> str:
    shutil.rmtree(folder, ignore_errors=True)
    for package in PACKAGES:
        shutil.copytree(SOURCE / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        copy = shutil.copytree if (SOURCE / name).is_dir() else shutil.copy
        copy(SOURCE / name, folder / name)
    (folder / CARRIED).write_text(this_build(SOURCE).commit, encoding="ascii")
    modules = compiled_files()
    for module in modules:
        _stage(folder, module)
    (folder / "build.py").write_text(script, encoding="utf-8")
    command = [sys.executable, "build.py", *(f"wildbot/{module}" for module in modules)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    lines = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("gcc")]
    told = [line for line in lines if line.startswith("wildbot/") and " warning: " in line]
    return "\n".join(told or lines[-20:]) if done.returncode or told else ""


def compiled_files() -> list[str]:
    """Return the files that are compiled, relative to `wildbot/`."""
    found: list[str] = []
    for room in ROOMS:
        path = SOURCE / "wildbot" / room
        found += [room] if path.is_file() else sorted(f"{room}/{each.name}" for each in path.glob("*.py"))
    return [each for each in found if each not in INTERPRETED and not each.endswith("__init__.py")]


def fingerprint() -> str:
    """Return what a build depends on: every source file, this Python, and the compiler of Python."""
    known = blake2b(f"{platform.python_version()} {platform.machine()} {version('mypy')}".encode(), digest_size=16)
    for package in PACKAGES:
        for path in sorted((SOURCE / package).rglob("*.py")):
            known.update(f"{path.relative_to(SOURCE)}\0".encode() + path.read_bytes())
    return known.hexdigest()


def runs_compiled() -> bool:
    """Return whether this process runs the compiled build."""
    return not str(quotes.__file__).endswith(".py")


def is_current(folder: Path) -> bool:
    """Return whether `folder` holds a whole build of this source for this Python."""
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == fingerprint()


def split_values(source: str, values_module: str) -> tuple[str, list[str]]:
    """Return a module that imports its value classes from `values_module` instead of defining them, and their names."""
    names: list[str] = []
    lines = source.splitlines()
    tree = ast.parse(source)
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and _is_value(node, names):
            names.append(node.name)
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            blank = [""] * ((node.end_lineno or node.lineno) - first)  # every other line keeps its number
            lines[first - 1 : node.end_lineno] = [f"from {values_module} import {node.name} as {node.name}", *blank]
    return "\n".join(lines) + "\n", names


def _is_value(node: ast.ClassDef, known: list[str]) -> bool:
    bases = {each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in node.bases}
    made_by = [each.func if isinstance(each, ast.Call) else each for each in node.decorator_list]
    return bool(bases & (VALUE_BASES | set(known))) or any(getattr(each, "id", "") == "dataclass" for each in made_by)


def _stage(folder: Path, module: str) -> None:
    path, values = folder / "wildbot" / module, folder / VALUES / module
    source = path.read_text(encoding="utf-8")
    split, names = split_values(source, f"{VALUES}/{module}".removesuffix(".py").replace("/", "."))
    if not names:
        return
    for package in (folder / VALUES, values.parent):
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").touch()
    values.write_text("# mypy: ignore-errors\n" + source, encoding="utf-8")
    path.write_text(split, encoding="utf-8")


if __name__ == "__main__":
    why_not = build(Path(sys.argv[1]).resolve())
    if why_not:
        sys.exit(f"not compiled:\n{why_not}")
    print(f"{len(compiled_files())} modules compiled into {sys.argv[1]}")  # noqa: T201
