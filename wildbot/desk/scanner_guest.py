"""The pair scanner as the supervisor's guest: hears what the feed publishes, keeps recent books, ranks the pairs.

Rules: decides nothing itself; `PairScanner` scores, `SwitchRule` proposes. What a proposal leads to is the supervisor's
    business.
"""

from collections.abc import Collection, Sequence

from wildbot.desk.supervision_words import Ranked, RankedPair, SwapProposed
from wildbot.market.dominance import Contest
from wildbot.market.pair_score import PairScanner, PairScore, PastQuote, ScannerRules
from wildbot.market.pair_switch import SwitchRule
from wildbot.market.recent_books import RecentBooks
from wildbot.model.instrument import Money
from wildbot.model.market_data import BookInvalidated, BookSnapshot, InstrumentChanged, MarketEvent
from wildbot.model.status import InstrumentTable


class ScannerGuest:
    """The scanner of one run; `look` returns what the supervisor has to hear."""

    def __init__(
        self,
        rules: ScannerRules,
        switch: SwitchRule,
        universe: tuple[str, ...],
        currency: str,
        contest: Contest | None = None,
    ) -> None:
        self._scanner = PairScanner(rules, universe, currency, contest)
        self._recent: dict[str, RecentBooks] = {}
        self._switch = switch

    def on_market(self, event: MarketEvent) -> None:
        """Take in one published event."""
        match event:
            case BookSnapshot():
                self._scanner.on_book(event)
                self._recent.setdefault(event.pair, RecentBooks()).add(event)
            case BookInvalidated():
                self._scanner.on_invalid(event)
                self._recent.pop(event.pair, None)
            case InstrumentChanged(instrument):
                self._scanner.set_instrument(instrument, None)
            case _:
                pass

    def on_past(self, pair: str, quotes: Sequence[PastQuote]) -> None:
        """Take in how a pair's touch stood before we listened, oldest first."""
        self._scanner.on_past(pair, quotes)

    def history(self, pair: str) -> tuple[BookSnapshot, ...]:
        """Return what the pair's book did lately; nothing for a pair that has no valid book."""
        recent = self._recent.get(pair)
        return recent.history() if recent is not None else ()

    def on_instruments(self, table: InstrumentTable) -> None:
        """Take in the gateway's table with the account's own fees."""
        for instrument in table.instruments:
            self._scanner.set_instrument(instrument, table.fees.get(instrument.pair))

    def set_share(self, share: Money) -> None:
        """One trader's part of the capital from now on."""
        self._scanner.set_share(share)

    def set_universe(self, pairs: tuple[str, ...]) -> None:
        """Score exactly these pairs."""
        self._scanner.set_universe(pairs)

    def look(self, traded: Collection[str], now_ns: int) -> tuple[tuple[PairScore, ...], list[Ranked | SwapProposed]]:
        """Return the ranking, and the same as events for the supervisor's brain."""
        scores = self._scanner.ranking(now_ns)
        rows = tuple(RankedPair(row.pair, row.tradeable, row.fits, row.warm, row.reason) for row in scores)
        events: list[Ranked | SwapProposed] = [Ranked(rows)]
        proposal = self._switch.look(scores, traded, now_ns)
        if proposal is not None:
            events.append(SwapProposed(proposal.out, proposal.into, proposal.reason))
        return scores, events
