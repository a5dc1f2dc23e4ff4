"""Client order ids: unique for ever, recognised as ours, short enough for the exchange."""

import re

from hypothesis import given
from hypothesis import strategies as st

from wildbot.model.orders import CL_ORD_ID_MAX, client_order_id, epoch_of

epochs = st.integers(1, 10**7)
counters = st.integers(0, 10**8)


@given(epochs, counters)
def test_a_client_order_id_names_its_epoch_and_is_allowed_by_the_exchange(epoch: int, counter: int) -> None:
    text = client_order_id(epoch, counter)
    assert epoch_of(text) == epoch
    assert len(text) <= CL_ORD_ID_MAX and re.fullmatch(r"[a-z0-9]+", text)


@given(st.lists(st.tuples(epochs, counters), unique=True, max_size=50))
def test_different_orders_never_share_an_id(pairs: list[tuple[int, int]]) -> None:
    assert len({client_order_id(*pair) for pair in pairs}) == len(pairs)


@given(st.text(max_size=20))
def test_a_foreign_id_is_never_taken_for_ours_by_accident(text: str) -> None:
    epoch = epoch_of(text)
    assert epoch is None or text.startswith("wb")
