"""Every setting has a line in the defaults file, a sentence with its unit, and one default only."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from wildbot.settings import Settings
from wildbot.settings_loading import CONFIG_FOLDER, STRATEGIES, load
from wildbot.settings_sections import Section
from wildbot.strategies.base import StrategySpec, find_strategies

DEFAULTS = (CONFIG_FOLDER / "default.toml").read_text(encoding="utf-8")
BY_NAME = {"profile", "home"}
"""Settings of the whole tree, not of a section."""


def fields() -> Iterator[tuple[str, FieldInfo]]:
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            yield from ((f"{name}.{key}", below) for key, below in kind.model_fields.items())
        elif name != STRATEGIES:
            yield name, field


def lines_of(section: str) -> str:
    """The text of one section; what stands before the first one is the section \"\"."""
    parts = re.split(r"^\[(\w+)\]$", DEFAULTS, flags=re.M)
    return parts[0] if not section else dict(zip(parts[1::2], parts[2::2], strict=True)).get(section, "")


def has_line(section: str, key: str) -> bool:
    return re.search(rf"^(# )?{key} = \S", lines_of(section), re.M) is not None


@pytest.mark.parametrize(("key", "field"), list(fields()), ids=lambda each: each if isinstance(each, str) else "")
def test_a_setting_has_a_sentence_and_a_line(key: str, field: FieldInfo) -> None:
    assert field.description and field.description.endswith("."), key
    section, _, name = key.rpartition(".")
    assert has_line(section, name), f"config/default.toml has no line for {key}"


def test_a_line_says_the_default_that_the_code_has() -> None:
    for section, values in tomllib.loads(DEFAULTS).items():
        if section in find_strategies() or not isinstance(values, dict):
            continue
        kind = Settings.model_fields[section].annotation
        assert isinstance(kind, type) and issubclass(kind, Section)
        optional = {key: value for key, value in values.items() if not kind.model_fields[key].is_required()}
        required = {key: values[key] for key, field in kind.model_fields.items() if field.is_required()}
        assert kind(**required, **optional) == kind(**required), section


@pytest.mark.parametrize("spec", list(find_strategies().values()), ids=lambda spec: spec.name)
def test_a_parameter_of_a_strategy_has_a_line(spec: StrategySpec) -> None:
    for key in spec.config.__struct_fields__:
        assert has_line(spec.name, key), f"config/default.toml has no line for {spec.name}.{key}"


@pytest.mark.parametrize("spec", list(find_strategies().values()), ids=lambda spec: spec.name)
def test_a_strategy_brings_its_section_of_its_own(spec: StrategySpec) -> None:
    key = spec.config.__struct_fields__[0]
    default = spec.configure({})
    loaded = load(environment={}, env_file=Path("/nonexistent"))
    assert loaded.settings.strategy_parameters(spec.name).keys() == set(spec.config.__struct_fields__)
    name = f"WILDBOT_{spec.name.upper()}__{key.upper()}"
    value = getattr(default, key)
    loaded = load(environment={name: str(value)}, env_file=Path("/nonexistent"))
    assert loaded.settings.strategy_parameters(spec.name)[key] == value
    assert loaded.origins[f"{spec.name}.{key}"] == "environment"
    assert f"{spec.name}.{key}" in {row for row, _, _ in loaded.rows()}
