"""What an order costs: its fee in either asset, the units to reserve before it may stand, and what a market order takes.

Rules: a fee in the quote currency is rounded to the pair's cost decimals, one in the base asset to its lot decimals, both
    half up and fill by fill. A buyer who pays in the base asset gets that much less of it and reserves only the cost; a
    seller who does needs the fee on top of what is sold.
"""

from wildbot.model.exchange import ASSET_DECIMALS, PlaceOrder
from wildbot.model.instrument import PPM, FeeSchedule, Instrument, Money, round_half_up
from wildbot.model.orders import Side
from wildbot.simulation.book import Book
from wildbot.simulation.engine_rules import STANDARD_PROTECTION_PPM
from wildbot.simulation.live_order import LIMIT_KINDS


def protection_ticks(book: Book, side: Side, ppm: int = STANDARD_PROTECTION_PPM) -> int | None:
    """Return the worst price a market order may take, `ppm` beyond the best, or None when there is nothing to take."""
    best = book.best(side.opposite)
    if best is None:
        return None
    return best + side.sign * (best * ppm // PPM)


def base_units(instrument: Instrument, lots: int) -> int:
    """Return lots in 10**-ASSET_DECIMALS of the base asset."""
    return lots * int(10 ** (ASSET_DECIMALS - instrument.lot_decimals))


def fee_units(instrument: Instrument, *, in_base: bool, cost: Money, lots: int, rate_ppm: int) -> int:
    """Return the fee of one fill in 10**-ASSET_DECIMALS of the asset it is taken in."""
    if in_base:
        return base_units(instrument, round_half_up(lots * rate_ppm, PPM))
    return instrument.fee(cost, rate_ppm)


def quote_rates(fees: FeeSchedule, request: PlaceOrder) -> FeeSchedule:
    """Return the rates by which an order takes fees in the quote currency: none when it pays them in the base asset."""
    return FeeSchedule(0, 0) if request.fee_in_base else fees


def hold_needed(
    instrument: Instrument, fees: FeeSchedule, request: PlaceOrder, *, ticks: int, trigger_ticks: int, lots: int
) -> tuple[str, int]:
    """Return (asset, units) to reserve for the unfilled `lots` of an order with these prices: the base coins of a sell;
    the cost of a buy, at its limit or, without one, at its trigger; and the dearer fee, where it is of the same asset."""
    rate = fees.maker_ppm if request.post_only else max(fees.maker_ppm, fees.taker_ppm)
    price = ticks if request.kind in LIMIT_KINDS else trigger_ticks
    cost = instrument.cost(price, lots)
    fee = max(0, fee_units(instrument, in_base=request.fee_in_base, cost=cost, lots=lots, rate_ppm=rate))
    if request.side is Side.SELL:
        return instrument.base, base_units(instrument, lots) + (fee if request.fee_in_base else 0)
    return instrument.quote, cost + (0 if request.fee_in_base else fee)


def lots_for_quote(book: Book, instrument: Instrument, money: Money, protection_ppm: int = STANDARD_PROTECTION_PPM) -> int:
    """Return how much a market buy of `money` gets from the book now; its exact cost never exceeds `money`."""
    left, lots = int(money), 0
    for resting in book.walk(Side.BUY, protection_ticks(book, Side.BUY, protection_ppm)):
        fits = min(resting.lots, instrument.floor_lots_for(Money(left), resting.ticks))
        while fits > 0 and instrument.cost(resting.ticks, fits) > left:
            fits -= instrument.lot_step
        lots += max(0, fits)
        left -= instrument.cost(resting.ticks, max(0, fits))
        if fits < resting.lots:
            break
    return lots


def affordable_lots(
    book: Book,
    instrument: Instrument,
    fees: FeeSchedule,
    lots: int,
    money: int,
    protection_ppm: int = STANDARD_PROTECTION_PPM,
) -> int:
    """Return how much of a market buy of `lots` can be paid with `money`, taker fees included, fill by fill."""
    bought = 0
    for resting in book.walk(Side.BUY, protection_ticks(book, Side.BUY, protection_ppm)):
        fill = min(resting.lots, lots - bought)
        total = _cost_and_fee(instrument, fees, resting.ticks, fill)
        if total > money:
            before_fee = Money(money * PPM // (PPM + max(0, fees.taker_ppm)))
            fill = min(fill, instrument.floor_lots_for(before_fee, resting.ticks))
            while fill > 0 and _cost_and_fee(instrument, fees, resting.ticks, fill) > money:
                fill -= instrument.lot_step
            return bought + max(0, fill)
        money -= total
        bought += fill
        if bought == lots:
            return lots
    # Beyond the protected part of the book nothing is filled, so nothing has to be paid.
    return lots


def _cost_and_fee(instrument: Instrument, fees: FeeSchedule, ticks: int, lots: int) -> int:
    cost = instrument.cost(ticks, lots)
    return cost + instrument.fee(cost, fees.taker_ppm)
