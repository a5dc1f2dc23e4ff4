"""One trader's whole mind: market data, reports, leases and orders from above in; requests and notes out.

Rules: `handle` and `on_timer` take the time as an argument and return what is to be done, in order; nothing else happens.
    Every request passed the risk gate in `WorkingOrders`. Position and ledger follow each report at once; only *acting*
    on a fill waits for the fill cooldown. Without a current book, or when the venue takes no orders, nothing rests.
Owns: position, orders, lease, signals and mode of one trader start.
Known limit: a venue status published before this trader subscribed is not known here; the gateway knows it.
"""

from collections.abc import Iterable, Sequence

from wildbot.market.pair_market import PairMarket
from wildbot.model.control import EntrySlot, Flatten, Pause, Resume, Retire, Retired
from wildbot.model.desk import (
    CapitalLease,
    FeesChanged,
    Inheritance,
    LeaseRefused,
    LeaseRequest,
    OrderRequest,
    PositionState,
)
from wildbot.model.executions import Filled, OrderReport
from wildbot.model.instrument import NANOS_PER_MS, FeeSchedule, Instrument, Money
from wildbot.model.market_data import (
    BookInvalidated,
    BookSnapshot,
    FeedBeat,
    InstrumentChanged,
    MarketEvent,
    SessionHours,
    Ticker,
    TradePrint,
    VenueStatus,
)
from wildbot.model.orders import Purpose, Side
from wildbot.model.status import TraderStatus
from wildbot.strategies.base import REST_NOTHING, Decision, StrategySpec
from wildbot.strategies.view import TradingView
from wildbot.trading.limits import EngineLimits
from wildbot.trading.mandate import Mandate, Mode, Verb
from wildbot.trading.note import Note, fill_note, info_note
from wildbot.trading.others_book import others_only
from wildbot.trading.quote_diff import NOTHING
from wildbot.trading.standing import Standing
from wildbot.trading.status_row import order_rows
from wildbot.trading.taker import Pursuit, TakerOrder
from wildbot.trading.working_orders import WorkingOrders

TIMER_NS = 100 * NANOS_PER_MS
"""How often `on_timer` wants to be called."""

EngineCommand = OrderRequest | LeaseRequest | Retired | Note
EngineEvent = MarketEvent | OrderReport | CapitalLease | LeaseRefused | FeesChanged | Inheritance | Verb | EntrySlot

NO_BOOK = BookSnapshot("", 0, 0, 0, (), (), (), ())
QUIET: tuple[EngineCommand, ...] = ()
TRUTH = "the order gateway is asked what is true"


