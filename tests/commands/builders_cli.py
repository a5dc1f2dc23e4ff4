"""The command line in this process, and what it said."""

from dataclasses import dataclass

from typer.testing import CliRunner

from wildbot.cli import app


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one command."""

    exit_code: int
    stdout: str
    stderr: str


def wildbot(*words: str) -> Result:
    result = CliRunner().invoke(app, words)
    return Result(result.exit_code, result.stdout, result.stderr)


def sentences(result: Result) -> str:
    """Everything said, on one line: where a line is broken is no rule."""
    return " ".join((result.stdout + result.stderr).split())
