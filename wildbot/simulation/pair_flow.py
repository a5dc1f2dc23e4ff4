"""One pair's synthetic market: its latent price and everybody who trades it."""

import random

from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.orders import Side
from wildbot.simulation.crowd import Crowd
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.fundamental import CommonFactor, Fundamental, Regime
from wildbot.simulation.house_desk import HouseDesk
from wildbot.simulation.pace import Pace
from wildbot.simulation.quoters import Quoter
from wildbot.simulation.scenarios import Conditions, Script
from wildbot.simulation.takers import IMPACT_SHARE, INFORMED_SHARE, HawkesTimes, Takers
from wildbot.simulation.venue_pairs import VenuePair

QUOTER_ACCOUNTS = ("~quoter-1", "~quoter-2", "~quoter-3")
CROWD_ACCOUNT = "~crowd"
TAKER_ACCOUNT = "~takers"

NEWS_PERIOD_NS = 250_000_000
"""How often the latent price moves and a sniper looks."""

LOOK_SECONDS = 0.45
"""Mean time between two looks of one quoter."""

_WIDTHS = (1.3, 1.5, 1.8)
_REGIME_WIDTH = {Regime.QUIET: 0.95, Regime.CALM: 1.0, Regime.BUSY: 1.25}
_UNIT_SHARE = 0.35


class PairFlow:
    """The participants of one pair. Each `on_...` acts once and returns when it wants to act again; when that is, and who
    takes next, is drawn from `times`, all else from `rng`."""

    def __init__(
        self,
        exchange: SimulatedExchange,
        pair: VenuePair,
        *,
        common: CommonFactor,
        script: Script,
        pace: Pace,
        rng: random.Random,
        times: random.Random,
        activity: float,
        now_ns: int,
    ) -> None:
        shape, instrument = pair.shape, pair.instrument
        start_ticks = shape.start_price * 10.0**instrument.price_decimals
        self._rng = rng
        self._times = times
        self._shape = shape
        self._activity = activity
        self._script = script
        self._conditions = script.at(now_ns)
        self._tick_step = instrument.tick_step
        self._fundamental = Fundamental(
            start_ticks, shape.volatility_bps, common=common, rng=rng, now_ns=now_ns, script=script
        )
        self._crowd = Crowd(HouseDesk(exchange, instrument, CROWD_ACCOUNT, pace), rng, shape.level_usd)
        self._takers = Takers(HouseDesk(exchange, instrument, TAKER_ACCOUNT, pace), rng, shape.trade_usd)
        self._quoters = [
            Quoter(HouseDesk(exchange, instrument, account, pace), rng, size_usd=shape.touch_usd, width=width)
            for account, width in zip(QUOTER_ACCOUNTS, _WIDTHS, strict=True)
        ]
        self._arrivals = HawkesTimes(times, shape.trades_per_s * activity, now_ns)
        self._taker_side = Side.BUY

    @property
    def fair_ticks(self) -> float:
        """The latent price, in fractional ticks."""
        return self._fundamental.ticks

    @property
    def public_ticks(self) -> float:
        """What the public takes it for, in fractional ticks: quotes stand around it."""
        return self._fundamental.public_ticks

    @property
    def regime(self) -> Regime:
        """How lively the pair is."""
        return self._fundamental.regime

    @property
    def half_ticks(self) -> float:
        """Half the spread that the closest quoter asks for now, in fractional ticks."""
        return self._half_share * self._fundamental.ticks

    def seed(self, now_ns: int) -> None:
        """Fill the book."""
        for quoter in self._quoters:
            quoter.look(self.public_ticks, self.half_ticks, now_ns)
        self._crowd.seed(self.public_ticks, self.half_ticks, self._unit_ticks, now_ns)

    def on_news(self, now_ns: int) -> int:
        """Move the latent price; the nervous part of the crowd steps back, a sniper looks."""
        self._conditions = self._script.at(now_ns)
        self._fundamental.advance(now_ns)
        self._crowd.pull_stale(self.public_ticks, self.half_ticks, now_ns)
        haste = min(1.0, self._activity * self._conditions.orders)
        side = self._takers.exploit(self.fair_ticks, self.half_ticks, now_ns, haste)
        if side is not None:
            self._hear(side)
        return now_ns + NEWS_PERIOD_NS

    def on_crowd(self, now_ns: int) -> int:
        """Let one order of the crowd come or go."""
        conditions = self._conditions
        self._crowd.act(
            self.public_ticks,
            self.half_ticks,
            self._unit_ticks,
            now_ns,
            depth=conditions.depth,
            size=conditions.size,
        )
        return now_ns + self._drawn_wait(self._crowd.rate(self._shape.orders_per_s, conditions.depth))

    def on_look(self, now_ns: int) -> int:
        """Let one of the quoters look."""
        self._rng.choice(self._quoters).look(self.public_ticks, self.half_ticks, now_ns, self._conditions.size)
        return now_ns + self._drawn_wait(len(self._quoters) / LOOK_SECONDS)

    def on_taker(self, now_ns: int) -> int:
        """Send the order of the stream that is due and draw the next."""
        side = self._taker_side
        if self._rng.random() < INFORMED_SHARE:
            side = Side.BUY if self._fundamental.gap > 0 else Side.SELL
        if self._takers.trade(side, self.half_ticks, now_ns):
            self._hear(side)
        return self.draw_taker()

    def draw_taker(self) -> int:
        """Draw the next order of the stream and return its time."""
        conditions: Conditions = self._conditions
        due_ns, self._taker_side = self._arrivals.next(self._fundamental.activity * conditions.trades, conditions.sells)
        return due_ns

    def skip(self, by_ns: int) -> None:
        """Take note that so much time passed without a market."""
        self._arrivals.skip(by_ns)

    @property
    def _half_share(self) -> float:
        return self._shape.spread_bps / 20_000 * self._conditions.spread * _REGIME_WIDTH[self._fundamental.regime]

    @property
    def _unit_ticks(self) -> float:
        return max(_UNIT_SHARE * self.half_ticks, self._tick_step)

    def _hear(self, side: Side) -> None:
        self._fundamental.hear(side.sign * IMPACT_SHARE * self._half_share)

    def _drawn_wait(self, rate_per_s: float) -> int:
        rate = rate_per_s * self._activity * self._fundamental.activity * self._conditions.orders
        return max(1, int(self._times.expovariate(rate) * NANOS_PER_SECOND))
