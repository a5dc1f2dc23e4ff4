"""One truth test: a strategy as a real participant of a simulated market, and on paper beside it.

    plan = TruthPlan(market=MarketPlan(...), ...)
    real = true_case(plan)                    # in the very queues, its own impact included
    paper = paper_case(plan, power)           # the same seed, our orders absent, filled by each model

Rules: the paper twin sees the market of the same seed *without* the participant's orders, as paper does beside a market
    that it does not trade in. Both have delays of the same kind, drawn apart: nobody's wires repeat themselves. The
    participant's own orders are taken off its book before it decides (`feed_shows_own`), which on paper they are anyway.
    With `draws` above 1 paper is repeated with other delays, and the bracket is over models and draws.
"""

import random
from dataclasses import dataclass

import msgspec

from wildbot.backtest.latency import EmpiricalLatency
from wildbot.backtest.live_market import LiveMarket, MarketPlan, lonely_tape
from wildbot.backtest.market_tape import SHOWN_LEVELS, MarketTape
from wildbot.backtest.run import Backtest, BacktestRun
from wildbot.backtest.setup import BacktestSetup
from wildbot.backtest.true_venue import true_run
from wildbot.desk.order_checks import GatewayLimits
from wildbot.model.instrument import MONEY_ONE, NANOS_PER_MS, FeeSchedule, Money
from wildbot.simulation.fills import BackOfQueue, FillModel, fill_models
from wildbot.simulation.queue_fit import OrderTape, SeenTrade
from wildbot.strategies.base import find_strategy
from wildbot.trading.limits import EngineLimits

DELAYS_MS = {"feed": (8, 12, 15, 20, 30, 60), "order": (15, 20, 25, 30, 45, 90), "report": (8, 12, 15, 20, 30, 60)}
"""What the wires of a retail account look like: milliseconds one way, each as likely as the others."""

NO_LIMIT = Money(10**18)


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthPlan:
    """One market and what is tried in it. `fees` in parts per million (maker, taker); `draws`: papers per model."""

    market: MarketPlan
    strategy: str
    parameters: dict[str, object]
    capital: Money
    fees: tuple[int, int] = (0, 0)
    draws: int = 1


class Outcome(msgspec.Struct, frozen=True, array_like=True):
    """What one run came to: fills, net profit, and how much money changed hands, in quote currency."""

    fills: int
    net_pnl: float
    turnover: float


@dataclass(frozen=True, slots=True)
class TrueCase:
    """The real run, and what its orders saw of their queues where that says something."""

    outcome: Outcome
    tapes: list[OrderTape]


def true_case(plan: TruthPlan) -> TrueCase:
    """Let the strategy take part in the market."""
    setup = _setup(plan, BackOfQueue(), f"{plan.market.seed} real", feed_shows_own=True)
    result, tapes = true_run(setup, LiveMarket(plan.market, setup.fees, setup.tier))
    return TrueCase(_outcome(result), [tape for tape in tapes if tape.shown and _has_traded(tape)])


def paper_case(plan: TruthPlan, power: float) -> dict[str, list[Outcome]]:
    """Let the strategy trade on paper beside the market, once per model and draw of the delays."""
    market = LiveMarket(plan.market, FeeSchedule(*plan.fees), "pro")
    tape = lonely_tape(market)
    rows = list(tape.events)
    outcomes: dict[str, list[Outcome]] = {}
    for model in fill_models(power).values():
        for draw in range(plan.draws):
            setup = _setup(plan, model, f"{plan.market.seed} paper {draw}", feed_shows_own=False)
            again = MarketTape(tape.instrument, iter(rows), SHOWN_LEVELS)
            outcomes.setdefault(model.name, []).append(_outcome(Backtest(setup, [again]).run()))
    return outcomes


def _setup(plan: TruthPlan, model: FillModel, chance: str, *, feed_shows_own: bool) -> BacktestSetup:
    delays = {
        way: EmpiricalLatency([ms * NANOS_PER_MS for ms in measured], random.Random(f"{chance} {way}"))
        for way, measured in DELAYS_MS.items()
    }
    return BacktestSetup(
        strategy=find_strategy(plan.strategy),
        parameters=plan.parameters,
        model=model,
        fees=FeeSchedule(*plan.fees),
        capital=plan.capital,
        limits=EngineLimits(tier="pro", feed_shows_own=feed_shows_own),
        gateway_limits=GatewayLimits(order_notional_max=NO_LIMIT, daily_turnover_max=NO_LIMIT),
        tier="pro",
        seed=plan.market.seed,
        feed_latency=delays["feed"],
        order_latency=delays["order"],
        report_latency=delays["report"],
    )


def _outcome(result: BacktestRun) -> Outcome:
    turnover = sum(row.fill.cost for row in result.fills)
    return Outcome(len(result.fills), float(result.split.total), turnover / MONEY_ONE)


def _has_traded(tape: OrderTape) -> bool:
    return any(isinstance(step, SeenTrade) and step.trade.ticks == tape.ticks for step in tape.steps)
