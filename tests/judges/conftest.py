"""One live simulated exchange for all judges, with an account of its own for every test that trades."""

import base64
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ACCOUNTS = 24
MONEY = "USDC=100000,BTC=5,DOGE=100000"


@dataclass(frozen=True)
class Account:
    name: str
    key: str
    secret: str


@dataclass(frozen=True)
class LiveExchange:
    """Where the exchange listens; REST and WebSocket addresses without their paths."""

    port: int
    accounts: tuple[Account, ...]

    @property
    def rest(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def websocket(self) -> str:
        return f"ws://127.0.0.1:{self.port}"


_next_account = count()


@pytest.fixture(scope="session")
def exchange() -> Iterator[LiveExchange]:
    """Start `wildbot exchange` on a free port, with the ordinary market at its ordinary pace."""
    accounts = tuple(
        Account(f"judge{n}", f"judge-key-{n}", base64.b64encode(f"secret of judge {n}".encode()).decode())
        for n in range(ACCOUNTS)
    )
    words = [sys.executable, "-m", "wildbot.cli", "exchange", "--port", "0", "--seed", "7", "--tier", "pro"]
    words += ["--pairs", "BTC/USDC,DOGE/USDC"]
    for account in accounts:
        words += ["--account", f"{account.name}:{account.key}:{account.secret}:{MONEY}"]
    with tempfile.TemporaryDirectory(prefix="wb-judges-") as home:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("WILDBOT_", "KRAKEN_"))}
        process = subprocess.Popen(
            words,
            cwd=ROOT,
            env={**clean, "WILDBOT_HOME": home, "WILDBOT_EXCHANGE__WARMUP_S": "120"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            port = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
            if port is None:
                process.kill()
                pytest.fail(f"the exchange did not start: {line!r} {process.communicate()[1][-2000:]}")
            yield LiveExchange(int(port[1]), accounts)
            assert process.poll() is None, "a judge brought the exchange down"
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture
def account(exchange: LiveExchange) -> Account:
    """An account nobody used before."""
    return exchange.accounts[next(_next_account)]
