"""An exchange whose market is another exchange's public feed: honest paper.

    exchange = MirrorExchange(instruments, model=FILL_MODELS["queue_position"], rng=rng)
    exchange.hear(event, now_ns)           # whatever the feed says, verified
    exchange.place(request, now_ns)        # and everything else of `SimulatedExchange`

Rules: accounts, fees, minimums, order rates, ids and reports are those of `SimulatedExchange`; only the market differs.
    Our orders never move the mirrored book. A pair without a valid book is under maintenance: its orders can be
    cancelled, none is taken (EService:Unavailable), changed or filled. The outside's system status is ours.
    `now_ns` is when we hear of something, so whoever delays a request by L + D (order there, data back) judges it by
    the market as it was at the venue when the order would have arrived.
Source: see `fills` for the fill models, `mirror_book` for what is shown and what our takers had of it.
Known limit: our orders attract and repel nobody. Orders of two accounts of ours do not meet each other.
"""

import random
from collections.abc import Mapping, Sequence

import msgspec

from wildbot.model.instrument import FeeSchedule, Instrument, PairStatus
from wildbot.model.market_data import (
    BookInvalidated,
    BookSnapshot,
    InstrumentChanged,
    MarketEvent,
    TradePrint,
    VenueStatus,
)
from wildbot.simulation.engine_rules import EngineRules
from wildbot.simulation.exchange import STANDARD_RULES, SimulatedExchange
from wildbot.simulation.fills import SETTLE_NS, FillModel
from wildbot.simulation.mirror_book import OUTSIDE, WINDOW_LEVELS
from wildbot.simulation.mirror_pair import MirroredPair
from wildbot.simulation.order_rate import INTERMEDIATE, Tier


class MirrorNotice(msgspec.Struct, frozen=True):
    """A pair's mirror came to life or broke off, and why."""

    pair: str
    is_live: bool
    reason: str
    ts_ns: int


class MirrorExchange(SimulatedExchange):
    """The exchange; every pair waits for its first book."""

    def __init__(
        self,
        instruments: Sequence[Instrument],
        *,
        model: FillModel,
        rng: random.Random,
        windows: Mapping[str, int] | None = None,
        fees: FeeSchedule | None = None,
        tier: Tier = INTERMEDIATE,
        rules: EngineRules = STANDARD_RULES,
    ) -> None:
        """`instruments` are as the outside states them; `windows` is how many levels of a side its books show at most, by
        pair; WINDOW_LEVELS where nothing is said."""
        shown = windows or {}
        self._stated = {instrument.pair: instrument for instrument in instruments}
        super().__init__([_closed(each) for each in instruments], rng=rng, fees=fees, tier=tier, rules=rules)
        self._mirrors = {
            pair: MirroredPair(
                engine.instrument,
                engine.fee_table,
                engine.rules,
                model,
                shown.get(pair, WINDOW_LEVELS),
                accounts=self._accounts,
                ids=self._ids,
                say=self._events.append,
            )
            for pair, engine in self._engines.items()
        }
        self._engines.update(self._mirrors)
        self._notices: list[MirrorNotice] = []
        self.open_account(OUTSIDE)

    @property
    def live_pairs(self) -> list[str]:
        """The pairs whose mirror is true now."""
        return [pair for pair, mirrored in self._mirrors.items() if mirrored.mirror.is_live]

    def hear(self, event: MarketEvent, now_ns: int) -> None:
        """Take in what the outside's feed says. Pairs that are not listed here are passed over."""
        now = self._enter(now_ns)
        match event:
            case BookSnapshot():
                self._show(event, now)
            case TradePrint():
                if mirrored := self._mirrors.get(event.pair):
                    mirrored.trade(event, now)
            case BookInvalidated():
                self._break_off(event.pair, event.reason, now)
            case InstrumentChanged():
                self._state(event.instrument, now)
            case VenueStatus():
                if event.system is not self.system:
                    self.set_system(event.system, now)
            case _:
                pass  # tickers and beats repeat what is known

    def settle(self, now_ns: int) -> None:
        """Let time pass where nothing is heard."""
        for mirrored in self._mirrors.values():
            mirrored.mirror.settle(now_ns)

    def ahead_of(self, account: str, order_id: str) -> int:
        """Return the estimate of the lots ahead of a resting order of the account; 0 when it does not rest."""
        order = self._accounts.get(account).open.get(order_id)
        if order is None or order.key not in (mirror := self._mirrors[order.request.pair].mirror):
            return 0
        return mirror.ahead_of(order.key)

    def has_taken(self, pair: str) -> bool:
        """Whether takers of ours had something of what a pair shows."""
        return self._mirrors[pair].mirror.has_taken

    def take_notices(self) -> list[MirrorNotice]:
        """Return what happened to the mirrors since the last call."""
        notices, self._notices = self._notices, []
        return notices

    def _show(self, book: BookSnapshot, now: int) -> None:
        mirrored = self._mirrors.get(book.pair)
        if mirrored is None:
            return
        resumes = not mirrored.mirror.is_live
        if resumes:  # before its orders can trade: they are judged by the rules that hold now
            self.set_instrument(self._stated[book.pair], now)
        mirrored.show(book, now)
        if resumes:
            self._notices.append(MirrorNotice(book.pair, True, "", now))

    def _break_off(self, pair: str, reason: str, now: int) -> None:
        mirrored = self._mirrors.get(pair)
        if mirrored is None or not mirrored.mirror.is_live:
            return
        mirrored.interrupt()
        self.set_instrument(_closed(mirrored.instrument), now)
        self._notices.append(MirrorNotice(pair, False, reason, now))

    def _state(self, instrument: Instrument, now: int) -> None:
        pair = instrument.pair
        mirrored, former = self._mirrors.get(pair), self._stated.get(pair)
        if mirrored is None or former is None:
            return
        # The feed's channel does not tell the REST name.
        stated = self._stated[pair] = msgspec.structs.replace(instrument, rest_key=former.rest_key)
        if (former.price_decimals, former.lot_decimals) != (stated.price_decimals, stated.lot_decimals):
            self._break_off(pair, "precision changed", now)
            mirrored.restart(now)
        self.set_instrument(stated if mirrored.mirror.is_live else _closed(stated), now)


class MirrorMarket:
    """The market of a `MirrorExchange`, for whoever turns its clockwork: it acts when the feed speaks, and never ends."""

    def __init__(self, exchange: MirrorExchange) -> None:
        self._exchange = exchange
        self._due_ns = 0

    def start(self, now_ns: int) -> None:
        """Nothing to seed."""
        self.step(now_ns)

    def next_due_ns(self) -> int | None:
        """Return when queues should be looked at again."""
        return self._due_ns

    def step(self, now_ns: int) -> None:
        """Let time pass."""
        self._exchange.settle(now_ns)
        self._due_ns = now_ns + SETTLE_NS


def _closed(instrument: Instrument) -> Instrument:
    return msgspec.structs.replace(instrument, status=PairStatus.MAINTENANCE)
