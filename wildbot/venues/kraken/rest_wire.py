"""The shapes of Kraken's REST answers, and the two that become words of the model: orders and trades.

An order: {"userref":0,"cl_ord_id":"wb1x1","status":"open","opentm":1676384710.121142,"descr":{"pair":"SOLUSDC",
"type":"buy","ordertype":"limit","price":"85.10"},"vol":"0.02000000","vol_exec":"0.00000000","cost":"0.000000","fee":"0.000000",...}
A trade: {"ordertxid":"OQCLML-BW3P3-BUCMWZ","pair":"SOLUSDC","time":1700237532.1690326,"type":"buy","ordertype":"limit",
"price":"85.10","cost":"1.702000","fee":"0.004255","vol":"0.02000000","trade_id":6179175,"maker":true,...}

Rules: numbers come as strings and stay text until an `Instrument` reads them; times come as unix seconds with a fraction
    and are read as text too.
Source: Kraken REST OpenOrders, ClosedOrders, QueryOrders, TradesHistory, TradeVolume, GetApiKeyInfo.
"""

from decimal import ROUND_CEILING, Decimal, InvalidOperation

import msgspec

from wildbot.model.errors import ProtocolError
from wildbot.model.exchange import ASSET_DECIMALS, Kind, OrderStatus, OrderView, Tif
from wildbot.model.executions import Filled
from wildbot.model.instrument import NANOS_PER_SECOND, Instrument, Liquidity, Money, money_from_text
from wildbot.model.orders import Side
from wildbot.venues.kraken.market_numbers import number_text

FOREIGN_NUMBER_MAX = 10**12
"""No price and no size of anybody's order is as large."""

ZERO = msgspec.Raw(b"0")

_STATUSES = {
    "pending": OrderStatus.PENDING_NEW,
    "open": OrderStatus.NEW,
    "closed": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELED,
    "expired": OrderStatus.EXPIRED,
}


class Envelope(msgspec.Struct):
    """Every answer; `result` may be missing beside an error."""

    error: list[str]
    result: msgspec.Raw = msgspec.Raw(b"{}")


class Clock(msgspec.Struct):
    """Time."""

    unixtime: int


class System(msgspec.Struct):
    """SystemStatus."""

    status: str


class Token(msgspec.Struct):
    """GetWebSocketsToken."""

    token: str = ""


class Count(msgspec.Struct):
    """CancelOrder and its kin."""

    count: int = 0


class Key(msgspec.Struct):
    """GetApiKeyInfo; the documentation and the recordings spell the fields differently."""

    permissions: list[str] = []
    nonce_window: str | int | None = None
    nonceWindow: str | int | None = None
    ip_allowlist: list[str] | None = None
    ipAllowlist: list[str] | None = None
    valid_until: str | int | None = None
    validUntil: str | int | None = None


class FeeTier(msgspec.Struct):
    """One pair of TradeVolume; percent as text."""

    fee: str


class Volume(msgspec.Struct):
    """TradeVolume; `fees` is the taker's side."""

    fees: dict[str, FeeTier] | None = None
    fees_maker: dict[str, FeeTier] | None = None


class Description(msgspec.Struct):
    """`descr` of an order."""

    pair: str = ""
    type: str = "buy"
    ordertype: str = "limit"
    price: str = "0"
    price2: str = "0"


class Order(msgspec.Struct):
    """One order of OpenOrders, ClosedOrders or QueryOrders."""

    status: str
    vol: str
    vol_exec: str
    descr: Description
    cl_ord_id: str | None = None
    reason: str | None = None
    cost: str = "0"
    fee: str = "0"
    oflags: str = ""
    opentm: msgspec.Raw = ZERO
    closetm: msgspec.Raw = ZERO


class OpenPage(msgspec.Struct):
    """OpenOrders: all of them."""

    open: dict[str, Order] = {}


class ClosedPage(msgspec.Struct):
    """ClosedOrders: fifty, newest first."""

    closed: dict[str, Order] = {}
    count: int = 0


class Trade(msgspec.Struct):
    """One trade of TradesHistory."""

    ordertxid: str
    pair: str
    type: str
    price: str
    cost: str
    fee: str
    vol: str
    time: msgspec.Raw
    trade_id: int = 0
    maker: bool = False


class TradesPage(msgspec.Struct):
    """TradesHistory: fifty, newest first."""

    trades: dict[str, Trade] = {}
    count: int = 0


