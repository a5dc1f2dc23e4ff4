"""The control socket's door: every request is read strictly and answered once."""

from pathlib import Path

import msgspec
import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from actors.control_socket import REQUEST_BYTES_MAX, ControlSocket, RefusedError, StatusQuery, read_request
from wildbot.adapters.home import Home
from wildbot.desk.supervision_words import FlattenPair, HaltAll, PausePair, SetUniverse, Swap


def a_request(verb: object = "status", args: object = None, **rest: object) -> bytes:
    return msgspec.json.encode({"id": "7", "verb": verb, "args": {} if args is None else args} | rest)


@pytest.mark.parametrize(
    ("verb", "args", "order"),
    [
        ("status", {}, StatusQuery()),
        ("swap", {"out": "BTC/USDC", "in": "SOL/USDC"}, Swap("BTC/USDC", "SOL/USDC")),
        ("pause", {}, PausePair("")),
        ("pause", {"pair": None}, PausePair("")),
        ("flatten", {"pair": "BTC/USDC"}, FlattenPair("BTC/USDC")),
        ("halt", {}, HaltAll()),
        ("set_universe", {"pairs": ["BTC/USDC"]}, SetUniverse(("BTC/USDC",))),
    ],
)
def test_well_formed_request_is_read(verb: str, args: dict[str, object], order: object) -> None:
    assert read_request(a_request(verb, args)) == ("7", order)


@pytest.mark.parametrize(
    ("verb", "args"),
    [("pause", {"pair": "btc-usdc"}), ("swap", {"out": "BTC/USDC", "in": "x" * 900}), ("set_universe", {"pairs": ["?"]})],
)
def test_what_is_no_pair_is_said_in_words_a_person_understands(verb: str, args: dict[str, object]) -> None:
    with pytest.raises(RefusedError, match=r"^\w+: '.{1,40}' is no pair; one looks like SOL/USDC$"):
        read_request(a_request(verb, args))


def test_arguments_may_be_left_out() -> None:
    assert read_request(b'{"verb": "halt"}') == ("", HaltAll())


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"", "malformed"),
        (b"not json", "malformed"),
        (b"[1, 2]", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b"[" * 30_000, "malformed"),
        (a_request(verb=None), "malformed"),
        (a_request(args=[]), "malformed"),
        (a_request(surprise=1), "malformed"),
        (a_request("dance"), "unknown_verb"),
        (a_request("swap", {"out": "BTC/USDC"}), "bad_argument"),
        (a_request("swap", {"out": "BTC/USDC", "in": "SOL/USDC", "force": True}), "bad_argument"),
        (a_request("pause", {"pair": 7}), "bad_argument"),
        (a_request("pause", {"pair": "btc-usdc"}), "bad_argument"),
        (a_request("halt", {"pair": "BTC/USDC"}), "bad_argument"),
        (a_request("set_universe", {"pairs": []}), "bad_argument"),
        (b" " * (REQUEST_BYTES_MAX + 1), "too_large"),
    ],
)
def test_anything_else_is_refused_with_a_code(frame: bytes, code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read_request(frame)
    assert refused.value.code == code


@given(st.binary(max_size=200))
def test_garbage_never_gets_through(frame: bytes) -> None:
    with pytest.raises(RefusedError):
        read_request(frame)


def test_each_request_gets_one_reply_with_its_own_id(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    control = ControlSocket(home)
    asker: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.REQ)
    asker.linger, asker.rcvtimeo = 0, 5_000
    asker.connect(home.endpoint("control"))
    try:
        asker.send(a_request("swap", {"out": "BTC/USDC", "in": "SOL/USDC"}))
        assert control.socket.poll(5_000)
        ((ticket, order),) = control.drain()
        assert order == Swap("BTC/USDC", "SOL/USDC")
        control.answer(ticket, {"epoch": 4})
        assert msgspec.json.decode(asker.recv()) == {"id": "7", "ok": True, "result": {"epoch": 4}}
        asker.send_multipart([b"two", b"frames"])
        assert control.socket.poll(5_000)
        assert control.drain() == []
        reply = msgspec.json.decode(asker.recv())
        assert (reply["ok"], reply["error"]["code"]) == (False, "malformed")
    finally:
        asker.close(linger=0)
        control.close()
