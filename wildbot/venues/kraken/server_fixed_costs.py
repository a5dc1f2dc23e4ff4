"""What a request costs in order rate although it was refused before the engine saw it.

Rules: the fixed part of an add, amend or edit is charged even if validation fails. A request whose fields have the wrong
    names or JSON types is turned away at the gateway and costs nothing. When the counter is full, that is the error.
Source: Kraken "Spot Trading Limits".
"""

from collections.abc import Callable
from typing import TypeVar

from wildbot.model.errors import VenueRefusal
from wildbot.venues.kraken.server_exchange import Exchange

ADD, AMEND, EDIT = 1.0, 1.0, 1.0
BATCH_ADD_EACH = 0.5

T = TypeVar("T")


def priced(exchange: Exchange, account: str, pair: str, cost: float, now_ns: int, read: Callable[[], T]) -> T:
    """Return what `read` makes of a request; charge the account when it refuses. Raises: VenueRefusal."""
    try:
        return read()
    except VenueRefusal:
        full = exchange.charge_refused(account, pair, cost, now_ns)
        if full is not None:
            raise VenueRefusal(full.error) from None
        raise
