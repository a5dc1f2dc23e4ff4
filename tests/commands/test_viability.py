"""`wildbot viability` over recordings and against a real exchange on this machine."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.builders_cli import Result, sentences, wildbot
from wildbot.adapters.home import Home
from wildbot.commands.account_rates import stated_rates
from wildbot.drill.surroundings import free_port
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import FeeSchedule
from wildbot.simulation.tapes import lobster_sample

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A stock of ten cents spread for five minutes, in LOBSTER's format."""
    messages, rows = lobster_sample(random.Random(5), seconds=300)
    path = tmp_path / "DEMO_2024-03-15_34200000_34500000_message_10.csv"
    path.write_text("\n".join(messages) + "\n", encoding="ascii")
    path.with_name(path.name.replace("message", "orderbook")).write_text("\n".join(rows) + "\n", encoding="ascii")
    return path


def rows_of(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0, sentences(result)
    found = json.loads(result.stdout)
    assert isinstance(found, list)
    return found


def test_a_recording_at_entry_fees_is_a_plain_no_with_its_reason(home: Home, recording: Path) -> None:
    words = ("viability", "--data", str(recording), "--capital", "30000", "--fees", "0.25,0.40")
    (row,) = rows_of(wildbot(*words, "--json"))
    assert (row["pair"], row["answer"], row["hurdle_bps"]) == ("DEMO/USD", "no", 50.0)
    assert row["break_even_win_rate"] is None
    told = sentences(wildbot(*words))
    assert "DEMO/USD: no. below hurdle: expected" in told
    assert "none is enough" in told


def test_the_same_recording_without_fees_is_judged_by_what_was_seen(home: Home, recording: Path) -> None:
    (row,) = rows_of(wildbot("viability", "--data", str(recording), "--capital", "30000", "--fees", "0,0", "--json"))
    assert row["answer"] in ("yes", "no")
    edges = {edge["name"]: edge for edge in row["edges"]}  # type: ignore[attr-defined]
    assert edges["making"]["observations"] >= 20
    assert str(row["reason"]).startswith("making earned" if row["answer"] == "yes" else "it moves enough")
    spread = row["spread_bps"]
    assert isinstance(spread, dict) and spread["p10"] <= spread["p50"] <= spread["p90"]


def test_a_small_account_hears_what_capital_the_pair_needs(home: Home, recording: Path) -> None:
    (row,) = rows_of(wildbot("viability", "--data", str(recording), "--fees", "0,0", "--json"))
    assert row["answer"] == "no"
    assert "USD of capital would be needed" in str(row["reason"])
    assert isinstance(row["order_share"], float) and row["order_share"] > 1


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--data", "no_such_file.log", "--format", "bitstamp"), "cannot be read"),
        (("--data", "x.csv", "--format", "vhs"), "format is 'vhs' but must be one of"),
        (("--capital", "-1"), "--capital is '-1' but must be an amount above 0"),
        (("--fees", "cheap"), "--fees is 'cheap' but must be MAKER,TAKER in percent"),
        (("--url", "ws://127.0.0.1:1/v2"), "--url needs --fees"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(home: Home, words: tuple[str, ...], complaint: str) -> None:
    result = wildbot("viability", *words)
    assert result.exit_code == 78
    assert complaint in sentences(result)


def test_stated_rates_are_percent() -> None:
    assert stated_rates("0.25, 0.40") == FeeSchedule(2_500, 4_000)
    with pytest.raises(ConfigurationError, match="MAKER,TAKER"):
        stated_rates("0.25")


@pytest.fixture
def exchange(home: Home) -> Iterator[int]:
    """A simulated exchange in a process of its own; gives its port."""
    port = free_port()
    words = ["exchange", "--port", str(port), "--seed", "3", "--pairs", "BTC/USDC,LINK/USDC"]
    process = subprocess.Popen(
        [sys.executable, "-m", "wildbot.cli", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None and process.stdout.readline(), process.communicate()[1][-2000:]
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_a_live_market_is_listened_to_and_judged_with_the_account_s_own_rates(
    exchange: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WILDBOT_EXCHANGE__PORT", str(exchange))
    command = [
        sys.executable,
        "-m",
        "wildbot.cli",
        "viability",
        "--pairs",
        "BTC/USDC,LINK/USDC",
        "--seconds",
        "3",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    rows = rows_of(Result(done.returncode, done.stdout, done.stderr))
    assert [row["pair"] for row in rows] == ["BTC/USDC", "LINK/USDC"]
    for row in rows:
        assert (row["maker_bps"], row["taker_bps"]) == (25.0, 40.0)
        assert row["answer"] in ("no", "unknown"), "there is no edge of 50 bps in this market"
        assert row["spread_bps"] is not None and row["least_order"] is not None


def test_nobody_who_answers_is_said_with_the_code_for_not_running(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WILDBOT_EXCHANGE__PORT", str(free_port()))
    monkeypatch.setattr("wildbot.commands.viability_listen.PATIENCE_S", 1.0)
    result = wildbot("viability", "--seconds", "1", "--pairs", "BTC/USDC")
    assert result.exit_code == 4
    assert "said nothing about BTC/USDC" in sentences(result)
