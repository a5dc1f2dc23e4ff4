"""An exchange from its own chair: what its clients ask, what it answers and what it announces.

Spoken between `simulation.exchange` (which decides) and `venues.*.server` (which knows the wire format).

Rules: `account` names the owner of everything private; the house's market participants trade under accounts too, so that
    assets are conserved. Prices are ticks, sizes lots, quote sums `Money`, balances integers of 10**-ASSET_DECIMALS.
Source: Kraken WebSocket v2 trading methods and `executions` / `balances` channels; REST order objects.
"""

from enum import StrEnum

import msgspec

from wildbot.model.instrument import Instrument, Liquidity, Money
from wildbot.model.market_data import SystemStatus
from wildbot.model.orders import Side

ASSET_DECIMALS = 10
"""Every balance is counted in 10**-10 of its asset; this holds all of Kraken's asset precisions for the pairs we know."""


class Kind(StrEnum):
    """Order types of the exchange, by Kraken's names."""

    LIMIT = "limit"
    MARKET = "market"
    STOP_LOSS = "stop-loss"
    STOP_LOSS_LIMIT = "stop-loss-limit"
    TAKE_PROFIT = "take-profit"
    TAKE_PROFIT_LIMIT = "take-profit-limit"


class Tif(StrEnum):
    """Time in force, by Kraken's names."""

    GTC = "gtc"
    GTD = "gtd"
    IOC = "ioc"
    FOK = "fok"


class SelfTrade(StrEnum):
    """Self-trade prevention: whom to cancel when two orders of one account would meet."""

    CANCEL_NEWEST = "cancel_newest"
    CANCEL_OLDEST = "cancel_oldest"
    CANCEL_BOTH = "cancel_both"


class OrderStatus(StrEnum):
    """States of an order at the exchange, by the names of the `executions` channel."""

    PENDING_NEW = "pending_new"
    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"


class PlaceOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for a new order. `ticks` is 0 for orders without a limit; `trigger_ticks` is 0 for orders without a trigger;
    `quote_money` > 0 asks for a market buy of that much quote instead of `lots`. `deadline_ns` and `expire_ns` 0: none.
    `fee_in_base`: fees are taken in the base asset, else in quote."""

    account: str
    pair: str
    side: Side
    kind: Kind
    lots: int
    ticks: int = 0
    trigger_ticks: int = 0
    quote_money: Money = Money(0)
    tif: Tif = Tif.GTC
    post_only: bool = False
    reduce_only: bool = False
    fee_in_base: bool = False
    cl_ord_id: str = ""
    userref: int = 0
    stp: SelfTrade = SelfTrade.CANCEL_NEWEST
    deadline_ns: int = 0
    expire_ns: int = 0
    validate_only: bool = False


class AmendPlaced(msgspec.Struct, frozen=True, kw_only=True):
    """Ask to change a resting order in place; None leaves a field as it is. One of `order_id`, `cl_ord_id` is given."""

    account: str
    order_id: str = ""
    cl_ord_id: str = ""
    ticks: int | None = None
    lots: int | None = None
    trigger_ticks: int | None = None
    post_only: bool = False
    deadline_ns: int = 0


class CancelPlaced(msgspec.Struct, frozen=True, kw_only=True):
    """Ask to take one order back, by either id."""

    account: str
    order_id: str = ""
    cl_ord_id: str = ""


class EditPlaced(msgspec.Struct, frozen=True, kw_only=True):
    """Ask to cancel an open order and place `replacement` for it in one step; `replacement.lots` counts what filled."""

    order_id: str
    replacement: PlaceOrder


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """An order as its owner may see it now. `cost` and `fee` are sums so far, `fee` in units of base with `fee_in_base`."""

    order_id: str
    account: str
    pair: str
    side: Side
    kind: Kind
    lots: int
    ticks: int
    trigger_ticks: int
    tif: Tif
    post_only: bool
    reduce_only: bool
    cl_ord_id: str
    userref: int
    status: OrderStatus
    filled_lots: int
    cost: Money
    fee: int
    opened_ns: int
    closed_ns: int
    expire_ns: int
    triggered: bool
    reason: str
    exec_ids: tuple[str, ...]
    fee_in_base: bool = False


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One order's half of a trade. `trade_id` is the pair's public sequence, `exec_id` unique; `fee` is of `fee_asset`."""

    exec_id: str
    trade_id: int
    order_id: str
    cl_ord_id: str
    userref: int
    account: str
    pair: str
    side: Side
    kind: Kind
    ticks: int
    lots: int
    cost: Money
    fee: int
    fee_asset: str
    liquidity: Liquidity
    ts_ns: int


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """The order was taken (or, with `validate_only`, would have been: then `order_id` is empty)."""

    order_id: str
    cl_ord_id: str
    userref: int


