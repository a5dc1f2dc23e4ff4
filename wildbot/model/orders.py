"""What we ask of a venue: sides, order kinds, and the four commands."""

from enum import StrEnum

import msgspec

CL_ORD_ID_MAX = 18
"""Longest free-text client order id Kraken takes. Source: "Spot Client Order Identifiers"."""

OWN_PREFIX = "wb"
"""How every client order id of ours starts; anything else on the account is foreign and never touched."""


class Side(StrEnum):
    """Direction of an order or trade. `sign`: +1 for a buy, -1 for a sell, what one lot does to the inventory."""

    BUY = "buy"
    SELL = "sell"

    sign: int

    def __init__(self, value: str) -> None:
        self.sign = 1 if value == "buy" else -1

    @property
    def opposite(self) -> "Side":
        """The other side."""
        return Side.SELL if self is Side.BUY else Side.BUY


class TimeInForce(StrEnum):
    """How long an order stands: until cancelled, immediately or not at all, or until a date."""

    GTC = "gtc"
    IOC = "ioc"
    GTD = "gtd"


class OrderType(StrEnum):
    """The kinds of order WildBot sends. There are no bare market orders: leaving is an IOC limit inside the collar."""

    LIMIT = "limit"
    STOP_LOSS = "stop-loss"


class Purpose(StrEnum):
    """Why an order exists: an `entry` opens or grows a position, an `exit` shrinks it. Limits treat them differently."""

    ENTRY = "entry"
    EXIT = "exit"


class NewOrder(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="new"):
    """Place an order. `reason` is the strategy's code, for the journal.

    For `STOP_LOSS`, `ticks` is the trigger price; `limit_ticks` is then the worst price it may execute at, and it is the
    order gateway that sets it.
    """

    cl_ord_id: str
    pair: str
    side: Side
    ticks: int
    lots: int
    purpose: Purpose
    order_type: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = True
    reason: str = ""
    limit_ticks: int = 0


class AmendOrder(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="amend"):
    """Move an order in place: `lots` is the new *total* size, what has filled included. Keeps ids and fills.

    `ticks` and `limit_ticks` as in `NewOrder`.
    """

    cl_ord_id: str
    pair: str
    ticks: int
    lots: int
    post_only: bool = True
    reason: str = ""
    limit_ticks: int = 0


class CancelOrder(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="cancel"):
    """Take one order back."""

    cl_ord_id: str
    pair: str
    reason: str = ""


OrderCommand = NewOrder | AmendOrder | CancelOrder


def client_order_id(epoch: int, counter: int) -> str:
    """Return the id of the `counter`-th order of trader start `epoch`; unique for ever, since epochs are never reused."""
    text = f"{OWN_PREFIX}{epoch:x}x{counter:x}"
    assert len(text) <= CL_ORD_ID_MAX, text
    return text


def counter_of(cl_ord_id: str) -> int | None:
    """Return the counter inside one of our client order ids, or None for an id we did not make."""
    return int(cl_ord_id.rpartition("x")[2], 16) if epoch_of(cl_ord_id) is not None else None


def epoch_of(cl_ord_id: str) -> int | None:
    """Return the epoch inside one of our client order ids, or None for an id we did not make."""
    head, separator, tail = cl_ord_id.removeprefix(OWN_PREFIX).partition("x")
    if not cl_ord_id.startswith(OWN_PREFIX) or not separator:
        return None
    try:
        int(tail, 16)
        return int(head, 16)
    except ValueError:
        return None
