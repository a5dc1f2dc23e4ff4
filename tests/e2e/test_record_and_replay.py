"""A simulated market recorded by `wildbot record`, then replayed by `wildbot exchange`: every book stands again."""

import json
import os
import random
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from wildbot.adapters.recording import instrument_of, pair_folders, read_rows
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.replay_audit import audit_levels
from wildbot.simulation.replay_levels import LevelMarket
from wildbot.simulation.tape_wildbot import events_with_books

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300), pytest.mark.xdist_group("record")]
ROOT = Path(__file__).resolve().parents[2]
PAIRS = ("BTC/USDC", "SOL/USDC")


@contextmanager
def exchange(home: Path, *words: str) -> Iterator[int]:
    """A `wildbot exchange` with these words; gives its port."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("WILDBOT_", "KRAKEN_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "wildbot.cli", "exchange", "--port", "0", *words],
        cwd=ROOT,
        env={**clean, "WILDBOT_HOME": str(home), "WILDBOT_EXCHANGE__WARMUP_S": "60"},
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
        yield int(port[1])
    finally:
        process.terminate()
        process.wait(20)


def record(port: int, data: Path, seconds: float) -> str:
    words = ["record", "--url", f"ws://127.0.0.1:{port}/public/v2", "--pairs", ",".join(PAIRS)]
    words += ["--data", str(data), "--seconds", str(seconds)]
    done = subprocess.run(
        [sys.executable, "-m", "wildbot.cli", *words], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done
    return done.stdout


def test_a_market_recorded_live_is_replayed_book_by_book(tmp_path: Path) -> None:
    with exchange(tmp_path / "first", "--pairs", ",".join(PAIRS), "--scenario", "busy") as port:
        assert "of 2 pairs" in record(port, tmp_path / "data", 8)
    for folder in pair_folders(tmp_path / "data"):
        instrument = instrument_of(folder)
        told = list(events_with_books(read_rows(folder, pytest.fail), instrument))
        market_exchange = SimulatedExchange([instrument], rng=random.Random(1))
        market = LevelMarket(market_exchange, instrument, iter([event for event, _ in told]))
        result = audit_levels(market, market_exchange, instrument.pair, [book for _, book in told])
        assert result.rows > 50
        assert result.prices_and_sizes == result.rows, result.first_difference
    with exchange(tmp_path / "second", "--market", "replay", "--data", str(tmp_path / "data")) as port:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/0/public/AssetPairs") as answer:
            assert sorted(json.load(answer)["result"]) == ["SOLUSDC", "XBTUSDC"]
        assert "of 2 pairs" in record(port, tmp_path / "again", 3)
    assert [folder.name for folder in pair_folders(tmp_path / "again")] == ["BTC-USDC", "SOL-USDC"]
