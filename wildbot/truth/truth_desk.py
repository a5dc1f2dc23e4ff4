"""What our fills are worth and whether paper would have said the same: one mind for the profit ledger and the twins.

Rules: it only listens, and lags by the time that events are held back. Whatever it misses of our orders counts for nothing;
    whatever it misses of our fills it is told from the journal, by `catch_up`. The net result of a model is the account's
    change, plus what its fills of our orders were worth, less what the real ones were.
Owns: the ledger, the twins by pair, the tallies, the tapes for the queue parameter.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from wildbot.model.executions import Filled, OrderReport
from wildbot.model.instrument import MONEY_DECIMALS, NANOS_PER_SECOND, Instrument, Money
from wildbot.model.market_data import BookInvalidated, BookSnapshot, MarketEvent, TradePrint
from wildbot.model.orders import NewOrder
from wildbot.model.status import Believer, InstrumentTable, PowerBelief, TruthStatus
from wildbot.model.tape import TapeBody, TapeEntry
from wildbot.simulation.fills import FILL_MODELS, FillModel, QueuePosition
from wildbot.simulation.queue_fit import OrderTape, PowerFit, fit_power
from wildbot.truth.fill_values import Tally
from wildbot.truth.holdback import HOLD_NS, Holdback
from wildbot.truth.profit_ledger import Mark, ProfitLedger
from wildbot.truth.twin_pair import ACTUAL, TwinPair

TAPES_MAX = 200
TAPE_STEPS_MAX = 10_000
"""Steps of all tapes together: a fit over so many takes a third of a second, and no heartbeat shall wait for longer."""

ORDERS_MAX = 5_000
FIT_EVERY_NS = 300 * NANOS_PER_SECOND
FIT_LEAST = 10
LATE_NS = NANOS_PER_SECOND
"""A fill that much older than what was handled already has no mid of its time any more."""

MarketNews = BookSnapshot | TradePrint | BookInvalidated


class TwinRecord(msgspec.Struct):
    """What is kept over restarts: the tallies, the last fit, the last mids by pair on the ledger's scale."""

    tallies: dict[str, Tally] = msgspec.field(default_factory=dict)
    power: PowerBelief | None = None
    mids: dict[str, int] = msgspec.field(default_factory=dict)
    ts_ns: int = 0