class AmendDone(msgspec.Struct, frozen=True, kw_only=True):
    """The order was changed."""

    amend_id: str
    order_id: str
    cl_ord_id: str


class EditDone(msgspec.Struct, frozen=True, kw_only=True):
    """The order was replaced; `order_id` is the new one, empty with `validate_only`. `lots` is the size it was given."""

    order_id: str
    original_order_id: str
    lots: int


class Amendment(msgspec.Struct, frozen=True, kw_only=True):
    """How one order stood from `ts_ns` on. `kind` is "original" or "user"; the original has no reason."""

    amend_id: str
    kind: str
    lots: int
    left_lots: int
    ticks: int
    trigger_ticks: int
    post_only: bool
    reason: str
    ts_ns: int


class FeeTier(msgspec.Struct, frozen=True):
    """The rates, in parts per million of cost, of accounts whose 30-day volume is at least `volume`."""

    volume: Money
    maker_ppm: int
    taker_ppm: int


class CancelDone(msgspec.Struct, frozen=True, kw_only=True):
    """So many orders were cancelled."""

    count: int
    order_ids: tuple[str, ...] = ()


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """The request was refused; `error` is the exchange's own text, such as "EOrder:Insufficient funds"."""

    error: str


Reply = Placed | AmendDone | EditDone | CancelDone | Refusal


class ExecType(StrEnum):
    """What happened to an order, by the names of the `executions` channel."""

    PENDING_NEW = "pending_new"
    NEW = "new"
    TRADE = "trade"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    AMENDED = "amended"
    RESTATED = "restated"
    STATUS = "status"


class OrderEvent(msgspec.Struct, frozen=True, kw_only=True):
    """To the order's owner: what happened; `order` is the order right after it, `execution` is set for trades."""

    exec_type: ExecType
    order: OrderView
    ts_ns: int
    execution: Execution | None = None


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """To the account's owner: one change of one balance (units of 10**-ASSET_DECIMALS); new = old + change - fee."""

    ledger_id: str
    ref_id: str
    account: str
    asset: str
    kind: str
    change: int
    fee: int
    balance: int
    ts_ns: int


class PublicTrade(msgspec.Struct, frozen=True, kw_only=True):
    """To everyone: one trade; `side` and `kind` are the taker's."""

    pair: str
    trade_id: int
    side: Side
    ticks: int
    lots: int
    kind: Kind
    ts_ns: int


class BookChange(msgspec.Struct, frozen=True, kw_only=True):
    """To everyone: after one engine event these price levels of one pair have these total sizes (0: the level is gone).

    Shape: (side, ticks, lots) in the order the engine touched them; side BUY is the bids.
    """

    pair: str
    levels: tuple[tuple[Side, int, int], ...]
    ts_ns: int


class EngineStatus(msgspec.Struct, frozen=True, kw_only=True):
    """To everyone: the engine's state changed."""

    system: SystemStatus
    ts_ns: int


class InstrumentChange(msgspec.Struct, frozen=True, kw_only=True):
    """To everyone: a pair's status or rules changed to these."""

    instrument: Instrument
    ts_ns: int


ExchangeEvent = OrderEvent | LedgerEntry | PublicTrade | BookChange | EngineStatus | InstrumentChange
