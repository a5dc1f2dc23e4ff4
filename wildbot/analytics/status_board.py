"""The status document and the snapshot for late joiners, built from the latest row of everyone.

Rules: the fields of docs/contract.md, with `books`, `events`, `candles_tail` and `reasons` added. Ages count from receipt
    on our clock, never from a sender's. Lists hold the newest last. Every collection and every text has a bound. What
    stands stands for the process that said so: its successor says it again, should it still be so.
Owns: the latest rows, the last trades, alerts and events, the histories.
"""

from collections import deque
from collections.abc import Sequence

import msgspec

from wildbot.analytics.account_sheet import AccountSheet, percent, value_account
from wildbot.analytics.hop_board import HopBoard
from wildbot.analytics.run_past import Print, RunPast
from wildbot.analytics.status_rows import (
    Row,
    TraderView,
    actor_row,
    alert_row,
    allocator_row,
    book_row,
    by_pair,
    gateway_row,
    number,
    scanner_row,
    trade_row,
    trader_row,
)
from wildbot.analytics.truth_rows import truth_row
from wildbot.market.pair_score import PairScore
from wildbot.model.control import NoneRest, ToSupervisor
from wildbot.model.desk import PositionState
from wildbot.model.instrument import NANOS_PER_SECOND, Instrument, Money, money_text
from wildbot.model.market_data import BookSnapshot
from wildbot.model.status import (
    Alert,
    AlertCleared,
    AllocatorStatus,
    GatewayStatus,
    Heartbeat,
    InstrumentTable,
    TradeRecord,
    TraderStatus,
    TruthStatus,
)

SCHEMA = 1
TRADES_MAX = 50
ALERTS_MAX = 50
EVENTS_MAX = 50
ACTORS_MAX = 64
TEXT_CHARACTERS_MAX = 400
SPEAKS_OF_OTHERS = "crash_watch"
"""Its conditions are those of other programs, and outlast it."""


class RunView(msgspec.Struct, frozen=True):
    """What only the supervisor knows, at the moment a document is asked for. `day_open`: equity as this UTC day began."""

    state: str
    reasons: tuple[str, ...]
    traders: tuple[TraderView, ...]
    traded: tuple[str, ...]
    peak: Money
    day_open: Money
    max_drawdown_pct: float


