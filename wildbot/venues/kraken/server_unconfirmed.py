"""What the sources leave open about Kraken's interface: one switch per question, each with a stated default.

Rules: a switch has two or three named readings; the first named is the default, chosen because it was recorded, or else
    because official pages say so. `wildbot exchange --assume name=value` sets one.
Source: recorded messages, official pages and the sources of other clients, which disagree or are silent exactly here.
"""

from collections.abc import Iterable
from typing import Literal, get_args, get_origin, get_type_hints

import msgspec

from wildbot.model.errors import ConfigurationError


class Unconfirmed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One reading of everything that is open.

    post_only: a crossing post-only order is accepted, then cancelled (`cancel`), or refused (`refuse`).
    remainder: what an IOC, FOK or market order leaves ends as `canceled` or as `expired`.
    edit_size: the size in an edit is the `total` with what has filled, or all for the `new` order.
    counter_decay: order-rate counters fall `continuous` or `per_second`.
    first_tier: a new account pays the `published` 0.25/0.40 %, or the `measured` 0.40/0.80 %.
    protection_ppm: how far a market order may go beyond the best price, in parts per million.
    self_trade_reason, remainder_reason, kill_reason: texts of cancellations.
    filled_event: the report that completes an order is `lean` (ids, sums) or `full` (with the order's description).
    ratecounter: the counter's field is a number called `ratecounter`, or a text called `ratecount`.
    batch_failure: a failed order inside batch_add is `error` ({"error": ..}) or `flagged` (with "success": false).
    batch_cancel: the count is in `result.count` (`result`) or in a top-level `orders_cancelled` (`top_level`).
    disarmed: the trigger time of a disarmed dead man's switch is `zero` ("0") or `epoch` (1970-01-01T00:00:00Z).
    cl_ord_id: free text is `lower` (a-z, 0-9 and dash) or `ascii` (any printable), 18 characters at most.
    trade_snapshot: a trade subscription brings a snapshot only when asked (`off`) or unless declined (`on`).
    unsubscribe: depth and interval of an unsubscribe may be `any`, or must `match` what was subscribed.
    history_cost: what ledger and trade history calls add to the REST counter.
    public_per_s: REST market data calls per second and pair (those without a pair together); 0 is without limit.
    nonce_window: a nonce so far below the highest still passes, once; 0 is off.
    frames_per_s: WebSocket requests per second and connection before "Exceeded msg rate"; 0 is without limit.
    symbols_max: symbols in one subscribe request.
    key_info: GetApiKeyInfo spells its fields in `snake` or in `camel` case.
    schedules: TradeVolume with `fee_schedule` says nothing more (`absent`) or has an empty "schedules" (`empty`).
    sell_fee, buy_fee: the fee currency of an order that does not say which.
    short_book: in the checksum of a book with fewer than ten levels the missing ones are left `out`, or count as `zeros`.
    announcement: before a maintenance (fault `announce`) the status channel says nothing (`none`), has a `maintenance`
        object with times (`times`), or a `message` in words (`message`).
    amend_post_only: text of a refused amend that would take although it is post-only.
    """

    post_only: Literal["cancel", "refuse"] = "cancel"
    remainder: Literal["canceled", "expired"] = "canceled"
    edit_size: Literal["total", "new"] = "total"
    counter_decay: Literal["continuous", "per_second"] = "continuous"
    first_tier: Literal["published", "measured"] = "published"
    protection_ppm: int = 50_000
    self_trade_reason: str = "Self trade prevention"
    remainder_reason: str = "Immediate or cancel remainder"
    kill_reason: str = "Fill or kill order"
    filled_event: Literal["lean", "full"] = "lean"
    ratecounter: Literal["ratecounter", "ratecount"] = "ratecounter"
    batch_failure: Literal["error", "flagged"] = "error"
    batch_cancel: Literal["result", "top_level"] = "result"
    disarmed: Literal["zero", "epoch"] = "zero"
    cl_ord_id: Literal["lower", "ascii"] = "lower"
    trade_snapshot: Literal["off", "on"] = "off"
    unsubscribe: Literal["any", "match"] = "any"
    history_cost: Literal[2, 4] = 2
    public_per_s: int = 50
    nonce_window: int = 0
    frames_per_s: int = 0
    symbols_max: int = 1_024
    key_info: Literal["snake", "camel"] = "snake"
    schedules: Literal["absent", "empty"] = "absent"
    sell_fee: Literal["quote", "base"] = "quote"
    buy_fee: Literal["quote", "base"] = "quote"
    short_book: Literal["out", "zeros"] = "out"
    announcement: Literal["none", "times", "message"] = "none"
    amend_post_only: str = "EOrder:Post only order"


DEFAULTS = Unconfirmed()


def assume(words: Iterable[str]) -> Unconfirmed:
    """Return the defaults with these "name=value" changes.

    Raises: ConfigurationError naming the switch and what it may be.
    """
    types = get_type_hints(Unconfirmed)
    chosen: dict[str, object] = {}
    for word in words:
        name, separator, value = word.partition("=")
        if not separator or name not in types:
            raise ConfigurationError(f"--assume is {word!r} but must be name=value with one of: {', '.join(sorted(types))}")
        chosen[name] = _value(name, types[name], value)
    return msgspec.structs.replace(DEFAULTS, **chosen)


def _value(name: str, kind: object, text: str) -> object:
    if get_origin(kind) is Literal:
        for reading in get_args(kind):
            if text == str(reading):
                return reading
        raise ConfigurationError(f"{name} is {text!r} but must be one of: {', '.join(map(str, get_args(kind)))}")
    if kind is int:
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise ConfigurationError(f"{name} is {text!r} but must be a whole number")
        return int(text)
    return text
