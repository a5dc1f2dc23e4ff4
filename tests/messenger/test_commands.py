"""What a message of the owner's means; what cannot be undone needs its code."""

import re
from pathlib import Path

import msgspec
import pytest

from tests.messenger.builders_messenger import NOON_NS, alert, seen, status
from wildbot.analytics.status_view import ActorView
from wildbot.messenger.answers import NOTHING, QUESTIONS
from wildbot.messenger.commands import COMMANDS, CONFIRM_NS, VERBS, CallControl, CommandDesk, ReadLog, Say, help_text

DOC = (Path(__file__).resolve().parents[2] / "docs" / "telegram.md").read_text(encoding="utf-8")
BOTFATHERS = {"newbot", "setjoingroups", "revoke"}
CODE = "123456"


def hear(text: str, desk: CommandDesk | None = None, now_ns: int = NOON_NS) -> Say | CallControl | ReadLog:
    return (desk or CommandDesk(lambda: CODE)).hear(text, seen(), now_ns)


def said(text: str) -> str:
    meaning = hear(text)
    assert isinstance(meaning, Say)
    return meaning.text


def test_the_commands_are_the_missions() -> None:
    names = "help status pnl daily fills orders balance pairs swap pause resume flatten halt health logs version"
    assert [command.name for command in COMMANDS] == names.split()
    assert {command.name for command in COMMANDS} == {"help", "logs"} | set(QUESTIONS) | VERBS


def test_the_document_lists_every_command_as_it_is_written_and_no_other() -> None:
    rows = re.findall(r"^\| `(/[^`]+)` \| (.+?) \|", DOC, re.M)
    assert rows == [(command.usage, command.does) for command in COMMANDS]
    named = set(re.findall(r"`/([a-z]+)", DOC)) - {"start"} - BOTFATHERS
    assert named == {command.name for command in COMMANDS}


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_has_an_answer_with_the_mode_and_on_hostile_texts_too(name: str) -> None:
    assert said(f"/{name}").startswith("[SIM] ")
    hostile = status(alert(text="a\n[LIVE] b"), run="\x00\n[LIVE]")
    meaning = CommandDesk(lambda: CODE).hear(f"/{name}", seen(hostile), NOON_NS)
    assert isinstance(meaning, Say) and "\n[LIVE]" not in meaning.text


def test_an_old_status_is_told_as_such_and_none_is_unknown() -> None:
    meaning = CommandDesk(lambda: CODE).hear("/status", seen(age_s=40), NOON_NS)
    assert isinstance(meaning, Say) and meaning.text.startswith("(as of 40 s ago")
    unseen = msgspec.structs.replace(seen(), status=None)
    assert CommandDesk(lambda: CODE).hear("/status", unseen, NOON_NS) == Say(NOTHING)


def test_health_calls_a_process_silent_that_has_not_spoken_whatever_it_said_last() -> None:
    actors = [
        ActorView("a", state="running", heartbeat_age_ms=120.0),
        ActorView("b", state="running", heartbeat_age_ms=90_700),
    ]
    view = msgspec.structs.replace(status(), actors=[*actors, ActorView("c", state="running")])
    meaning = CommandDesk(lambda: CODE).hear("/health", seen(view), NOON_NS)
    assert isinstance(meaning, Say)
    for part in ("a: running, heard 0.2 s ago", "b: running, SILENT for 1 min 30 s", "c: running, never heard"):
        assert part in meaning.text


@pytest.mark.parametrize("text", ["/start", "/help", "/START@wild_bot", "/help me"])
def test_start_starts_nothing_and_prints_the_help(text: str) -> None:
    assert said(text) == help_text()


@pytest.mark.parametrize(
    "text", ["hello", "", "/", "//halt", "/rearm", "/forcebuy", "halt", "/halted", "12", "１２３４５６"]
)
def test_what_is_no_command_does_nothing(text: str) -> None:
    assert "/help" in said(text) or "waits" in said(text)


@pytest.mark.parametrize(
    ("text", "verb", "args"),
    [
        ("/pause", "pause", {}),
        ("/pause sol/usdc", "pause", {"pair": "SOL/USDC"}),
        ("/resume", "resume", {}),
        ("/Resume@bot SOL/USDC", "resume", {"pair": "SOL/USDC"}),
    ],
)
def test_what_can_be_undone_is_done_at_once(text: str, verb: str, args: dict[str, str]) -> None:
    assert hear(text) == CallControl(verb, args)


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("/halt", {}),
        ("/flatten", {}),
        ("/flatten SOL/USDC", {"pair": "SOL/USDC"}),
        ("/swap SOL/USDC XRP/USDC", {"out": "SOL/USDC", "in": "XRP/USDC"}),
    ],
)
def test_what_cannot_be_undone_needs_its_code_once_and_in_time(text: str, args: dict[str, str]) -> None:
    desk = CommandDesk(lambda: CODE)
    offer = hear(text, desk)
    assert isinstance(offer, Say) and CODE in offer.text
    assert hear(CODE, desk, NOON_NS + CONFIRM_NS) == CallControl(text.split()[0][1:], args)
    assert hear(CODE, desk) == Say("nothing waits for a code")
    hear(text, desk)
    assert isinstance(hear(CODE, desk, NOON_NS + CONFIRM_NS + 1), Say), "too late"
    hear(text, desk)
    assert isinstance(hear("654321", desk), Say) and isinstance(hear(CODE, desk), Say), "a wrong code ends it"
    hear(text, desk)
    hear("/status", desk)
    assert isinstance(hear(CODE, desk), Say), "another command ends it"


@pytest.mark.parametrize(
    "text",
    ["/swap SOL/USDC", "/swap A B C", "/halt now", "/pause a b", "/pause SOL", "/flatten ../../x", "/pause SOL/USDC;x", "/logs a b",
     "/logs ../data/x", "/logs /etc/passwd", "/status all"],
)  # fmt: skip
def test_a_misused_command_does_nothing(text: str) -> None:
    assert "written" in said(text) or "no pair" in said(text)


def test_a_log_is_read_by_its_actors_name() -> None:
    assert hear("/logs trader-SOL-USDC") == ReadLog("trader-SOL-USDC")
    assert hear("/logs") == ReadLog("")
