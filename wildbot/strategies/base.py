"""What a strategy is: it sees a read-only view and answers what should rest, or what should be done at once.

Rules: a strategy keeps nothing but its signals; it never sees a clock, a socket or an order id. What it answers is a wish:
    the risk gate, the rate budget and the engine decide what leaves.
"""

import difflib
import importlib
import math
import pkgutil
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol, Self

import msgspec

import wildbot.strategies
from wildbot.market.dominance import Contest
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import FeeSchedule, Instrument, Money
from wildbot.model.market_data import BookSnapshot, TradePrint
from wildbot.strategies.view import TradingView
from wildbot.trading.quote_diff import NOTHING, QuoteTarget
from wildbot.trading.taker import TakerOrder

Indicators = dict[str, float | None]

REST_NOTHING = "rest_nothing"


class ReasonCode(StrEnum):
    """A strategy's reasons: each is a code for machines, and bears the `words` that tell it to a tired person."""

    words: str

    def __new__(cls, code: str, words: str) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.words = words
        return member


class Decision(msgspec.Struct, frozen=True):
    """A strategy's answer. `reason` is its code; `text` a sentence for the owner, may be empty."""

    target: QuoteTarget
    reason: str
    indicators: Indicators
    taker: TakerOrder | None = None
    text: str = ""

    @property
    def action(self) -> str:
        """What it comes to in one word: take, quote_bid, quote_ask, quote_both, rest_stop or rest_nothing."""
        if self.taker is not None:
            return "take"
        if self.target.bid is not None and self.target.ask is not None:
            return "quote_both"
        if self.target.bid is not None:
            return "quote_bid"
        if self.target.ask is not None:
            return "quote_ask"
        return "rest_stop" if self.target.stop is not None else REST_NOTHING


def rest_nothing(reason: str, indicators: Indicators, text: str = "") -> Decision:
    """Return the decision to have no order at all."""
    return Decision(NOTHING, reason, indicators, text=text)


class Strategy(Protocol):
    """One running strategy of one pair. `decides_on_trades`: whether a public trade alone is a reason to decide again."""

    @property
    def decides_on_trades(self) -> bool: ...

    @property
    def requote_ticks(self) -> int: ...

    @property
    def requote_threshold_bps(self) -> float: ...

    def on_book(self, book: BookSnapshot) -> None:
        """Take in a two-sided, verified book; called for every one, before any decision on it."""

    def on_trade(self, trade: TradePrint) -> None:
        """Take in a public trade."""

    def on_gap(self) -> None:
        """The book was invalid: what comes next does not follow from what came before."""

    def least_needed(self, instrument: Instrument, fees: FeeSchedule, ticks: int) -> Money:
        """Return the smallest lease this strategy can trade with at a price."""

    def decide(self, view: TradingView) -> Decision:
        """Return what should rest or be done now."""


class StrategySpec(msgspec.Struct, frozen=True):
    """A strategy as the system finds it: `name` is also its settings section; each field of `config` bears its range
    (`msgspec.Meta`), rules over several fields stand in its `__post_init__` and use `require`. `reasons`: its codes. With
    a `contest` it is exclusive: of all instruments only the one with the strongest signal may be entered. `resting_stop` is
    for a strategy whose stop rests on the exchange: the parameter's name, and its distance from the entry in percent."""

    name: str
    summary: str
    config: type[msgspec.Struct]
    build: Callable[[msgspec.Struct, Instrument], Strategy]
    reasons: type[ReasonCode]
    contest: Callable[[msgspec.Struct], Contest] | None = None
    resting_stop: Callable[[msgspec.Struct], tuple[str, float]] | None = None

    @property
    def exclusive(self) -> bool:
        """Whether a trader of it may enter only while it holds the entry slot."""
        return self.contest is not None

    def contest_of(self, parameters: dict[str, object]) -> Contest | None:
        """Return what ranks its instruments; None when it is not exclusive. Raises: ConfigurationError."""
        return None if self.contest is None else self.contest(self.configure(parameters))

    def make(self, parameters: dict[str, object], instrument: Instrument) -> Strategy:
        """Return a running strategy. Raises: ConfigurationError naming the key, the value and the rule."""
        return self.build(self.configure(parameters), instrument)

    def configure(self, parameters: dict[str, object]) -> msgspec.Struct:
        """Return checked parameters; missing ones have their defaults. Raises: ConfigurationError."""
        known = self.config.__struct_fields__
        for key, value in parameters.items():
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
                more = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
                raise ParameterError(self.name, key, value, f"{self.name}.{key} is not a setting; {more}", is_rule=False)
            if isinstance(value, float) and not math.isfinite(value):
                raise ParameterError(self.name, key, value, "a finite number")
        try:
            return msgspec.convert(parameters, self.config, strict=False)
        except msgspec.ValidationError as error:
            text, _, at = str(error).partition(" - at `$.")
            key = at.split("[")[0].rstrip("`")
            if not key:  # a rule of `require`, which names its parameter
                key, _, rest = text.partition(" = ")
                raise ParameterError(
                    self.name, key, parameters.get(key), rest.partition("it must be ")[2] or text
                ) from None
            raise ParameterError(self.name, key, parameters.get(key), _rule(text, self.config, key)) from None


