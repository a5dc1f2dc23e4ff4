"""One pair's synthetic market: its latent price and everybody who trades it."""

import random

from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.orders import Side
from wildbot.simulation.crowd import Crowd
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.fundamental import CommonFactor, Fundamental, Regime
from wildbot.simulation.house_desk import HouseDesk
from wildbot.simulation.quoters import Quoter
from wildbot.simulation.takers import HawkesTimes, Takers
from wildbot.simulation.venue_pairs import VenuePair

QUOTER_ACCOUNTS = ("~quoter-1", "~quoter-2", "~quoter-3")
CROWD_ACCOUNT = "~crowd"
TAKER_ACCOUNT = "~takers"

NEWS_PERIOD_NS = 250_000_000
"""How often the latent price moves and an informed taker looks."""

LOOK_SECONDS = 0.45
"""Mean time between two looks of one quoter."""

_WIDTHS = (1.2, 1.35, 1.6)
_REGIME_WIDTH = {Regime.QUIET: 0.95, Regime.CALM: 1.0, Regime.BUSY: 1.25}
_UNIT_SHARE = 0.35


class PairFlow:
    """The participants of one pair. Each `on_...` acts once and returns when it wants to act again."""

    def __init__(
        self,
        exchange: SimulatedExchange,
        pair: VenuePair,
        *,
        common: CommonFactor,
        rng: random.Random,
        activity: float,
        now_ns: int,
    ) -> None:
        shape, instrument = pair.shape, pair.instrument
        start_ticks = shape.start_price * 10.0**instrument.price_decimals
        self._rng = rng
        self._shape = shape
        self._activity = activity
        self._tick_step = instrument.tick_step
        self._fundamental = Fundamental(start_ticks, shape.volatility_bps, common=common, rng=rng, now_ns=now_ns)
        self._crowd = Crowd(HouseDesk(exchange, instrument, CROWD_ACCOUNT), rng, shape.level_usd)
        self._takers = Takers(HouseDesk(exchange, instrument, TAKER_ACCOUNT), rng, shape.trade_usd)
        self._quoters = [
            Quoter(HouseDesk(exchange, instrument, account), rng, size_usd=2 * shape.level_usd, width=width)
            for account, width in zip(QUOTER_ACCOUNTS, _WIDTHS, strict=True)
        ]
        self._arrivals = HawkesTimes(rng, shape.trades_per_s * activity, now_ns)
        self._taker_side = Side.BUY

    @property
    def fair_ticks(self) -> float:
        """The latent price, in fractional ticks."""
        return self._fundamental.ticks

    @property
    def regime(self) -> Regime:
        """How lively the pair is."""
        return self._fundamental.regime

    @property
    def half_ticks(self) -> float:
        """Half the spread that the closest quoter asks for now, in fractional ticks."""
        half = self._shape.spread_bps / 20_000 * self._fundamental.ticks
        return half * _REGIME_WIDTH[self._fundamental.regime]

    def seed(self, now_ns: int) -> None:
        """Fill the book."""
        for quoter in self._quoters:
            quoter.look(self.fair_ticks, self.half_ticks, now_ns)
        self._crowd.seed(self.fair_ticks, self.half_ticks, self._unit_ticks, now_ns)

    def on_news(self, now_ns: int) -> int:
        """Move the latent price; the nervous part of the crowd steps back, the informed look."""
        self._fundamental.advance(now_ns)
        self._crowd.pull_stale(self.fair_ticks, self.half_ticks, now_ns)
        self._takers.exploit(self.fair_ticks, self.half_ticks, now_ns)
        return now_ns + NEWS_PERIOD_NS

    def on_crowd(self, now_ns: int) -> int:
        """Let one order of the crowd come or go."""
        self._crowd.act(self.fair_ticks, self.half_ticks, self._unit_ticks, now_ns)
        return now_ns + self._drawn_wait(self._shape.orders_per_s)

    def on_look(self, now_ns: int) -> int:
        """Let one of the quoters look."""
        self._rng.choice(self._quoters).look(self.fair_ticks, self.half_ticks, now_ns)
        return now_ns + self._drawn_wait(len(self._quoters) / LOOK_SECONDS)

    def on_taker(self, now_ns: int) -> int:
        """Send the uninformed order that is due and draw the next."""
        self._takers.trade(self._taker_side, self.half_ticks, now_ns)
        return self.draw_taker()

    def draw_taker(self) -> int:
        """Draw the next uninformed order and return its time."""
        due_ns, self._taker_side = self._arrivals.next(self._fundamental.activity)
        return due_ns

    def skip(self, by_ns: int) -> None:
        """Take note that so much time passed without a market."""
        self._arrivals.skip(by_ns)

    @property
    def _unit_ticks(self) -> float:
        return max(_UNIT_SHARE * self.half_ticks, self._tick_step)

    def _drawn_wait(self, rate_per_s: float) -> int:
        rate = rate_per_s * self._activity * self._fundamental.activity
        return max(1, int(self._rng.expovariate(rate) * NANOS_PER_SECOND))
