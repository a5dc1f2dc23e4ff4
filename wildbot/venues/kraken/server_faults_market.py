"""Deeds on orders, money and markets: fills on demand, cuts, strangers, sweeps, changed rules, wicks, crossed books.

Rules: sizes, prices and money are exact; "40%" of an order means of its whole size. Whatever moves is a real order, trade
    or ledger entry of the exchange, so that books, balances and reports stay consistent.
"""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from wildbot.model.errors import ProtocolError, VenueRefusal
from wildbot.model.exchange import (
    ASSET_DECIMALS,
    BookChange,
    CancelPlaced,
    Kind,
    OrderView,
    PlaceOrder,
    Refusal,
    Tif,
)
from wildbot.model.instrument import (
    MONEY_DECIMALS,
    NANOS_PER_SECOND,
    PPM,
    FeeSchedule,
    Instrument,
    Money,
    PairStatus,
    money_text,
)
from wildbot.model.orders import Side
from wildbot.venues.kraken.server_faults_exchange import DirectedExchange
from wildbot.venues.kraken.server_faults_script import Fault
from wildbot.venues.kraken.server_ledger import Ledger
from wildbot.venues.kraken.server_stream import Stream
from wildbot.venues.kraken.server_text import exact_integer, request_lots, request_ticks

WICK_ACCOUNTS = {Side.BUY: "~wick-buy", Side.SELL: "~wick-sell"}
WALL_TIMES = 1_000
"""The wall that holds a wick is so many times as large as what it took to get there."""

EARN_SUFFIX = ".F"
WHOLE_BOOK = 1_000_000
PHANTOM_LOTS = 1_000_000
EndLater = Callable[[int, Callable[[int], None]], None]


