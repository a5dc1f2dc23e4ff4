"""What an order needs before it may stand: the units to reserve, and what a market order would cost right now."""

from wildbot.model.exchange import ASSET_DECIMALS, PlaceOrder
from wildbot.model.instrument import PPM, FeeSchedule, Instrument, Money
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


def hold_needed(
    instrument: Instrument, fees: FeeSchedule, request: PlaceOrder, *, ticks: int, trigger_ticks: int, lots: int
) -> tuple[str, int]:
    """Return (asset, units) to reserve for the unfilled `lots` of an order with these prices: the base coins of a sell;
    the cost and the dearer fee of a buy, at its limit or, without one, at its trigger."""
    if request.side is Side.SELL:
        return instrument.base, lots * 10 ** (ASSET_DECIMALS - instrument.lot_decimals)
    price = ticks if request.kind in LIMIT_KINDS else trigger_ticks
    cost = instrument.cost(price, lots)
    rate = fees.maker_ppm if request.post_only else max(fees.maker_ppm, fees.taker_ppm)
    return instrument.quote, cost + max(0, instrument.fee(cost, rate))


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
