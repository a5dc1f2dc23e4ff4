"""The sentence that describes an order in REST answers: "buy 0.10000000 LTCUSDT @ limit 50.00000".

Rules: the wording is exact, since clients split it: size with lot decimals, prices with pair decimals, the pair's altname.
Source: Kraken REST trading pages and recorded answers.
"""

from wildbot.model.exchange import OrderView, PlaceOrder
from wildbot.model.instrument import MONEY_DECIMALS, Instrument
from wildbot.model.orders import Side
from wildbot.venues.kraken.server_names import pair_altname

KIND_WORDS = {
    "stop-loss": "stop loss",
    "stop-loss-limit": "stop loss",
    "take-profit": "take profit",
    "take-profit-limit": "take profit",
}


def request_text(instrument: Instrument, request: PlaceOrder) -> str:
    """Return the description of an order being placed."""
    size = instrument.lots_text(request.lots)
    if request.quote_money:
        size = instrument.lots_text(request.quote_money * 10**instrument.lot_decimals // 10**MONEY_DECIMALS)
    return _text(instrument, request.side, size, request.kind, request.ticks, request.trigger_ticks)


def order_text(instrument: Instrument, order: OrderView) -> str:
    """Return the description of an order that stands."""
    size = instrument.lots_text(order.lots)
    return _text(instrument, order.side, size, order.kind, order.ticks, order.trigger_ticks)


def _text(instrument: Instrument, side: Side, size: str, kind: str, ticks: int, trigger_ticks: int) -> str:
    head = f"{side} {size} {pair_altname(instrument)} @"
    if kind not in KIND_WORDS:
        return f"{head} limit {instrument.price_text(ticks)}" if ticks else f"{head} market"
    limit = f" -> limit {instrument.price_text(ticks)}" if ticks else ""
    return f"{head} {KIND_WORDS[kind]} {instrument.price_text(trigger_ticks)}{limit}"
