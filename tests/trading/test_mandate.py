"""Verbs and modes."""

from tests.trading.builders_trading import START
from wildbot.model.control import EntrySlot, Flatten, Pause, Resume, Retire
from wildbot.strategies.base import find_strategies
from wildbot.trading.mandate import FLATTEN_TRIES_MAX, NOT_STRONGEST, RETIRE_PATIENCE_NS, SLOT_NS_MAX, Mandate, Mode


def test_flatten_ends_in_pause_and_resume_trades_again() -> None:
    mandate = Mandate()
    mandate.obey(Flatten(), START)
    assert (mandate.mode, mandate.wants_flat, mandate.is_winding_down) == (Mode.FLATTENING, True, True)
    mandate.wound_down()
    assert (mandate.mode, mandate.wants_flat) == (Mode.PAUSED, False)
    mandate.obey(Resume(), START)
    assert mandate.mode is Mode.TRADING


def test_nothing_is_obeyed_after_retire() -> None:
    mandate = Mandate()
    mandate.obey(Retire(flatten=True), START)
    for verb in (Resume(), Pause(), Flatten(), Retire(flatten=False)):
        mandate.obey(verb, START)
        assert (mandate.mode, mandate.wants_flat) == (Mode.RETIRING, True)


def test_only_a_retiring_trader_gives_up() -> None:
    mandate = Mandate()
    mandate.obey(Flatten(), START)
    assert not mandate.has_tried_enough(FLATTEN_TRIES_MAX, START + RETIRE_PATIENCE_NS)
    mandate.obey(Retire(flatten=True), START)
    assert not mandate.has_tried_enough(FLATTEN_TRIES_MAX - 1, START + RETIRE_PATIENCE_NS - 1)
    assert mandate.has_tried_enough(FLATTEN_TRIES_MAX, START)
    assert mandate.has_tried_enough(0, START + RETIRE_PATIENCE_NS)


def test_a_slot_lets_enter_until_it_ends_and_no_word_is_good_for_longer_than_its_limit() -> None:
    mandate = Mandate(needs_slot=True)
    assert mandate.slot_block(0) == NOT_STRONGEST
    mandate.grant(EntrySlot("X/Y", 1_000), 0)
    assert [mandate.slot_block(at) for at in (0, 999, 1_000)] == ["", "", NOT_STRONGEST]
    mandate.grant(EntrySlot("X/Y", 2**62), 0)
    assert [mandate.slot_block(at) for at in (SLOT_NS_MAX - 1, SLOT_NS_MAX)] == ["", NOT_STRONGEST]
    mandate.grant(EntrySlot("X/Y", 0), 0)
    assert mandate.slot_block(0) == NOT_STRONGEST


def test_a_strategy_that_is_not_exclusive_needs_no_slot() -> None:
    assert Mandate().slot_block(0) == ""
    assert [spec.name for spec in find_strategies().values() if spec.exclusive] == ["order_flow_imbalance"]
