"""No strategy: what a trader runs that was only started to leave a position.

Rules: never asked to decide, since its engine winds down from the first moment; not to be chosen in the settings.
Owns: nothing.
"""

import msgspec

from wildbot.model.instrument import FeeSchedule, Instrument, Money
from wildbot.model.market_data import BookSnapshot, TradePrint
from wildbot.strategies.base import Decision, ReasonCode, StrategySpec, rest_nothing
from wildbot.strategies.view import TradingView


class Reason(ReasonCode):
    """Why it does what it does."""

    LEAVING = "leaving", "leaves what an earlier trader held"


class _NoParameters(msgspec.Struct, frozen=True):
    """There is nothing to set."""


class _Leaving:
    """Wants nothing."""

    decides_on_trades = False
    requote_ticks = 1
    requote_threshold_bps = 0.0

    def on_book(self, book: BookSnapshot) -> None:
        """No signal."""

    def on_trade(self, trade: TradePrint) -> None:
        """No signal."""

    def on_gap(self) -> None:
        """No signal."""

    def least_needed(self, instrument: Instrument, fees: FeeSchedule, ticks: int) -> Money:
        """An exit needs no lease; what is asked for is the exchange's own minimum."""
        del fees, ticks
        return instrument.min_cost

    def decide(self, view: TradingView) -> Decision:
        """Want nothing."""
        del view
        return rest_nothing(Reason.LEAVING, {})


def _build(parameters: msgspec.Struct, instrument: Instrument) -> _Leaving:
    del parameters, instrument
    return _Leaving()


LEAVING = StrategySpec("leaving", "leaves what an earlier trader held", _NoParameters, _build, Reason)
