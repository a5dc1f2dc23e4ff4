import pytest

from tests.simulation.builders_simulation import PAIR, buy, exchange, placed, refused, sell
from wildbot.model.exchange import CancelDone, CancelPlaced, Kind, PlaceOrder, Refusal
from wildbot.model.instrument import PairStatus
from wildbot.model.market_data import SystemStatus
from wildbot.model.orders import Side


@pytest.mark.parametrize(
    ("system", "request_", "error"),
    [
        (SystemStatus.MAINTENANCE, buy(6_800_000), "EService:Unavailable"),
        (SystemStatus.CANCEL_ONLY, buy(6_800_000, post_only=True), "EService:Market in cancel_only mode"),
        (SystemStatus.POST_ONLY, buy(6_800_000), "EService:Market in post_only mode"),
        (SystemStatus.POST_ONLY, buy(6_800_000, post_only=True), None),
    ],
)
def test_system_modes_take_only_what_they_should(system, request_, error):
    made = exchange("alice")
    made.set_system(system, 0)
    reply = made.place(request_, 0)
    assert (reply.error if isinstance(reply, Refusal) else None) == error


@pytest.mark.parametrize(
    ("status", "request_", "error"),
    [
        (PairStatus.CANCEL_ONLY, buy(6_800_000), "EService:Market in cancel_only mode"),
        (PairStatus.POST_ONLY, buy(6_800_000), "EService:Market in post_only mode"),
        (PairStatus.LIMIT_ONLY, buy(6_800_000), None),
        (PairStatus.REDUCE_ONLY, buy(6_800_000), "EService:Market in reduce_only mode"),
        (PairStatus.REDUCE_ONLY, sell(6_800_000), None),
        (PairStatus.DELISTED, buy(6_800_000), "EService:Unavailable"),
    ],
)
def test_pair_modes_take_only_what_they_should(status, request_, error):
    made = exchange("alice")
    made.set_pair_status(PAIR, status, 0)
    reply = made.place(request_, 0)
    assert (reply.error if isinstance(reply, Refusal) else None) == error
    assert made.instruments[PAIR].status is status


def test_limit_only_pair_refuses_market_orders():
    made = exchange("alice")
    placed(made, sell(6_800_000, 100_000, "~house"))
    made.set_pair_status(PAIR, PairStatus.LIMIT_ONLY, 0)
    request = PlaceOrder(account="alice", pair=PAIR, side=Side.BUY, kind=Kind.MARKET, lots=10_000)
    assert refused(made, request) == "EService:Market in limit_only mode"


def test_maintenance_cancels_nothing_and_cancel_only_cancels():
    made = exchange("alice")
    order_id = placed(made, buy(6_800_000))
    made.set_system(SystemStatus.MAINTENANCE, 0)
    assert made.cancel(CancelPlaced(account="alice", order_id=order_id), 0) == Refusal(error="EService:Unavailable")
    assert made.cancel_all("alice", 0).count == 0
    made.set_system(SystemStatus.CANCEL_ONLY, 0)
    assert made.cancel_all("alice", 0) == CancelDone(count=1, order_ids=(order_id,))