class TradingEngine:
    """Decides for one pair. `decision` is the strategy's latest answer, `hindrance` why what it wants does not leave.
    It only takes back while `awaits_truth`, until the next inheritance: what rests and is held is not certain."""

    def __init__(
        self,
        *,
        pair: str,
        epoch: int,
        instrument: Instrument,
        fees: FeeSchedule,
        position: PositionState,
        strategy: StrategySpec,
        parameters: dict[str, object],
        limits: EngineLimits,
    ) -> None:
        self.pair, self.epoch = pair, epoch
        self.mandate = Mandate(needs_slot=strategy.exclusive)
        self.market = PairMarket(pair, limits.silence_max_ns)
        self.decision: Decision | None = None
        self.reason, self.hindrance = "starting", ""
        self._strategy_name, self._limits = strategy.name, limits
        self._strategy = strategy.make(parameters, instrument)
        self._standing = Standing(epoch, instrument, fees, position)
        policy = limits.quote_policy(self._strategy.requote_ticks, self._strategy.requote_threshold_bps)
        self._orders = WorkingOrders(epoch, limits, policy, self._standing, self.market)
        self._view = TradingView(
            NO_BOOK, instrument, fees, position, Money(0), limits.risk.max_position, limits.risk.allow_short, "", 0, 0
        )
        self._pursuit: Pursuit | None = None
        self._out: list[EngineCommand] = []
        self.is_dirty, self.stepped_ns, self.awaits_truth = True, 0, False
        self._has_unacted_fill, self._acted_ns = False, -(10**18)

    # --- events ---------------------------------------------------------------------------------------------------

    def handle(self, event: EngineEvent, now_ns: int) -> Sequence[EngineCommand]:
        """Take in one event; return what to do, in order, often nothing."""
        if type(event) is BookSnapshot:
            if (age_ns := now_ns - event.recv_ts_ns) > self._limits.late_book_ns:
                self._keep(self._orders.book_late(age_ns, now_ns))
            if self._limits.feed_shows_own and not self._orders.ledger.is_empty:
                event = others_only(event, self._orders.ledger.live)
            is_news = self.market.on_book(event)
            if self.market.is_two_sided:
                self._strategy.on_book(event)
            if not is_news and not self.is_dirty:
                return QUIET
        elif type(event) is TradePrint:
            self._strategy.on_trade(event)
            if not self._strategy.decides_on_trades:
                return QUIET
        elif type(event) is FeedBeat:
            if not self.market.on_beat(event) and not self.is_dirty:
                return QUIET
        elif type(event) is Ticker:
            return QUIET
        else:
            self._on_news(event, now_ns)
        self._step(now_ns)
        return self._flush()

    def warm(self, books: Iterable[BookSnapshot]) -> None:
        """Let the signals see two-sided books from before the start, oldest first; nothing is decided on them."""
        for book in books:
            self._strategy.on_book(book)

    def on_timer(self, now_ns: int) -> Sequence[EngineCommand]:
        """Let time act: lease renewal, stale orders, retries. To be called every `TIMER_NS`."""
        if self.mandate.mode is not Mode.RETIRED:
            self._keep(self._standing.lease.renewal(self._least_needed(), now_ns))
            if self.is_dirty or now_ns - self.stepped_ns >= self._limits.stale_order_ns:
                self._step(now_ns)
        return self._flush()

    def _flush(self) -> Sequence[EngineCommand]:
        if not self._out:
            return QUIET
        out, self._out = self._out, []
        return out

    def _on_news(self, event: EngineEvent, now_ns: int) -> None:
        match event:
            case CapitalLease() | LeaseRefused() | FeesChanged() | InstrumentChanged() | SessionHours():
                self._keep(self._standing.learn(event))
            case VenueStatus():
                self.market.system = event.system
            case BookInvalidated():
                self.market.on_invalid()
                self._strategy.on_gap()
            case Inheritance():
                # The gateway states the journal's truth anew: nothing of ours rests, and this is the position.
                self._orders.ledger.forget_live()
                self._keep(self._standing.learn(event))
                self._pursuit, self.awaits_truth = None, False
            case Pause() | Resume() | Flatten() | Retire():
                if self.mandate.obey(event, now_ns):
                    self._pursuit = None
                    self._out.append(info_note("mode", self.mandate.mode))
            case EntrySlot():
                self.mandate.grant(event, now_ns)
            case Ticker() | BookSnapshot() | TradePrint() | FeedBeat():
                pass  # handle() keeps these
            case _:
                self._on_report(event, now_ns)

    def _on_report(self, report: OrderReport, now_ns: int) -> None:
        is_news, note = self._orders.learn(report, now_ns)
        self._keep(note)
        if is_news and isinstance(report, Filled):
            self._has_unacted_fill = True
            outcome = self._standing.position.apply(report, self._standing.instrument.lot_decimals)
            self._keep(fill_note(report, outcome, self._standing.instrument))

    # --- acting ---------------------------------------------------------------------------------------------------

    def _step(self, now_ns: int) -> None:
        """Make what rests agree with what should, given everything known now."""
        self.is_dirty = False
        self.stepped_ns = now_ns
        if self.mandate.is_winding_down and not self.awaits_truth:
            self._wind_down(now_ns)
        elif trouble := TRUTH if self.awaits_truth else self.market.trouble(self._standing.instrument, now_ns):
            self.reason = trouble
            self._out += self._orders.rest(NOTHING, now_ns)
        elif self._pursuit is not None:
            self._leave(self._pursuit, now_ns)
        else:
            self._look(now_ns)
            self._follow(self._strategy.decide(self._view), now_ns)

    def _follow(self, decision: Decision, now_ns: int) -> None:
        self.decision, self.hindrance = decision, ""
        text = decision.text or self._standing.explain(decision.reason, self._view.venue_now_ns)
        self.reason = f"{decision.reason}: {text}" if text else decision.reason
        taker = decision.taker
        if taker is not None and taker.purpose is Purpose.EXIT:
            self._out.append(info_note(taker.reason, f"leaving {self._standing.instrument.lots_text(taker.lots)} as taker"))
            self._pursuit = Pursuit(taker)
            self._leave(self._pursuit, now_ns)
            return
        if self._has_unacted_fill:
            if now_ns - self._acted_ns < self._limits.fill_cooldown_ns:
                self.is_dirty = True  # too soon after the last fill: the timer comes back to it
                return
            self._has_unacted_fill, self._acted_ns = False, now_ns
        self._out += self._orders.rest(decision.target, now_ns)
        if taker is not None:
            self._out += self._orders.take(taker, now_ns)
        self.hindrance = self._orders.hindrance(now_ns) if decision.action != REST_NOTHING else ""
        self.reason = self.hindrance or self.reason

    def _leave(self, pursuit: Pursuit, now_ns: int) -> None:
        self.reason = pursuit.order.reason
        self.is_dirty = True  # until it is over the timer asks again
        is_over, requests = self._orders.leave(pursuit, now_ns)
        self._out += requests
        if is_over:
            self._pursuit, self._has_unacted_fill = None, False
            if pursuit.order.is_stop:
                self._orders.breakers.stopped_out(now_ns)

    def _wind_down(self, now_ns: int) -> None:
        """Flatten or retire: cancel everything, sell what was asked for, then say what is left."""
        if self.mandate.mode is Mode.RETIRED:
            return
        self.reason = self.mandate.mode
        self.is_dirty = True
        held = self._standing.held_lots
        if self.mandate.wants_flat and held:
            side = Side.SELL if held > 0 else Side.BUY
            self._pursuit = self._pursuit or Pursuit(TakerOrder(side, abs(held), Purpose.EXIT, self.mandate.mode))
            is_over, requests = self._orders.leave(self._pursuit, now_ns)
            is_done = is_over or self.mandate.has_tried_enough(self._pursuit.tries, now_ns)
        else:
            is_done, requests = True, self._orders.rest(NOTHING, now_ns)
        self._out += requests
        if is_done and self._orders.ledger.is_empty:
            self._finish()

    def _finish(self) -> None:
        held, least = self._standing.held_lots, self._standing.least_lots(self.market)
        if self.mandate.mode is Mode.RETIRING:
            lots = self._standing.instrument.lots_text(held)
            is_dust = 0 < abs(held) < least
            reason = f"{lots} is below the minimum and stays" if is_dust else f"{lots} is kept" if held else "flat"
            self._out.append(Retired(self.pair, self.epoch, held, held == 0 or is_dust, reason))
        self.mandate.wound_down()
        self._pursuit, self._has_unacted_fill = None, False

    # --- what it knows --------------------------------------------------------------------------------------------

    def _look(self, now_ns: int) -> None:
        view, standing, book = self._view, self._standing, self.market.book
        assert book is not None, "trouble() was asked before"
        view.book, view.instrument, view.fees, view.session = book, standing.instrument, standing.fees, standing.session
        view.position = standing.position.state
        view.lease = standing.lease.amount(now_ns)
        view.now_ns = now_ns
        view.venue_now_ns = self.market.venue_now_ns(now_ns)
        view.entry_block = self._entry_block(view)
        view.working_bid, view.working_ask = self._orders.ledger.quotes

    def _entry_block(self, view: TradingView) -> str:
        mandate = self.mandate
        block = mandate.mode_block or self._standing.entry_block(view.lease, view.venue_now_ns)
        return block or mandate.slot_block(view.now_ns) or self._orders.breakers.open_code(view.now_ns) or ""

    def _least_needed(self) -> Money:
        instrument, bid = self._standing.instrument, self.market.touch[0]
        return self._strategy.least_needed(instrument, self._standing.fees, bid) if bid else instrument.min_cost

    @property
    def position(self) -> PositionState:
        """The position, every report so far included."""
        return self._standing.position.state

    def status(self, now_ns: int) -> TraderStatus:
        """Return this trader's row of the status document."""
        bid, ask = self.market.touch
        return TraderStatus(
            pair=self.pair,
            epoch=self.epoch,
            state=self.mandate.mode,
            strategy=self._strategy_name,
            reason=self.reason,
            position=self.position,
            lease=self._standing.lease.amount(now_ns),
            bid_ticks=bid,
            ask_ticks=ask,
            data_age_ms=self.market.age_ns(now_ns) / NANOS_PER_MS,
            orders=order_rows(self._orders.ledger.live, now_ns),
            indicators=self.decision.indicators if self.decision is not None else {},
            ts_ns=now_ns,
        )

    def _keep(self, command: EngineCommand | None) -> None:
        if command is not None:
            self._out.append(command)
