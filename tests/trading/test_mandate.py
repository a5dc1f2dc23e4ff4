"""Verbs and modes."""

from tests.trading.builders_trading import START
from wildbot.model.control import Flatten, Pause, Resume, Retire
from wildbot.trading.mandate import FLATTEN_TRIES_MAX, RETIRE_PATIENCE_NS, Mandate, Mode


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
