"""Reads the report objects of Kraken's `executions` channel into order reports and order views.

A trade: {"order_id":"OK4GJX-KSTLS-7DZZO5","cl_ord_id":"wb1x1","exec_id":"TBQGLU-646YF-3L6UC6","exec_type":"trade",
"trade_id":1241209,"symbol":"SOL/USDC","side":"sell","last_qty":0.02,"last_price":85.16,"liquidity_ind":"m","cost":1.7032,
"order_status":"partially_filled","order_type":"limit","timestamp":"2026-04-11T16:48:26.620771Z",
"fees":[{"asset":"USDC","qty":0.004258}]}

Rules: numbers are read from their own digits. Which fields are there depends on the event: "new", "canceled" and "filled"
    name neither symbol nor side, so the pair is remembered from when the order was placed or first described.
Owns: which pair an order id or client order id belongs to, for the last `PAIRS_REMEMBERED_MAX` of them.
"""

import msgspec

from wildbot.model.errors import ProtocolError
from wildbot.model.exchange import Kind, OrderStatus, OrderView, Tif
from wildbot.model.executions import (
    Accepted,
    Amended,
    Canceled,
    Completed,
    Expired,
    Filled,
    OrderReport,
)
from wildbot.model.instrument import Instrument, Liquidity, Money, money_from_text, parse_scaled
from wildbot.model.orders import Side
from wildbot.venues.kraken.market_numbers import number_text, utc_ns

PAIRS_REMEMBERED_MAX = 20_000

_NO_NUMBER = msgspec.Raw(b"")


class WireFee(msgspec.Struct):
    """One element of `fees`."""

    asset: str = ""
    qty: msgspec.Raw = msgspec.Raw(b"0")


class WireTriggers(msgspec.Struct, frozen=True):
    """The `triggers` object of an order that waits for a price."""

    price: msgspec.Raw = _NO_NUMBER


class Wire(msgspec.Struct):
    """One report object; absent fields keep their defaults, numbers keep their digits."""

    order_id: str = ""
    cl_ord_id: str = ""
    exec_id: str = ""
    exec_type: str = ""
    order_status: str = ""
    trade_id: int = 0
    symbol: str = ""
    side: str = ""
    order_type: str = "limit"
    time_in_force: str = "gtc"
    post_only: bool = False
    liquidity_ind: str = ""
    reason: str = ""
    timestamp: str = ""
    last_qty: msgspec.Raw = _NO_NUMBER
    last_price: msgspec.Raw = _NO_NUMBER
    cost: msgspec.Raw = _NO_NUMBER
    cum_qty: msgspec.Raw = _NO_NUMBER
    cum_cost: msgspec.Raw = _NO_NUMBER
    order_qty: msgspec.Raw = _NO_NUMBER
    limit_price: msgspec.Raw = _NO_NUMBER
    triggers: WireTriggers = WireTriggers()
    fees: list[WireFee] = []


class ExecutionReader:
    """Turns report objects into words of the model."""

    def __init__(self, instruments: dict[str, Instrument]) -> None:
        self._instruments = instruments
        self._pairs: dict[str, str] = {}

    def remember_pair(self, identifier: str, pair: str) -> None:
        """Note which pair an order id or client order id belongs to."""
        if not identifier:
            return
        self._pairs[identifier] = pair
        if len(self._pairs) > PAIRS_REMEMBERED_MAX:
            del self._pairs[next(iter(self._pairs))]

    def snapshot(self, reports: list[Wire]) -> tuple[tuple[OrderView, ...], list[Filled], int]:
        """Return (resting orders, fills, number of objects on pairs we do not know) of a snapshot."""
        orders: list[OrderView] = []
        fills: list[Filled] = []
        foreign = 0
        for report in reports:
            instrument = self._instrument(report)
            if instrument is None:
                foreign += 1
            elif report.exec_id:
                fills.append(_fill(report, instrument))
            else:
                orders.append(_view(report, instrument))
        return tuple(orders), fills, foreign

    def read(self, report: Wire) -> list[OrderReport] | None:
        """Return what one update says; None for an order on a pair we do not know."""
        instrument = self._instrument(report)
        if instrument is None:
            return None
        key, ts_ns = report.cl_ord_id, nanos(report.timestamp)
        match report.exec_type:
            case "pending_new" | "new":
                return [Accepted(key, report.order_id, ts_ns)]
            case "trade":
                return [_fill(report, instrument)]
            case "filled":
                return [Completed(key, _filled_lots(report, instrument), ts_ns)]
            case "canceled":
                return [Canceled(key, _filled_lots(report, instrument), report.reason, ts_ns)]
            case "expired":
                return [Expired(key, _filled_lots(report, instrument), report.reason, ts_ns)]
            case "amended" | "restated":
                return _amended(report, instrument, ts_ns)
            case _:
                return []

    def _instrument(self, report: Wire) -> Instrument | None:
        pair = report.symbol or self._pairs.get(report.order_id) or self._pairs.get(report.cl_ord_id, "")
        instrument = self._instruments.get(pair)
        if instrument is not None and report.symbol:
            self.remember_pair(report.order_id, pair)
        return instrument


