"""The entry slot of a backtest: the live brain that lets only the strongest of several instruments be entered.

Rules: it sees the same books and hears of traders in the same words as in the supervisor, at every pulse.
Owns: the brain.
"""

from collections.abc import Mapping

from wildbot.backtest.setup import BacktestSetup
from wildbot.backtest.trader_stage import TraderStage
from wildbot.desk.entry_slot import EntrySlotDesk
from wildbot.market.dominance import Contest
from wildbot.model.instrument import Instrument
from wildbot.model.market_data import InstrumentChanged, MarketEvent


class SlotStage:
    """Grants the slot to one of `traders` (by pair) at a time."""

    def __init__(
        self,
        contest: Contest,
        setup: BacktestSetup,
        instruments: tuple[Instrument, ...],
        traders: Mapping[str, TraderStage],
    ) -> None:
        self._desk = EntrySlotDesk(contest, allow_short=setup.gateway_limits.allow_short)
        self._traders = traders
        for instrument in instruments:
            self._desk.on_market(InstrumentChanged(instrument))

    def on_market(self, event: MarketEvent) -> None:
        """Take in market data, as the traders do."""
        self._desk.on_market(event)

    def pulse(self, now_ns: int) -> None:
        """Hear the traders, then tell them what has changed."""
        for trader in self._traders.values():
            status = trader.status(now_ns)
            if status is not None:
                self._desk.on_trader(status)
        for slot in self._desk.look(now_ns):
            self._traders[slot.pair].give(slot, now_ns)
