"""The stand-alone command: a run judged from its files, by exit code, text and JSON."""

import json
import subprocess
import sys
from pathlib import Path

from tests.audit.naive_bot import NaiveBot
from tests.audit.naive_desk import Bug


def files(home: Path, bug: Bug | None = None) -> list[str]:
    """A run of the small bot as files; returns the words that judge it."""
    bot = NaiveBot(home, bug)
    bot.trade()
    ledger, log = home / "ledger.jsonl", home / "naive.log"
    ledger.write_text(bot.venue.admin.ledger("").body)
    log.write_text("\n".join(bot.log))
    return ["--ledger", str(ledger), "--journal", str(bot.path), "--log", str(log)]


def judge(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "wildbot.audit", *words], capture_output=True, text=True, check=False)


def test_a_good_run_exits_with_0_and_tells_every_rule(tmp_path: Path) -> None:
    done = judge(*files(tmp_path))
    assert done.returncode == 0, done.stdout
    assert "I-01  held      the journal's fills are the exchange's fills" in done.stdout
    assert " 0 violated" in done.stdout


def test_a_broken_run_exits_with_1_and_names_the_rule(tmp_path: Path) -> None:
    done = judge(*files(tmp_path, Bug.IGNORES_GAP), "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert not told["ok"]
    (verdict,) = [each for each in told["verdicts"] if each["rule"] == "I-01"]
    assert verdict["outcome"] == "violated"
    assert "is not in the journal" in verdict["text"]


def test_a_file_that_is_not_there_exits_with_2_and_one_sentence(tmp_path: Path) -> None:
    done = judge("--ledger", str(tmp_path / "none"), "--journal", str(tmp_path / "none"))
    assert done.returncode == 2
    assert done.stderr.startswith("cannot judge this run: FileNotFoundError")
    assert done.stderr.count("\n") == 1


def test_a_journal_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    words = files(tmp_path)
    words[3] = str(tmp_path / "other.sqlite")
    assert judge(*words).returncode == 2
    assert not (tmp_path / "other.sqlite").exists()


def test_a_secret_in_a_log_is_found_from_files(tmp_path: Path) -> None:
    words = files(tmp_path, Bug.LOGS_SECRET)
    secrets = tmp_path / "secrets.txt"
    secrets.write_text((tmp_path / "naive.log").read_text().split()[-1])
    done = judge(*words, "--secret-file", str(secrets))
    assert done.returncode == 1
    assert "I-38  VIOLATED" in done.stdout
