"""The simulated exchange as a process: what it prints, what it remembers, how it ends."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests

from actors.exchange_simulator import ExchangeOptions, run
from wildbot.adapters.venue_server import listen
from wildbot.model.errors import ConfigurationError
from wildbot.venues.kraken.signing import sign

ROOT = Path(__file__).resolve().parents[2]
KEY = "simulated-key"
SECRET = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
WAIT_S = 20
START = """
import sys
from pathlib import Path
from actors.exchange_simulator import ExchangeOptions, run
home = Path(sys.argv[1])
sys.exit(run(ExchangeOptions(api_key=sys.argv[2], api_secret=sys.argv[3], port=0, pairs=("BTC/USDC",), warmup_s=5,
    balances=(("USDC", "1000"),), state=home / "state.jsonl", ledger=home / "ledger.jsonl")))
"""


class Exchange:
    """One running process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self.process = process
        self.line = process.stdout.readline()
        found = re.search(r"http://(127\.0\.0\.1:\d+)/0/", self.line)
        assert found, self.line
        self.address = found.group(1)

    def post(self, endpoint: str, nonce: int, **fields: str) -> dict[str, object]:
        body = urlencode({"nonce": nonce, **fields}).encode()
        path = f"/0/private/{endpoint}"
        headers = {"API-Key": KEY, "API-Sign": sign(path, str(nonce), body, SECRET)}
        answer = requests.post(f"http://{self.address}{path}", data=body, headers=headers, timeout=WAIT_S).json()
        assert answer["error"] == [], answer
        return dict(answer["result"])

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(WAIT_S)


@contextlib.contextmanager
def exchange(home: Path) -> Iterator[Exchange]:
    command = [sys.executable, "-c", START, str(home), KEY, SECRET]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Exchange(process)
        finally:
            process.kill()


def test_trades_and_balances_survive_a_restart_and_resting_orders_come_back_cancelled(tmp_path: Path) -> None:
    order = {"pair": "XBTUSDC", "type": "buy", "volume": "0.001"}
    with exchange(tmp_path) as first:
        assert KEY in first.line
        first.post("AddOrder", 1, **order, ordertype="market")
        first.post("AddOrder", 2, **order, ordertype="limit", price="50000", cl_ord_id="wb1x1")
        balances, trades = first.post("Balance", 3), first.post("TradesHistory", 4)
        assert first.end() == 0
    with exchange(tmp_path) as second:
        assert second.post("Balance", 1) == balances
        assert second.post("TradesHistory", 2) == trades
        assert second.post("OpenOrders", 3) == {"open": {}}
        (closed,) = second.post("ClosedOrders", 4, cl_ord_id="wb1x1")["closed"].values()  # type: ignore[attr-defined]
        assert closed["status"] == "canceled"
        assert second.end() == 0
    lines = [json.loads(line) for line in (tmp_path / "ledger.jsonl").read_text().splitlines()]
    assert {"open", "request", "reply", "order", "trade", "balance"} <= {line["kind"] for line in lines}
    assert SECRET not in (tmp_path / "ledger.jsonl").read_text()


def test_port_in_use_is_one_sentence_and_exit_code_one(capsys: pytest.CaptureFixture[str]) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert run(ExchangeOptions(api_key=KEY, api_secret=SECRET, port=port, warmup_s=0)) == 1
    error = capsys.readouterr().err
    assert str(port) in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"host": "0.0.0.0"}, "this machine only"),  # noqa: S104
        ({"tier": "gold"}, "tier is 'gold'"),
        ({"speed": -1.0}, "speed is -1.0"),
        ({"speed": 1_001.0}, "speed is 1001.0"),
        ({"balances": (("USDC", "lots"),)}, "balance USDC=lots"),
        ({"balances": (("USDC", "-1"),)}, "is negative"),
        ({"api_key": ""}, "api_key is empty"),
        ({"api_secret": "not base64!"}, "no base64|not base64 text"),
        ({"pairs": ("PEPE/USDC",)}, "no pair 'PEPE/USDC'"),
        ({"market": "dream"}, "market is 'dream'"),
        ({"market": "replay"}, "data must name"),
    ],
)
def test_options_that_cannot_be_used_name_the_rule(changes: dict[str, object], rule: str) -> None:
    options = {"api_key": KEY, "api_secret": SECRET, "port": 0, "warmup_s": 0.0}
    with pytest.raises(ConfigurationError, match=rule):
        run(ExchangeOptions(**(options | changes)))  # type: ignore[arg-type]


def test_the_first_line_of_the_command_is_a_document_where_one_is_asked_for() -> None:
    command = [sys.executable, "-m", "wildbot.cli", "exchange", "--port", "0", "--pairs", "BTC/USDC", "--json"]
    environment = {**os.environ, "WILDBOT_EXCHANGE__WARMUP_S": "0"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            answer = requests.get(f"{told['rest']}/0/public/SystemStatus", timeout=WAIT_S).json()
        finally:
            process.kill()
    assert answer["result"]["status"] == "online"
    assert told["public_ws"] == f"ws://127.0.0.1:{told['port']}/public/v2" and told["api_key"]
