"""Traders that compete for the entry slot, and their clock."""

from dataclasses import dataclass, field

import msgspec

from wildbot.desk.entry_slot import DayCount, EntrySlotDesk
from wildbot.market.dominance import Contest, EntrySignal
from wildbot.model.control import EntrySlot
from wildbot.model.desk import PositionState
from wildbot.model.instrument import NANOS_PER_MS, Money
from wildbot.model.market_data import BookSnapshot, InstrumentChanged
from wildbot.model.orders import Side
from wildbot.model.status import Quote, TraderStatus
from wildbot.simulation.lobster import stock

START = 1_700_000_000 * 10**9
STEP = 100 * NANOS_PER_MS
PAIRS = ("AAPL/USD", "AMZN/USD", "GOOG/USD")
AN_ORDER = Quote("x", "buy", 1, 1, 0, "pending", 0.0)


class BidShare:
    """A watch whose signal is the share of the best bid: buy from 70 percent, sell below 30."""

    def __init__(self) -> None:
        self.dominance: float | None = None
        self.signal: EntrySignal | None = None

    def on_book(self, book: BookSnapshot) -> None:
        share = 100 * book.bid_lots[0] / (book.bid_lots[0] + book.ask_lots[0])
        self.dominance = max(share, 100 - share)
        side = Side.BUY if share >= 70 else Side.SELL if share <= 30 else None
        self.signal = EntrySignal(side, self.dominance, self.dominance) if side is not None else None

    def on_gap(self) -> None:
        self.dominance = self.signal = None


@dataclass
class World:
    """A desk, its clock, and what the traders hold; every trader speaks before every look."""

    limit: int = 10
    short: bool = True
    count: DayCount | None = None
    now_ns: int = START
    positions: dict[str, PositionState] = field(default_factory=lambda: {pair: PositionState(pair) for pair in PAIRS})
    orders: dict[str, tuple[Quote, ...]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    states: dict[str, str] = field(default_factory=dict)
    held_until: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.desk = EntrySlotDesk(Contest(BidShare, self.limit), allow_short=self.short, count=self.count)
        for pair in PAIRS:
            self.desk.on_market(InstrumentChanged(stock(pair.partition("/")[0])))

    def book(self, pair: str, bid: int) -> None:
        self.desk.on_market(BookSnapshot(pair, 1, self.now_ns, self.now_ns, (100,), (bid,), (101,), (100 - bid,)))

    def look(self, seconds: float = 0.1, *, deaf: bool = False) -> list[EntrySlot]:
        said: list[EntrySlot] = []
        for _ in range(round(seconds * 10)):
            self.now_ns += STEP
            for pair in PAIRS:
                if pair not in self.silent:
                    self.desk.on_trader(self.status(pair))
            news = list(self.desk.look(self.now_ns))
            for slot in () if deaf else news:
                self.held_until[slot.pair] = slot.until_ns
            said += news
        return said

    def status(self, pair: str) -> TraderStatus:
        position, orders = self.positions[pair], self.orders.get(pair, ())
        state = self.states.get(pair, "trading")
        return TraderStatus(pair, 1, state, "s", "", position, Money(0), 0, 0, 0.0, orders, {}, self.now_ns)

    def trade(self, pair: str, lots: int) -> None:
        before = self.positions[pair]
        closed = before.lots != 0 and lots == 0
        self.positions[pair] = msgspec.structs.replace(
            before, lots=lots, trades=before.trades + 1, wins=before.wins + closed
        )

    def holders(self) -> list[str]:
        """The pairs whose trader believes that it may enter now."""
        return [pair for pair, until_ns in self.held_until.items() if until_ns > self.now_ns]
