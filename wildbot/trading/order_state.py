"""The order state machine of one order, as a table.

Rules: nothing outside this file decides an order's state. Every row was seen at a venue or follows from one message
    overtaking another. Whether a fill is the last one is told by cumulative size (see `order_ledger`), never by a label.
    A refused order that fills or is accepted after all is alive: the venue's evidence beats what we believed.
Source: Kraken `executions` channel; FIX 4.4 appendix D for the race rows.
Known limit: cancels and amends under way are flags of the ledger, not states: they change nothing until answered.
"""

from collections.abc import Mapping
from enum import StrEnum

from wildbot.model.errors import InvariantError


class OrderState(StrEnum):
    """Where an order stands. `unknown`: a request about it got no usable answer, so it may live."""

    PENDING = "pending"
    OPEN = "open"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    DENIED = "denied"
    EXPIRED = "expired"
    NOT_PLACED = "not_placed"
    UNKNOWN = "unknown"

    @property
    def is_live(self) -> bool:
        """Whether the order rests, may rest, or may yet come to rest."""
        return self in LIVE_STATES


class OrderNews(StrEnum):
    """What can be learned about an order; `filled_full` means the cumulative size reached the order's size."""

    ACCEPTED = "accepted"
    DENIED = "denied"
    REJECTED = "rejected"
    FILLED_PART = "filled_part"
    FILLED_FULL = "filled_full"
    CANCELED = "canceled"
    EXPIRED = "expired"
    OUTCOME_UNKNOWN = "outcome_unknown"
    NOT_PLACED = "not_placed"


LIVE_STATES = frozenset({OrderState.PENDING, OrderState.OPEN, OrderState.PARTIALLY_FILLED, OrderState.UNKNOWN})

_S, _N = OrderState, OrderNews

_ENDINGS = {
    _N.FILLED_FULL: _S.FILLED,
    _N.CANCELED: _S.CANCELLED,
    _N.EXPIRED: _S.EXPIRED,
}
_REFUSALS = {
    _N.DENIED: _S.DENIED,
    _N.REJECTED: _S.REJECTED,
    _N.NOT_PLACED: _S.NOT_PLACED,
}


def _stays(state: OrderState, **changes: OrderState) -> dict[OrderNews, OrderState]:
    return {news: changes.get(news, state) for news in OrderNews}


# A refusal is an explicit "it never rested"; the rows that revive it are for a venue that shows the order later.
_REVIVED = {"accepted": _S.OPEN, "filled_part": _S.PARTIALLY_FILLED, "filled_full": _S.FILLED}

TRANSITIONS: Mapping[OrderState, Mapping[OrderNews, OrderState]] = {
    _S.PENDING: {
        **_ENDINGS,  # a fill, a post-only cancel or an expiry can overtake the acceptance
        **_REFUSALS,
        _N.ACCEPTED: _S.OPEN,
        _N.FILLED_PART: _S.PARTIALLY_FILLED,
        _N.OUTCOME_UNKNOWN: _S.UNKNOWN,
    },
    _S.OPEN: {
        **_ENDINGS,
        _N.ACCEPTED: _S.OPEN,
        _N.FILLED_PART: _S.PARTIALLY_FILLED,
        _N.OUTCOME_UNKNOWN: _S.UNKNOWN,  # of an amend or a cancel
        _N.REJECTED: _S.REJECTED,  # the refusal overtaken by an optimistic acknowledgement
        _N.NOT_PLACED: _S.NOT_PLACED,
    },
    _S.PARTIALLY_FILLED: {
        **_ENDINGS,
        _N.ACCEPTED: _S.PARTIALLY_FILLED,  # overtaken by its own fill
        _N.FILLED_PART: _S.PARTIALLY_FILLED,
        _N.OUTCOME_UNKNOWN: _S.UNKNOWN,
    },
    _S.UNKNOWN: {
        **_ENDINGS,
        **_REFUSALS,
        _N.ACCEPTED: _S.OPEN,
        _N.FILLED_PART: _S.PARTIALLY_FILLED,
        _N.OUTCOME_UNKNOWN: _S.UNKNOWN,
    },
    _S.FILLED: _stays(_S.FILLED),
    _S.CANCELLED: _stays(_S.CANCELLED, filled_full=_S.FILLED),  # late news still counts
    _S.EXPIRED: _stays(_S.EXPIRED, filled_full=_S.FILLED),
    _S.REJECTED: _stays(_S.REJECTED, **_REVIVED),
    _S.DENIED: _stays(_S.DENIED, **_REVIVED),
    _S.NOT_PLACED: _stays(_S.NOT_PLACED, **_REVIVED),
}


def next_state(state: OrderState, news: OrderNews) -> OrderState:
    """Return the state after `news`. Raises: InvariantError when the table has no such row."""
    after = TRANSITIONS[state].get(news)
    if after is None:
        raise InvariantError(f"an order that is {state} cannot be {news}")
    return after
