"""Round trips, from flat to flat, out of the fills alone."""

from collections.abc import Iterable, Mapping

import msgspec

from wildbot.model.desk import PositionState
from wildbot.model.executions import Filled
from wildbot.model.instrument import Instrument, Money
from wildbot.trading.position import Position


class RoundTrip(msgspec.Struct, frozen=True):
    """One round trip; `net` is after all its fees."""

    pair: str
    opened_ns: int
    closed_ns: int
    net: Money


def round_trips(fills: Iterable[Filled], instruments: Mapping[str, Instrument]) -> list[RoundTrip]:
    """Return the round trips of fills of one or more pairs, in the order they ended."""
    positions: dict[str, Position] = {}
    trips: list[RoundTrip] = []
    for fill in fills:
        position = positions.setdefault(fill.pair, Position(PositionState(fill.pair)))
        opened_ns = position.state.opened_ns
        outcome = position.apply(fill, instruments[fill.pair].lot_decimals)
        if outcome.trip_closed:
            trips.append(RoundTrip(fill.pair, opened_ns, fill.ts_ns, outcome.trip_pnl))
    return trips
