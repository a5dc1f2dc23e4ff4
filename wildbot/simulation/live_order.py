"""An open order inside the exchange: mutable, seen from outside only as an `OrderView`."""

from wildbot.model.exchange import Kind, OrderStatus, OrderView, PlaceOrder
from wildbot.model.instrument import Money
from wildbot.simulation.stop_orders import TRIGGER_KINDS

LIMIT_KINDS = frozenset({Kind.LIMIT, Kind.STOP_LOSS_LIMIT, Kind.TAKE_PROFIT_LIMIT})
"""Kinds that have a limit price and may rest in the book."""


class LiveOrder:
    """One order between acceptance and its end. `touched_ns` is its creation or last amend: the age that is priced;
    `hold` is what is reserved for it, in units of `hold_asset`."""

    __slots__ = (
        "closed_ns",
        "cost",
        "exec_ids",
        "fee",
        "filled_lots",
        "hold",
        "hold_asset",
        "is_house",
        "key",
        "lots",
        "opened_ns",
        "order_id",
        "reason",
        "request",
        "status",
        "ticks",
        "touched_ns",
        "trigger_ticks",
        "triggered",
    )

    def __init__(self, key: int, order_id: str, request: PlaceOrder, lots: int, now_ns: int) -> None:
        self.key = key
        self.order_id = order_id
        self.request = request
        self.is_house = request.account.startswith("~")
        self.lots = lots
        self.ticks = request.ticks
        self.trigger_ticks = request.trigger_ticks
        self.status = OrderStatus.PENDING_NEW
        self.filled_lots = 0
        self.cost = 0
        self.fee = 0
        self.opened_ns = now_ns
        self.touched_ns = now_ns
        self.closed_ns = 0
        self.triggered = False
        self.reason = ""
        self.exec_ids: list[str] = []
        self.hold = 0
        self.hold_asset = ""

    @property
    def left_lots(self) -> int:
        """What is still to be filled."""
        return self.lots - self.filled_lots

    @property
    def awaits_trigger(self) -> bool:
        """Whether it waits for a trigger price and is in no book."""
        return not self.triggered and self.request.kind in TRIGGER_KINDS

    @property
    def has_limit(self) -> bool:
        """Whether it has a limit price."""
        return self.request.kind in LIMIT_KINDS

    def view(self) -> OrderView:
        """Return the order as its owner may see it now."""
        request = self.request
        return OrderView(
            order_id=self.order_id,
            account=request.account,
            pair=request.pair,
            side=request.side,
            kind=request.kind,
            lots=self.lots,
            ticks=self.ticks,
            trigger_ticks=self.trigger_ticks,
            tif=request.tif,
            post_only=request.post_only,
            reduce_only=request.reduce_only,
            cl_ord_id=request.cl_ord_id,
            userref=request.userref,
            status=self.status,
            filled_lots=self.filled_lots,
            cost=Money(self.cost),
            fee=self.fee,
            opened_ns=self.opened_ns,
            closed_ns=self.closed_ns,
            expire_ns=request.expire_ns,
            triggered=self.triggered,
            reason=self.reason,
            exec_ids=tuple(self.exec_ids),
            fee_in_base=request.fee_in_base,
        )
