"""What a trader does and why, in words for a tired person: every reason code, of a strategy, a limit or a breaker.

Rules: a strategy's codes bear their words themselves; the others are worded here. A text that is no code is its own words.
Source: the `reason` and `state` of the status document's traders, and the `reason` of a fill.
"""

from collections.abc import Collection
from typing import NamedTuple

from wildbot.strategies.base import find_strategies
from wildbot.strategies.leaving import LEAVING

_WORDS: dict[str, str] = {
    # modes and beginnings
    "starting": "starts",
    "quoting": "quotes",
    "trading": "trades",
    "paused": "paused: no new entries",
    "flattening": "sells what it holds, as asked",
    "retiring": "leaves its place",
    "retired": "has left its place",
    "not_strongest": "another instrument has the stronger signal",
    "no_lease": "has no capital to work with",
    "session_closed": "outside its trading hours",
    "order_refused": "the exchange refused the last order: waits a while",
    "lost": "an order without an answer",
    # the market
    "no_book": "no order book yet",
    "book_invalid": "the order book is not verified",
    "data_stale": "no market data: withdraws its quotes",
    "venue_maintenance": "the exchange is under maintenance",
    "venue_cancel_only": "the exchange takes cancels only",
    "venue_post_only": "the exchange takes resting orders only",
    "venue_unknown": "the exchange's state is not known",
    "pair_cancel_only": "the exchange takes cancels only for this pair",
    "pair_delisted": "the exchange has delisted this pair",
    "pair_maintenance": "the exchange has this pair under maintenance",
    "pair_reduce_only": "the exchange lets positions of this pair only shrink",
    "pair_work_in_progress": "the exchange does not trade this pair yet",
    # breakers
    "breaker_rejects": "the market outruns its orders: waits ten seconds",
    "breaker_latency": "answers come too late: waits a while",
    "breaker_cool_down": "cools down after a loss",
    # our own limits, in the trader and in the gateway
    "no_valid_book": "the order book is not valid",
    "data_too_old": "market data is too old to order by",
    "venue_not_taking_orders": "the exchange takes no such order now",
    "off_grid": "price or size is not on the exchange's grid",
    "below_minimum": "below the exchange's smallest order",
    "outside_collar": "too far from the market",
    "post_only_would_cross": "a resting order would trade at once",
    "spread_too_wide": "the spread is too wide to enter",
    "order_notional": "the order is larger than allowed",
    "affordability": "the capital does not suffice",
    "position_limit": "the position limit is reached",
    "cannot_sell_unowned": "it cannot sell what it does not own",
    "order_rate": "too many orders in a short time",
    "risk_error": "a check failed: no order leaves",
    "not_ready": "the order gateway is not ready",
    "halted": "halted until rearmed",
    "epoch_fenced": "a successor has taken over",
    "too_late": "the order came too late",
    "no_such_order": "there is no such order",
    "amend_outstanding": "an earlier change is under way",
    "pair_not_in_universe": "this pair is not in the universe",
    "pair_status": "the exchange takes no such order for this pair",
    "entries_closed": "no new entries",
    "system_status": "the exchange takes no such order now",
    "malformed": "the order has no valid form",
    "off_tick": "the price is not on the exchange's grid",
    "off_lot": "the size is not on the exchange's grid",
    "below_min_size": "below the exchange's smallest size",
    "below_min_cost": "below the exchange's smallest order",
    "not_post_only": "only resting orders are allowed here",
    "market_data": "the gateway's own market data is too old",
    "open_orders": "too many orders rest already",
    "daily_turnover": "the day's turnover is reached",
    "beyond_lease": "the capital does not suffice",
    "rate_budget": "the exchange's order budget is used up: waits",
    "unknown_outstanding": "waits: an earlier order has no answer yet",
    "safety_timer": "the exchange's safety timer is not armed",
    "check_failed": "a check failed: no order leaves",
}


class Why(NamedTuple):
    """A reason: its words, and what more was said of it, "" for nothing."""

    words: str
    detail: str

    @property
    def line(self) -> str:
        """Both in one line."""
        return f"{self.words}: {self.detail}" if self.detail else self.words


def known_words() -> dict[str, str]:
    """Return the words of every code, by code. A code of several strategies has the words of the first; see `why`."""
    found = dict(_WORDS)
    for spec in (*find_strategies().values(), LEAVING):
        for code in spec.reasons:
            found.setdefault(code.value, code.words)
    return found


_KNOWN = known_words()
_OF_STRATEGY = {(name, code.value): code.words for name, spec in find_strategies().items() for code in spec.reasons}


def why(reason: str, strategy: str = "") -> Why:
    """Return a reason, "code", "code: text" or any text, in words; in those of its strategy where that is known."""
    code, _, detail = reason.partition(":")
    words = _OF_STRATEGY.get((strategy, code), _KNOWN.get(code))
    if words is None:
        is_code = " " not in code
        return Why(code.replace("_", " "), detail.strip()) if is_code else Why(reason, "")
    return Why(words, detail.strip())


def activity(state: str, reason: str, *, held: int, sides: Collection[str]) -> str:
    """Return in one word what a trader is about.

    `held`: the sign of its position; `sides`: "buy" and "sell" of its resting orders. Its supervisor's word "quoting" only
    says that it may: one that wants nothing WATCHES, one with a position and nothing to add HOLDS it or EXITS.
    """
    if state != "quoting":
        return state.upper()
    if not held:
        return "QUOTING" if sides else "WATCHING"
    leaving = "sell" if held > 0 else "buy"
    if not sides or reason.partition(":")[0] in ("holding", "bracket"):
        return "HOLDING"
    return "EXITING" if set(sides) == {leaving} else "QUOTING"