def nanos(timestamp: str) -> int:
    """Return a report's time as UTC nanoseconds; 0 when it has none."""
    return utc_ns(timestamp) if timestamp else 0


def _text(number: msgspec.Raw) -> str:
    return number_text(number) or "0"


def _filled_lots(report: Wire, instrument: Instrument) -> int:
    return instrument.lots_from_text(_text(report.cum_qty))


def _side(text: str) -> Side:
    try:
        return Side(text)
    except ValueError:
        raise ProtocolError(f"not a side: {text[:20]!r}") from None


def _fill(report: Wire, instrument: Instrument) -> Filled:
    fee, fee_asset = Money(0), instrument.quote
    for part in report.fees:
        fee_asset = part.asset
        fee = Money(fee + money_from_text(_text(part.qty)))
    return Filled(
        cl_ord_id=report.cl_ord_id,
        order_id=report.order_id,
        exec_id=report.exec_id,
        trade_id=report.trade_id,
        pair=instrument.pair,
        side=_side(report.side),
        ticks=instrument.ticks_from_text(_text(report.last_price)),
        lots=instrument.lots_from_text(_text(report.last_qty)),
        cost=money_from_text(_text(report.cost)),
        fee=fee,
        fee_asset=fee_asset,
        liquidity=Liquidity.MAKER if report.liquidity_ind == "m" else Liquidity.TAKER,
        ts_ns=nanos(report.timestamp),
    )


def _price(report: Wire) -> msgspec.Raw:
    """Return an order's price as we name it: its trigger when it waits for one, else its limit."""
    return report.triggers.price if bytes(report.triggers.price) else report.limit_price


def _amended(report: Wire, instrument: Instrument, ts_ns: int) -> list[OrderReport]:
    price = _price(report)
    if not bytes(report.order_qty) or not bytes(price):
        return []  # a restatement that moves neither price nor size
    ticks, lots = instrument.ticks_from_text(_text(price)), instrument.lots_from_text(_text(report.order_qty))
    return [Amended(report.cl_ord_id, ticks, lots, ts_ns)]


def _view(report: Wire, instrument: Instrument) -> OrderView:
    try:
        kind, status, tif = Kind(report.order_type), OrderStatus(report.order_status), Tif(report.time_in_force.lower())
    except ValueError as error:
        raise ProtocolError(f"order {report.order_id[:30]!r}: {error}") from None
    return OrderView(
        order_id=report.order_id,
        account="",
        pair=instrument.pair,
        side=_side(report.side),
        kind=kind,
        lots=parse_scaled(_text(report.order_qty), instrument.lot_decimals),
        ticks=parse_scaled(_text(_price(report)), instrument.price_decimals),
        trigger_ticks=0,
        tif=tif,
        post_only=report.post_only,
        reduce_only=False,
        cl_ord_id=report.cl_ord_id,
        userref=0,
        status=status,
        filled_lots=_filled_lots(report, instrument),
        cost=money_from_text(_text(report.cum_cost)),
        fee=Money(0),
        opened_ns=nanos(report.timestamp),
        closed_ns=0,
        expire_ns=0,
        triggered=False,
        reason=report.reason,
        exec_ids=(),
    )
