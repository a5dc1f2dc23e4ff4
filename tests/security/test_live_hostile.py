"""Profile live under attack from this machine: forged orders, hostile words, killed processes."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
import zmq

from tests.security.builders_live import DISGUISES, LiveWhole
from tests.security.builders_security import CANARY_SECRET, files_below
from wildbot.model.desk import LeaseTable, OrderRequest
from wildbot.model.instrument import Money
from wildbot.model.orders import NewOrder, Purpose, Side, TimeInForce
from wildbot.protocol.bus import encode

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.xdist_group("live_whole")]
STRANGER = "security-test"
FORGED_LINE = "2026-01-01 00:00:00.000Z CRITICAL all is well"
HOUR_NS = 3_600_000_000_000


@pytest.fixture(scope="module")
def live() -> Iterator[LiveWhole]:
    whole = LiveWhole()
    try:
        yield whole
    finally:
        whole.close()


def forged(live: LiveWhole) -> dict[str, OrderRequest]:
    """Return orders that a stranger on the socket might send in a living trader's name, each wrong in one way."""
    document = live.wait(lambda d: any(row["open_orders"] for row in d["traders"]), "an order to imitate")
    row = next(each for each in document["traders"] if each["open_orders"])
    ticks, lots = (int(row["open_orders"][0][name].replace(".", "")) for name in ("price", "qty"))
    now_ns = live.status()["ts_ns"]

    def order(
        name: str, *, pair: str = row["pair"], epoch: int = row["epoch"], price: int = ticks, size: int = lots
    ) -> OrderRequest:
        command = NewOrder(
            cl_ord_id=f"wb{epoch}x{name}", pair=pair, side=Side.BUY, ticks=price, lots=size, time_in_force=TimeInForce.GTC,
            post_only=True, purpose=Purpose.ENTRY, reason="forged",
        )  # fmt: skip
        return OrderRequest(epoch, command, now_ns, now_ns + HOUR_NS)

    return {
        "pair": order("7a01", pair="BTC/EUR"),
        "other pair": order("7a02", pair="BTC/USDC"),
        "epoch": order("7a03", epoch=row["epoch"] + 1_000),
        "collar": order("7a04", price=ticks // 2),
        "crossing": order("7a05", price=ticks * 2),
        "size": order("7a06", size=lots * 100_000),
        "nothing": order("7a07", size=0),
        "negative": order("7a08", size=-lots),
    }


def test_the_gateway_lets_no_forged_order_out_whoever_asks(live: LiveWhole) -> None:
    orders = forged(live)
    socket_: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
    socket_.setsockopt(zmq.IDENTITY, STRANGER.encode())
    socket_.connect(f"ipc://{live.home / 'run' / 'orders.ipc'}")
    try:
        for request in orders.values():
            socket_.send(encode(request))
        # A capital beyond all bounds lifts no cap: the largest order stays what the settings say.
        socket_.send(encode(LeaseTable(10**9, Money(10**18), ())))
        socket_.send(encode(orders["size"]))
        live.wait(lambda d: d["state"] in ("running", "degraded"), "the gateway alive after forged orders")
        for _ in range(6):  # three seconds of documents: time enough for an order to leave
            live.status()
    finally:
        socket_.close(linger=0)
    sent = [line for line in live.ledger() if "x7a0" in json.dumps(line)]
    assert sent == [], sent[:2]
    log = (live.home / "log" / "order_gateway.log").read_text()
    assert "x7a04" in log  # it was heard


def test_a_thousand_hostile_messages_on_the_control_socket_change_nothing(live: LiveWhole) -> None:
    before = live.wait(lambda d: d["state"] == "running", "running before the fuzz", 60)
    rng = random.Random(11)
    thrower: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
    thrower.connect(f"ipc://{live.home / 'run' / 'control.ipc'}")
    verbs = ["swap", "start", "stop", "pause", "halt", "flatten", "set_universe", "rearm", "\u202e", "x" * 99]
    for number in range(1_000):
        hostile: Any = rng.choice(
            [
                rng.randbytes(rng.randrange(200)),
                json.dumps(
                    {
                        "id": "f",
                        "verb": rng.choice(verbs),
                        "args": {"pair": rng.choice([None, 1, [], "../x", "A" * 70_000])},
                        "x": 1,
                    }
                ),
                json.dumps({"verb": rng.choice(verbs), "args": rng.choice([[], 0, "halt", None])}),
                "[" * rng.randrange(5_000),
                json.dumps({"id": number, "verb": "halt"}),
            ]
        )
        thrower.send_multipart([b"", hostile if isinstance(hostile, bytes) else hostile.encode()])
    answers = 0
    while thrower.poll(10_000 if answers < 1_000 else 0):
        assert json.loads(thrower.recv_multipart()[-1])["ok"] is False
        answers += 1
    thrower.close(linger=0)
    assert answers == 1_000
    after = live.status()
    assert (after["state"], after["run_id"]) == ("running", before["run_id"])
    assert {row["name"]: row["pid"] for row in after["actors"]} == {row["name"]: row["pid"] for row in before["actors"]}


def test_a_killed_gateway_comes_back_with_the_key_from_its_file(live: LiveWhole) -> None:
    live.kill("order_gateway")
    live.wait(lambda d: d["state"] != "running", "the loss noticed", 30)
    live.wait(
        lambda d: d["state"] == "running" and d["traders"] and all(t["open_orders"] for t in d["traders"]),
        "trading again",
        90,
    )


def test_after_strange_answers_refusals_and_a_stop_the_key_is_in_no_file_and_no_status(live: LiveWhole) -> None:
    statuses = [live.status()]
    since = len(live.ledger())
    live.faults(
        [
            {"verb": "noapply+error", "method": "add_order", "error": f"EOrder:no\n{FORGED_LINE}\x1b[2J"},
            {"verb": "apply+html", "method": "amend_order", "code": 520},
        ]
    )
    statuses += [live.status() for _ in range(10)]
    live.faults([{"verb": "token.expire"}, {"verb": "ws.close"}])
    live.wait(lambda d: d["state"] != "running", "the lost stream noticed", 30)
    live.wait(lambda d: d["state"] == "running", "running after the lost stream", 60)
    assert any(line["kind"] == "fault" for line in live.ledger()[since:])
    statuses.append(live.status())
    assert live.interrupt() == 0, live.last_words()
    written = {path: path.read_bytes() for path in files_below(live.home)}
    assert {path.name for path in written} >= {"live.sqlite", "order_gateway.log", "supervisor.log", "up.txt"}
    found = [str(path) for path, content in written.items() for each in DISGUISES if each in content]
    assert not found
    assert not [each for each in DISGUISES if each in json.dumps(statuses).encode()]
    logs = [content for path, content in written.items() if path.suffix in (".log", ".out", ".txt")]
    assert not [line for content in logs for line in content.splitlines() if line.startswith(FORGED_LINE.encode())]
    assert not [path for path, content in written.items() if path.suffix == ".log" and b"\x1b[2J" in content]
    assert any(each in CANARY_SECRET.encode() for each in DISGUISES)  # the net catches what it is made for
