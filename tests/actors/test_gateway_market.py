"""The gateway's look at the market: everything published is believed before an order is judged, rubbish is counted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.gateway_market import GatewayMarket
from actors.runtime import Runtime
from tests.desk.builders_router import Desk
from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import DRAIN_MAX, Publisher
from wildbot.model.market_data import BookSnapshot
from wildbot.protocol.bus import market_frame, market_topic

PAIR = "SOL/USDC"
LOOKS_MAX = 2_000


class Rig:
    def __init__(self, root: Path) -> None:
        home = Home(root)
        home.prepare()
        self.publisher = Publisher(home.socket("market"))
        self.runtime = Runtime("order_gateway", home, linked=False)
        self.router = Desk().router
        self.market = GatewayMarket(self.runtime, self.router)
        self.look_until(1, again=True)

    def publish(self, bid: int) -> None:
        self.publisher.send(market_frame(BookSnapshot(PAIR, bid, 1, 1, (bid,), (1,), (bid + 10,), (1,))))

    def look_until(self, bid: int, *, again: bool = False) -> None:
        """Look until this bid is believed; `again`: publish it each time, until the subscription stands."""
        for _ in range(LOOKS_MAX):
            if again:
                self.publish(bid)
            self.runtime.turn(5)
            self.market.hear()
            if self.router.state.market.sight(PAIR).double_mid == 2 * bid + 10:
                return
        raise AssertionError(f"bid {bid} was never seen")

    def close(self) -> None:
        self.market.close()
        self.publisher.close()
        self.runtime.stop()
        self.runtime.run()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def test_the_newest_of_a_long_backlog_is_believed(rig: Rig) -> None:
    for bid in range(2, 3 * DRAIN_MAX):
        rig.publish(bid)
    rig.look_until(3 * DRAIN_MAX - 1)


def test_a_frame_nobody_can_read_is_counted_and_hides_nothing(rig: Rig) -> None:
    rig.publisher.send(market_topic(PAIR) + b"rubbish")
    rig.publish(500)
    rig.look_until(500)
    assert rig.runtime.vitals.unreadable == 1
