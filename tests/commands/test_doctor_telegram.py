"""The doctor's line about Telegram: nothing without a token, never a reason not to trade unless a setting is wrong."""

from collections.abc import Iterator

import pytest

from tests.messenger.stub_bot_api import TOKEN, USER, StubBotApi
from wildbot.commands.doctor_findings import Finding, Verdict
from wildbot.commands.doctor_telegram import look_at_telegram
from wildbot.settings_loading import load


@pytest.fixture
def bot() -> Iterator[StubBotApi]:
    stub = StubBotApi()
    yield stub
    stub.close()


def findings(
    monkeypatch: pytest.MonkeyPatch, chat: str = str(USER), token: str = TOKEN, **telegram: object
) -> list[Finding]:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", token)
    monkeypatch.setenv("TELEGRAM_CHAT_ID", chat)
    found = list(look_at_telegram(load({"telegram": telegram}, environment={}).settings))
    assert token.split(":")[-1] not in repr(found) or not token
    return found


def test_without_a_token_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert findings(monkeypatch, token="") == []


def test_a_bot_that_answers_is_named_and_nothing_is_sent(monkeypatch: pytest.MonkeyPatch, bot: StubBotApi) -> None:
    (speaks,) = findings(monkeypatch, api_url=bot.url)
    assert speaks.verdict is Verdict.OK and "@wild_test_bot" in speaks.text and "commands are off" in speaks.text
    (hears,) = findings(monkeypatch, api_url=bot.url, allowed_users=(USER,))
    assert hears.verdict is Verdict.OK and "hears commands" in hears.text
    assert bot.texts == []


def test_a_chat_in_which_no_command_can_ever_be_heard_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, bot: StubBotApi
) -> None:
    (found,) = findings(monkeypatch, chat="-100200", api_url=bot.url, allowed_users=(USER,))
    assert found.verdict is Verdict.WARN and "hears nobody" in found.text


@pytest.mark.parametrize("failure", ["401", "500", "html:502", "reset"])
def test_telegram_that_fails_is_a_warning(monkeypatch: pytest.MonkeyPatch, bot: StubBotApi, failure: str) -> None:
    bot.always["getMe"] = failure
    (found,) = findings(monkeypatch, api_url=bot.url)
    assert found.verdict is Verdict.WARN and found.cure


def test_a_setting_the_notifier_cannot_use_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [each.verdict for each in findings(monkeypatch, chat="")] == [Verdict.FAIL]
    assert [each.verdict for each in findings(monkeypatch, api_url="http://elsewhere.example")] == [Verdict.FAIL]
