"""The transition table of one order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildbot.model.errors import InvariantError
from wildbot.trading.order_state import LIVE_STATES, TRANSITIONS, OrderNews, OrderState, next_state


def test_the_table_knows_every_state() -> None:
    assert set(TRANSITIONS) == set(OrderState)


@pytest.mark.parametrize("state", [s for s in OrderState if not s.is_live])
def test_a_closed_order_takes_any_late_news(state: OrderState) -> None:
    assert set(TRANSITIONS[state]) == set(OrderNews)


@pytest.mark.parametrize("state", sorted(LIVE_STATES))
def test_silence_makes_a_live_order_unknown_never_rejected(state: OrderState) -> None:
    assert next_state(state, OrderNews.OUTCOME_UNKNOWN) is OrderState.UNKNOWN


@pytest.mark.parametrize("state", sorted(LIVE_STATES))
@pytest.mark.parametrize(
    ("news", "after"),
    [
        (OrderNews.FILLED_FULL, OrderState.FILLED),
        (OrderNews.CANCELED, OrderState.CANCELLED),
        (OrderNews.EXPIRED, OrderState.EXPIRED),
        (OrderNews.FILLED_PART, OrderState.PARTIALLY_FILLED),
    ],
)
def test_a_live_order_believes_the_venue(state: OrderState, news: OrderNews, after: OrderState) -> None:
    assert next_state(state, news) is after


def test_an_acceptance_that_a_cancel_overtook_does_not_reopen() -> None:
    assert next_state(OrderState.CANCELLED, OrderNews.ACCEPTED) is OrderState.CANCELLED


@pytest.mark.parametrize("state", [OrderState.REJECTED, OrderState.DENIED, OrderState.NOT_PLACED])
def test_a_refused_order_that_shows_up_is_alive(state: OrderState) -> None:
    assert next_state(state, OrderNews.ACCEPTED) is OrderState.OPEN
    assert next_state(state, OrderNews.FILLED_PART) is OrderState.PARTIALLY_FILLED


def test_a_filled_order_cannot_be_undone() -> None:
    assert {next_state(OrderState.FILLED, news) for news in OrderNews} == {OrderState.FILLED}


def test_a_partly_filled_order_cannot_have_been_rejected() -> None:
    with pytest.raises(InvariantError, match="partially_filled cannot be rejected"):
        next_state(OrderState.PARTIALLY_FILLED, OrderNews.REJECTED)


@given(st.lists(st.sampled_from(OrderNews)))
def test_once_filled_always_filled(sequence: list[OrderNews]) -> None:
    state, was_filled = OrderState.PENDING, False
    for news in sequence:
        try:
            state = next_state(state, news)
        except InvariantError:
            continue
        was_filled = was_filled or state is OrderState.FILLED
        assert not was_filled or state is OrderState.FILLED
