"""Sockets: topics reach who asked for them, a plain REQ gets its answer, odd shapes are dropped."""

from pathlib import Path

import zmq

from wildbot.adapters.zmq_bus import Hub, Publisher, Spoke, Subscriber
from wildbot.protocol.bus import market_topic


def test_a_subscriber_gets_its_own_pairs_only(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path / "md.ipc")
    subscriber = Subscriber(tmp_path / "md.ipc", (market_topic("BTC/USD"),))
    got: list[bytes] = []
    while not got:  # the subscription takes a moment to reach the publisher
        publisher.send(market_topic("BTC/USDC") + b"other")
        publisher.send(market_topic("BTC/USD") + b"ours")
        got = subscriber.drain()
    assert set(got) == {market_topic("BTC/USD") + b"ours"}
    publisher.close()
    subscriber.close()
    assert not (tmp_path / "md.ipc").exists()


def test_a_plain_request_socket_gets_its_answer(tmp_path: Path) -> None:
    hub = Hub(tmp_path / "control.ipc")
    asker = zmq.Context.instance().socket(zmq.REQ)
    asker.connect(f"ipc://{tmp_path / 'control.ipc'}")
    for parts in ([b"question"], [b"two", b"frames"]):
        asker.send_multipart(parts)
        asked: list[tuple[bytes, bytes]] = []
        while not asked:
            asked = list(hub.drain())
        assert asked[0][1] == (parts[0] if len(parts) == 1 else b"")
        hub.send(asked[0][0], b"answer")
        assert asker.poll(5_000)
        assert asker.recv() == b"answer"
    asker.close(linger=0)
    hub.close()


def test_a_hub_hands_on_a_message_before_it_asks_for_the_next_and_no_more_than_its_limit(tmp_path: Path) -> None:
    hub, spoke = Hub(tmp_path / "h.ipc"), Spoke(tmp_path / "h.ipc", "x")
    for number in range(4):
        spoke.send(b"%d" % number)
    drained = hub.drain(3)
    while (first := next(drained, None)) is None:
        drained = hub.drain(3)
    heard = [first]
    while len(heard) < 4:  # what an abandoned or full look left behind is still there
        heard += hub.drain(4 - len(heard))
    assert [frame for _, frame in heard] == [b"0", b"1", b"2", b"3"]
    spoke.close()
    hub.close()


def test_a_frame_to_a_peer_that_never_came_is_no_error(tmp_path: Path) -> None:
    hub = Hub(tmp_path / "h.ipc")
    hub.send(b"nobody", b"x")
    hub.close()
