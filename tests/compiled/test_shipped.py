"""What WildBot is shipped with lies where it looks for it, in a checkout, a compiled build and a wheel."""

import tomllib
from pathlib import Path

from wildbot.shipped import FILES, SHIPPED

ROOT = Path(__file__).resolve().parents[2]


def test_everything_named_is_there() -> None:
    assert [name for name in FILES if not (SHIPPED / name).exists()] == []


def test_a_wheel_holds_everything_that_is_named() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = told["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {name: f"wildbot/installed/{name}" for name in FILES}
