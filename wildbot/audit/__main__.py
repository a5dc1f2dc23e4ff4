"""`python -m wildbot.audit`: judge a run from its files, without anything of WildBot running.

Rules: exit code 0 when nothing was broken, 1 when something was, 2 when a file cannot be read.
"""

import argparse
import json
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from wildbot.audit.audit import audit
from wildbot.audit.evidence import Evidence, StatusSeen, read_journal
from wildbot.audit.trail import EvidenceError
from wildbot.audit.verdict import AuditReport, Outcome

UNREADABLE = 2
MARKS = {Outcome.HELD: "held    ", Outcome.VIOLATED: "VIOLATED", Outcome.UNSEEN: "unseen  "}


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    asked = _parser().parse_args(words)
    try:
        report = audit(_evidence(asked))
    except (OSError, sqlite3.Error, ValueError, KeyError, EvidenceError) as error:
        print(f"cannot judge this run: {type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
        return UNREADABLE
    print(_as_json(report) if asked.json else _as_text(report))  # noqa: T201
    return 0 if report.ok else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m wildbot.audit",
        description="Judge a run of WildBot by the exchange's ledger and the journal. Shares no code with the bot.",
        epilog="example: python -m wildbot.audit --ledger ledger.jsonl --journal var/data/sim.sqlite --log var/log/*.log",
    )
    parser.add_argument("--ledger", type=Path, required=True, help="the exchange's ledger, JSON lines from the beginning")
    parser.add_argument("--journal", type=Path, required=True, help="the journal, var/data/PROFILE.sqlite")
    parser.add_argument("--log", type=Path, nargs="+", default=[], help="what was logged or printed")
    parser.add_argument("--statuses", type=Path, help="status documents, one JSON object per line, with their ts_ns")
    parser.add_argument("--secret-file", type=Path, help="secrets that may appear nowhere, one per line")
    parser.add_argument("--account", default="main", help="the account at the exchange (default: main)")
    parser.add_argument("--quote", default="USDC", help="the currency of the capital (default: USDC)")
    parser.add_argument("--capital", default="", help="the capital the bot was given (default: what the account had)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _evidence(asked: argparse.Namespace) -> Evidence:
    statuses = [json.loads(line) for line in _lines(asked.statuses)]
    return Evidence(
        ledger=[json.loads(line) for line in _lines(asked.ledger)],
        journal=read_journal(asked.journal),
        statuses=[StatusSeen(int(document["ts_ns"]), document) for document in statuses],
        outputs={path.name: path.read_text(encoding="utf-8", errors="replace") for path in asked.log},
        secrets=_lines(asked.secret_file),
        account=asked.account,
        quote=asked.quote,
        capital=asked.capital,
    )


def _lines(path: Path | None) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()] if path is not None else []


def _as_json(report: AuditReport) -> str:
    return json.dumps({"ok": report.ok, "verdicts": [asdict(verdict) for verdict in report.verdicts]}, indent=1)


def _as_text(report: AuditReport) -> str:
    lines = [f"{each.rule}  {MARKS[each.outcome]}  {each.title}\n                {each.text}" for each in report.verdicts]
    counts = {outcome: sum(each.outcome is outcome for each in report.verdicts) for outcome in Outcome}
    lines.append(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