class TruthDesk:
    """See the module docstring."""

    def __init__(
        self,
        record: TwinRecord,
        marks: Mapping[str, Mark],
        *,
        window: int,
        shows_own: bool,
        models: Sequence[FillModel] = tuple(FILL_MODELS.values()),
    ) -> None:
        """`window`: levels of a side that a book shows at most; `shows_own`: whether our orders stand in it."""
        self.ledger = ProfitLedger(marks)
        self._tallies = {name: record.tallies.get(name, Tally()) for name in (ACTUAL, *(model.name for model in models))}
        self._power = record.power
        self._used = next((model.power for model in models if isinstance(model, QueuePosition)), 1.0)
        self._window, self._shows_own, self._models = window, shows_own, models
        self._instruments: dict[str, Instrument] = {}
        self._pairs: dict[str, TwinPair] = {}
        self._held: Holdback[MarketNews | Filled | OrderReport | NewOrder] = Holdback()
        self._tapes: deque[OrderTape] = deque(maxlen=TAPES_MAX)
        self._pair_of: dict[str, str] = {}
        self._seq = 0
        self._fresh_tapes = 0
        self._fitted_ns = 0

    # --- news ---------------------------------------------------------------------------------------------------------

    def on_market(self, event: MarketEvent, now_ns: int) -> None:
        """Take in what everybody hears."""
        if isinstance(event, BookSnapshot | TradePrint):
            self._held.push(event, event.venue_ts_ns or event.recv_ts_ns, now_ns, first=False)
        elif isinstance(event, BookInvalidated):
            self._held.push(event, event.recv_ts_ns, now_ns, first=False)

    def on_tape(self, entry: TapeEntry, now_ns: int) -> None:
        """Take in what the order gateway says aloud."""
        if entry.seq != self._seq + 1:
            for pair in self._pairs.values():
                pair.forget()
        self._seq = entry.seq
        self._on_body(entry.body, now_ns)

    def _on_body(self, body: TapeBody, now_ns: int) -> None:
        if isinstance(body, InstrumentTable):
            self._learn(body)
        elif isinstance(body, NewOrder):
            self._pair_of[body.cl_ord_id] = body.pair
            while len(self._pair_of) > ORDERS_MAX:
                del self._pair_of[next(iter(self._pair_of))]
            self._held.push(body, 0, now_ns - HOLD_NS, first=True)  # before its reports, whatever they say of the time
        else:
            self._held.push(body, body.ts_ns, now_ns, first=True)

    def _learn(self, table: InstrumentTable) -> None:
        for instrument in table.instruments:
            pair, known = instrument.pair, self._instruments.get(instrument.pair)
            self._instruments[pair] = instrument
            if known is None or replace(instrument, status=known.status) != known:  # counted in other units from now on
                self._pairs[pair] = TwinPair(
                    instrument, self._models, self._tallies, window=self._window, shows_own=self._shows_own
                )
            self._pairs[pair].fees = table.fees[pair]

    def catch_up(self, fills: Iterable[Filled]) -> None:
        """The journal's fills, on the ledger's scale; those that are known are passed over."""
        for fill in fills:
            self.ledger.on_fill(fill, is_late=True)

    # --- time ---------------------------------------------------------------------------------------------------------

    def look(self, now_ns: int) -> None:
        """Handle what has been held back long enough."""
        for venue_ns, event in self._held.due(now_ns):
            self._handle(event, venue_ns)
        for pair in self._pairs.values():
            self._keep(pair.tapes)
            pair.tapes.clear()
        if self._fresh_tapes >= FIT_LEAST and now_ns - self._fitted_ns >= FIT_EVERY_NS:
            self._fitted_ns, self._fresh_tapes = now_ns, 0
            self._power = _belief(self._used, fit_power(tuple(self._tapes)))

    def _keep(self, tapes: Sequence[OrderTape]) -> None:
        """Keep the newest tapes, as many as a fit can look at without holding anybody up."""
        self._tapes.extend(tapes)
        self._fresh_tapes += len(tapes)
        steps = sum(len(tape.steps) for tape in self._tapes) if tapes else 0
        while steps > TAPE_STEPS_MAX:
            steps -= len(self._tapes.popleft().steps)

    def finish(self, now_ns: int) -> None:
        """Handle everything that is left; nothing more will come."""
        for venue_ns, event in self._held.due(now_ns, hold_ns=-HOLD_NS):
            self._handle(event, venue_ns)
        for pair in self._pairs.values():
            pair.finish(self._held.handled_ns)

    def _handle(self, event: MarketNews | Filled | OrderReport | NewOrder, venue_ns: int) -> None:
        if isinstance(event, NewOrder):
            if event.pair in self._pairs:
                self._pairs[event.pair].on_order(event)
            return
        if isinstance(event, Filled):
            self._on_fill(event)
        pair = self._pairs.get(self._pair(event))
        if pair is None:
            return
        if isinstance(event, BookSnapshot | TradePrint | BookInvalidated):
            if isinstance(event, BookSnapshot) and event.is_two_sided:
                scale = 10 ** (MONEY_DECIMALS - self._instruments[event.pair].price_decimals)
                self.ledger.on_mid(event.pair, (event.bid_ticks[0] + event.ask_ticks[0]) * scale, venue_ns)
            pair.on_market(event, venue_ns)
        else:
            pair.on_report(event, venue_ns)

    def _pair(self, event: MarketNews | OrderReport) -> str:
        if isinstance(event, BookSnapshot | TradePrint | BookInvalidated | Filled):
            return event.pair
        return self._pair_of.get(event.cl_ord_id, "")

    def _on_fill(self, fill: Filled) -> None:
        instrument = self._instruments.get(fill.pair)
        if instrument is None:
            return  # the journal has it
        scaled = replace(
            fill,
            ticks=fill.ticks * 10 ** (MONEY_DECIMALS - instrument.price_decimals),
            lots=fill.lots * 10 ** (MONEY_DECIMALS - instrument.lot_decimals),
        )
        self.ledger.on_fill(scaled, is_late=self._held.handled_ns - fill.ts_ns > LATE_NS)

    # --- answers ------------------------------------------------------------------------------------------------------

    def status(self, now_ns: int) -> TruthStatus:
        """Return what is known now."""
        split = self.ledger.split()
        pending = self._pending()
        values = {name: tally.value + pending.get(name, 0) for name, tally in self._tallies.items()}
        change = int(split.total.scaleb(MONEY_DECIMALS).to_integral_value()) if self.ledger.fills else 0
        return TruthStatus(
            ts_ns=now_ns,
            fills=self.ledger.fills,
            unmarked=self.ledger.unmarked,
            split={
                "spread": split.spread,
                "adverse_selection": split.adverse_selection,
                "inventory": split.inventory,
                "fees": split.fees,
            },
            markouts=self.ledger.markouts(),
            believers={
                name: _believer(tally, Money(change + values[name] - values[ACTUAL]))
                for name, tally in self._tallies.items()
            },
            power=self._power,
            turnover=self.ledger.turnover,
        )

    def record(self, now_ns: int) -> TwinRecord:
        """Return what a later run should go on from."""
        return TwinRecord(self._tallies, self._power, self.ledger.last_mids(), now_ns)

    def _pending(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for pair in self._pairs.values():
            for name, value in pair.values.pending().items():
                found[name] = found.get(name, 0) + value
        return found


def _believer(tally: Tally, net_pnl: Money) -> Believer:
    wait_s = tally.waits_s / tally.filled_orders if tally.filled_orders else None
    move_bps = tally.move_bps / tally.valued if tally.valued else None
    return Believer(tally.orders, tally.filled_orders, tally.fills, net_pnl, wait_s, move_bps)


def _belief(used: float, fit: PowerFit) -> PowerBelief:
    return PowerBelief(used, fit.power, fit.low, fit.high, fit.orders, fit.trades)
