"""What a strategy may know when it decides.

Rules: the engine owns one view and refills it for every decision; a strategy reads it and keeps nothing of it.
"""

from wildbot.model.desk import PositionState
from wildbot.model.instrument import FeeSchedule, Instrument, Lots, Money
from wildbot.model.market_data import BookSnapshot, SessionHours
from wildbot.trading.order_ledger import WorkingOrder
from wildbot.trading.position import average_cost_ticks


class TradingView:
    """Book, position and circumstances as of `now_ns`.

    `venue_now_ns` is event time, carried on by our clock while the market is silent. `lease` is 0 when none is in force.
    `entry_block` is a code when something outside the strategy forbids new entries (pause, breaker, no lease), else "".
    `session` is None for an instrument that always trades.
    `book` is two-sided whenever `decide` is called. `working_bid` and `working_ask` are live orders, however uncertain.
    """

    __slots__ = (
        "_cost_ticks",
        "_costed",
        "_costed_by",
        "allow_short",
        "book",
        "entry_block",
        "fees",
        "instrument",
        "lease",
        "max_position",
        "now_ns",
        "position",
        "session",
        "venue_now_ns",
        "working_ask",
        "working_bid",
    )

    def __init__(
        self,
        book: BookSnapshot,
        instrument: Instrument,
        fees: FeeSchedule,
        position: PositionState,
        lease: Money,
        max_position: float,
        allow_short: bool,
        entry_block: str,
        now_ns: int,
        venue_now_ns: int,
        working_bid: WorkingOrder | None = None,
        working_ask: WorkingOrder | None = None,
        session: SessionHours | None = None,
    ) -> None:
        self.book = book
        self.instrument = instrument
        self.fees = fees
        self.position = position
        self.lease = lease
        self.max_position = max_position
        self.allow_short = allow_short
        self.entry_block = entry_block
        self.now_ns = now_ns
        self.venue_now_ns = venue_now_ns
        self.working_bid = working_bid
        self.working_ask = working_ask
        self.session = session
        self._costed, self._costed_by = position, instrument  # what the price of was worked out last
        self._cost_ticks = average_cost_ticks(position, instrument)

    @property
    def max_position_lots(self) -> Lots:
        """The largest position the lease and the position limit allow at the mid; 0 without a lease."""
        book = self.book
        mid = (book.bid_ticks[0] + book.ask_ticks[0]) // 2
        return self.instrument.floor_lots_for(Money(int(self.lease * self.max_position)), mid)

    @property
    def average_cost_ticks(self) -> float:
        """Average entry price in fractional ticks; 0.0 when flat."""
        if self.position is not self._costed or self.instrument is not self._costed_by:
            self._costed, self._costed_by = self.position, self.instrument
            self._cost_ticks = average_cost_ticks(self.position, self.instrument)
        return self._cost_ticks

    @property
    def held_s(self) -> float:
        """Seconds since the position was opened; 0.0 when flat."""
        opened_ns = self.position.opened_ns
        return max(0, self.venue_now_ns - opened_ns) / 1e9 if self.position.lots else 0.0
