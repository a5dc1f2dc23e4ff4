"""One backtest: recordings through the live engine, gateway and allocator in virtual time, with one fill model.

Rules: time is the recording's. At each recorded event the venue comes first (it may fill us), then the gateway's eye, then
    the trader, after the feed latency. Ten times a virtual second a pulse lets time act, as the live timers do. The desk
    starts a minute before the recording; when the recording ends, traders sell what they hold and are given a minute.
    The same setup and recordings give the same decisions, byte for byte.
Owns: the schedule, the venue, the stages.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from heapq import merge

import msgspec

from wildbot.analytics.markout import NO_PROFIT, Markout, MarkoutDesk, ProfitSplit, sum_splits
from wildbot.backtest.desk_stage import DeskStage
from wildbot.backtest.exchange_venue import ExchangeVenue
from wildbot.backtest.latency import ConstantLatency, Line
from wildbot.backtest.market_tape import MarketTape, TapeRow
from wildbot.backtest.pulses import SAMPLE_NS, Pulses
from wildbot.backtest.round_trips import RoundTrip, round_trips
from wildbot.backtest.schedule import Schedule
from wildbot.backtest.setup import BacktestSetup
from wildbot.backtest.slot_stage import SlotStage
from wildbot.backtest.tape_notes import TapeNotes
from wildbot.backtest.trader_stage import DecisionSink, TraderStage
from wildbot.backtest.venue import BacktestVenue
from wildbot.desk.gateway_commands import WriteFill
from wildbot.desk.gateway_state import GatewaySetup
from wildbot.model.exchange import ASSET_DECIMALS
from wildbot.model.instrument import MONEY_DECIMALS, NANOS_PER_SECOND, Money
from wildbot.model.market_data import BookSnapshot, SessionHours, TradePrint

START_UP_NS = 60 * NANOS_PER_SECOND
WIND_DOWN_NS = 60 * NANOS_PER_SECOND


@dataclass(slots=True)
class BacktestRun:
    """What happened. `equity` holds (time, money) at the beginning, once a minute while a market is open, and at the end,
    which takes in what was sold in winding down and stands for the last minute's sample where it comes within half a minute
    of it; `splits` and `notes` by pair; `digest` is the hash of all decisions. `orders` counts requests that left the
    gateway."""

    events: int = 0
    orders: int = 0
    fills: list[WriteFill] = field(default_factory=list)
    equity: list[tuple[int, Money]] = field(default_factory=list)
    markouts: dict[str, list[Markout]] = field(default_factory=dict)
    split: ProfitSplit = NO_PROFIT
    splits: dict[str, ProfitSplit] = field(default_factory=dict)
    trips: list[RoundTrip] = field(default_factory=list)
    notes: dict[str, TapeNotes] = field(default_factory=dict)
    alerts: dict[str, str] = field(default_factory=dict)
    halted: str = ""
    left_lots: dict[str, int] = field(default_factory=dict)
    digest: str = ""
    began_ns: int = 0
    ended_ns: int = 0


class Backtest:
    """Build it with the recordings of one currency, call `run` once."""

    def __init__(
        self,
        setup: BacktestSetup,
        tapes: list[MarketTape],
        decisions: DecisionSink | None = None,
        venue: ExchangeVenue | None = None,
    ) -> None:
        """Without a `venue` the recordings are mirrored, and our orders filled by the setup's model."""
        quotes = {tape.instrument.quote for tape in tapes}
        assert len(quotes) == 1, f"instruments of several currencies: {sorted(quotes)}"
        self._setup = setup
        self._tapes = tapes
        instruments = tuple(tape.instrument for tape in tapes)
        self._schedule = Schedule()
        self._venue = venue or BacktestVenue(
            instruments,
            model=setup.model,
            fees=setup.fees,
            tier=setup.tier,
            windows={tape.instrument.pair: tape.window for tape in tapes},
            rng=random.Random(setup.seed),
        )
        gateway = GatewaySetup(
            universe=tuple(each.pair for each in instruments),
            quote=quotes.pop(),
            starting=setup.capital,
            limits=setup.gateway_limits,
            tier=setup.tier,
        )
        self._desk = DeskStage(
            gateway,
            len(tapes),
            self._venue,
            self._schedule,
            orders=setup.order_latency,
            reports=setup.report_latency,
            tell=lambda epoch, message: self._traders[epoch].hear(message, self._now_ns),
            on_fill=lambda fill, at_ns: self._markouts[fill.pair].on_fill(fill, at_ns),
        )
        self._feed = Line(setup.feed_latency)
        self._has_feed_latency = not (isinstance(setup.feed_latency, ConstantLatency) and setup.feed_latency.draw_ns() == 0)
        self._now_ns = 0
        self._sink = decisions or DecisionSink()
        self._traders = {
            epoch: TraderStage(tape.instrument.pair, epoch, setup, self._desk.on_trader, self._sink)
            for epoch, tape in enumerate(tapes, start=1)
        }
        self._by_pair = {trader.pair: trader for trader in self._traders.values()}
        contest = setup.strategy.contest_of(setup.parameters)
        self._slot = SlotStage(contest, setup, instruments, self._by_pair) if contest is not None else None
        self._last: dict[str, BookSnapshot] = {}
        self._markouts = {tape.instrument.pair: MarkoutDesk(tape.instrument) for tape in tapes}
        self._pulses = Pulses(
            self._schedule,
            self._desk,
            self._venue,
            self._traders.values(),
            self._slot,
            self._last,
            feed=self._feed if self._has_feed_latency else None,
            sample=self._sample_open,
        )
        self._result = BacktestRun(notes={tape.instrument.pair: tape.notes for tape in tapes})

    def run(self, progress: Callable[[int], None] | None = None) -> BacktestRun:
        """Play everything; `progress` is called with the number of events now and then."""
        rows = self._rows()
        first = next(rows, None)
        if first is None:
            return self._result
        began_ns = _time_of(first)
        self._result.began_ns = began_ns
        self._start_up(began_ns)
        self._take(first)
        schedule, events = self._schedule, 1
        for row in rows:
            at_ns = _time_of(row)
            if schedule.due_ns <= at_ns:
                self.pass_until(at_ns)
            self._now_ns = at_ns
            self._take(row)
            events += 1
            if progress is not None and not events & 0x3FFF:
                progress(events)
        self._result.events = events
        return self._wind_down()

    def _rows(self) -> Iterator[TapeRow]:
        if len(self._tapes) == 1:
            return self._tapes[0].events
        return merge(*[tape.events for tape in self._tapes], key=_time_of)

    def _start_up(self, began_ns: int) -> None:
        start_ns = began_ns - START_UP_NS
        setup = self._setup
        self._now_ns = start_ns
        instrument = self._tapes[0].instrument
        self._venue.deposit(instrument.quote, setup.capital * 10 ** (ASSET_DECIMALS - MONEY_DECIMALS), start_ns)
        if setup.gateway_limits.allow_short:
            for tape in self._tapes:
                self._venue.deposit(tape.instrument.base, 10 ** (ASSET_DECIMALS + 9), start_ns)
        self._desk.begin(start_ns)
        self._schedule.at(start_ns, self._pulses.act)
        for trader in self._traders.values():
            trader.hello(start_ns)
        for tape in self._tapes:
            told_ns = began_ns
            for hours in tape.sessions:  # each is told as soon as the one before it is over
                self._schedule.at(told_ns, partial(self._tell_session, hours))
                told_ns = max(told_ns, hours.closes_ns)
        self.pass_until(began_ns)
        self._now_ns = began_ns
        self._result.equity.append((began_ns, setup.capital))

    def _tell_session(self, hours: SessionHours, now_ns: int) -> None:
        self._by_pair[hours.pair].give(hours, now_ns)
        if self._slot is not None:
            self._slot.on_market(hours)

    def _take(self, row: TapeRow) -> None:
        now_ns = self._now_ns
        news = self._venue.hear(row, now_ns)
        if news:
            self._desk.on_venue(news, now_ns)
            if self._schedule.due_ns <= now_ns:
                self.pass_until(now_ns)
        if type(row) is BookSnapshot:
            pair = row.pair
            self._last[pair] = row
            self._markouts[pair].on_mid(row.bid_ticks[0] + row.ask_ticks[0], now_ns)
        if self._has_feed_latency:
            self._schedule.at(self._feed.arrival_ns(now_ns), lambda at_ns: self._show(_received(row, at_ns), at_ns))
        else:
            self._show(row, now_ns)

    def _show(self, row: TapeRow, now_ns: int) -> None:
        if type(row) is not TradePrint:  # the gateway's eye makes nothing of trades
            self._desk.on_market(row, now_ns)
        if self._slot is not None:
            self._slot.on_market(row)
        self._by_pair[row.pair].give(row, now_ns)
        if self._schedule.due_ns <= now_ns:
            self.pass_until(now_ns)

    @property
    def due_ns(self) -> int:
        """When anybody of ours next does something by time alone."""
        return self._schedule.due_ns

    def pass_until(self, until_ns: int) -> None:
        """Let everything happen that is due by then. For tapes that are made while they are played."""
        schedule, pulses = self._schedule, self._pulses
        outer_ns, pulses.until_ns = pulses.until_ns, until_ns
        while schedule.due_ns <= until_ns:
            self._now_ns = max(self._now_ns, schedule.due_ns)
            schedule.run_until(schedule.due_ns)
        pulses.until_ns = outer_ns

    def _wind_down(self) -> BacktestRun:
        result, end_ns = self._result, self._now_ns
        for trader in self._traders.values():
            trader.retire(end_ns)
        self.pass_until(end_ns + WIND_DOWN_NS)
        result.equity[1:] = [each for each in result.equity[1:] if each[0] <= end_ns - SAMPLE_NS // 2]
        self._sample(end_ns)
        result.markouts = {pair: desk.markouts() for pair, desk in self._markouts.items()}
        result.splits = {pair: desk.split() for pair, desk in self._markouts.items()}
        result.split = sum_splits(list(result.splits.values()))
        result.orders, result.fills = self._desk.orders, self._desk.fills
        instruments = {tape.instrument.pair: tape.instrument for tape in self._tapes}
        result.trips = round_trips([row.fill for row in result.fills], instruments)
        result.alerts, result.halted = self._desk.alerts, self._desk.halted
        result.left_lots = {pair: lots for pair, trader in self._by_pair.items() if (lots := trader.held_lots)}
        result.digest, result.ended_ns = self._sink.digest, end_ns
        return result

    def _sample_open(self, now_ns: int) -> None:
        """Nothing is earned or lost while every market is closed: such minutes would make the others look calmer."""
        sessions = [tape.sessions for tape in self._tapes]
        if not all(sessions) or any(each.opens_ns <= now_ns <= each.closes_ns for some in sessions for each in some):
            self._sample(now_ns)

    def _sample(self, now_ns: int) -> None:
        """Equity: what was paid in, what all fills moved, and what is held at the mid."""
        books = self._desk.router.state.books
        equity = self._setup.capital + books.cash_flow
        for tape in self._tapes:
            book = self._last.get(tape.instrument.pair)
            lots = books.position(tape.instrument.pair).lots
            if book is not None and lots:
                value = tape.instrument.cost(book.bid_ticks[0] + book.ask_ticks[0], abs(lots)) // 2
                equity += value if lots > 0 else -value
        self._result.equity.append((now_ns, Money(equity)))


def _time_of(row: TapeRow) -> int:
    return row.recv_ts_ns


def _received(row: TapeRow, at_ns: int) -> TapeRow:
    return msgspec.structs.replace(row, recv_ts_ns=at_ns)
