"""One trader's inventory, its exact average cost and the profit of its round trips.

Rules: everything is integer `Money`; a partial close takes its share of the basis, halves rounded away from zero, so that
    a position that is flat again has realised every unit that was paid. A round trip runs from flat to flat; a fill that
    crosses zero ends one trip and opens the next, and its fee is split between them by size. Fees count towards the trip.
Owns: one `PositionState`; the caller makes sure that no fill is applied twice (see `order_ledger`).
    A fee charged in the base coin is booked as what it is: coins of this fill sold, at its own price, to pay the fee.
    Coins finer than a lot are kept as `dust` beside the position and become lots again when they add up.
Known limit: `dust` is worth nothing in the basis until it is a lot; WildBot asks for quote fees, so there is hardly any.
"""

import msgspec
from msgspec.structs import replace

from wildbot.model.desk import PositionState
from wildbot.model.exchange import ASSET_DECIMALS
from wildbot.model.executions import Filled
from wildbot.model.instrument import MONEY_DECIMALS, Instrument, Money, round_half_up


class FillOutcome(msgspec.Struct, frozen=True, gc=False):
    """What one fill did: `realised` is its profit before fees, `trip_pnl` the net of the round trip it ended (else 0)."""

    realised: Money
    fee: Money
    closed_lots: int
    opened_lots: int
    trip_closed: bool
    trip_pnl: Money


class Position:
    """Inventory of one pair, fed with fills one at a time. `state` is all of it as one value; `Position(state)` goes on
    from it."""

    __slots__ = ("state",)

    def __init__(self, state: PositionState) -> None:
        self.state = state

    def apply(self, fill: Filled, lot_decimals: int = 0) -> FillOutcome:
        """Book one fill; its lots and cost are positive. `lot_decimals` are only read when its fee is in coins."""
        assert fill.lots > 0, fill
        if fill.fee and fill.fee_asset == fill.pair.partition("/")[0]:
            fill = self._with_fee_paid_in_quote(fill, lot_decimals)
        if fill.lots == 0:
            return self._eaten_by_its_fee(fill)
        held = self.state.lots
        closed_lots = min(abs(held), fill.lots) if held * fill.side.sign < 0 else 0
        opened_lots = fill.lots - closed_lots
        closing_cost = round_half_up(fill.cost * closed_lots, fill.lots)
        closing_fee = round_half_up(fill.fee * closed_lots, fill.lots)
        realised = trip_pnl = Money(0)
        if closed_lots:
            realised = self._close(fill, closed_lots, closing_cost, closing_fee)
            trip_pnl = self._end_trip_when_flat()
        trip_closed = closed_lots > 0 and self.state.lots == 0
        if opened_lots:
            self._open(fill, opened_lots, fill.cost - closing_cost, fill.fee - closing_fee)
        self.state = replace(self.state, trades=self.state.trades + 1, last_fill_ns=fill.ts_ns)
        return FillOutcome(realised, fill.fee, closed_lots, opened_lots, trip_closed, trip_pnl)

    def _with_fee_paid_in_quote(self, fill: Filled, lot_decimals: int) -> Filled:
        """Return the fill that does the same to lots and money, with its fee in quote; the rest of a lot becomes dust."""
        unit = 10 ** (ASSET_DECIMALS - lot_decimals)
        fee_lots = max(0, -(-(fill.fee - self.state.dust) // unit))
        dust = self.state.dust + fee_lots * unit - fill.fee
        lots = fill.lots - fill.side.sign * fee_lots
        value = Money(round_half_up(fill.cost * fill.fee, fill.lots * unit))
        self.state = replace(self.state, dust=dust)
        return replace(fill, lots=lots, cost=Money(fill.cost - fill.side.sign * value), fee=value)

    def _eaten_by_its_fee(self, fill: Filled) -> FillOutcome:
        # A buy of so few lots that the fee left dust alone: what it cost is lost until the dust is a lot again.
        state, lost = self.state, Money(-fill.cost)
        self.state = replace(
            state,
            realised=state.realised + lost,
            fees=state.fees + fill.fee,
            trip_pnl=state.trip_pnl + lost - fill.fee if state.lots else 0,
            trades=state.trades + 1,
            last_fill_ns=fill.ts_ns,
        )
        return FillOutcome(lost, fill.fee, 0, 0, False, Money(0))

    def _close(self, fill: Filled, lots: int, cost: int, fee: int) -> Money:
        state = self.state
        basis = round_half_up(state.basis * lots, abs(state.lots))
        realised = Money(-fill.side.sign * cost - basis)
        self.state = replace(
            state,
            lots=state.lots + fill.side.sign * lots,
            basis=state.basis - basis,
            realised=state.realised + realised,
            fees=state.fees + fee,
            trip_pnl=state.trip_pnl + realised - fee,
        )
        return realised

    def _end_trip_when_flat(self) -> Money:
        state = self.state
        if state.lots:
            return Money(0)
        won = state.trip_pnl > 0
        self.state = replace(state, wins=state.wins + won, losses=state.losses + (not won), trip_pnl=0, opened_ns=0)
        return state.trip_pnl

    def _open(self, fill: Filled, lots: int, cost: int, fee: int) -> None:
        state = self.state
        self.state = replace(
            state,
            lots=state.lots + fill.side.sign * lots,
            basis=state.basis + fill.side.sign * cost,
            fees=state.fees + fee,
            trip_pnl=state.trip_pnl - fee,
            opened_ns=state.opened_ns if state.lots else fill.ts_ns,
        )

    def unrealised(self, mark_ticks: int, instrument: Instrument) -> Money:
        """Return what closing everything at `mark_ticks` would realise, before the fee; 0 when flat."""
        lots = self.state.lots
        if lots == 0:
            return Money(0)
        value = instrument.cost(mark_ticks, abs(lots))
        return Money((value if lots > 0 else -value) - self.state.basis)


def average_cost_ticks(state: PositionState, instrument: Instrument) -> float:
    """Return the average entry price in fractional ticks, fees not included; 0.0 when flat. For signals and display."""
    if state.lots == 0:
        return 0.0
    scale = instrument.price_decimals + instrument.lot_decimals - MONEY_DECIMALS
    return float(state.basis / state.lots * 10.0**scale)
