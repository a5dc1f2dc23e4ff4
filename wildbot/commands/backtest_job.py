"""One backtest as a value that other processes and machines can be given, and what it answers.

Rules: a job names its recordings and its parameters and nothing else, so the same job gives the same answer anywhere. The
    traders' and the gateway's limits are those of the settings, save that one order may be as large as ten times the
    capital, which may have grown.
"""

import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from actors.gateway_setup import gateway_setup
from actors.trader import engine_limits
from actors.trader_children import trader_config
from wildbot.adapters import garbage
from wildbot.analytics.performance import SECONDS_PER_YEAR, Performance, performance
from wildbot.backtest.latency import ConstantLatency, EmpiricalLatency, LatencyModel
from wildbot.backtest.pulses import SAMPLE_NS
from wildbot.backtest.run import Backtest, BacktestRun
from wildbot.backtest.setup import BacktestSetup
from wildbot.backtest.trader_stage import DecisionSink
from wildbot.commands.backtest_tapes import TapeFile, open_tape
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND, FeeSchedule, Instrument, Money, money_from_text
from wildbot.settings import Settings
from wildbot.simulation.fills import FILL_MODELS
from wildbot.strategies.base import find_strategy

STOCK_SECONDS_PER_YEAR = 252 * 23_400
"""Trading seconds of a US stock's year, for annualising."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestJob:
    """`capital` as decimal text in the instruments' quote currency; `latency_ms` is the way
    of an order to the venue, and of its answer back; `feed_latency_ms` that of market data to us. `measured_ns` holds
    delays by direction (feed, order, report), drawn from instead where it has some.

    Raises: ConfigurationError for a latency that is no finite time.
    """

    tapes: tuple[TapeFile, ...]
    strategy: str
    parameters: dict[str, object]
    model: str
    fees: FeeSchedule
    capital: Decimal
    settings: Settings
    seed: int = 7
    latency_ms: float = 0.0
    feed_latency_ms: float = 0.0
    measured_ns: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    allow_short: bool = False

    def __post_init__(self) -> None:
        for option, value in (("--latency-ms", self.latency_ms), ("--feed-latency-ms", self.feed_latency_ms)):
            if not math.isfinite(value):
                raise ConfigurationError(f"{option} is {value} and must be a finite time")


@dataclass(frozen=True, slots=True)
class BacktestAnswer:
    """One job's run, its figures, and the rules by pair; `seconds` is how long it took."""

    run: BacktestRun
    performance: Performance
    seconds: float
    instruments: dict[str, Instrument]


def run_job(
    job: BacktestJob,
    write_decision: Callable[[bytes], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> BacktestAnswer:
    """Run one job to its end.

    Raises:
        ConfigurationError: for a recording that cannot be read, a parameter out of range, or mixed quote currencies.
    """
    tapes = [open_tape(each) for each in job.tapes]
    quotes = sorted({tape.instrument.quote for tape in tapes})
    if len(quotes) > 1:
        raise ConfigurationError(f"one account trades one quote currency, the recordings have {' and '.join(quotes)}")
    began_s = time.perf_counter()
    with garbage.settled():
        run = Backtest(setup_of(job), tapes, DecisionSink(write_decision)).run(progress)
    if not run.events:
        remarks = "; ".join(remark for tape in tapes for remark in tape.notes.remarks)
        names = ", ".join(str(each.path) for each in job.tapes)
        raise ConfigurationError(f"nothing to trade on in {names}{f' ({remarks})' if remarks else ''}")
    seconds = time.perf_counter() - began_s
    is_stock = all(each.is_stock for each in job.tapes)
    figures = performance(
        [equity for _, equity in run.equity],
        [trip.net for trip in run.trips],
        starting=money_from_text(str(job.capital)),
        sample_s=SAMPLE_NS / NANOS_PER_SECOND,
        year_s=STOCK_SECONDS_PER_YEAR if is_stock else SECONDS_PER_YEAR,
    )
    return BacktestAnswer(run, figures, seconds, {tape.instrument.pair: tape.instrument for tape in tapes})


def setup_of(job: BacktestJob) -> BacktestSetup:
    """Return what a job tries. Raises: ConfigurationError for a parameter its strategy refuses."""
    capital = money_from_text(str(job.capital))
    risk = job.settings.risk
    notional = max(risk.max_order_notional, 10 * job.capital)
    settings = job.settings.model_copy(
        update={
            "risk": risk.model_copy(update={"max_order_notional": notional, "allow_short": job.allow_short}),
            "capital": job.settings.capital.model_copy(update={"starting": job.capital}),  # a day's turnover counts in it
        }
    )
    spec = find_strategy(job.strategy)
    spec.configure(job.parameters)  # a bad value is told before a recording is read
    return BacktestSetup(
        strategy=spec,
        parameters=job.parameters,
        model=FILL_MODELS[job.model],
        fees=job.fees,
        capital=Money(capital),
        limits=engine_limits(trader_config(settings, settings.home, "", 0).limits),
        gateway_limits=gateway_setup(settings).limits,
        tier=settings.kraken.tier,
        seed=job.seed,
        feed_latency=_latency(job, "feed", job.feed_latency_ms),
        order_latency=_latency(job, "order", job.latency_ms),
        report_latency=_latency(job, "report", job.latency_ms),
    )


def _latency(job: BacktestJob, direction: str, constant_ms: float) -> LatencyModel:
    measured = job.measured_ns.get(direction)
    if measured:
        return EmpiricalLatency(measured, random.Random(f"{job.seed} {direction}"))
    return ConstantLatency(int(constant_ms * NANOS_PER_MS))
