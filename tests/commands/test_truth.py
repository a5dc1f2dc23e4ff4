"""`wildbot truth` from the command line: one small test, and what it refuses."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from actors.spec import EXIT_CONFIGURATION
from wildbot.cli import app

SMALL = ("--seeds", "1", "--train", "1", "--seconds", "10", "--scenario", "calm", "--draws", "1", "--workers", "1")


def test_a_small_test_tells_its_figures_and_puts_them_into_the_document(tmp_path: Path) -> None:
    document = tmp_path / "truth.md"
    document.write_text("Before.\n<!-- truth AVAX/USDC -->\nstale words\n<!-- end -->\nAfter.\n")
    done = CliRunner().invoke(app, ["truth", *SMALL, "--capital", "90", "--document", str(document), "--json"])
    assert done.exit_code == 0, done.output
    text = document.read_text()
    assert text.startswith("Before.\n<!-- truth AVAX/USDC -->\n") and text.endswith("<!-- end -->\nAfter.\n")
    assert "stale words" not in text and "| calm | 1 |" in text and "| all | 1 |" in text
    asked = "--seeds 1 --train 1 --draws 1 --pair AVAX/USDC --scenario calm --seconds 10 --capital 90 --document "
    assert f"`wildbot truth {asked}{document}`" in text
    columns = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert len(columns) == 1
    assert {path.name for path in (tmp_path / "images").iterdir()} == {"truth-avax-pnl.svg", "truth-avax-fills.svg"}
    told = json.loads(done.stdout)
    assert set(told["verdicts"]) == {"calm", "all"}
    assert told["verdicts"]["all"]["runs"] == 1
    assert 0.0 <= told["verdicts"]["all"]["pnl_inside"] <= 1.0
    assert told["margin"]["runs"] == 1
    assert {"power", "low", "high"} <= set(told["fit"])


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (("--pair", "NO/SUCH"), "--pair is 'NO/SUCH' but must be one of"),
        (("--scenario", "storm"), "--scenario is 'storm' but must be one of"),
        (("--seeds", "1000001"), "must be at most"),
        (("--document", "missing.md", *SMALL), "--document 'missing.md' cannot be read"),
        (("--capital", "abc"), "'abc' is no number"),
        (("--capital", "nan"), "a finite number above 0"),
        (("--capital", "0"), "a finite number above 0"),
        (("--capital", "-5"), "a finite number above 0"),
        (("--capital", "1e40"), "cannot be held exactly"),
        (("--set", "ema_window"), "not of the form KEY=VALUE"),
        (("--set", "ema_window=0"), "ema_window"),
    ],
)
def test_what_cannot_be_tested_is_refused_in_one_sentence(words: tuple[str, str], rule: str) -> None:
    done = CliRunner().invoke(app, ["truth", *words])
    assert done.exit_code == EXIT_CONFIGURATION
    assert rule in done.output
