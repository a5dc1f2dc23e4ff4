"""Builders for one trader's world: an instrument, books, fills, engines. One lot grid: 1 tick = 0.01, 1 lot = 1e-8."""

from itertools import count

from wildbot.engine import EngineCommand, TradingEngine
from wildbot.model.desk import CapitalLease, OrderRequest, PositionState
from wildbot.model.executions import Accepted, Canceled, Filled
from wildbot.model.instrument import FeeSchedule, Instrument, Liquidity, Lots, Money, money_from_text
from wildbot.model.market_data import BookSnapshot, FeedBeat
from wildbot.model.orders import AmendOrder, CancelOrder, NewOrder, Side
from wildbot.strategies.base import find_strategy
from wildbot.trading.limits import EngineLimits

PAIR = "SOL/USDC"
SECOND = 1_000_000_000
MS = 1_000_000
START = 1_700_000_000 * SECOND
ONE = 100_000_000
"""One whole coin in lots."""

SOL = Instrument(
    pair=PAIR,
    base="SOL",
    quote="USDC",
    rest_key="SOLUSDC",
    price_decimals=2,
    lot_decimals=8,
    cost_decimals=6,
    tick_step=1,
    lot_step=1,
    min_lots=Lots(2_000_000),
    min_cost=money_from_text("0.5"),
)
FEES = FeeSchedule(2_500, 4_000)
_serial = count(1)


def a_book(
    bid: int = 15_000,
    ask: int = 15_010,
    *,
    at: int = START,
    seq: int = 1,
    bid_lots: int = 10 * ONE,
    ask_lots: int = 10 * ONE,
    pair: str = PAIR,
) -> BookSnapshot:
    """A two-level book around the given touch, published and received at `at`."""
    return BookSnapshot(pair, seq, at, at, (bid, bid - 5), (bid_lots, 20 * ONE), (ask, ask + 5), (ask_lots, 20 * ONE))


def a_beat(at: int, seq: int, *, connected: bool = True, heard: int | None = None) -> FeedBeat:
    """The feed handler's word about one pair."""
    return FeedBeat(at, at if heard is None else heard, connected, {PAIR: seq})


def a_fill(
    side: Side,
    lots: int,
    ticks: int = 15_000,
    *,
    cl_ord_id: str = "wb1x1",
    exec_id: str = "",
    at: int = START,
    liquidity: Liquidity = Liquidity.MAKER,
) -> Filled:
    """One execution with the exchange's cost and fee."""
    cost = SOL.cost(ticks, lots)
    number = next(_serial)
    return Filled(
        cl_ord_id=cl_ord_id,
        order_id="O1",
        exec_id=exec_id or f"T{number}",
        trade_id=number,
        pair=PAIR,
        side=side,
        ticks=ticks,
        lots=lots,
        cost=cost,
        fee=SOL.fee(cost, FEES.rate_ppm(liquidity)),
        fee_asset="USDC",
        liquidity=liquidity,
        ts_ns=at,
    )


def a_lease(amount: str = "16", *, epoch: int = 1, until: int = START + 3_600 * SECOND) -> CapitalLease:
    """A lease that lasts an hour unless told."""
    return CapitalLease(PAIR, epoch, money_from_text(amount), until)


EAGER: dict[str, object] = {
    "ema_window": 1,
    "min_volatility_bps": 0,
    "edge_policy": "ignore",
    "max_spread_bps": 50,
}
"""Market maker parameters that quote from the first book."""


def an_engine(
    position: PositionState | None = None,
    limits: EngineLimits | None = None,
    strategy: str = "market_maker",
    instrument: Instrument = SOL,
    **parameters: object,
) -> TradingEngine:
    """An engine that has no lease and no book yet."""
    return TradingEngine(
        pair=instrument.pair,
        epoch=1,
        instrument=instrument,
        fees=FEES,
        position=position or PositionState(instrument.pair),
        strategy=find_strategy(strategy),
        parameters={**EAGER, **parameters} if strategy == "market_maker" else dict(parameters),
        limits=limits or EngineLimits(),
    )


def a_quoting_engine(**parameters: object) -> tuple[TradingEngine, NewOrder]:
    """An engine with a lease whose first bid has been sent and accepted."""
    engine = an_engine(**parameters)  # type: ignore[arg-type]
    engine.handle(a_lease(), START)
    (bid,) = new_orders(engine.handle(a_book(), START))
    engine.handle(Accepted(bid.cl_ord_id, "O1", START), START)
    return engine, bid


def requests(commands: "list[EngineCommand] | tuple[EngineCommand, ...] | object") -> list[OrderRequest]:
    """The order requests among an engine's commands."""
    assert isinstance(commands, list | tuple)
    return [command for command in commands if isinstance(command, OrderRequest)]


def new_orders(commands: object) -> list[NewOrder]:
    """The new orders among an engine's commands."""
    return [r.command for r in requests(commands) if isinstance(r.command, NewOrder)]


def amends(commands: object) -> list[AmendOrder]:
    """The amends among an engine's commands."""
    return [r.command for r in requests(commands) if isinstance(r.command, AmendOrder)]


def cancels(commands: object) -> list[CancelOrder]:
    """The cancels among an engine's commands."""
    return [r.command for r in requests(commands) if isinstance(r.command, CancelOrder)]


def canceled(cl_ord_id: str, filled_lots: int = 0, at: int = START) -> Canceled:
    """The venue took an order off the book."""
    return Canceled(cl_ord_id, filled_lots, "User requested", at)


def money(text: str) -> Money:
    """Decimal text as money."""
    return money_from_text(text)
