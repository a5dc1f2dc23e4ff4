"""Merges the sources of settings and names every mistake in one sentence.

Order, later wins: `config/default.toml`, `config/<profile>.toml`, the file named by `WILDBOT_CONFIG`, `.env`, environment
`WILDBOT_*`, command line.
Every strategy that the package has is a section by its name, and its own parameter struct says what may stand in it.
"""

import difflib
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
from dotenv import dotenv_values
from pydantic import BaseModel, SecretStr, ValidationError

from wildbot.model.errors import ConfigurationError
from wildbot.settings import Profile, Settings
from wildbot.settings_sections import Section
from wildbot.shipped import SHIPPED
from wildbot.strategies.base import ParameterError, StrategySpec, check_stop, find_strategies

PREFIX = "WILDBOT_"
CONFIG_FOLDER = SHIPPED / "config"
NOT_SETTINGS = frozenset(
    {
        "WILDBOT_TRADER",
        "WILDBOT_CONFIG",
        "WILDBOT_LIVE_CONFIRM",
        "WILDBOT_LIVE_FALLBACK",
        "WILDBOT_FAILPOINTS",
    }
)
"""Names with our prefix that are no settings: the supervisor's word to its traders, the owner's own file, the second
confirmation of live trading and why it became paper, the companion of a credential, and what a drill breaks."""

OVERLAY_NAME = "WILDBOT_CONFIG"
MASK = "****"
STRATEGIES = "strategies"
"""The field of the tree that holds the strategies' sections; no name an owner may use."""

Tree = dict[str, object]


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The tree in force, and for each dotted key the source it came from."""

    settings: Settings
    origins: Mapping[str, str]

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """Yield (key, value, origin) of every setting, secrets masked, in the order of the tree."""
        tree = self.settings.model_dump(mode="json")
        for key, value in _flatten(tree | tree.pop(STRATEGIES)):
            secret = key.rsplit(".", 1)[-1] in ("api_secret", "api_key", "password")
            text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            yield key, MASK if secret and value else text, self.origins.get(key, "built-in default")


def load(
    arguments: Tree | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    config_folder: Path = CONFIG_FOLDER,
    env_file: Path = Path(".env"),
) -> LoadedSettings:
    """Return the settings in force.

    `arguments` is the command line's part as a nested dictionary. Raises: ConfigurationError with one sentence.
    """
    surroundings = os.environ if environment is None else environment
    words = {k: v for k, v in dotenv_values(env_file).items() if v is not None} if env_file.is_file() else {}
    from_file = _from_names(words, str(env_file))
    from_environment = _from_names(surroundings, "environment")
    given = arguments or {}
    overlay, own = _overlay(surroundings.get(OVERLAY_NAME) or words.get(OVERLAY_NAME, ""))
    told = (given, from_environment, from_file, own)
    profile = next((str(tree["profile"]) for tree in told if "profile" in tree), Profile.SIM.value)
    if profile not in list(Profile):
        raise ConfigurationError(
            f"profile is {profile!r} but must be one of: {', '.join(Profile)}{_nearest(profile, Profile)}"
        )
    sources: list[tuple[str, Tree]] = [
        (f"config/{name}.toml", _from_toml(config_folder / f"{name}.toml")) for name in ("default", profile)
    ]
    sources += [(overlay, own), (str(env_file), from_file), ("environment", from_environment), ("command line", given)]
    merged: Tree = {}
    origins: dict[str, str] = {}
    strategies = find_strategies()
    for origin, tree in sources:
        _check_names({key: value for key, value in tree.items() if key not in strategies}, Settings, origin, strategies)
        _merge(merged, tree)
        origins.update({key: origin for key, _ in _flatten(tree)})
    merged[STRATEGIES] = {name: _parameters(spec, merged.pop(name, {}), origins) for name, spec in strategies.items()}
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        raise ConfigurationError(_sentence(error, origins)) from None
    check_stop(name := settings.trading.strategy, settings.strategy_parameters(name), settings.risk.exit_collar_pct)
    return LoadedSettings(settings, origins)


def _parameters(spec: StrategySpec, section: object, origins: Mapping[str, str]) -> Tree:
    """Return a strategy's whole section, defaults filled in. Raises: ConfigurationError naming the source as well."""
    if not isinstance(section, dict):
        raise ConfigurationError(f"{spec.name} is a section, it cannot be {section!r}")
    try:
        config = spec.configure(section)
    except ParameterError as error:
        key = f"{spec.name}.{error.key}"
        origin = origins.get(key, "built-in default")
        rule = f"{key} is {error.value!r} ({origin}) but the rule is: {error.rule}"
        raise ConfigurationError(rule if error.rule else str(error).replace(key, f"{key} ({origin})", 1)) from None
    whole: Tree = msgspec.to_builtins(config)
    return whole


def _overlay(name: str) -> tuple[str, Tree]:
    """Return the owner's own file as (origin, tree); no name, no tree. Raises: ConfigurationError when it is not there."""
    if name and not Path(name).is_file():
        raise ConfigurationError(f"{OVERLAY_NAME} names {name!r}, but there is no such file")
    return name, _from_toml(Path(name)) if name else {}


def _from_toml(path: Path) -> Tree:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from None


def _from_names(names: Mapping[str, str], origin: str) -> Tree:
    """Turn WILDBOT_SECTION__KEY=text into a tree; lists are JSON."""
    tree: Tree = {}
    for name, text in names.items():
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        path = name.removeprefix(PREFIX).lower().split("__")
        if len(path) > 2:
            raise ConfigurationError(f"{name} ({origin}) is not a setting: names have one section and one key")
        value: object = text
        if text.startswith("["):
            try:
                value = msgspec.json.decode(text)
            except msgspec.DecodeError:
                raise ConfigurationError(f'{name} is {text!r} but must be a JSON list, such as ["BTC/USDC"]') from None
        branch = tree
        for part in path[:-1]:
            below = branch.setdefault(part, {})
            if not isinstance(below, dict):
                raise ConfigurationError(f"{name} ({origin}) is not a setting{_nearest(part, Settings.model_fields)}")
            branch = below
        branch[path[-1]] = value
    return tree


def _check_names(tree: Tree, model: type[BaseModel], origin: str, others: Iterable[str] = (), above: str = "") -> None:
    valid = [*(name for name in model.model_fields if name != STRATEGIES), *others]
    for key, value in tree.items():
        name = f"{above}{key}"
        if key not in valid:
            raise ConfigurationError(f"{name} ({origin}) is not a setting{_nearest(key, valid)}")
        kind = model.model_fields[key].annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            if not isinstance(value, dict):
                raise ConfigurationError(f"{name} ({origin}) is a section, it cannot be {value!r}")
            _check_names(value, kind, origin, above=f"{name}.")


def _nearest(name: str, valid: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, [str(v) for v in valid], n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def _merge(into: Tree, tree: Tree) -> None:
    for key, value in tree.items():
        below = into.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            _merge(below, value)
        else:
            into[key] = dict(value) if isinstance(value, dict) else value


def _flatten(tree: Tree, above: str = "") -> Iterator[tuple[str, object]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _sentence(error: ValidationError, origins: Mapping[str, str]) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"] if not isinstance(part, int))
    origin = origins.get(key, "built-in default")
    value = first["input"]
    shown = MASK if isinstance(value, SecretStr) or "secret" in key or "password" in key else repr(value)
    rule = first["msg"].removeprefix("Value error, ")
    return f"{key} is {shown} ({origin}) but the rule is: {rule[:1].lower()}{rule[1:]}"
