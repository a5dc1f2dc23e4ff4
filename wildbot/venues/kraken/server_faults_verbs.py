"""The vocabulary of faults: every verb, what it does and what it takes; `server_faults_script` reads scripts of them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from wildbot.model.instrument import PairStatus
from wildbot.model.market_data import SystemStatus

SECONDS_MAX = 86_400


class Choice(NamedTuple):
    """A text argument, one of `words` or any when there are none."""

    default: str
    words: tuple[str, ...] = ()


class Whole(NamedTuple):
    """A whole number."""

    default: int
    least: int
    most: int


class Number(NamedTuple):
    """A decimal number, in JSON a number or text."""

    default: Decimal
    least: Decimal
    most: Decimal


class Flag(NamedTuple):
    """True or false."""

    default: bool


Argument = Choice | Whole | Number | Flag


class Verb(NamedTuple):
    """What a fault does, in a sentence, and its arguments."""

    does: str
    arguments: Mapping[str, Argument]


def _seconds(default: int, least: int = 0) -> Number:
    return Number(Decimal(default), Decimal(least), Decimal(SECONDS_MAX))


_ANY = Choice("")
_WHO: dict[str, Argument] = {"account": _ANY}
_WHICH: dict[str, Argument] = {"method": Choice("add_order"), **_WHO}
_ERROR: dict[str, Argument] = {"error": Choice("EService:Unavailable")}
_CODE: dict[str, Argument] = {"code": Whole(520, 400, 599)}
_SOME: dict[str, Argument] = {"channel": _ANY, "pair": _ANY, "conn": _ANY}
_PRIVATE: dict[str, Argument] = {**_SOME, "channel": Choice("executions")}
_ORDER: dict[str, Argument] = {"order": Choice("newest"), "qty": Choice("100%"), **_WHO}

REQUEST_VERBS = {
    "apply+drop": Verb("carry the request out and lose the reply", _WHICH),
    "apply+html": Verb("carry the request out and reply with a gateway's error page", _WHICH | _CODE),
    "apply+error": Verb("carry the request out and reply with an error", _WHICH | _ERROR | {"with_result": Flag(False)}),
    "noapply+drop": Verb("lose the request", _WHICH),
    "noapply+html": Verb("lose the request and reply with a gateway's error page", _WHICH | _CODE),
    "noapply+error": Verb("refuse the request", _WHICH | _ERROR),
    "delay": Verb("carry the request out and reply later", _WHICH | {"ms": Whole(1_000, 0, 600_000)}),
    "hold": Verb("carry the request out only when it is released, or when for_s is over", _WHICH),
}
"""What can befall a request; `method` is a WebSocket method, a REST endpoint, or "any"."""

FRAME_VERBS = {
    "ws.silence": Verb("send nothing; with `conn` alone not even replies and heartbeats", _SOME),
    "ws.dup": Verb("say a message n times; private ones are numbered anew", _PRIVATE | {"n": Whole(2, 2, 100)}),
    "ws.reorder": Verb("say k messages in reverse order", _PRIVATE | {"k": Whole(2, 2, 100)}),
    "ws.drop": Verb("lose a message, the one numbered seq when that is given", _PRIVATE | {"seq": Whole(0, 0, 2**53)}),
    "ws.lag": Verb("deliver messages s seconds late", _SOME | {"s": _seconds(20)}),
    "ws.garble": Verb(
        "spoil a message",
        _SOME | {"kind": Choice("truncated", ("truncated", "nan", "huge", "unknown_field", "not_json", "html"))},
    ),
    "ws.badsum": Verb("print a wrong checksum", {"pair": _ANY}),
}
"""What can befall a message; an empty `channel` or `pair` means all of them, `conn` is public, private or a number."""

DEED_VERBS = {
    "release": Verb("carry out what is held", {"method": Choice("any")}),
    "clear": Verb("disarm everything and end what lasts", {}),
    "status": Verb("change the engine's mode, for for_s", {"mode": Choice("online", tuple(SystemStatus))}),
    "stale_read": Verb("let a REST endpoint show the account as it is now for s seconds", {
        "endpoint": Choice("OpenOrders"), "s": _seconds(8), **_WHO,
    }),
    "token.expire": Verb("void every WebSocket token", _WHO),
    "key.revoke": Verb("void the account's keys, tokens and private sessions", _WHO),
    "key.restrict": Verb("take rights (named with commas, or all) from the account's keys, for for_s; give gives back", {
        "take": Choice(""), "give": Choice(""), **_WHO,
    }),
    "fee.change": Verb("state the fee currency of the account's new orders, and the 30-day volume its tier follows", {
        "currency": Choice("asked", ("asked", "base", "quote")), "volume": Choice(""), **_WHO,
    }),
    "announce": Verb("announce a maintenance in in_s seconds that lasts s, in the form that was assumed", {
        "in_s": _seconds(600), "s": _seconds(1_800),
    }),
    "counter.set": Verb("set a rate counter: the engine's for a pair (or all), or the key's REST counter", {
        "n": Whole(0, 0, 1_000_000), "pair": _ANY, "which": Choice("engine", ("engine", "rest")), **_WHO,
    }),
    "lockout": Verb("refuse the account's REST calls for s seconds", _WHO | {"s": _seconds(900)}),
    "fill": Verb("fill a resting order at its price, whatever else rests", _ORDER),
    "restate": Verb("cut an order's size down to qty", _ORDER),
    "foreign": Verb("somebody else uses the account: an order that rests, a trade, or a transfer (asset, amount)", {
        "what": Choice("order", ("order", "fill", "balance")), "pair": _ANY, "side": Choice("buy", ("buy", "sell")),
        "qty": Choice(""), "price": Choice(""), "asset": _ANY, "amount": Choice(""), **_WHO,
    }),
    "earn.sweep": Verb("move a free balance to the asset's earn code", {"asset": _ANY, "qty": Choice("100%"), **_WHO}),
    "meta.change": Verb("change a pair's rules", {
        "pair": _ANY, "status": Choice("", ("", *PairStatus)), "price_increment": _ANY, "qty_min": _ANY,
        "cost_min": _ANY, "maker_pct": _ANY, "taker_pct": _ANY,
    }),
    "dms.fire": Verb("fire the account's dead man's switch", _WHO),
    "clock.offset": Verb("put the exchange's clock s seconds beside the time of day", {
        "s": Number(Decimal(0), Decimal(-3_600), Decimal(3_600)),
    }),
    "wick": Verb("move the price by pct and hold it there for for_s", {
        "pair": _ANY, "pct": Number(Decimal(-10), Decimal(-99), Decimal(1_000)),
    }),
    "engine.restart": Verb("close every connection; maintenance, cancel_only, post_only, online within for_s", {}),
    "ws.close": Verb("close connections, or refuse those that open", {
        "which": Choice("all", ("all", "public", "private")), "code": Whole(1001, 1000, 4999),
        "abrupt": Flag(False), "on_connect": Flag(False),
    }),
    "ws.cross": Verb("show a crossed book under a right checksum, for for_s", {"pair": _ANY}),
}  # fmt: skip
"""What the exchange can do of its own accord, at once, later, or `before` or `upon` a request."""

VERBS: dict[str, Verb] = {**REQUEST_VERBS, **FRAME_VERBS, **DEED_VERBS}
DURATIONS_S = {"ws.silence": 10, "ws.lag": 10, "wick": 3, "ws.cross": 2, "engine.restart": 10}
"""How long these last when nobody says."""

LASTING = frozenset({"ws.silence", "ws.lag"})
"""Struck as often as there is something to strike, while they last."""
