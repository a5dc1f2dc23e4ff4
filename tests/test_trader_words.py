"""Every code that can stand in a trader's reason has words, and one word says what the trader is about."""

import pytest

from wildbot.desk.intents import LOST
from wildbot.desk.order_checks import Code
from wildbot.market.pair_market import QUOTABLE
from wildbot.model.instrument import PairStatus
from wildbot.model.market_data import SystemStatus
from wildbot.strategies.base import find_strategies
from wildbot.trader_words import activity, known_words, why
from wildbot.trading.breakers import BreakerCode
from wildbot.trading.mandate import NOT_STRONGEST, Mode
from wildbot.trading.risk import DenialCode
from wildbot.trading.standing import CLOSED, NO_LEASE, REDUCE_ONLY

OF_THE_MARKET = [
    "no_book",
    "book_invalid",
    "data_stale",
    *(f"venue_{status}" for status in SystemStatus if status is not SystemStatus.ONLINE),
    *(f"pair_{status}" for status in PairStatus if status not in QUOTABLE),
]
CODES = [
    *OF_THE_MARKET, *BreakerCode, *DenialCode, *Mode, *Code, NO_LEASE, CLOSED, REDUCE_ONLY, NOT_STRONGEST, LOST, "starting",
    "order_refused", *(code for spec in find_strategies().values() for code in spec.reasons),
]  # fmt: skip


@pytest.mark.parametrize("code", sorted({str(code) for code in CODES}))
def test_every_reason_code_has_words_that_are_not_the_code(code: str) -> None:
    words = known_words()[code]
    assert words
    assert "_" not in words
    assert len(words) <= 56


def test_a_code_shared_by_strategies_is_worded_by_the_one_that_gave_it() -> None:
    assert why("holding", "momentum_burst").words != why("holding").detail
    assert why("quoting", "market_maker").words != why("quoting", "glft_maker").words


def test_what_more_was_said_follows_the_words() -> None:
    assert why("no_lease: a lease needs 7 USDC").line == "has no capital to work with: a lease needs 7 USDC"


def test_a_text_that_is_no_code_is_its_own_words() -> None:
    assert why("asking for capital: 3 of 4").line == "asking for capital: 3 of 4"
    assert why("brand_new_code: more") == ("brand new code", "more")


@pytest.mark.parametrize(
    ("state", "reason", "held", "sides", "word"),
    [
        ("quoting", "no_volume_spike", 0, set(), "WATCHING"),
        ("quoting", "quoting", 0, {"buy"}, "QUOTING"),
        ("quoting", "quoting", 1, {"buy", "sell"}, "QUOTING"),
        ("quoting", "exiting", 1, {"sell"}, "EXITING"),
        ("quoting", "exiting", -1, {"buy"}, "EXITING"),
        ("quoting", "holding", 1, set(), "HOLDING"),
        ("quoting", "bracket", 1, {"sell"}, "HOLDING"),
        ("paused", "paused", 0, set(), "PAUSED"),
    ],
)
def test_one_word_says_what_a_trader_is_about(state: str, reason: str, held: int, sides: set[str], word: str) -> None:
    assert activity(state, reason, held=held, sides=sides) == word
