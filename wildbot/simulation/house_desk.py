"""How the participants of a synthetic market act on one pair: in prices and sizes of their own, through the exchange."""

from wildbot.model.exchange import AmendDone, AmendPlaced, CancelPlaced, Kind, Placed, PlaceOrder, Tif
from wildbot.model.instrument import Instrument
from wildbot.model.orders import Side
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.pace import Pace


class HouseDesk:
    """One house account's orders on one pair. Prices are fractional ticks outside and rounded away from the other side.
    Times are the market's; the exchange gets its own."""

    def __init__(self, exchange: SimulatedExchange, instrument: Instrument, account: str, pace: Pace | None = None) -> None:
        self._exchange = exchange
        self._instrument = instrument
        self._pair = instrument.pair
        self._account = account
        self._pace = pace or Pace()
        exchange.open_account(account)

    @property
    def step_ticks(self) -> int:
        """The pair's tick size in ticks."""
        return self._instrument.tick_step

    def outward(self, side: Side, price: float) -> int:
        """Return the grid price for a resting order: down for bids, up for asks, at least one tick size."""
        grid = self._instrument.floor_ticks(price) if side is Side.BUY else self._instrument.ceil_ticks(price)
        return max(int(grid), self._instrument.tick_step)

    def lots_for(self, usd: float, price: float) -> int:
        """Return the size worth so much quote currency at a price in ticks; at least one lot step."""
        lots = usd / self._instrument.price_float(price) * 10.0**self._instrument.lot_decimals
        return max(1, int(lots) // self._instrument.lot_step) * self._instrument.lot_step

    def rest(self, side: Side, ticks: int, lots: int, now_ns: int) -> str | None:
        """Place a post-only order and return its id, or None when it was refused or would have matched."""
        request = PlaceOrder(
            account=self._account, pair=self._pair, side=side, kind=Kind.LIMIT, lots=lots, ticks=ticks, post_only=True
        )
        reply = self._exchange.place(request, self._pace.exchange_ns(now_ns))
        return reply.order_id if isinstance(reply, Placed) and self.left(reply.order_id) else None

    def move(self, order_id: str, ticks: int, total_lots: int, now_ns: int) -> bool:
        """Move a resting order in place; False when it may not, and then it stands as it was."""
        request = AmendPlaced(account=self._account, order_id=order_id, ticks=ticks, lots=total_lots, post_only=True)
        return isinstance(self._exchange.amend(request, self._pace.exchange_ns(now_ns)), AmendDone)

    def cancel(self, order_id: str, now_ns: int) -> None:
        """Take an order back; nothing happens when it is gone."""
        request = CancelPlaced(account=self._account, order_id=order_id)
        self._exchange.cancel(request, self._pace.exchange_ns(now_ns))

    def take(self, side: Side, lots: int, limit_ticks: int, now_ns: int) -> None:
        """Send an immediate-or-cancel order; a limit of 0 sends a market order."""
        kind = Kind.LIMIT if limit_ticks else Kind.MARKET
        request = PlaceOrder(
            account=self._account, pair=self._pair, side=side, kind=kind, lots=lots, ticks=limit_ticks, tif=Tif.IOC
        )
        self._exchange.place(request, self._pace.exchange_ns(now_ns))

    def left(self, order_id: str) -> int:
        """Return what is left of an order; 0 when it is gone."""
        return self._exchange.open_lots(self._account, order_id)

    def best(self) -> tuple[int | None, int | None]:
        """Return (best bid, best ask)."""
        return self._exchange.best(self._pair)

    def touch_lots(self, side: Side) -> int:
        """Return the size at the best price of a side; 0 when it is empty."""
        bid, ask = self.best()
        ticks = bid if side is Side.BUY else ask
        return self._exchange.level_lots(self._pair, side, ticks) if ticks is not None else 0

    def levels(self, side: Side) -> int:
        """Return how many prices have size on one side."""
        return self._exchange.level_count(self._pair, side)
