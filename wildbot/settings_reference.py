"""What each setting means, what it may be and what it is unless somebody says otherwise, as rows.

Rules: nothing is said here that is not said elsewhere: names, sentences and ranges are those of the settings tree and of
    the strategies' parameters, defaults those of `config/default.toml`; what a strategy's parameter means stands there too.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from wildbot.settings import Settings
from wildbot.settings_loading import CONFIG_FOLDER, PREFIX, STRATEGIES
from wildbot.strategies.base import find_strategies

_COMMENTED = re.compile(r"(?:# )?(\w+) = .*?\s#\s+(.+)")
PAIR_PATTERN = "[A-Z0-9]{1,12}/[A-Z0-9]{2,12}"


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting; `rule` is what it may be in words, `default` its text as in TOML."""

    section: str
    key: str
    meaning: str
    rule: str
    default: str

    @property
    def dotted(self) -> str:
        """The name as `wildbot config` prints it."""
        return f"{self.section}.{self.key}" if self.section else self.key

    @property
    def variable(self) -> str:
        """The name in the environment."""
        return PREFIX + self.dotted.upper().replace(".", "__")


def explained_settings(config_folder: Path = CONFIG_FOLDER) -> Iterator[SettingRow]:
    """Yield a row for every setting, section by section: the tree's in their order, then each strategy's parameters."""
    text = (config_folder / "default.toml").read_text(encoding="utf-8")
    told, comments = tomllib.loads(text), _comments(text)
    schema = Settings.model_json_schema()
    kinds = schema["$defs"]
    for name, field in schema["properties"].items():
        section = kinds.get(str(field.get("$ref", "")).rpartition("/")[2], {})
        if name != STRATEGIES and "properties" not in section:
            yield _row("", name, field, kinds, told)
        for key, inner in section.get("properties", {}).items():
            yield _row(name, key, inner, kinds, told.get(name, {}))
    for name, spec in find_strategies().items():
        schema = msgspec.json.schema(spec.config)
        kinds = schema["$defs"]
        for key, inner in kinds[spec.config.__name__]["properties"].items():
            meant = {"description": comments.get((name, key), "")}
            yield _row(name, key, inner | meant, kinds, told.get(name, {}))


def section_meanings() -> dict[str, str]:
    """Return the sentence about each section, in the order of `explained_settings`."""
    schema = Settings.model_json_schema()
    found = {
        name: str(schema["$defs"][field["$ref"].rpartition("/")[2]]["description"])
        for name, field in schema["properties"].items()
        if "properties" in schema["$defs"].get(str(field.get("$ref", "")).rpartition("/")[2], {})
    }
    strategies = {name: f"Strategy `{name}`: {spec.summary}." for name, spec in find_strategies().items()}
    return {"": "Above all sections.", **found, **strategies}


def _row(section: str, key: str, field: Mapping[str, Any], kinds: Mapping[str, Any], told: Mapping[str, Any]) -> SettingRow:
    default = told.get(key, field.get("default", ""))
    meaning = " ".join(str(field.get("description", "")).split())
    return SettingRow(section, key, meaning, _rule(field, kinds), _toml(default))


def _rule(field: Mapping[str, Any], kinds: Mapping[str, Any]) -> str:
    """Return what a value may be, in words."""
    if "$ref" in field:
        return _rule(kinds[field["$ref"].rpartition("/")[2]], kinds)
    if "anyOf" in field:
        parts = [_rule(each, kinds) for each in field["anyOf"]]
        # A decimal may be told as a number or as its text: what is asked of the number says it all.
        is_decimal = {each.get("type") for each in field["anyOf"]} == {"number", "string"} and "enum" not in str(field)
        return parts[0] if is_decimal and "const" not in str(field) else " or ".join(parts)
    if "const" in field:
        return f'"{field["const"]}"'
    if "enum" in field:
        return ", ".join(str(each) for each in field["enum"])
    match field.get("type"):
        case "boolean":
            return "true or false"
        case "array":
            return f"list of {_rule(field.get('items', {}), kinds)}"
        case "integer":
            return " ".join(["whole number", _bounds(field)]).strip()
        case "number":
            return " ".join(["number", _bounds(field)]).strip()
    pattern = str(field.get("pattern", "")).strip("^$")
    return pattern.replace(PAIR_PATTERN, "BASE/QUOTE") if pattern else "text"


def _bounds(field: Mapping[str, Any]) -> str:
    words = (("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "to"), ("exclusiveMaximum", "below"))
    return " ".join(f"{word} {_plain(field[name])}" for name, word in words if name in field)


def _plain(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else str(value)


def _toml(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _comments(text: str) -> dict[tuple[str, str], str]:
    """Return the remark behind each key of a configuration file."""
    section, found = "", {}
    for line in text.splitlines():
        if heading := re.match(r"\[(\w+)\]", line):
            section = heading[1]
        elif said := _COMMENTED.match(line):
            found[section, said[1]] = said[2]
    return found
