"""The status document stays within its bound, and what stands is the last thing left out."""

import json
from pathlib import Path

import pytest

from actors.status_desk import DOCUMENT_BYTES_MAX, StatusDesk
from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import Subscriber
from wildbot.analytics.status_board import RunView, StatusBoard
from wildbot.model.instrument import Money
from wildbot.model.status import Alert, Severity

RUN = RunView("running", (), (), (), Money(0), Money(0), 50.0)


@pytest.mark.parametrize(("letter", "standing_shown"), [("x", 50), ("\N{GRINNING FACE}", 0)])
def test_a_flood_of_long_alerts_leaves_out_what_can_be_spared_first(
    tmp_path: Path, letter: str, standing_shown: int
) -> None:
    home = Home(tmp_path)
    home.prepare()
    desk = StatusDesk(home, StatusBoard(run_id="r", mode="sim", currency="USDC", started_ns=0))
    subscriber = Subscriber(home.socket("status"), (b"status",))
    for count in range(60):
        desk.alert(Alert(count, Severity.WARNING, "order_gateway", f"k{count}", letter * 5_000))
    frames: list[bytes] = []
    for _ in range(500):
        desk.publish(RUN, 1)
        if subscriber.socket.poll(20):
            frames = subscriber.socket.recv_multipart()
            break
    subscriber.close()
    desk.close()
    document = json.loads(frames[-1])
    assert len(frames[-1]) <= DOCUMENT_BYTES_MAX
    assert len(document["standing"]) == standing_shown and document["events"] == []
