"""Where one trader stands: its instrument's rules, its fees, its position and its lease, as last told.

Owns: those four; each is replaced by the newest word of the one who knows (exchange, account, journal, allocator).
"""

from wildbot.market.pair_market import PairMarket
from wildbot.model.desk import CapitalLease, FeesChanged, Inheritance, LeaseRefused, PositionState
from wildbot.model.instrument import FeeSchedule, Instrument, money_text
from wildbot.model.market_data import InstrumentChanged
from wildbot.model.status import Severity
from wildbot.trading.lease_keeper import LeaseKeeper
from wildbot.trading.note import Note
from wildbot.trading.order_ledger import OrderLedger
from wildbot.trading.position import Position
from wildbot.trading.risk import RiskFacts

StandingNews = CapitalLease | LeaseRefused | FeesChanged | InstrumentChanged | Inheritance


class Standing:
    """One trader's circumstances."""

    __slots__ = ("fees", "instrument", "lease", "position")

    def __init__(self, epoch: int, instrument: Instrument, fees: FeeSchedule, position: PositionState) -> None:
        self.instrument = instrument
        self.fees = fees
        self.position = Position(position)
        self.lease = LeaseKeeper(instrument.pair, epoch)

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
            case Inheritance():
                self.instrument, self.fees = news.instrument, news.fees
                self.position = Position(news.position)
        return None

    @property
    def held_lots(self) -> int:
        """The position, signed."""
        return self.position.state.lots

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
