"""What a round trip costs, what it can reach, and what the smallest one asks for: the sums behind "I do not trade because".

Rules: a maker who is filled on both sides collects the spread and is moved by one standard deviation within the horizon:
    that is what a trip can reach. Reaching the fees is necessary, not sufficient: whether anybody is paid for it is
    measured elsewhere (`analytics/viability.py`). Rates in basis points.
See: `pair_score.py` asks before a pair gets a trader, `wildbot viability` for the owner; both the same functions.
"""

import msgspec

from wildbot.model.instrument import FeeSchedule, Instrument, Liquidity, Money


class Reach(msgspec.Struct, frozen=True, gc=False):
    """What a passive round trip can bring (spread and one deviation) against its two maker fees."""

    expected_bps: float
    hurdle_bps: float

    @property
    def pays(self) -> bool:
        """Whether the fees are within reach at all."""
        return self.expected_bps >= self.hurdle_bps

    @property
    def text(self) -> str:
        """The comparison in words."""
        if self.pays:
            return f"expected {self.expected_bps:.1f} bps against a hurdle of {self.hurdle_bps:.1f} bps"
        return f"below hurdle: expected {self.expected_bps:.1f} of {self.hurdle_bps:.1f} bps"


def reach(spread_bps: float, volatility_bps: float, fees: FeeSchedule) -> Reach:
    """Return what is within reach; `volatility_bps` is one deviation over the horizon."""
    return Reach(volatility_bps + spread_bps, fees.round_trip_maker_bps)


def least_order(instrument: Instrument, ask_ticks: int, fees: FeeSchedule | None) -> Money:
    """Return what the smallest order costs at the ask, with its taker fee where the rates are known."""
    cost = instrument.cost(ask_ticks, instrument.min_order_lots(ask_ticks))
    fee = instrument.fee(cost, fees.rate_ppm(Liquidity.TAKER)) if fees is not None else 0
    return Money(cost + fee)


def break_even_win_rate(spread_bps: float, volatility_bps: float, fees: FeeSchedule) -> float | None:
    """Return the share of trips that has to win so that nothing is lost; None when even a won trip loses.

    A won trip brings what is within reach less two maker fees; a lost one is moved one deviation against us and leaves as
    taker, so that it pays a maker and a taker fee and earns no spread.
    """
    won = volatility_bps + spread_bps - fees.round_trip_maker_bps
    lost = volatility_bps + (fees.maker_ppm + fees.taker_ppm) / 100
    if won <= 0:
        return None
    return max(0.0, lost / (won + lost))
