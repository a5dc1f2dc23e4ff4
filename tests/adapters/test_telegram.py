"""The Bot API's client against a stub that fails in every way; the token and the stub's own words come out of none of them."""

import io
import logging
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.messenger.stub_bot_api import TOKEN, USER, StubBotApi
from wildbot.adapters.errands import Errands
from wildbot.adapters.telegram import RETRY_AFTER_S, Telegram, TelegramError
from wildbot.adapters.telegram_access import read_access
from wildbot.model.errors import ConfigurationError
from wildbot.model.messaging import Trouble

ROOT = Path(__file__).resolve().parents[2]
SECRET_PART = TOKEN.split(":")[1]


@pytest.fixture
def bot() -> Iterator[StubBotApi]:
    stub = StubBotApi()
    yield stub
    stub.close()


def trouble_of(telegram: Telegram) -> TelegramError:
    with pytest.raises(TelegramError) as caught:
        telegram.send(USER, "x")
    return caught.value


def test_text_goes_out_without_markup_and_messages_come_in(bot: StubBotApi) -> None:
    telegram = Telegram(bot.url, TOKEN)
    telegram.send(USER, "*a* <b> [c](http://d)")
    assert bot.sent[0][1]["text"] == "*a* <b> [c](http://d)" and bot.sent[0][1]["chat_id"] == USER
    number = bot.say("/status")
    assert [update["update_id"] for update in telegram.updates(None, 0)] == [number]
    assert telegram.updates(number + 1, 0) == []
    assert telegram.name() == "wild_test_bot"


@pytest.mark.parametrize(
    ("failure", "trouble", "wait_s"),
    [
        ("429:7", Trouble.LIMITED, 7),
        ("429", Trouble.LIMITED, RETRY_AFTER_S),
        ("429:-3", Trouble.LIMITED, RETRY_AFTER_S),
        ("html:429", Trouble.LIMITED, RETRY_AFTER_S),
        ("500", Trouble.UNREACHABLE, 0),
        ("html:502", Trouble.UNREACHABLE, 0),
        ("html:200", Trouble.UNREACHABLE, 0),
        ("html:404", Trouble.UNREACHABLE, 0),
        ("garbage", Trouble.UNREACHABLE, 0),
        ("nested", Trouble.UNREACHABLE, 0),
        ("bytes", Trouble.UNREACHABLE, 0),
        ("array", Trouble.UNREACHABLE, 0),
        ("huge", Trouble.UNREACHABLE, 0),
        ("redirect", Trouble.UNREACHABLE, 0),
        ("reset", Trouble.UNREACHABLE, 0),
        ("400", Trouble.REFUSED, 0),
        ("403", Trouble.REFUSED, 0),
        ("401", Trouble.UNAUTHORISED, 0),
        ("404", Trouble.UNAUTHORISED, 0),
        ("409", Trouble.CONFLICT, 0),
    ],
)
def test_every_way_to_fail_is_one_of_ours_and_shows_no_token(
    bot: StubBotApi, failure: str, trouble: Trouble, wait_s: float
) -> None:
    bot.always["sendMessage"] = failure
    error = trouble_of(Telegram(bot.url, TOKEN))
    assert (error.trouble.trouble, error.trouble.retry_after_s) == (trouble, wait_s)
    assert len(bot.asked) == 1, "no redirect is followed, nothing is tried again here"
    assert error.__cause__ is None and error.__context__ is None
    told = "".join(traceback.format_exception(error)) + repr(error) + repr(error.args) + repr(error.trouble)
    assert SECRET_PART not in told and bot.url not in told and "Bad" not in told
    bot.always.clear()
    Telegram(bot.url, TOKEN).send(USER, "after")
    assert bot.texts == ["after"]


