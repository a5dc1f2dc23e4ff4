"""Where one trader stands: its instrument's rules and session, its fees, its position and its lease, as last told.

Owns: those five; each is replaced by the newest word of the one who knows (exchange, account, journal, allocator).
"""

from wildbot.market.pair_market import PairMarket
from wildbot.market.session import entries_open, waiting_text
from wildbot.model.desk import CapitalLease, FeesChanged, Inheritance, LeaseRefused, PositionState
from wildbot.model.instrument import PPM, FeeSchedule, Instrument, Money, PairStatus, money_text
from wildbot.model.market_data import InstrumentChanged, SessionHours
from wildbot.model.status import Severity
from wildbot.trading.lease_keeper import LeaseKeeper
from wildbot.trading.note import Note
from wildbot.trading.order_ledger import OrderLedger
from wildbot.trading.position import Position
from wildbot.trading.risk import RiskFacts

STATUS_REDUCE_ONLY = PairStatus.REDUCE_ONLY
NO_LEASE, CLOSED, REDUCE_ONLY = "no_lease", "session_closed", "pair_reduce_only"

StandingNews = CapitalLease | LeaseRefused | FeesChanged | InstrumentChanged | SessionHours | Inheritance


class Standing:
    """One trader's circumstances."""

    __slots__ = ("fees", "instrument", "lease", "position", "session")

    def __init__(self, epoch: int, instrument: Instrument, fees: FeeSchedule, position: PositionState) -> None:
        self.instrument = instrument
        self.fees = fees
        self.position = Position(position)
        self.lease = LeaseKeeper(instrument.pair, epoch)
        self.session: SessionHours | None = None

    def learn(self, news: StandingNews) -> Note | None:
        """Take in one change; return what is worth a line about it."""
        match news:
            case CapitalLease():
                if self.lease.granted(news):
                    return Note(Severity.INFO, "lease", f"{money_text(news.amount, 4)} may be at work")
            case LeaseRefused():
                if self.lease.refused(news):
                    return Note(Severity.INFO, "lease_refused", news.reason)
            case FeesChanged():
                self.fees = news.fees
            case InstrumentChanged():
                self.instrument = news.instrument
            case SessionHours():
                self.session = news
            case Inheritance():
                self.instrument, self.fees = news.instrument, news.fees
                self.position = Position(news.position)
        return None

    def entry_block(self, lease: Money, venue_now_ns: int) -> str:
        """Return the code of what forbids new entries while `lease` is in force, or ""."""
        if self.instrument.status is STATUS_REDUCE_ONLY:
            return REDUCE_ONLY
        if self.session is not None and not entries_open(self.session, venue_now_ns):
            return CLOSED
        return "" if lease > 0 else NO_LEASE

    def explain(self, code: str, venue_now_ns: int) -> str:
        """Return more words about why entries are forbidden, where there are any."""
        if code == NO_LEASE:
            return self.lease.refusal
        return waiting_text(self.session, venue_now_ns) if code == CLOSED else ""

    @property
    def held_lots(self) -> int:
        """The position, signed."""
        return self.position.state.lots

    def sellable_lots(self, lots: int) -> int:
        """Return how much of a sell of `lots` can be paid for: where fees were taken in coins, the fee is kept back."""
        state = self.position.state
        if state.lots <= 0 or not state.dust:
            return lots
        rate_ppm = max(0, self.fees.maker_ppm, self.fees.taker_ppm)
        most = state.lots * PPM // (PPM + rate_ppm)
        return min(lots, most // self.instrument.lot_step * self.instrument.lot_step)

    def least_lots(self, market: PairMarket) -> int:
        """Return the smallest order that leaves the position, at the touch as far as it is known."""
        bid, ask = market.touch
        return self.instrument.min_order_lots(bid if self.held_lots > 0 else ask)

    def facts(self, market: PairMarket, ledger: OrderLedger, now_ns: int) -> RiskFacts:
        """Return what the risk gate judges by."""
        return RiskFacts(
            now_ns=now_ns,
            book=market.book,
            is_valid=market.is_valid,
            data_age_ns=market.age_ns(now_ns),
            system=market.system,
            instrument=self.instrument,
            fees=self.fees,
            position=self.position.state,
            ledger=ledger,
            lease=self.lease.amount(now_ns),
        )
