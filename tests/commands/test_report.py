"""`wildbot report` on journals of several runs: sessions, statistics, where the money came from, files that stand alone."""

import csv
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from actors.truth_files import marks_file, twin_record
from tests.adapters.builders_journal import a_fill_row, a_journal
from wildbot.adapters.home import Home
from wildbot.adapters.journal import Journal
from wildbot.cli import app
from wildbot.model.journal import EventRow, FillRow
from wildbot.truth.fill_values import Tally
from wildbot.truth.profit_ledger import Mark
from wildbot.truth.truth_desk import TwinRecord

SECOND = 10**9
START = 1_800_000_000 * SECOND
DAY = 86_400 * SECOND
PAIR = "BTC/USDC"


@pytest.fixture
def journal(home: Home) -> Iterator[Journal]:
    opened = a_journal(home.data)
    yield opened
    opened.close()


def a_fill(number: int, side: str, price: str, at_ns: int, fee: str = "0.1") -> FillRow:
    return a_fill_row(f"T{number}", at_ns, pair=PAIR, side=side, price=price, qty="0.5", fee=fee, reason="entry")


def a_session(run: str, at_ns: int, *, ends: bool = True) -> list[EventRow]:
    lines = [
        EventRow(at_ns, "session", "", f"run={run} mode=sim strategy=market_maker"),
        EventRow(at_ns + SECOND, "inheritance", PAIR, "epoch 1"),
        EventRow(at_ns + 500 * SECOND, "none_rest", "", "the venue confirmed twice"),
    ]
    return lines if ends else lines[:-1]


def two_runs(journal: Journal) -> None:
    """A won trip of a clean session; a day later a purchase in one that broke off and one that halted."""
    later = START + DAY
    journal.write(
        events=[
            *a_session("a", START),
            *a_session("b", later, ends=False),
            EventRow(later + 5 * SECOND, "session", "", "run=b mode=sim strategy=market_maker"),
            EventRow(later + 60 * SECOND, "session", "", "run=c mode=sim strategy=momentum_burst"),
            EventRow(later + 90 * SECOND, "halt", "", "drawdown"),
        ],
        fills=[
            a_fill(1, "buy", "100", START + 10 * SECOND),
            a_fill(2, "sell", "102", START + 90 * SECOND),
            a_fill(3, "buy", "101", later + 20 * SECOND),
        ],
    )


def wildbot(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["report", *words])
    return result.exit_code, result.stdout, " ".join((result.stdout + result.stderr).split())


def told(*words: str) -> Any:
    code, out, said = wildbot("--json", *words)
    assert code == 0, said
    return json.loads(out)


def test_a_home_without_a_journal_and_an_empty_journal_get_one_sentence(home: Home, request: pytest.FixtureRequest) -> None:
    assert wildbot()[0] == 1 and "nothing was traded yet" in wildbot()[2]
    request.getfixturevalue("journal")
    code, _, said = wildbot()
    assert (code, "holds no fill and no session" in said) == (1, True)


def test_sessions_without_a_trade_are_listed_and_said_to_be_empty(journal: Journal) -> None:
    journal.write(events=a_session("a", START))
    code, _, said = wildbot()
    assert (code, "nothing was traded in these sessions" in said) == (0, True)


def test_each_run_is_one_session_with_its_end_and_its_change(journal: Journal) -> None:
    two_runs(journal)
    sessions = told()["sessions"]
    rows = [(row["exit"], row["strategy"], row["starts"], row["fills"], row["equity_change"]) for row in sessions]
    assert rows == [
        ("clean", "market_maker", 1, 2, "0.80000000"),
        ("broken off", "market_maker", 2, 1, "-0.10000000"),
        ("running or broken off, halted: drawdown", "momentum_burst", 1, 0, "0.00000000"),
    ]
    assert [row["pairs"] for row in sessions] == [PAIR, PAIR, ""]


def test_statistics_start_from_the_capital_and_do_not_guess(journal: Journal) -> None:
    two_runs(journal)
    statistics = told()["statistics"]
    assert (statistics["starting"], statistics["net_pnl"]) == ("16.00000000", "0.70000000")
    assert (statistics["round_trips"], statistics["wins"], statistics["expectancy"]) == (1, 1, 0.8)
    assert statistics["sharpe"] is not None and statistics["sharpe_error"] > 0  # a day of equal samples


def test_the_money_s_origin_sums_to_the_change_by_total_pair_and_day(journal: Journal, home: Home) -> None:
    two_runs(journal)
    unit = 10**10
    marks = [
        Mark("T1", 201 * unit, (202 * unit, 203 * unit, 203 * unit, 204 * unit)),  # the mid was 100.5, 101.5 after 5 s
        Mark("T2", 203 * unit, (203 * unit,) * 4),
    ]
    marks_file(home, "sim").write_bytes(b"".join(msgspec.json.encode(mark) + b"\n" for mark in marks) + b'{"cut off')
    tallies = {name: Tally(2, 2, 2) for name in ("actual", "back_of_queue", "queue_position", "touch", "picked_off")}
    twin_record(home, "sim").save(TwinRecord(tallies, None, {PAIR: 206 * unit}, START))
    document = told()
    rows = document["truth"]
    total, pair, first, second = rows
    assert (total["name"], pair["name"], first["name"], second["name"]) == ("total", PAIR, "2027-01-15", "2027-01-16")
    assert (Decimal(first["spread"]), Decimal(first["adverse_selection"])) == (Decimal("0.5"), Decimal("0.5"))
    assert Decimal(second["inventory"]) == 1 and second["unmarked"] == 1  # 0.5 coins, 101 to 103
    for row in rows:
        parts = Decimal(row["spread"]) + Decimal(row["adverse_selection"]) + Decimal(row["inventory"])
        assert parts - Decimal(row["fees"]) == Decimal(row["change"])
    assert Decimal(total["change"]) == Decimal(first["change"]) + Decimal(second["change"]) == Decimal("1.7")
    assert first["markout_5s"] == pytest.approx((2 / 201 * 10_000) / 2, abs=1e-3)
    bracket = document["models"]["bracket"]
    assert bracket["calibrated"] == "1.7000000000"
    assert Decimal(bracket["believable_low"]) < Decimal(bracket["low"])


def test_page_and_tables_stand_alone(journal: Journal, tmp_path: Path) -> None:
    two_runs(journal)
    told("--html", str(tmp_path / "r.html"), "--csv", str(tmp_path / "csv"))
    page = (tmp_path / "r.html").read_text()
    assert "net <span class='up'>0.70000000</span>" in page
    assert not re.findall(r"<script|<link|src=|href=|url\(|@import", page)
    tables = {path.stem: list(csv.DictReader(path.open())) for path in (tmp_path / "csv").iterdir()}
    counts = {name: len(rows) for name, rows in tables.items()}
    assert counts == {
        "trades": 3, "round_trips": 1, "pairs": 2, "days": 2, "sessions": 3, "statistics": 1, "profit_split": 4,
    }  # fmt: skip
    (trip,) = tables["round_trips"]
    assert (trip["seconds"], trip["net"]) == ("80.0", "0.80000000")


@pytest.mark.parametrize("option", ["--html", "--csv"])
def test_a_place_that_cannot_be_written_is_one_sentence_and_no_traceback(
    journal: Journal, tmp_path: Path, option: str
) -> None:
    two_runs(journal)
    wall = tmp_path / "wall"
    wall.write_text("")
    code, out, said = wildbot(option, str(wall / "report"))
    assert (code, out) == (1, "")
    assert "cannot be used: Not a directory" in said
