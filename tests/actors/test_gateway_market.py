"""The gateway's look at the market: everything published is believed before an order is judged, rubbish is counted."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.gateway_market import GatewayMarket
from actors.runtime import Runtime
from tests.desk.builders_router import Desk
from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import DRAIN_MAX, Publisher
from wildbot.model.market_data import BookInvalidated, BookSnapshot, FeedBeat
from wildbot.protocol.bus import market_frame, market_topic

PAIR, OTHER, THIRD = "SOL/USDC", "XRP/USDC", "ADA/USDC"
BEAT_NS = 10**9
PATIENCE_S = 10.0
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

    def publish(self, bid: int, pair: str = PAIR) -> None:
        self.publisher.send(market_frame(BookSnapshot(pair, bid, 1, bid, (bid,), (1,), (bid + 10,), (1,))))

    def drain_until_beat(self) -> None:
        """Look for an order of our pair until the beat that is published now was heard: all before it was read too."""
        self.publisher.send(market_frame(FeedBeat(BEAT_NS, BEAT_NS, True, {})))
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:  # without the loop's own turn, whose timer would look at everything
            self.market.hear_of(PAIR)
            if self.router.state.market.silence_ns(BEAT_NS) == 0:
                return
        raise AssertionError("the beat was never heard")

    def sight(self, pair: str = PAIR) -> tuple[int, bool]:
        sight = self.router.state.market.sight(pair)
        return sight.double_mid, sight.valid

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


def test_an_order_is_judged_by_its_pairs_newest_book_and_other_books_wait(rig: Rig) -> None:
    for bid in (600, 610):
        rig.publish(bid)
        rig.publish(bid, OTHER)
        rig.publish(bid, THIRD)
    rig.drain_until_beat()
    assert rig.sight() == (1_230, True)
    assert rig.sight(OTHER) == (0, False)
    rig.market.hear()
    assert rig.sight(OTHER) == rig.sight(THIRD) == (1_230, True)


def test_what_is_said_of_a_pair_after_its_book_stands_when_an_order_is_judged(rig: Rig) -> None:
    for pair in (PAIR, OTHER):
        rig.publish(700, pair)
        rig.publisher.send(market_frame(BookInvalidated(pair, "checksum", 701)))
    rig.drain_until_beat()
    rig.market.hear()
    assert rig.sight() == rig.sight(OTHER) == (1_410, False)
