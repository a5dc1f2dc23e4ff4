"""The supervisor's shell over real sockets: heartbeats answered, status published, verbs answered, the halt on disk."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zmq

from actors.runtime import Runtime
from actors.supervisor import Supervisor
from actors.trader_children import trader_config
from wildbot.adapters.home import Home
from wildbot.adapters.supervisor_state import DurableRecord
from wildbot.adapters.zmq_bus import Spoke
from wildbot.desk.supervision_words import SupervisorState
from wildbot.model.control import HeartbeatAck, StopAll
from wildbot.model.desk import AccountState
from wildbot.model.instrument import MONEY_ONE, Money
from wildbot.model.status import GatewayStatus, Heartbeat
from wildbot.protocol.bus import FROM_SUPERVISOR, encode
from wildbot.protocol.schema import build_word
from wildbot.settings import Settings
from wildbot.settings_loading import load

TURNS_MAX = 400
SECRETS = {"KRAKEN_API_SECRET": "hush-hush", "TELEGRAM_BOT_TOKEN": "hush-hush"}


def the_settings(home: Path) -> Settings:
    """The sim profile with nobody listening at the exchange's port: no market data ever comes."""
    words = {"WILDBOT_HOME": str(home), "WILDBOT_EXCHANGE__PORT": "9", **SECRETS}
    return load(environment=words, env_file=home / "none.env").settings


class Bench:
    """The supervisor's loop, with a gateway, the owner and an onlooker at the ends of its sockets."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.runtime = Runtime("supervisor", self.home, linked=False)
        self.record = DurableRecord(self.home.data / "sim.supervisor.json", SupervisorState)
        self.supervisor = Supervisor(self.runtime, the_settings(root), self.record)
        self.gateway = Spoke(self.home.socket("actors"), "order_gateway")
        context = zmq.Context.instance()
        self.owner: zmq.Socket[bytes] = context.socket(zmq.REQ)
        self.onlooker: zmq.Socket[bytes] = context.socket(zmq.SUB)
        self.owner.linger = self.onlooker.linger = 0
        self.owner.connect(self.home.endpoint("control"))
        self.onlooker.setsockopt(zmq.SUBSCRIBE, b"")
        self.onlooker.connect(self.home.endpoint("status"))
        self.supervisor.open()

    def ask(self, verb: str, **arguments: object) -> dict[str, Any]:
        self.owner.send(msgspec.json.encode({"id": verb, "verb": verb, "args": arguments}))
        for _ in range(TURNS_MAX):
            self.runtime.turn(10)
            if self.owner.poll(0):
                reply: dict[str, Any] = msgspec.json.decode(self.owner.recv())
                assert reply["id"] == verb
                return reply
        raise AssertionError(f"no reply to {verb}")

    def published(self, topic: bytes) -> dict[str, Any]:
        for _ in range(TURNS_MAX):
            self.runtime.turn(10)
            if self.onlooker.poll(0):
                heard, body = self.onlooker.recv_multipart()
                if heard == topic:
                    return dict(msgspec.json.decode(body))
        raise AssertionError(f"nothing published under {topic!r}")

    def gateway_hears(self, kind: type) -> object:
        for _ in range(TURNS_MAX):
            self.runtime.turn(10)
            for frame in self.gateway.drain():
                message = FROM_SUPERVISOR.decode(frame)
                if isinstance(message, kind):
                    return message
        raise AssertionError(f"no {kind.__name__}")

    def close(self) -> None:
        for socket in (self.owner, self.onlooker):
            socket.close(linger=0)
        self.gateway.close()
        self.supervisor.close()
        self.runtime.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def a_heartbeat(bench: Bench, build: str | None = None) -> bytes:
    now_ns, word = bench.runtime.now_ns(), build_word(the_settings(bench.home.root).fingerprint) if build is None else build
    return encode(Heartbeat("order_gateway", 42, 0, "ready", now_ns, 0.0, 1.0, 30.0, 5.0, 10.0, 20.0, word))


def test_heartbeat_is_answered_and_shown(bench: Bench) -> None:
    bench.gateway.send(a_heartbeat(bench))
    ack = bench.gateway_hears(HeartbeatAck)
    assert isinstance(ack, HeartbeatAck) and ack.state == "starting"
    rows = {row["name"]: row for row in bench.ask("status")["result"]["actors"]}
    assert rows["order_gateway"]["pid"] == 42


def test_a_gateway_of_another_build_is_alerted_and_not_answered(bench: Bench) -> None:
    bench.gateway.send(a_heartbeat(bench, build="older/older"))
    for _ in range(20):
        bench.runtime.turn(10)
    assert not bench.gateway.drain()
    alerts = bench.ask("status")["result"]["alerts"]
    assert any("another build" in alert["text"] for alert in alerts)


def test_status_is_published_with_rising_numbers(bench: Bench) -> None:
    first, second = bench.published(b"status"), bench.published(b"status")
    assert second["seq"] == first["seq"] + 1
    assert (first["mode"], first["state"]) == ("sim", "starting")
    assert first["reasons"]


def test_account_of_the_gateway_is_in_the_document(bench: Bench) -> None:
    account = AccountState(Money(16 * MONEY_ONE), Money(0), ())
    bench.gateway.send(encode(GatewayStatus("ready", "", account, 0, 0, 0, {}, bench.runtime.now_ns())))
    bench.gateway.send(a_heartbeat(bench))
    bench.gateway_hears(HeartbeatAck)
    assert bench.ask("status")["result"]["account"]["equity"] == "16.0000000000"


def test_halt_is_on_disk_and_told_to_the_gateway(bench: Bench) -> None:
    bench.gateway.send(a_heartbeat(bench))
    bench.gateway_hears(HeartbeatAck)
    assert bench.ask("halt")["ok"]
    saved = bench.record.load()
    assert saved is not None and saved.halted
    assert bench.gateway_hears(StopAll) == StopAll(halt=True, reason="the owner asked")


def test_refused_verb_says_why(bench: Bench) -> None:
    reply = bench.ask("swap", out="BTC/USDC", **{"in": "NOPE/USDC"})
    assert (reply["ok"], reply["error"]["code"]) == (False, "unknown_pair")


def test_unreadable_message_of_an_actor_is_survived(bench: Bench) -> None:
    bench.gateway.send(b"\xc1 not a message")
    bench.gateway.send(a_heartbeat(bench))
    bench.gateway_hears(HeartbeatAck)


def test_stop_without_a_gateway_ends_with_zero(bench: Bench) -> None:
    bench.runtime.on_stop()
    for _ in range(TURNS_MAX):
        bench.runtime.turn(10)
        if bench.runtime.stopping:
            break
    assert bench.runtime.stopping


def test_trader_is_told_its_settings_and_no_secret(tmp_path: Path) -> None:
    text = trader_config(the_settings(tmp_path), tmp_path, "BTC/USDC", 5).to_environment()
    assert '"epoch":5' in text and "hush" not in text and "api" not in text
