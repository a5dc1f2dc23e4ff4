"""How a script of faults is read.

Rules: nothing unknown passes: a verb, an argument or a value outside its bounds is refused by a sentence that names what is
    valid. Reading changes nothing; `server_faults` arms what was read. A schedule is only a list with later beginnings.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

import msgspec

from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.venues.kraken.server_faults_verbs import (
    DEED_VERBS,
    DURATIONS_S,
    LASTING,
    SECONDS_MAX,
    VERBS,
    Argument,
    Choice,
    Flag,
    Number,
    Whole,
)

Value = str | int | bool | Decimal

COUNT_MAX = 1_000_000
NESTING_MAX = 4
SCRIPT_MAX = 1_000
"""Faults in one script."""

TEXT_MAX = 128

COMMON = ("verb", "args", "count", "after_s", "for_s", "probability", "before", "upon")


class Fault(msgspec.Struct, frozen=True):
    """One fault as it was asked for. `count` 0: no limit; `for_ns` 0: no end; `before` and `upon` name a method."""

    verb: str
    arguments: dict[str, Value]
    count: int
    after_ns: int
    for_ns: int
    probability: float
    before: str
    upon: str

    def text(self, name: str) -> str:
        """Return a text argument."""
        value = self.arguments[name]
        assert isinstance(value, str), name
        return value

    def whole(self, name: str) -> int:
        """Return a whole-number argument."""
        value = self.arguments[name]
        assert isinstance(value, int), name
        return value

    def nanos(self, name: str = "s") -> int:
        """Return an argument in seconds as nanoseconds."""
        value = self.arguments[name]
        assert isinstance(value, Decimal), name
        return int(value * NANOS_PER_SECOND)


def read_script(items: Sequence[Mapping[str, object]], later_ns: int = 0, depth: int = 0) -> list[Fault]:
    """Return the faults of a script, schedules resolved. Raises: ProtocolError naming what is valid."""
    if depth > NESTING_MAX:
        raise ProtocolError(f"schedules stand within schedules {NESTING_MAX} deep at most")
    faults: list[Fault] = []
    for item in items:
        if item.get("verb") == "schedule":
            inner, after_ns = _schedule(item)
            faults += read_script(inner, later_ns + after_ns, depth + 1)
        else:
            faults.append(_read(item, later_ns))
        if len(faults) > SCRIPT_MAX:
            raise ProtocolError(f"a script holds at most {SCRIPT_MAX} faults")
    return faults


def _schedule(item: Mapping[str, object]) -> tuple[list[Mapping[str, object]], int]:
    unknown = set(item) - {"verb", "faults", "after_s"}
    inner = item.get("faults")
    if unknown or not isinstance(inner, list) or not all(isinstance(each, dict) for each in inner):
        raise ProtocolError('a schedule is {"verb": "schedule", "after_s": seconds, "faults": [fault, ..]}')
    return inner, _nanos(item, "after_s", 0)


def _read(item: Mapping[str, object], later_ns: int) -> Fault:
    name = item.get("verb")
    verb = VERBS.get(name) if isinstance(name, str) else None
    if verb is None or not isinstance(name, str):
        raise ProtocolError(f"unknown fault verb {str(name)[:40]!r}; valid: {', '.join(VERBS)}, schedule")
    given = {key: value for key, value in item.items() if key not in COMMON}
    nested = item.get("args", {})
    if not isinstance(nested, dict):
        raise ProtocolError(f"{name}: args must be an object")
    given |= nested
    for key in given:
        if key not in verb.arguments:
            valid = ", ".join((*verb.arguments, *COMMON[2:]))
            raise ProtocolError(f"{name} takes no {str(key)[:40]!r}; valid: {valid}")
    arguments = {key: _value(name, key, kind, given[key]) if key in given else kind.default
                 for key, kind in verb.arguments.items()}  # fmt: skip
    deed = name in DEED_VERBS
    before, upon = _method(item, "before", deed), _method(item, "upon", deed)
    if before and upon:
        raise ProtocolError(f"{name}: before and upon exclude each other")
    for_ns = _nanos(item, "for_s", DURATIONS_S.get(name, 0))
    endless = name in LASTING or ("for_s" in item and "count" not in item and not deed)
    return Fault(
        verb=name,
        arguments=arguments,
        count=_whole(item, "count", 0 if endless else 1, 0 if endless else 1, COUNT_MAX),
        after_ns=later_ns + _nanos(item, "after_s", 0),
        for_ns=for_ns,
        probability=_probability(item),
        before=before,
        upon=upon,
    )


def _value(verb: str, name: str, kind: Argument, value: object) -> Value:
    where = f"{verb}: {name}"
    match kind:
        case Choice():
            if isinstance(value, Decimal | int) and not isinstance(value, bool):
                value = format(value, "f") if isinstance(value, Decimal) else str(value)
            if not isinstance(value, str) or len(value) > TEXT_MAX:
                raise ProtocolError(f"{where} must be text of at most {TEXT_MAX} characters")
            if kind.words and value not in kind.words:
                raise ProtocolError(f"{where} is {value[:40]!r} but must be one of: {', '.join(kind.words)}")
            return value
        case Flag():
            if not isinstance(value, bool):
                raise ProtocolError(f"{where} must be true or false")
            return value
        case Whole():
            return _whole({where: value}, where, kind.default, kind.least, kind.most)
        case Number():
            return _number(where, value, kind.least, kind.most)


def _whole(item: Mapping[str, object], name: str, default: int, least: int, most: int) -> int:
    value = item.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ProtocolError(f"{name} must be a whole number from {least} to {most}")
    return value


def _number(name: str, value: object, least: Decimal, most: Decimal) -> Decimal:
    try:
        number = Decimal(str(value)[:TEXT_MAX]) if isinstance(value, Decimal | int | str) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or not least <= number <= most:
        raise ProtocolError(f"{name} must be a number from {least} to {most}")
    return number


def _nanos(item: Mapping[str, object], name: str, default: int) -> int:
    return int(_number(name, item.get(name, default), Decimal(0), Decimal(SECONDS_MAX)) * NANOS_PER_SECOND)


def _probability(item: Mapping[str, object]) -> float:
    return float(_number("probability", item.get("probability", 1), Decimal(0), Decimal(1)))


def _method(item: Mapping[str, object], name: str, allowed: bool) -> str:
    value = item.get(name, "")
    if not isinstance(value, str) or len(value) > TEXT_MAX or (value and not allowed):
        raise ProtocolError(f"{name} must be a method, and only for: {', '.join(DEED_VERBS)}")
    return value
