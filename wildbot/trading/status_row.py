"""One trader's working orders as the status document shows them."""

from collections.abc import Iterable

from wildbot.model.instrument import NANOS_PER_MS
from wildbot.model.status import Quote
from wildbot.trading.order_ledger import WorkingOrder


def order_rows(orders: Iterable[WorkingOrder], now_ns: int) -> tuple[Quote, ...]:
    """Return a row per live order, oldest first."""
    return tuple(
        Quote(
            cl_ord_id=order.cl_ord_id,
            side=order.side,
            ticks=order.ticks,
            lots=order.lots,
            filled_lots=order.filled_lots,
            state=order.state,
            age_ms=(now_ns - order.placed_ns) / NANOS_PER_MS,
        )
        for order in orders
    )