decode_envelope = msgspec.json.Decoder(Envelope).decode
clock_decoder = msgspec.json.Decoder(Clock)
system_decoder = msgspec.json.Decoder(System)
token_decoder = msgspec.json.Decoder(Token)
count_decoder = msgspec.json.Decoder(Count)
key_decoder = msgspec.json.Decoder(Key)
volume_decoder = msgspec.json.Decoder(Volume)
balances_decoder = msgspec.json.Decoder(dict[str, str])
open_orders_decoder = msgspec.json.Decoder(OpenPage)
closed_orders_decoder = msgspec.json.Decoder(ClosedPage)
queried_orders_decoder = msgspec.json.Decoder(dict[str, Order])
trades_decoder = msgspec.json.Decoder(TradesPage)


def order_view(order_id: str, order: Order, instrument: Instrument | None) -> OrderView:
    """Return an order in our words; without an instrument it has neither price nor size, and an empty pair."""
    status = _STATUSES.get(order.status)
    if status is None:
        raise ProtocolError(f"order {order_id[:30]!r} has status {order.status[:30]!r}")
    filled_lots = instrument.lots_from_text(order.vol_exec) if instrument else 0
    if status is OrderStatus.NEW and filled_lots:
        status = OrderStatus.PARTIALLY_FILLED
    return OrderView(
        order_id=order_id,
        account="",
        pair=instrument.pair if instrument else "",
        side=_side(order.descr.type),
        kind=_kind(order.descr.ordertype),
        lots=instrument.lots_from_text(order.vol) if instrument else 0,
        ticks=instrument.ticks_from_text(order.descr.price) if instrument else 0,
        trigger_ticks=0,
        tif=Tif.GTC,
        post_only="post" in order.oflags.split(","),
        reduce_only=False,
        cl_ord_id=order.cl_ord_id or "",
        userref=0,
        status=status,
        filled_lots=filled_lots,
        cost=money_from_text(order.cost) if instrument else Money(0),
        fee=money_from_text(order.fee) if instrument else Money(0),
        opened_ns=seconds_ns(order.opentm),
        closed_ns=seconds_ns(order.closetm),
        expire_ns=0,
        triggered=False,
        reason=order.reason or "",
        exec_ids=(),
        fee_in_base="fcib" in order.oflags.split(","),
    )


def held_units(order: Order) -> int:
    """Return what an open order holds, in units of 10**-ASSET_DECIMALS: of quote for a buy, of base for a sell.

    Rounded up, without fees; 0 when its numbers are not plain ones, since nobody else's order may stop our looks.
    """
    try:
        size, done = _plain(order.vol), _plain(order.vol_exec)
        if "viqc" in order.oflags.split(","):  # the volume is in quote currency
            held = size - _plain(order.cost)
        else:
            price = _plain(order.descr.price2) or _plain(order.descr.price)
            held = (size - done) * (price if order.descr.type == "buy" else 1)
        return max(0, int(held.scaleb(ASSET_DECIMALS).to_integral_value(ROUND_CEILING)))
    except (InvalidOperation, ValueError):
        return 0


def fill(exec_id: str, trade: Trade, instrument: Instrument) -> Filled:
    """Return a trade in our words; REST says neither the client order id nor the fee's asset: both are empty."""
    return Filled(
        cl_ord_id="",
        order_id=trade.ordertxid,
        exec_id=exec_id,
        trade_id=trade.trade_id,
        pair=instrument.pair,
        side=_side(trade.type),
        ticks=instrument.ticks_from_text(trade.price),
        lots=instrument.lots_from_text(trade.vol),
        cost=money_from_text(trade.cost),
        fee=money_from_text(trade.fee),
        fee_asset="",
        liquidity=Liquidity.MAKER if trade.maker else Liquidity.TAKER,
        ts_ns=seconds_ns(trade.time),
    )


def seconds_ns(raw: msgspec.Raw) -> int:
    """Return unix seconds, printed with any fraction, in nanoseconds. Raises: ProtocolError when it is no number."""
    text = number_text(raw)
    try:
        return int(Decimal(text) * NANOS_PER_SECOND)
    except (InvalidOperation, ValueError, OverflowError):
        raise ProtocolError(f"not a time in seconds: {text[:40]!r}") from None


def _plain(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite() or not 0 <= number < FOREIGN_NUMBER_MAX:
        raise ValueError(text[:40])
    return number


def _side(text: str) -> Side:
    try:
        return Side(text)
    except ValueError:
        raise ProtocolError(f"not a side: {text[:20]!r}") from None


def _kind(text: str) -> Kind:
    try:
        return Kind(text.replace(" ", "-"))
    except ValueError:
        return Kind.LIMIT  # kinds we never send (iceberg, trailing stop): somebody else's order, only counted
