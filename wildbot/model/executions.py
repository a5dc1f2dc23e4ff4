"""What becomes of an order: the venue's answers and reports, and our own "we do not know".

Rules: a `Filled` is booked once, by `exec_id`. Reports may arrive in any order and twice. `Denied` is ours (no byte left
    this machine), `Rejected` is the venue's; neither is ever guessed from silence: silence is `OutcomeUnknown`.
Source: Kraken `executions` channel (exec_type, liquidity_ind, fees).
"""

import msgspec

from wildbot.model.instrument import Liquidity, Money
from wildbot.model.orders import Side


class Accepted(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="accepted"):
    """The venue holds the order under `order_id`."""

    cl_ord_id: str
    order_id: str
    ts_ns: int


class Denied(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="denied"):
    """Our own limits refused the command `about`; nothing was sent. For an amend the order stands as it was."""

    cl_ord_id: str
    about: str
    code: str
    reason: str
    ts_ns: int


class Rejected(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="rejected"):
    """The venue refused a new order; it never rested."""

    cl_ord_id: str
    reason: str
    ts_ns: int


class Filled(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="filled"):
    """One execution of one of our orders. `cost` = price x size as the venue booked it; `fee` is in quote `Money` when
    `fee_asset` is the quote currency (the only case WildBot asks for). `exec_id` is the exchange's trade id."""

    cl_ord_id: str
    order_id: str
    exec_id: str
    trade_id: int
    pair: str
    side: Side
    ticks: int
    lots: int
    cost: Money
    fee: Money
    fee_asset: str
    liquidity: Liquidity
    ts_ns: int


class Amended(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="amended"):
    """The order now stands at this price and total size."""

    cl_ord_id: str
    ticks: int
    lots: int
    ts_ns: int


class AmendRejected(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="amend_rejected"):
    """The venue refused an amend; the order stands as it was, if it still stands."""

    cl_ord_id: str
    reason: str
    ts_ns: int


class CancelRejected(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="cancel_rejected"):
    """The venue refused a cancel, usually because the order is already gone; its final state is still to come."""

    cl_ord_id: str
    reason: str
    ts_ns: int


class Canceled(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="canceled"):
    """The order no longer rests; `filled_lots` executed before, whether or not we have seen those fills yet."""

    cl_ord_id: str
    filled_lots: int
    reason: str
    ts_ns: int


class Expired(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="expired"):
    """The order's time ran out; as `Canceled`."""

    cl_ord_id: str
    filled_lots: int
    reason: str
    ts_ns: int


class Completed(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="completed"):
    """The venue says the order is entirely executed: `filled_lots` in all, whether or not we have seen every fill."""

    cl_ord_id: str
    filled_lots: int
    ts_ns: int


class OutcomeUnknown(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="unknown"):
    """A request got no usable answer. The order may live; only evidence from the venue resolves it."""

    cl_ord_id: str
    about: str
    reason: str
    ts_ns: int


class NotPlaced(msgspec.Struct, frozen=True, gc=False, array_like=True, tag="not_placed"):
    """Evidence, looked up twice after the deadline, that an unknown order never reached the book."""

    cl_ord_id: str
    ts_ns: int


OrderReport = (
    Accepted
    | Denied
    | Rejected
    | Filled
    | Amended
    | AmendRejected
    | CancelRejected
    | Canceled
    | Expired
    | Completed
    | OutcomeUnknown
    | NotPlaced
)
