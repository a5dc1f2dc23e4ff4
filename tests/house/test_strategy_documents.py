"""The strategy pages say what the code says: parameters, reason codes, indicators, and where each rule lives.

The tables of parameters are written by `python -m tests.house.test_strategy_documents`, from the parameter structs and the
comments of `config/default.toml`.
"""

import ast
import importlib
import re
from enum import StrEnum
from pathlib import Path

import msgspec
import pytest

from tests.contracts.test_every_strategy import run
from wildbot.strategies.base import StrategySpec, find_strategies

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "strategies"
BEGIN, END = "<!-- parameters: generated -->", "<!-- end of parameters -->"
SPECS = find_strategies()
EVERY = pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.name)
PICTURE_BYTES_MAX = 150_000

UNITS = (
    (r"_bps$", "bps"), (r"(_seconds|_s)$", "s"), (r"_ticks$", "ticks"), (r"_(pct|guard|threshold|target|limit)$|^stop_loss$", "fraction"),
    (r"^(pressure_\w+_bound|order_fraction|skew_factor|position_size)$", "fraction"), (r"_percent$", "percent"),
    (r"(_multiplier|_multiple|_scaling)$", "times"), (r"^(gamma|xi)$", "1/bps"), (r"_qty$", "coins"), (r"_levels$", "levels"),
    (r"^ema_window$", "updates"), (r"^volatility_window$", "samples"), (r"^bins$", "bins"), (r"trades_", "trades"),
    (r"(_enabled|_policy|_mode|^sizing)$", "-"),
)  # fmt: skip
"""The unit of a parameter by its name; the first that fits."""


def unit_of(name: str) -> str:
    for pattern, unit in UNITS:
        if re.search(pattern, name):
            return unit
    raise AssertionError(f"{name} has no unit")


def meanings(section: str) -> dict[str, str]:
    """What `config/default.toml` says of each parameter of a section."""
    text = (ROOT / "config" / "default.toml").read_text(encoding="utf-8")
    body = re.search(rf"^\[{section}\]\n(.*?)(?=^\[|\Z)", text, re.M | re.S)
    assert body is not None, section
    return dict(re.findall(r"^(?:# )?(\w+) = .*?[^ ] +# (.+)$", body.group(1), re.M))


def parameter_table(spec: StrategySpec) -> str:
    said = meanings(spec.name)
    lines = ["| parameter | default | unit | meaning |", "|---|---|---|---|"]
    for field in msgspec.structs.fields(spec.config):
        default = field.default.value if isinstance(field.default, StrEnum) else field.default
        shown = str(default).lower() if isinstance(default, bool) else str(default) or '""'
        lines.append(f"| `{field.name}` | {shown} | {unit_of(field.name)} | {said[field.name]} |")
    return "\n".join(lines)


def page(spec: StrategySpec) -> Path:
    return FOLDER / f"{spec.name}.md"


def generated(text: str, spec: StrategySpec) -> str:
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{parameter_table(spec)}\n{END}{rest.split(END)[1]}"


def codes_in(text: str, heading: str) -> set[str]:
    """The codes in the first column of the table below a heading."""
    part = text.split(f"## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([^`]+)`", part, re.M))


@EVERY
def test_the_parameters_of_a_page_are_those_of_its_strategy(spec: StrategySpec) -> None:
    text = page(spec).read_text(encoding="utf-8")
    assert text == generated(text, spec), "write it anew: python -m tests.house.test_strategy_documents"


@EVERY
def test_the_reason_codes_of_a_page_are_those_of_its_strategy(spec: StrategySpec) -> None:
    module = importlib.import_module(f"wildbot.strategies.{spec.name}")
    assert codes_in(page(spec).read_text(encoding="utf-8"), "Reason codes") == {reason.value for reason in module.Reason}


@EVERY
def test_the_indicators_of_a_page_are_those_of_its_decisions(spec: StrategySpec) -> None:
    assert codes_in(page(spec).read_text(encoding="utf-8"), "Indicators") == set(run(spec)[0].indicators)


@EVERY
def test_a_page_has_a_small_picture_that_works_on_light_and_dark(spec: StrategySpec) -> None:
    assert f"({spec.name}.svg)" in page(spec).read_text(encoding="utf-8")
    picture = (FOLDER / f"{spec.name}.svg").read_text(encoding="utf-8")
    assert len(picture) < PICTURE_BYTES_MAX
    assert "prefers-color-scheme:dark" in picture
    assert "polyline" in picture and "circle" in picture


def rules() -> list[tuple[str, str, str]]:
    """(strategy, `path:function`, `path::test`, ...) of each row of the tables of rules."""
    rows, strategy = [], ""
    for line in (FOLDER / "README.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("### "):
            strategy = line.split()[1]
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if strategy and len(cells) == 4 and cells[2].startswith("`"):
            rows.append((strategy, cells[2].strip("`"), cells[3]))
    return rows


def names_in(path: Path) -> set[str]:
    """Functions and methods of a file, as `f` and `C.m`."""
    tree, found = ast.parse(path.read_text(encoding="utf-8")), set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)}
    return found


@pytest.mark.parametrize(("strategy", "where", "tests"), rules(), ids=lambda cell: cell[-40:])
def test_each_rule_is_in_the_function_and_the_tests_its_row_names(strategy: str, where: str, tests: str) -> None:
    path, _, name = where.partition(":")
    assert name in names_in(ROOT / path), where
    named = re.findall(r"`([^`]+)::(\w+)`", tests)
    assert named, tests
    for test_path, test in named:
        assert test in names_in(ROOT / test_path), test


def test_every_strategy_has_rules() -> None:
    assert {strategy for strategy, _, _ in rules()} == set(SPECS)


if __name__ == "__main__":
    for one in SPECS.values():
        page(one).write_text(generated(page(one).read_text(encoding="utf-8"), one), encoding="utf-8")
