"""What an onlooker measures of a market: spread, trades, events, volatility, depth, and what passive fills were worth.

Rules: looks every LOOK_NS of the exchange's time; a fill's reference is the mid of the look before it. Two markouts per
    horizon: the mid's own move since then (adverse selection), and from the fill's price to the later mid (realised half
    spread); both in basis points and from the resting side's view, so that a loss is negative.
Known limit: it drains the exchange, so nobody else can listen meanwhile.
"""

import math
import statistics
from collections import deque
from collections.abc import Iterable

import msgspec

from wildbot.model.exchange import BookChange, PublicTrade
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.market import Market

LOOK_NS = NANOS_PER_SECOND // 10
HORIZONS_S = (1, 5)
DEPTH_LEVELS = 10
_BPS = 10_000
_LOOKS_PER_S = NANOS_PER_SECOND // LOOK_NS


class MarketShape(msgspec.Struct, frozen=True, kw_only=True):
    """One pair over one run. Volatility is the standard deviation of one-second log returns of the mid, scaled to five
    minutes; `range_bps` the mid's highest over its lowest; `touch_usd` and `depth_usd` are per side (best level, best 10).
    """

    pair: str
    seconds: int
    spread_bps: float
    trades_per_s: float
    trade_usd: float
    events_per_s: float
    mid_moves_per_min: float
    volatility_5m_bps: float
    range_bps: float
    touch_usd: float
    depth_usd: float
    adverse_1s_bps: float
    adverse_5s_bps: float
    realised_1s_bps: float
    realised_5s_bps: float


def measure(exchange: SimulatedExchange, market: Market, *, start_ns: int, seconds: int) -> dict[str, MarketShape]:
    """Run a started market from `start_ns` on for so many seconds; return each pair's shape."""
    watches = {pair: _Watch(exchange, pair) for pair in exchange.instruments}
    exchange.drain()
    for look in range(1, seconds * _LOOKS_PER_S + 1):
        now_ns = start_ns + look * LOOK_NS
        market.step(now_ns)
        for event in exchange.drain():
            if isinstance(event, BookChange):
                watches[event.pair].events += 1
            elif isinstance(event, PublicTrade):
                watches[event.pair].traded(event, look)
        for watch in watches.values():
            watch.look(look)
    return {pair: watch.shape(seconds) for pair, watch in watches.items()}


class _Watch:
    """What was seen of one pair so far."""

    def __init__(self, exchange: SimulatedExchange, pair: str) -> None:
        self.events = 0
        self._exchange = exchange
        self._pair = pair
        self._mid = self._current_mid()
        self._moves = 0
        self._spreads: list[float] = []
        self._mids: list[float] = []
        self._touches: list[float] = []
        self._depths: list[float] = []
        self._trades: list[float] = []
        self._pending: deque[tuple[int, int, int, float]] = deque()
        self._adverse: dict[int, list[float]] = {horizon: [] for horizon in HORIZONS_S}
        self._realised: dict[int, list[float]] = {horizon: [] for horizon in HORIZONS_S}

    def traded(self, trade: PublicTrade, look: int) -> None:
        self._trades.append(self._usd(trade.ticks, trade.lots))
        if self._mid is not None:
            self._pending.append((look, -trade.side.sign, trade.ticks, self._mid))

    def look(self, look: int) -> None:
        mid = self._current_mid()
        if mid is None:
            return
        self._moves += mid != self._mid
        self._mid = mid
        self._mark_out(look, mid)
        if look % _LOOKS_PER_S == 0:
            self._sample(mid)

    def shape(self, seconds: int) -> MarketShape:
        returns = [math.log(after / before) * _BPS for before, after in zip(self._mids, self._mids[1:], strict=False)]
        return MarketShape(
            pair=self._pair,
            seconds=seconds,
            spread_bps=_median(self._spreads),
            trades_per_s=len(self._trades) / seconds,
            trade_usd=_mean(self._trades),
            events_per_s=self.events / seconds,
            mid_moves_per_min=self._moves * 60 / seconds,
            volatility_5m_bps=(statistics.pstdev(returns) if returns else 0.0) * math.sqrt(300),
            range_bps=(max(self._mids) / min(self._mids) - 1) * _BPS if self._mids else 0.0,
            touch_usd=_median(self._touches),
            depth_usd=_median(self._depths),
            adverse_1s_bps=_mean(self._adverse[1]),
            adverse_5s_bps=_mean(self._adverse[5]),
            realised_1s_bps=_mean(self._realised[1]),
            realised_5s_bps=_mean(self._realised[5]),
        )

    def _mark_out(self, look: int, mid: float) -> None:
        for at, sign, ticks, before in self._pending:
            for horizon in HORIZONS_S:
                if look - at == horizon * _LOOKS_PER_S:
                    self._adverse[horizon].append(sign * (mid - before) / before * _BPS)
                    self._realised[horizon].append(sign * (mid - ticks) / before * _BPS)
        while self._pending and look - self._pending[0][0] >= HORIZONS_S[-1] * _LOOKS_PER_S:
            self._pending.popleft()

    def _sample(self, mid: float) -> None:
        bids, asks = self._exchange.depth(self._pair, DEPTH_LEVELS)
        self._mids.append(mid)
        self._spreads.append((asks[0][0] - bids[0][0]) / mid * _BPS)
        self._touches.append((self._usd(*bids[0]) + self._usd(*asks[0])) / 2)
        self._depths.append(sum(self._usd(ticks, lots) for ticks, lots in (*bids, *asks)) / 2)

    def _current_mid(self) -> float | None:
        bid, ask = self._exchange.best(self._pair)
        return None if bid is None or ask is None else (bid + ask) / 2

    def _usd(self, ticks: int, lots: int) -> float:
        instrument = self._exchange.instruments[self._pair]
        return instrument.price_float(ticks) * lots / 10.0**instrument.lot_decimals


def _median(values: Iterable[float]) -> float:
    found = list(values)
    return statistics.median(found) if found else 0.0


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return statistics.fmean(found) if found else 0.0