def test_a_server_that_hangs_or_is_not_there_is_left_in_time(bot: StubBotApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wildbot.adapters.telegram.SEND_S", 0.3)
    bot.always["sendMessage"] = "hang"
    assert trouble_of(Telegram(bot.url, TOKEN)).trouble.trouble is Trouble.UNREACHABLE
    assert trouble_of(Telegram("http://127.0.0.1:1", TOKEN)).trouble.trouble is Trouble.UNREACHABLE
    assert trouble_of(Telegram("https://[broken", TOKEN)).trouble.trouble is Trouble.UNREACHABLE


def test_no_library_logs_the_address_at_any_level(bot: StubBotApi) -> None:
    sink = io.StringIO()
    handler = logging.StreamHandler(sink)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        bot.always["sendMessage"] = "reset"
        trouble_of(Telegram(bot.url, TOKEN))
        bot.always.clear()
        Telegram(bot.url, TOKEN).send(USER, "x")
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
    assert SECRET_PART not in sink.getvalue() and "sendMessage" not in sink.getvalue()


def test_a_failing_errand_tells_its_exceptions_type_and_nothing_else() -> None:
    def break_down(question: str) -> str:
        raise ValueError(f"https://api.telegram.org/bot{TOKEN}")

    errands: Errands[str, str] = Errands("test", break_down, lambda kind: f"broken: {kind}")
    errands.ask("x")
    answers: list[str] = []
    while not answers:
        answers = errands.drain()
    assert answers == ["broken: ValueError"]


GOOD = {"TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_CHAT_ID": str(USER)}


@pytest.mark.parametrize(
    "url", ["https://api.telegram.org", "https://bots.example/x", "http://127.0.0.1:8081", "http://localhost:1"]
)
def test_token_and_chat_are_read_once_and_shown_never(url: str) -> None:
    environment = dict(GOOD)
    access = read_access(environment, url)
    assert access is not None and (access.token, access.chat_id) == (TOKEN, USER)
    assert "TELEGRAM_BOT_TOKEN" not in environment and SECRET_PART not in repr(access) + str(access)


def test_without_a_token_there_is_nothing_to_read() -> None:
    assert read_access({"TELEGRAM_CHAT_ID": "1"}, "http://nowhere") is None
    assert read_access({"TELEGRAM_BOT_TOKEN": "  "}, "http://nowhere") is None


def test_a_token_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    path.chmod(0o644)
    environment = {"TELEGRAM_BOT_TOKEN_FILE": str(path), "TELEGRAM_CHAT_ID": "-100123"}
    with pytest.raises(ConfigurationError, match="chmod 600"):
        read_access(dict(environment), "https://api.telegram.org")
    path.chmod(0o600)
    access = read_access(dict(environment), "https://api.telegram.org")
    assert access is not None and (access.token, access.chat_id) == (TOKEN, -100123)


@pytest.mark.parametrize(
    ("changes", "url", "what"),
    [
        ({"TELEGRAM_BOT_TOKEN": TOKEN + " x"}, "https://api.telegram.org", "TELEGRAM_BOT_TOKEN"),
        ({"TELEGRAM_BOT_TOKEN": SECRET_PART}, "https://api.telegram.org", "TELEGRAM_BOT_TOKEN"),
        ({"TELEGRAM_CHAT_ID": ""}, "https://api.telegram.org", "TELEGRAM_CHAT_ID"),
        ({"TELEGRAM_CHAT_ID": "@me"}, "https://api.telegram.org", "TELEGRAM_CHAT_ID"),
        ({}, "http://api.telegram.org", "telegram.api_url"),
        ({}, "http://127.0.0.1.evil.example", "telegram.api_url"),
        ({}, "https://user:pw@api.telegram.org", "telegram.api_url"),
        ({}, "ftp://127.0.0.1", "telegram.api_url"),
        ({}, "", "telegram.api_url"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name_without_the_token(changes: dict[str, str], url: str, what: str) -> None:
    with pytest.raises(ConfigurationError, match=what) as caught:
        read_access(GOOD | changes, url)
    assert SECRET_PART not in str(caught.value)


def test_the_notifier_hides_its_memory_before_it_reads_the_token_and_wipes_the_environment() -> None:
    text = (ROOT / "actors" / "notifier.py").read_text(encoding="utf-8")
    steps = [
        text.index(step)
        for step in ("    forbid_dumps()", "    access = read_access(os.environ", "    log.blank(access.token)")
    ]
    assert steps == sorted(steps)
    code = (
        "import os, pathlib; from wildbot.adapters.telegram_access import read_access;"
        "access = read_access(os.environ, 'https://api.telegram.org');"
        "print(access.token.encode() in pathlib.Path('/proc/self/environ').read_bytes(), len(access.token))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | GOOD, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["False", str(len(TOKEN))]


def test_without_its_chat_the_notifier_ends_with_the_code_of_a_bad_configuration(tmp_path: Path) -> None:
    for environment, what in (({"TELEGRAM_BOT_TOKEN": TOKEN}, "TELEGRAM_CHAT_ID"), ({}, "TELEGRAM_BOT_TOKEN is not set")):
        ended = subprocess.run(
            [sys.executable, "-m", "actors", "notifier"], cwd=ROOT, capture_output=True, text=True, check=False,
            env={**os.environ, **environment, "WILDBOT_HOME": str(tmp_path)},
        )  # fmt: skip
        assert ended.returncode == 78 and what in ended.stderr and SECRET_PART not in ended.stderr


def test_a_start_with_a_token_that_cannot_be_used_ends_before_anything_runs(tmp_path: Path) -> None:
    home = tmp_path / "h"
    ended = subprocess.run(
        [sys.executable, "-m", "wildbot.cli", "up"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "TELEGRAM_BOT_TOKEN": TOKEN, "WILDBOT_HOME": str(home)},
    )  # fmt: skip
    assert ended.returncode == 78 and "TELEGRAM_CHAT_ID" in ended.stderr + ended.stdout
    assert SECRET_PART not in ended.stderr + ended.stdout
    assert not (home / "log" / "supervisord.log").exists()