def check_stop(strategy: str, parameters: dict[str, object], exit_collar_pct: float) -> None:
    """Complain about a stop that every order gateway would deny. Raises: ConfigurationError, for any bad parameter too."""
    spec = find_strategy(strategy)
    config = spec.configure(parameters)
    if spec.resting_stop is None:
        return
    key, distance_pct = spec.resting_stop(config)
    if not distance_pct < exit_collar_pct:
        raise ConfigurationError(
            f"{strategy}.{key} puts the stop {distance_pct:g} % from the entry, where risk.exit_collar_pct ="
            f" {exit_collar_pct:g} denies it; lower the one or raise the other"
        )


class ParameterError(ConfigurationError):
    """A parameter its strategy refuses; `value` is None for a default, `rule` is "" when there is no such key."""

    def __init__(self, section: str, key: str, value: object, text: str, *, is_rule: bool = True) -> None:
        super().__init__(f"{section}.{key} is {value!r} but the rule is: {text}" if is_rule else text)
        self.key, self.value, self.rule = key, value, text if is_rule else ""


def _rule(text: str, config: type[msgspec.Struct], key: str) -> str:
    """Return msgspec's complaint in the words of a settings file."""
    kind = next(field.type for field in msgspec.structs.fields(config) if field.name == key)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return f"one of: {', '.join(kind)}"
    text = text.split(", got ")[0]
    for word, plain in _PLAIN.items():
        text = text.replace(word, plain)
    return text


_PLAIN = {
    "Expected ": "", "`float`": "a number", "`int`": "a whole number", "`str`": "a text", "`bool`": "true or false",
    "`array`": "a list", " >= ": " of at least ", " <= ": " of at most ", " > ": " above ", " < ": " below ",
}  # fmt: skip


def require(name: str, value: object, holds: bool, rule: str) -> None:
    """Complain about a parameter unless its rule holds. Raises: ValueError, which msgspec reports with the section."""
    if not holds:
        raise ValueError(f"{name} = {value} is not allowed: it must be {rule}")


def find_strategies() -> dict[str, StrategySpec]:
    """Return every strategy of this package by name: each module's `STRATEGY`."""
    found: dict[str, StrategySpec] = {}
    for module_info in pkgutil.iter_modules(wildbot.strategies.__path__):
        module = importlib.import_module(f"wildbot.strategies.{module_info.name}")
        spec = getattr(module, "STRATEGY", None)
        if isinstance(spec, StrategySpec):
            assert spec.name not in found, f"two strategies are called {spec.name}"
            found[spec.name] = spec
    return found


def find_strategy(name: str) -> StrategySpec:
    """Return one strategy by name, loading its module only. Raises: ConfigurationError when there is none."""
    names = [module_info.name for module_info in pkgutil.iter_modules(wildbot.strategies.__path__)]
    if name in names:
        spec = getattr(importlib.import_module(f"wildbot.strategies.{name}"), "STRATEGY", None)
        if isinstance(spec, StrategySpec):
            return spec
    raise ConfigurationError(f"trading.strategy = {name!r} is no strategy; there are: {', '.join(find_strategies())}")
