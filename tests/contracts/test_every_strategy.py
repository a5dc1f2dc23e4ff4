"""What every strategy promises, whoever wrote it: found by walking the package, never listed here."""

import random

import msgspec
import pytest

from tests.trading.builders_trading import FEES, ONE, PAIR, SECOND, SOL, START, a_book, money
from wildbot.model.desk import PositionState
from wildbot.model.errors import ConfigurationError
from wildbot.model.market_data import TradePrint
from wildbot.model.orders import Purpose, Side
from wildbot.strategies.base import Decision, StrategySpec, find_strategies, find_strategy
from wildbot.strategies.view import TradingView

EVERY = pytest.mark.parametrize("spec", find_strategies().values(), ids=lambda spec: spec.name)
BOOKS = 400


def run(spec: StrategySpec, seed: int = 3) -> list[Decision]:
    """A seeded walk with trades; the position alternates between flat, long and a crumb."""
    walk, strategy, decisions, bid = random.Random(seed), spec.make({}, SOL), [], 15_000
    for seq in range(1, BOOKS + 1):
        at = START + seq * SECOND
        bid += walk.choice((-8, -1, 0, 1, 8))
        book = a_book(bid, bid + 4, at=at, seq=seq, bid_lots=walk.randint(1, 99), ask_lots=walk.randint(1, 99))
        strategy.on_book(book)
        strategy.on_trade(TradePrint(PAIR, seq, walk.choice(list(Side)), bid, walk.randint(1, ONE), at, at))
        lots = (0, ONE // 10, 1_000_000)[seq // 20 % 3]
        basis = SOL.cost(bid, lots)
        position = PositionState(PAIR, lots=lots, basis=basis, opened_ns=at - SECOND if lots else 0)
        view = TradingView(book, SOL, FEES, position, money("16"), 1.0, False, "", at, at)
        decisions.append(strategy.decide(view))
    return decisions


def test_there_are_strategies_and_each_is_found_by_its_own_name() -> None:
    found = find_strategies()
    assert "market_maker" in found
    for name, spec in found.items():
        assert find_strategy(name) is spec


def test_a_strategy_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ConfigurationError, match="market_maker"):
        find_strategy("no_such_strategy")


@EVERY
def test_it_starts_with_its_defaults_and_says_what_it_is(spec: StrategySpec) -> None:
    assert spec.summary
    assert isinstance(spec.configure({}), spec.config)
    strategy = spec.make({}, SOL)
    assert strategy.requote_ticks >= 1
    assert strategy.least_needed(SOL, FEES, 15_000) > 0


@EVERY
def test_each_of_its_reasons_is_declared_and_has_words_that_fit_a_table(spec: StrategySpec) -> None:
    assert {decision.reason for decision in run(spec)} <= set(spec.reasons)
    assert all(" " in code.words and len(code.words) <= 46 for code in spec.reasons)


@EVERY
def test_it_refuses_a_parameter_it_does_not_have(spec: StrategySpec) -> None:
    with pytest.raises(ConfigurationError, match="no_such_parameter"):
        spec.configure({"no_such_parameter": 1})


@EVERY
def test_each_decision_has_a_reason_and_the_same_indicators(spec: StrategySpec) -> None:
    decisions = run(spec)
    assert all(decision.reason for decision in decisions)
    assert len({frozenset(decision.indicators) for decision in decisions}) == 1


@EVERY
def test_the_same_events_give_the_same_decisions(spec: StrategySpec) -> None:
    assert msgspec.json.encode(run(spec)) == msgspec.json.encode(run(spec))


@EVERY
def test_its_wishes_fit_what_is_owned_and_the_right_side(spec: StrategySpec) -> None:
    for decision in run(spec):
        for order in (decision.target.bid, decision.target.ask, decision.target.stop, decision.taker):
            if order is not None:
                assert order.lots > 0
                assert order.side is Side.SELL or order.purpose is Purpose.ENTRY, "a long account exits by selling"
        assert decision.target.bid is None or decision.target.bid.side is Side.BUY
        assert decision.target.ask is None or decision.target.ask.side is Side.SELL


@EVERY
def test_nothing_new_is_entered_while_entries_are_blocked(spec: StrategySpec) -> None:
    strategy = spec.make({}, SOL)
    for seq in range(1, BOOKS):
        at, bid = START + seq * SECOND, 15_000 + seq % 9
        book = a_book(bid, bid + 4, at=at, seq=seq, bid_lots=(1 + seq % 5) * ONE, ask_lots=ONE)
        strategy.on_book(book)
        strategy.on_trade(TradePrint(PAIR, seq, Side.BUY, bid + 4, ONE, at, at))
        view = TradingView(book, SOL, FEES, PositionState(PAIR), money("16"), 1.0, False, "paused", at, at)
        decision = strategy.decide(view)
        assert decision.target.bid is None
        assert decision.target.ask is None
        assert decision.taker is None
