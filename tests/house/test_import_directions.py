"""The table of docs/architecture.md, enforced: which room may import which, and which may touch the world."""

import ast
import functools
import graphlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

MAY_IMPORT: dict[str, set[str]] = {
    "shipped": set(),
    "model": set(),
    "market": {"model"},
    "trading": {"model", "market"},
    "desk": {"model", "market", "trading"},
    "strategies": {"model", "market", "trading"},
    "engine": {"model", "market", "trading", "strategies"},
    "trader_seat": {"model", "trading", "strategies", "engine", "protocol"},
    "simulation": {"model", "market", "trading", "engine", "desk"},
    "analytics": {"model", "market", "trading"},
    "messenger": {"model", "market", "trading", "desk", "analytics"},
    "truth": {"model", "market", "trading", "simulation", "analytics"},
    "protocol": {"model"},
    "venues": {"model", "market"},
    "liaison": {"model", "desk", "venues"},
    "rehearsal": {
        "model",
        "market",
        "trading",
        "strategies",
        "engine",
        "trader_seat",
        "desk",
        "simulation",
        "analytics",
        "protocol",
        "venues",
        "liaison",
    },
    "backtest": {"model", "market", "trading", "strategies", "engine", "desk", "simulation", "analytics"},
    "settings_sections": {"model"},
    "settings": {"model", "settings_sections"},
    "settings_loading": {"model", "settings", "settings_sections", "shipped", "strategies"},
    "settings_reference": {"settings", "settings_loading", "strategies"},
    "adapters": {"model", "protocol", "shipped", "venues"},
    "dashboard": {"model", "adapters", "analytics", "settings", "settings_loading", "trader_words"},
    "trader_words": {"strategies"},
    "audit": set(),
    "drill": {"model", "adapters", "protocol", "settings", "settings_loading", "audit", "rehearsal"},
}
"""Room -> the rooms it may import besides itself; rooms that are not named here (actors, commands, cli) may import all."""

PURE = {
    "model", "market", "trading", "desk", "strategies", "engine", "trader_seat", "simulation", "analytics", "protocol", "venues",
    "liaison", "rehearsal", "backtest", "messenger", "truth",
}  # fmt: skip
WORLD = {
    "asyncio", "datetime", "logging", "loguru", "os", "pathlib", "random", "requests", "socket", "sqlite3", "streamlit",
    "subprocess", "threading", "time", "websockets", "zmq",
}  # fmt: skip
ALLOWED_WORLD = {
    # A seeded generator is handed in; the class is imported for its type alone.
    "simulation": {"random"},
    # Generators made from the rehearsal's own seed and nothing else.
    "rehearsal": {"random"},
    "backtest": {"random"},
    # Times as text are arithmetic; ids and tokens come from a generator that is handed in.
    "venues": {"datetime", "random"},
    "analytics": {"datetime"},
    "messenger": {"datetime"},
}
LEAN = {"wildbot.engine", "wildbot.trader_seat", "actors.trader"}
"""Nothing these import, however far down, may be one of HEAVY: a trader starts fast and stays small."""
HEAVY = {
    "pydantic",
    "pydantic_settings",
    "pandas",
    "pyarrow",
    "streamlit",
    "requests",
    "websockets",
    "starlette",
    "uvicorn",
    "typer",
    "exchange_calendars",
}


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT / "wildbot").with_suffix("").parts
    return parts[0]


@functools.cache
def imports_of(path: Path) -> list[tuple[str, bool, int]]:
    """Return (module, whether only for type checking, line) of every import in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guarded = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    found: list[tuple[str, bool, int]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node in guarded, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            found.append((node.module or "", node in guarded, node.lineno))
    return found


@pytest.mark.parametrize("path", sources("wildbot"), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_from_below(path: Path) -> None:
    room = room_of(path)
    if room not in MAY_IMPORT:
        return
    for module, _, line in imports_of(path):
        assert not module.startswith("actors"), f"{path}:{line}: {room} imports {module}"
        if module.startswith("wildbot."):
            other = module.split(".")[1]
            assert other == room or other in MAY_IMPORT[room], f"{path}:{line}: {room} may not import {other}"


@pytest.mark.parametrize("path", sources("wildbot"), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_pure_room_never_touches_the_world(path: Path) -> None:
    room = room_of(path)
    if room not in PURE:
        return
    for module, type_only, line in imports_of(path):
        top = module.split(".")[0]
        if top in WORLD and not type_only:
            assert top in ALLOWED_WORLD.get(room, set()), f"{path}:{line}: {room} imports {top}"


def test_no_file_imports_in_a_circle_not_even_for_a_type() -> None:
    files = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in sources("wildbot", "actors")}
    graph = {name: {module for module, _, _ in imports_of(path) if module in files} for name, path in files.items()}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the files


@pytest.mark.parametrize("path", sources("wildbot", "actors"), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_stand_at_the_top_of_the_file(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                assert not isinstance(node, ast.Import | ast.ImportFrom), f"{path}:{node.lineno}: deferred import"


def test_only_the_runtime_reads_the_clock_among_actors() -> None:
    for path in sources("actors"):
        if path.stem in {"runtime", "vitals", "__main__"} or path.stem.startswith("bench_"):
            continue
        for module, _, line in imports_of(path):
            assert module != "time", f"{path}:{line}: actors ask their runtime for the time"


@pytest.mark.parametrize("root", sorted(LEAN))
def test_a_trader_never_loads_heavy_libraries(root: str) -> None:
    seen: set[str] = set()
    todo = [root]
    while todo:
        module = todo.pop()
        if module in seen:
            continue
        seen.add(module)
        path = ROOT / (module.replace(".", "/") + ".py")
        if not path.exists():
            path = ROOT / module.replace(".", "/") / "__init__.py"
        if not path.exists():
            continue
        for name, type_only, line in imports_of(path):
            assert type_only or name.split(".")[0] not in HEAVY, f"{path}:{line}: {root} would load {name}"
            if name.startswith(("wildbot", "actors")) and not type_only:
                todo.append(name)
