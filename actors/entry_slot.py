"""The entry slot as the supervisor's guest: hears what the feed publishes and traders say, tells one of them it may enter.

Rules: decides nothing; `EntrySlotDesk` does. Does nothing at all for a strategy that is not exclusive.
Owns: the file with the day's count of entries.
"""

from collections.abc import Callable

from wildbot.adapters.home import Home
from wildbot.adapters.supervisor_state import DurableRecord
from wildbot.desk.entry_slot import DayCount, EntrySlotDesk
from wildbot.model.control import EntrySlot, EpochEnded, ToSupervisor
from wildbot.model.market_data import InstrumentChanged, MarketEvent
from wildbot.model.status import GatewayStatus, InstrumentTable, TraderStatus
from wildbot.settings import Settings
from wildbot.strategies.base import find_strategy


class SlotGuest:
    """The entry slot of one run; `tell` sends a word to the trader of its pair."""

    def __init__(self, settings: Settings, tell: Callable[[EntrySlot], object]) -> None:
        name = settings.trading.strategy
        contest = find_strategy(name).contest_of(settings.strategy_parameters(name))
        self._record = DurableRecord(Home(settings.home).data / f"{settings.profile}.entries.json", DayCount)
        self._desk = (
            EntrySlotDesk(contest, allow_short=settings.risk.allow_short, count=self._record.load()) if contest else None
        )
        self._tell = tell

    def on_market(self, event: MarketEvent) -> None:
        """Take in one published event."""
        if self._desk is not None:
            self._desk.on_market(event)

    def hear(self, message: ToSupervisor) -> None:
        """Take in what an actor says."""
        desk = self._desk
        if desk is None:
            return
        match message:
            case TraderStatus():
                desk.on_trader(message)
            case GatewayStatus():
                for position in message.account.positions:
                    desk.on_position(position)
            case EpochEnded(pair, epoch):
                desk.on_ended(pair, epoch)
            case InstrumentTable():
                for instrument in message.instruments:
                    desk.on_market(InstrumentChanged(instrument))
            case _:
                pass

    def look(self, now_ns: int) -> None:
        """Tell traders what has changed; to be called ten times a second."""
        if self._desk is None:
            return
        before = self._desk.count
        for slot in self._desk.look(now_ns):
            self._tell(slot)
        if self._desk.count is not before:
            self._record.save(self._desk.count)
