"""The list of verbs: the contract's are there, each explains itself, and listing them loads none of them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from actors import spec
from wildbot.cli import VERBS, app

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = (
    "up", "down", "status", "pairs", "swap", "pause", "resume", "flatten", "halt", "rearm", "logs", "report", "doctor",
    "viability", "exchange", "record", "backtest", "sweep", "bench", "drill", "config", "backup", "import-recording",
)  # fmt: skip
EVERYDAY = ("status", "pairs", "swap", "pause", "resume", "flatten", "halt", "rearm", "logs", "config", "start", "stop")
RUNS_ON = "up"
"""It runs until it is stopped; what there is to know while it does, other verbs tell."""
LISTING = {"wildbot", "wildbot.cli", "wildbot.commands", "wildbot.commands.listed"}
SLOW = {
    "distributed", "exchange_calendars", "numpy", "optuna", "pandas", "prometheus_client", "pyarrow", "requests", "sqlite3",
    "starlette", "streamlit", "uvicorn", "websockets",
}  # fmt: skip


def verbs() -> dict[str, Any]:
    group: Any = typer.main.get_command(app)
    return {name: listed.chosen for name, listed in group.commands.items()}


def leaves() -> list[tuple[str, Any]]:
    """Every verb that does something, as the words one types."""
    found: list[tuple[str, Any]] = []
    for name, chosen in verbs().items():
        below = getattr(chosen, "commands", None)
        found += [(f"{name} {part}", command) for part, command in below.items()] if below else [(name, chosen)]
    return found


def loaded_by(*words: str) -> set[str]:
    """The modules that a command of its own process has loaded at its end."""
    script = f"""import sys, wildbot.cli
try:
    wildbot.cli.app({list(words)!r}, prog_name="wildbot")
finally:
    print("LOADED", *sys.modules)"""
    found = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(found.stdout.rpartition("LOADED ")[2].split())


def test_every_verb_of_the_contract_is_listed() -> None:
    listed = CliRunner().invoke(app, ["--help"])
    assert listed.exit_code == 0
    words = listed.stdout.split()
    assert [verb for verb in CONTRACT if verb not in words] == []


@pytest.mark.parametrize(("words", "command"), leaves(), ids=lambda given: given if isinstance(given, str) else "")
def test_every_verb_explains_itself_with_an_example_that_it_would_take(words: str, command: Any) -> None:
    page = CliRunner().invoke(app, [*words.split(), "--help"])
    assert (page.exit_code, f"wildbot {words}" in page.stdout) == (0, True)
    example = command.help.rpartition("Example: ")[2].split()
    assert example[: 1 + len(words.split())] == ["wildbot", *words.split()]
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert [word for word in example if word.startswith("-") and word not in options] == []


def test_every_verb_that_tells_a_result_tells_it_to_programs_too() -> None:
    options = {words: {option for parameter in command.params for option in parameter.opts} for words, command in leaves()}
    assert [words for words, known in options.items() if "--json" not in known] == [RUNS_ON]


def test_the_list_says_of_a_verb_what_its_own_page_begins_with() -> None:
    told = {verb.name: verb.summary for heading in VERBS.values() for verb in heading}
    begun = {name: " ".join(chosen.help.split("\n\n")[0].split()) for name, chosen in verbs().items()}
    assert told == begun


def test_every_verb_tells_a_mistaken_setting_in_one_sentence() -> None:
    unguarded = [words for words, command in leaves() if not hasattr(command.callback, "__wrapped__")]
    assert unguarded == [], "decorate with `explained`"


def test_listing_the_verbs_loads_none_of_them() -> None:
    loaded = loaded_by("--help")
    assert {name for name in loaded if name.split(".")[0] in ("wildbot", "actors")} == LISTING
    assert not loaded & (SLOW | {"pydantic", "msgspec", "zmq"})
    assert len(loaded) < 400


@pytest.mark.parametrize("verb", EVERYDAY)
def test_an_everyday_verb_loads_nothing_that_takes_long(verb: str) -> None:
    loaded = loaded_by(verb, "--help")
    assert loaded & SLOW == set()
    assert len(loaded) < 700


def test_the_exit_codes_are_those_of_the_contract() -> None:
    codes = (
        spec.EXIT_DONE,
        spec.EXIT_FAILED,
        spec.EXIT_USAGE,
        spec.EXIT_HALTED,
        spec.EXIT_NOT_RUNNING,
        spec.EXIT_TIMED_OUT,
    )
    assert (*codes, spec.EXIT_CONFIGURATION) == (0, 1, 2, 3, 4, 5, 78)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("wildbot fl", "flatten"),
        ("wildbot status --w", "--watch"),
        ("wildbot swap SO", "SOL/USDC"),
        ("wildbot pause ad", "ada/usdc"),
    ],
)
def test_a_shell_completes_verbs_their_options_and_pairs_in_the_case_they_were_begun_in(typed: str, expected: str) -> None:
    shell = {"_WILDBOT_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    result = CliRunner().invoke(app, [], env=shell, prog_name="wildbot")
    assert result.stdout.split() == [expected]
