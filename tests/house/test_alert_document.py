"""docs/operations.md has a section for every alert that can be raised, and for no other."""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "operations.md"
NOT_IN_A_RUN = {"drill", "rehearsal", "audit", "backtest"}
RAISERS = {"alert": 1, "_alert": 1, "RaiseAlert": 1, "Alert": 3}
"""The name of what raises an alert, and which of its arguments is the key."""

CARRIERS = {
    "actors/crash_watch.py", "actors/notifier.py", "actors/order_gateway.py", "actors/runtime.py", "actors/supervisor.py",
    "actors/trader.py", "wildbot/desk/gateway_state.py", "wildbot/desk/supervision_state.py",
}  # fmt: skip
"""They hand on alerts that others raised, by a key that is not theirs."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted([*(ROOT / "wildbot").rglob("*.py"), *(ROOT / "actors").glob("*.py")]):
        name = path.relative_to(ROOT)
        if name.parts[1] not in NOT_IN_A_RUN:
            yield str(name), ast.parse(path.read_text(encoding="utf-8"))


def assigned(tree: ast.AST) -> dict[str, ast.expr]:
    """Every name that is given a value anywhere below, with the (last) value."""
    found: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Name):
                found[target.id] = node.value
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                found |= {
                    name.id: value
                    for name, value in zip(target.elts, node.value.elts, strict=True)
                    if isinstance(name, ast.Name)
                }
    return found


def stems(key: ast.expr, names: dict[str, ast.expr]) -> set[str]:
    """The words before the first ":" or "/" that a key can begin with; empty: it cannot be told."""
    match key:
        case ast.Constant(value=str(text)):
            return {re.split("[:/]", text)[0]}
        case ast.JoinedStr(values=[ast.FormattedValue(value=first), *_]) | ast.JoinedStr(values=[first, *_]):
            return stems(first, names)
        case ast.IfExp():
            return stems(key.body, names) | stems(key.orelse, names)
        case ast.Call(func=ast.Name(id=name)) if name in names:
            return stems(names[name], names)
        case ast.Name() if key.id in names:
            return stems(names[key.id], {name: value for name, value in names.items() if name != key.id})
    return set()


def is_loud(note: ast.Call) -> bool:
    return not (isinstance(note.args[0], ast.Attribute) and note.args[0].attr == "INFO")


def calls() -> Iterator[tuple[str, ast.Call, dict[str, ast.expr]]]:
    """Every call of every function, with the values of the names it can see."""
    for name, tree in sources():
        shared = assigned(ast.Module([node for node in tree.body if isinstance(node, ast.Assign)], []))
        shared |= {
            node.name: node.body[-1].value
            for node in tree.body
            if isinstance(node, ast.FunctionDef)
            and isinstance(node.body[-1], ast.Return)
            and node.body[-1].value is not None
        }
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                names = shared | assigned(function)
                yield from ((name, node, names) for node in ast.walk(function) if isinstance(node, ast.Call))


@functools.cache
def raised() -> tuple[dict[str, str], list[str]]:
    """Return where each key is raised, and the places whose key cannot be told."""
    found: dict[str, str] = {}
    untold: list[str] = []
    for name, call, names in calls():
        how = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if how == "Note" and name.startswith(("wildbot/trading", "wildbot/strategies", "wildbot/engine")) and is_loud(call):
            place = 1
        elif how in RAISERS and len(call.args) > RAISERS[how]:
            place = RAISERS[how]
        else:
            continue
        keys = stems(call.args[place], names)
        found |= dict.fromkeys(keys, f"{name}:{call.lineno}")
        if not keys and name not in CARRIERS:
            untold.append(f"{name}:{call.lineno}")
    return found, untold


def documented() -> list[str]:
    return re.findall(r"^### `(\w+)`$", DOCUMENT.read_text(encoding="utf-8"), re.M)


def test_every_alert_that_can_be_raised_has_a_section() -> None:
    found, untold = raised()
    assert untold == [], "the key cannot be read from the source: name it by a constant"
    assert {key: place for key, place in found.items() if key not in documented()} == {}


def test_no_section_is_about_an_alert_that_is_never_raised() -> None:
    assert set(documented()) - raised()[0].keys() == set()
    assert len(documented()) == len(set(documented())) > 40


def test_every_section_says_something() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    bodies = re.findall(r"^### `(\w+)`\n(.*?)(?=^#|\Z)", text, re.M | re.S)
    assert [key for key, body in bodies if len(body.split()) < 10] == []
