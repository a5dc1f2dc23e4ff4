"""The account's own rates on the command line: from the running system while it holds the key, never guessed."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.commands.builders_commands import FakeSupervisor, a_home
from wildbot.adapters.home import Home
from wildbot.commands.account_rates import account_rates
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import FeeSchedule
from wildbot.settings import Settings
from wildbot.settings_loading import load

BTC, SOL, ADA = PAIRS = ("BTC/USDC", "SOL/USDC", "ADA/USDC")
STEPS = {"fees": [[0, 0.4], [10_000, 0.35], [50_000, 0.24]], "fees_maker": [[0, 0.25], [10_000, 0.2], [50_000, 0.14]]}


def described(pair: str) -> dict[str, object]:
    base, quote = pair.split("/")
    entry = {"altname": base + quote, "wsname": pair, "base": base, "quote": quote, "status": "online"}
    grid = {
        "pair_decimals": 2,
        "lot_decimals": 8,
        "cost_decimals": 5,
        "tick_size": "0.01",
        "ordermin": "0.01",
        "costmin": "0.5",
    }
    return entry | grid | STEPS


class Exchange(BaseHTTPRequestHandler):
    """Says what Kraken publishes of three pairs, and nothing else."""

    def do_GET(self) -> None:
        known = (
            {pair.replace("/", ""): described(pair) for pair in PAIRS}
            if self.path.startswith("/0/public/AssetPairs")
            else {}
        )
        body = json.dumps({"error": [] if known else ["EGeneral:Unknown method"], "result": known}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Keep quiet."""


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    for name in ("KRAKEN_API_KEY", "KRAKEN_API_SECRET"):
        monkeypatch.delenv(name, raising=False)
    with a_home() as prepared:
        yield prepared


@contextmanager
def an_exchange_elsewhere() -> Iterator[Settings]:
    """Settings of an exchange that is not ours, which answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        kraken = {"rest_url": f"http://127.0.0.1:{server.server_address[1]}"}
        told = {"exchange": {"embedded": False}, "kraken": kraken}
        yield load(told, environment={}, env_file=Path("/nonexistent/.env")).settings
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def running(home: Home, *rows: dict[str, object]) -> FakeSupervisor:
    return FakeSupervisor(home, lambda verb, args: {"ok": True, "result": {"scanner": list(rows)}})


def test_the_maker_rate_is_the_running_systems_and_the_taker_rate_that_of_the_same_step(home: Home) -> None:
    with an_exchange_elsewhere() as settings, running(home, {"pair": BTC, "hurdle_bps": 28.0}) as supervisor:
        assert account_rates(settings, home, PAIRS) == {BTC: FeeSchedule(1_400, 2_400)}
    assert [verb for verb, _ in supervisor.heard] == ["status"]


def test_a_rate_between_the_published_steps_takes_the_dearest_taker_rate(home: Home) -> None:
    with an_exchange_elsewhere() as settings, running(home, {"pair": SOL, "hurdle_bps": 30.0}):
        assert account_rates(settings, home, PAIRS) == {SOL: FeeSchedule(1_500, 4_000)}


def test_a_pair_whose_rate_the_gateway_does_not_know_yet_is_left_out(home: Home) -> None:
    rows = ({"pair": BTC, "hurdle_bps": None}, {"pair": "DOGE/USDC", "hurdle_bps": 50.0}, {"pair": ADA, "hurdle_bps": 50.0})
    with an_exchange_elsewhere() as settings, running(home, *rows):
        assert account_rates(settings, home, PAIRS) == {ADA: FeeSchedule(2_500, 4_000)}


def test_without_a_running_system_and_a_key_the_rates_have_to_be_stated(home: Home) -> None:
    with an_exchange_elsewhere() as settings, pytest.raises(ConfigurationError, match="--fees MAKER,TAKER"):
        account_rates(settings, home, PAIRS)
