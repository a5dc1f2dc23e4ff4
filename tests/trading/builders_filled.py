"""An engine that holds, and what it said at its end."""

from tests.trading.builders_trading import (
    SECOND,
    START,
    a_fill,
    a_quoting_engine,
    new_orders,
)
from wildbot.engine import TradingEngine
from wildbot.model.executions import Accepted
from wildbot.model.orders import NewOrder, Side


def later(seconds: float) -> int:
    return START + int(seconds * SECOND)


def filled(**parameters: object) -> tuple[TradingEngine, NewOrder]:
    """An engine whose bid has filled entirely and whose exit now rests."""
    engine, bid = a_quoting_engine(**parameters)
    (ask,) = new_orders(engine.handle(a_fill(Side.BUY, bid.lots, bid.ticks, cl_ord_id=bid.cl_ord_id), START))
    engine.handle(Accepted(ask.cl_ord_id, "O2", START), START)
    return engine, ask