class MarketDeeds:
    """One method per verb."""

    def __init__(self, exchange: DirectedExchange, ledger: Ledger, stream: Stream) -> None:
        self._exchange = exchange
        self._ledger = ledger
        self._stream = stream

    def do(self, fault: Fault, account: str, end_later: EndLater, now_ns: int) -> object:
        """Do one deed and return what came of it. Raises: ProtocolError, VenueRefusal when it cannot be done."""
        match fault.verb:
            case "fill":
                order = self._order(fault, account)
                return self._exchange.fill(account, order.order_id, self._share(fault, order), now_ns)
            case "restate":
                order = self._order(fault, account)
                self._exchange.restate(account, order.order_id, self._share(fault, order), now_ns)
            case "foreign":
                return self._foreign(fault, account, now_ns)
            case "earn.sweep":
                self._sweep(fault, account, now_ns)
            case "dms.fire":
                self._ledger.switch_fired(account, now_ns)
                return self._exchange.fire_switch(account, now_ns)
            case "meta.change":
                self._change_rules(fault, now_ns)
            case "fee.change":
                self._change_fees(fault, account, now_ns)
            case "wick":
                return self._wick(fault, end_later, now_ns)
            case _:
                assert fault.verb == "ws.cross", fault.verb
                return self._cross(fault, end_later, now_ns)
        return None

    # --- orders -----------------------------------------------------------------------------------------------------

    def _order(self, fault: Fault, account: str) -> OrderView:
        orders = self._exchange.open_orders(account)
        wanted = fault.text("order")
        if wanted in ("newest", "oldest") and orders:
            return orders[0 if wanted == "newest" else -1]
        for order in orders:
            if wanted in (order.order_id, order.cl_ord_id):
                return order
        raise ProtocolError(f"{account} has no open order {wanted[:40]!r}")

    def _share(self, fault: Fault, order: OrderView) -> int:
        text = fault.text("qty")
        if text.endswith("%"):
            return order.lots * exact_integer(text[:-1], 4) // 1_000_000
        return request_lots(self._exchange.instruments[order.pair], text)

    def _foreign(self, fault: Fault, account: str, now_ns: int) -> object:
        what = fault.text("what")
        if what == "balance":
            units = exact_integer(fault.text("amount"), ASSET_DECIMALS)
            kind = "deposit" if units >= 0 else "withdrawal"
            self._exchange.transfer(account, self._asset(fault), units, kind, now_ns)
            return None
        instrument = self._instrument(fault)
        side = Side(fault.text("side"))
        bids, asks = self._exchange.depth(instrument.pair, 1)
        best = (asks or bids) if side is Side.BUY else (bids or asks)
        if fault.text("price"):
            ticks = request_ticks(instrument, fault.text("price"))
        elif not best:
            raise ProtocolError(f"{instrument.pair} has no price; name one")
        else:  # an order far from the market, or one that trades at once
            ticks = best[0][0] if what == "fill" else best[0][0] * (9 if side is Side.BUY else 11) // 10
            ticks -= ticks % instrument.tick_step
        lots = request_lots(instrument, fault.text("qty")) if fault.text("qty") else int(instrument.min_order_lots(ticks))
        return self._place(account, instrument.pair, side, ticks, lots, Tif.IOC if what == "fill" else Tif.GTC, now_ns)

    def _place(self, account: str, pair: str, side: Side, ticks: int, lots: int, tif: Tif, now_ns: int) -> str:
        order = PlaceOrder(account=account, pair=pair, side=side, kind=Kind.LIMIT, lots=lots, ticks=ticks, tif=tif)
        reply = self._exchange.place(order, now_ns)
        if isinstance(reply, Refusal):
            raise VenueRefusal(reply.error)
        return reply.order_id

    # --- money ------------------------------------------------------------------------------------------------------

    def _asset(self, fault: Fault) -> str:
        return fault.text("asset") or next(iter(self._exchange.instruments.values())).quote

    def _sweep(self, fault: Fault, account: str, now_ns: int) -> None:
        asset, text = self._asset(fault), fault.text("qty")
        free = self._exchange.balances(account).get(asset, 0) - self._exchange.holds(account).get(asset, 0)
        if text.endswith("%"):
            units = free * exact_integer(text[:-1], 4) // 1_000_000
        else:
            units = exact_integer(text, ASSET_DECIMALS)
        if not 0 < units <= free:
            raise ProtocolError(f"{account} has no such free balance of {asset[:40]}")
        self._exchange.transfer(account, asset, -units, "earn", now_ns)
        self._exchange.transfer(account, asset + EARN_SUFFIX, units, "earn", now_ns)

    # --- rules ------------------------------------------------------------------------------------------------------

    def _instrument(self, fault: Fault) -> Instrument:
        instruments = self._exchange.instruments
        pair = fault.text("pair") or next(iter(instruments))
        if pair not in instruments:
            raise ProtocolError(f"no pair {pair[:40]!r}; there are: {', '.join(instruments)}")
        return instruments[pair]

    def _change_rules(self, fault: Fault, now_ns: int) -> None:
        old = self._instrument(fault)
        given = {name: fault.text(name) for name in fault.arguments if name != "pair" and fault.text(name)}
        numbers = {
            field: exact_integer(given[name], decimals)
            for name, field, decimals in (
                ("price_increment", "tick_step", old.price_decimals),
                ("qty_min", "min_lots", old.lot_decimals),
                ("cost_min", "min_cost", MONEY_DECIMALS),
            )
            if name in given
        }
        if any(value <= 0 for value in numbers.values()):
            raise ProtocolError("increments and minimums must be above 0")
        rates = self._exchange.fee_table(old.pair)[0]
        maker_ppm, taker_ppm = (
            exact_integer(given[name], 4) if name in given else standing
            for name, standing in (("maker_pct", rates.maker_ppm), ("taker_pct", rates.taker_ppm))
        )
        if not given:
            raise ProtocolError("meta.change changes nothing")
        if "maker_pct" in given or "taker_pct" in given:
            if not -PPM < min(maker_ppm, taker_ppm) <= max(maker_ppm, taker_ppm) < PPM:
                raise ProtocolError("fees must be below 100 %")
            self._exchange.set_fees(old.pair, FeeSchedule(maker_ppm, taker_ppm))
        status = PairStatus(given["status"]) if "status" in given else old.status
        new = msgspec.structs.replace(old, status=status, **numbers)
        self._exchange.set_instrument(new, now_ns)
        self._ledger.pair(now_ns, new, self._exchange.fee_table(old.pair))

    def _change_fees(self, fault: Fault, account: str, now_ns: int) -> None:
        in_base = {"base": True, "quote": False}.get(fault.text("currency"))
        volume = Money(exact_integer(fault.text("volume"), MONEY_DECIMALS)) if fault.text("volume") else None
        if volume is not None and volume < 0:
            raise ProtocolError("a volume must not be below 0")
        self._exchange.state_fee_terms(account, in_base=in_base, volume=volume)
        stated = {"currency": fault.text("currency"), "volume": None if volume is None else money_text(volume)}
        self._ledger.record("fee_terms", now_ns, {"account": account, **stated})

    # --- markets ----------------------------------------------------------------------------------------------------

    def _wick(self, fault: Fault, end_later: EndLater, now_ns: int) -> object:
        instrument = self._instrument(fault)
        percent = fault.arguments["pct"]
        assert isinstance(percent, Decimal), percent
        side = Side.BUY if percent > 0 else Side.SELL
        bids, asks = self._exchange.depth(instrument.pair, WHOLE_BOOK)
        levels = asks if side is Side.BUY else bids
        if not levels:
            raise ProtocolError(f"{instrument.pair} has nothing to take")
        target = int(levels[0][0] * (100 + percent) / 100)
        target = max(instrument.tick_step, target - target % instrument.tick_step)
        taken = [lots for ticks, lots in levels if (ticks <= target if side is Side.BUY else ticks >= target)]
        size = sum(taken) or levels[0][1]
        # One order takes everything on the way and stays at the far end as a wall, so that the price cannot come back.
        account = WICK_ACCOUNTS[side]
        self._exchange.open_account(account)
        order_id = self._place(account, instrument.pair, side, target, size * WALL_TIMES, Tif.GTC, now_ns)
        wall = CancelPlaced(account=account, order_id=order_id)
        end_later(now_ns + (fault.for_ns or NANOS_PER_SECOND), lambda at_ns: _take_back(self._exchange, wall, at_ns))
        return {"pair": instrument.pair, "price": instrument.price_text(target)}

    def _cross(self, fault: Fault, end_later: EndLater, now_ns: int) -> object:
        instrument = self._instrument(fault)
        _, asks = self._exchange.depth(instrument.pair, 1)
        if not asks:
            raise ProtocolError(f"{instrument.pair} has no ask to cross")
        pair, ticks = instrument.pair, asks[0][0] + instrument.tick_step
        self._show_bid(pair, ticks, PHANTOM_LOTS, now_ns)
        self._ledger.record("book_invalid", now_ns, {"pair": pair, "cause": "ws.cross"})
        end_later(now_ns + (fault.for_ns or NANOS_PER_SECOND), lambda at_ns: self._show_true_bid(pair, ticks, at_ns))
        return {"pair": pair, "price": instrument.price_text(ticks)}

    def _show_true_bid(self, pair: str, ticks: int, now_ns: int) -> None:
        bids, _ = self._exchange.depth(pair, WHOLE_BOOK)
        self._show_bid(pair, ticks, dict(bids).get(ticks, 0), now_ns)

    def _show_bid(self, pair: str, ticks: int, lots: int, now_ns: int) -> None:
        self._stream.publish([BookChange(pair=pair, levels=((Side.BUY, ticks, lots),), ts_ns=now_ns)], now_ns)


def _take_back(exchange: DirectedExchange, wall: CancelPlaced, now_ns: int) -> None:
    exchange.cancel(wall, now_ns)  # refused when somebody has taken all of it, or in maintenance: both are fine