class StatusBoard:
    """Collects rows by `on_...` and answers with documents, ready for JSON."""

    def __init__(self, *, run_id: str, mode: str, currency: str, started_ns: int) -> None:
        self._head = {"schema": SCHEMA, "run_id": run_id, "mode": mode}
        self._currency = currency
        self._started_ns = started_ns
        self._seq = 0
        self._instruments: dict[str, Instrument] = {}
        self._books: dict[str, BookSnapshot] = {}
        self._past = RunPast()
        self._gateway: GatewayStatus | None = None
        self._allocator: AllocatorStatus | None = None
        self._truth: TruthStatus | None = None
        self._traders: dict[str, TraderStatus] = {}
        self._beats: dict[str, tuple[Heartbeat, int, int]] = {}  # by actor: beat, when heard, restarts
        self._hops = HopBoard()
        self._scores: tuple[PairScore, ...] = ()
        self._trades: deque[TradeRecord] = deque(maxlen=TRADES_MAX)
        self._alerts: deque[Alert] = deque(maxlen=ALERTS_MAX)
        self._standing: dict[tuple[str, str], Alert] = {}
        self._events: deque[Row] = deque(maxlen=EVENTS_MAX)

    # --- news -----------------------------------------------------------------------------------------------------

    def on_message(self, message: ToSupervisor, now_ns: int) -> Row | None:
        """Take in an actor's message; return the event row it makes for the status socket, if any."""
        match message:
            case Heartbeat():
                self._on_heartbeat(message, now_ns)
            case TraderStatus():
                self._traders[message.pair] = message
                self._past.on_mind(message, now_ns)
            case GatewayStatus():
                self._gateway = message
            case AllocatorStatus():
                self._allocator = message
            case TruthStatus():
                self._truth = message
            case InstrumentTable():
                self._instruments |= {instrument.pair: instrument for instrument in message.instruments}
            case TradeRecord():
                return self._on_trade(message)
            case Alert():
                return self.on_alert(message)
            case AlertCleared():
                self._standing.pop((message.actor, message.key), None)
            case NoneRest() if self._gateway is not None:
                self._gateway = msgspec.structs.replace(self._gateway, open_orders=0, unknown_orders=0)
            case _:
                pass  # between the supervisor and its peers
        return None

    def on_instrument(self, instrument: Instrument) -> None:
        """The exchange stated a pair's rules."""
        self._instruments[instrument.pair] = instrument

    def on_book(self, book: BookSnapshot) -> None:
        """Take in one verified book."""
        instrument = self._instruments.get(book.pair)
        if instrument is None or not book.is_two_sided:
            return
        self._books[book.pair] = book
        self._past.on_book(book, instrument)

    def on_prints(self, pair: str, prints: Sequence[Print]) -> None:
        """Take in a pair's trades, oldest first, of before its first book; nothing is known of a pair without rules."""
        if (instrument := self._instruments.get(pair)) is not None:
            self._past.on_prints(prints, instrument)

    def on_ranking(self, scores: tuple[PairScore, ...], now_ns: int) -> None:
        """Take in a new ranking."""
        self._scores = scores
        self._past.on_ranking(scores, now_ns)

    def on_event(self, kind: str, text: str, ts_ns: int) -> Row:
        """Keep one decision worth showing and return its row."""
        row: Row = {
            "ts_ns": ts_ns,
            "kind": kind,
            "level": "info",
            "actor": "supervisor",
            "text": text[:TEXT_CHARACTERS_MAX],
        }
        self._events.append(row)
        return row

    def on_alert(self, alert: Alert) -> Row | None:
        """Keep one alert and return its event row; None while the same condition stands: it is told once."""
        if (alert.actor, alert.key) in self._standing:
            return None
        alert = msgspec.structs.replace(alert, text=alert.text[:TEXT_CHARACTERS_MAX])
        self._alerts.append(alert)
        if len(self._standing) < ALERTS_MAX:
            self._standing[alert.actor, alert.key] = alert
        row = {"kind": "alert"} | alert_row(alert)
        self._events.append(row)
        return row

    def forget_actor(self, name: str) -> None:
        """An actor ended on purpose: its silence is no fault."""
        self._beats.pop(name, None)
        self._forget_conditions(name)

    def _forget_conditions(self, name: str) -> None:
        """Nobody is left who could say that they are over."""
        if name != SPEAKS_OF_OTHERS:
            self._standing = {each: alert for each, alert in self._standing.items() if each[0] != name}

    def _on_heartbeat(self, beat: Heartbeat, now_ns: int) -> None:
        before = self._beats.get(beat.actor)
        if before is None and len(self._beats) >= ACTORS_MAX:
            return
        is_another = before is not None and before[0].pid != beat.pid
        if is_another:
            self._forget_conditions(beat.actor)
        self._beats[beat.actor] = (beat, now_ns, (before[2] if before is not None else 0) + is_another)
        self._hops.add(beat.actor, beat.hops, now_ns)

    def _on_trade(self, trade: TradeRecord) -> Row | None:
        known = any(each.exec_id == trade.exec_id for each in self._trades)
        instrument = self._instruments.get(trade.pair)
        if known or instrument is None:
            return None
        self._trades.append(trade)
        text = f"{trade.side} {instrument.lots_text(trade.lots)} {trade.pair} at {instrument.price_text(trade.ticks)}"
        row: Row = {"kind": "fill", "level": "info", "text": text} | trade_row(trade, instrument)
        self._events.append(row)
        return row

    # --- answers --------------------------------------------------------------------------------------------------

    def sheet(self) -> AccountSheet | None:
        """Return the account at the current marks; None before the gateway has reported."""
        if self._gateway is None:
            return None
        return value_account(self._gateway.account, self._instruments, self._books)

    def document(self, run: RunView, now_ns: int) -> Row:
        """Return the next status document."""
        self._seq += 1
        sheet = self.sheet()
        if sheet is not None and sheet.is_marked:
            self._past.on_equity(sheet.equity, now_ns)
        shown = [pair for pair in run.traded if pair in self._books]
        return self._head | {
            "state": run.state,
            "reasons": list(run.reasons),
            "seq": self._seq,
            "ts_ns": now_ns,
            "uptime_s": number((now_ns - self._started_ns) / NANOS_PER_SECOND),
            "account": self._account(run, sheet),
            "traders": self._trader_rows(run, now_ns),
            "scanner": [scanner_row(score, active=score.pair in run.traded) for score in self._scores],
            "allocator": allocator_row(self._allocator, now_ns),
            "gateway": gateway_row(self._gateway, now_ns),
            "actors": [
                actor_row(*self._beats[name], self._hops.rows(name, now_ns), now_ns) for name in sorted(self._beats)
            ],
            "trades": [trade_row(trade, self._instruments[trade.pair]) for trade in self._trades],
            "alerts": [alert_row(alert) for alert in self._alerts],
            "standing": [alert_row(alert) for alert in self._standing.values()],
            "events": list(self._events),
            "books": {pair: book_row(self._books[pair], self._instruments[pair]) for pair in shown},
            "truth": truth_row(self._truth, now_ns),
            "candles_tail": self._past.tails(shown),
        }

    def reply(self, run: RunView, now_ns: int) -> Row:
        """Return the document for somebody who asked; the numbering of the published ones is left alone."""
        document = self.document(run, now_ns)
        self._seq -= 1
        return document

    def snapshot(self, run: RunView, now_ns: int) -> Row:
        """Return the status and the history that a page opened now would otherwise have missed."""
        trades = [trade_row(trade, self._instruments[trade.pair]) for trade in self._trades]
        fills = {pair: [trade for trade in trades if trade["pair"] == pair] for pair in run.traded}
        past = self._past.snapshot(run.traded)
        return self.reply(run, now_ns) | past | {"fills": fills, "latencies": self._hops.counts()}

    def _account(self, run: RunView, sheet: AccountSheet | None) -> Row:
        if sheet is None:
            return {"currency": self._currency, "max_drawdown_pct": run.max_drawdown_pct}
        peak = max(run.peak, sheet.equity)
        return {
            "currency": self._currency,
            "starting": money_text(sheet.starting),
            "cash": money_text(sheet.cash),
            "equity": money_text(sheet.equity),
            "realised_pnl": money_text(sheet.realised),
            "unrealised_pnl": money_text(sheet.unrealised),
            "fees": money_text(sheet.fees),
            "return_pct": percent(sheet.equity - sheet.starting, sheet.starting),
            "peak_equity": money_text(peak),
            "drawdown_pct": percent(peak - sheet.equity, peak),
            "max_drawdown_pct": run.max_drawdown_pct,
            "day_pnl": money_text(Money(sheet.equity - (run.day_open or sheet.starting))),
            "trades": sheet.trades,
            "wins": sheet.wins,
            "losses": sheet.losses,
            "win_rate": percent(sheet.wins, sheet.wins + sheet.losses),
            "is_marked": sheet.is_marked,
        }

    def _trader_rows(self, run: RunView, now_ns: int) -> list[Row]:
        positions = by_pair(self._gateway.account.positions if self._gateway is not None else ())
        return [self._trader_row(view, positions.get(view.pair), now_ns) for view in run.traders]

    def _trader_row(self, view: TraderView, booked: PositionState | None, now_ns: int) -> Row:
        status = self._traders.get(view.pair)
        if status is not None and status.epoch != view.epoch:
            status = None
        # The trader hears of a fill first; the gateway's books are all there is while it is silent.
        position = status.position if status is not None else booked or PositionState(view.pair)
        return trader_row(view, status, position, self._instruments.get(view.pair), self._books.get(view.pair), now_ns)

    def held_pairs(self) -> list[str]:
        """Return the pairs with a position, by the gateway's books."""
        positions = () if self._gateway is None else self._gateway.account.positions
        return [position.pair for position in positions if position.lots]

    def books_fresh(self, pairs: Sequence[str], now_ns: int, age_ns_max: int) -> bool:
        """Whether each of these pairs has a book that is not older than `age_ns_max`."""
        return all(pair in self._books and now_ns - self._books[pair].recv_ts_ns <= age_ns_max for pair in pairs)
