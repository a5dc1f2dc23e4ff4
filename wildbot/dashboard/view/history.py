"""What happened before this page was opened, and since: candles, equity, fills and tracks of one run, joined from the
snapshot of the control socket and the documents that follow it.

Rules: another `run_id` or mode empties everything: two runs never share a line. Everything is bounded.
Owns: the joined history. Not safe for two threads; `source.py` holds the lock.
"""

from dataclasses import dataclass, field

from wildbot.dashboard.view.document import JsonObject, number, rows, section, series, text, whole
from wildbot.dashboard.view.health import loop_us
from wildbot.dashboard.view.tracks import Track

CANDLES_MAX = 720
"""One hour of 5-second candles per pair."""

EQUITY_MAX = 7_200
EQUITY_STEP_NS = 1_000_000_000
FILLS_MAX = 2_000
PAIRS_MAX = 64

CandleRow = tuple[float, ...]
"""(ts_ns, open, high, low, close)."""


@dataclass(slots=True)
class _Run:
    """Everything known of one run of WildBot."""

    identity: tuple[str, str]
    snapshot_written: tuple[int, int] = (-1, -1)
    newest: tuple[str, str] = ("", "")
    candles: dict[str, dict[int, CandleRow]] = field(default_factory=dict)
    equity: dict[int, float] = field(default_factory=dict)
    fills: dict[tuple[str, ...], JsonObject] = field(default_factory=dict)
    minds: dict[str, Track] = field(default_factory=dict)
    ranking: Track = field(default_factory=Track)
    pace: Track = field(default_factory=Track)


class History:
    """The joined history of the run that is on now."""

    def __init__(self) -> None:
        self._run = _Run(("", ""))

    def absorb(self, document: JsonObject | None, snapshot: JsonObject | None) -> None:
        """Take in the newest document and snapshot; giving the same ones again changes nothing.

        A snapshot of another run than the document's, or an older one than was taken in already, is left aside.
        """
        if document is None:
            return
        identity = (text(document, "run_id"), text(document, "mode"))
        if identity != self._run.identity:
            self._run = _Run(identity)
        run = self._run
        if snapshot is not None and text(snapshot, "run_id") == identity[0] and _written(snapshot) > run.snapshot_written:
            run.snapshot_written = _written(snapshot)
            _take_snapshot(run, snapshot)
        moment = (text(document, "seq"), text(document, "ts_ns"))
        if moment != run.newest:
            run.newest = moment
            _take_document(run, document)

    def candles(self, pair: str) -> list[CandleRow]:
        """Return the candles of one pair, oldest first."""
        found = self._run.candles.get(pair, {})
        return [found[start] for start in sorted(found)]

    def equity(self) -> list[tuple[float, float]]:
        """Return (ts_ns, equity), oldest first."""
        return [(float(moment), self._run.equity[moment]) for moment in sorted(self._run.equity)]

    def fills(self, pair: str = "") -> list[JsonObject]:
        """Return the known fills, oldest first; of one pair, or of all when it is empty."""
        return [row for row in self._run.fills.values() if not pair or text(row, "pair") == pair]

    def mind(self, pair: str) -> Track:
        """Return what the trader of a pair saw over time, each row with the code of its reason."""
        return self._run.minds.get(pair, Track()).copy()

    def ranking(self) -> Track:
        """Return every pair's score over time."""
        return self._run.ranking.copy()

    def pace(self) -> Track:
        """Return every actor's p99 over time, in microseconds."""
        return self._run.pace.copy()


def _written(document: JsonObject) -> tuple[int, int]:
    return whole(document, "ts_ns"), whole(document, "seq")


def _take_snapshot(run: _Run, snapshot: JsonObject) -> None:
    run.equity.update({int(ts_ns): equity for ts_ns, equity in series(snapshot, "equity", 2)})
    _take_candles(run, section(snapshot, "candles"))
    by_pair = section(snapshot, "fills")
    for pair in list(by_pair)[:PAIRS_MAX]:
        _take_fills(run, [{"pair": pair, **row} for row in rows(by_pair, pair)])
    _take_fills(run, rows(snapshot, "trades"))
    minds = section(snapshot, "minds")
    for pair in list(minds)[:PAIRS_MAX]:
        run.minds.setdefault(pair, Track()).join(section(minds, pair))
    run.ranking.join(section(snapshot, "ranking"))


def _take_document(run: _Run, document: JsonObject) -> None:
    ts_ns, equity = number(document, "ts_ns"), number(section(document, "account"), "equity")
    if ts_ns is not None and equity is not None and ts_ns - max(run.equity, default=0) >= EQUITY_STEP_NS:
        run.equity[int(ts_ns)] = equity
    for moment in sorted(run.equity)[:-EQUITY_MAX]:
        del run.equity[moment]
    _take_candles(run, section(document, "candles_tail"))
    _take_fills(run, rows(document, "trades"))
    if ts_ns is not None:
        _take_tracks(run, document, int(ts_ns))


def _take_tracks(run: _Run, document: JsonObject, ts_ns: int) -> None:
    for trader in rows(document, "traders")[:PAIRS_MAX]:
        seen = section(trader, "indicators")
        code = text(trader, "reason").partition(":")[0].strip()
        run.minds.setdefault(text(trader, "pair"), Track()).add(ts_ns, code, {name: number(seen, name) for name in seen})
    for gone in list(run.minds)[:-PAIRS_MAX]:
        del run.minds[gone]
    scores = {text(row, "pair"): number(row, "score") for row in rows(document, "scanner")}
    run.ranking.add(ts_ns, "", scores)
    run.pace.add(ts_ns, "", {text(actor, "name"): loop_us(actor, "p99_us") for actor in rows(document, "actors")})


def _take_candles(run: _Run, by_pair: JsonObject) -> None:
    for pair in list(by_pair)[:PAIRS_MAX]:
        known = run.candles.setdefault(pair, {})
        known.update({int(row[0]): row for row in series(by_pair, pair, 5)})
        for start in sorted(known)[:-CANDLES_MAX]:
            del known[start]


def _take_fills(run: _Run, trades: list[JsonObject]) -> None:
    fresh = {_identity(row): row for row in trades}
    if fresh.keys() <= run.fills.keys():
        return
    joined = sorted({**run.fills, **fresh}.items(), key=lambda item: whole(item[1], "ts_ns"))
    run.fills = dict(joined[-FILLS_MAX:])


def _identity(row: JsonObject) -> tuple[str, ...]:
    return tuple(text(row, name) for name in ("exec_id", "ts_ns", "pair", "side", "price", "qty"))
