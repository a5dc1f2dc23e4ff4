"""The real notifier beside a real running whole: told by the stub Bot API, steered through it.

The tests share one running instance and build on each other, in order: that is the story of one session.
"""

import base64
import contextlib
from collections.abc import Iterator
from urllib.parse import quote

import psutil
import pytest

from tests.e2e.instance import Document, Instance
from tests.messenger.stub_bot_api import TOKEN, USER, StubBotApi

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.xdist_group("telegram")]

OFFER_S = 60.0


@pytest.fixture(scope="module")
def bot() -> Iterator[StubBotApi]:
    stub = StubBotApi()
    yield stub
    stub.close()


@pytest.fixture(scope="module")
def wildbot(bot: StubBotApi) -> Iterator[Instance]:
    instance = Instance(
        WILDBOT_TRADING__PAIRS='["SOL/USDC","XRP/USDC"]',
        WILDBOT_TRADING__MAX_TRADERS="2",
        WILDBOT_MARKET_MAKER__MIN_VOLATILITY_BPS="0",
        WILDBOT_MARKET_MAKER__MAX_SPREAD_BPS="200",
        WILDBOT_MARKET_MAKER__MOMENTUM_FILTER_ENABLED="false",
        WILDBOT_LOG__LEVEL="DEBUG",
        WILDBOT_TELEGRAM__API_URL=bot.url,
        WILDBOT_TELEGRAM__ALLOWED_USERS=f"[{USER}]",
        TELEGRAM_BOT_TOKEN=TOKEN,
        TELEGRAM_CHAT_ID=str(USER),
    )
    instance.start()
    yield instance
    instance.close()


def is_trading(document: Document) -> bool:
    return document["state"] == "running" and sum(bool(row["open_orders"]) for row in document["traders"]) == 2


def asked(bot: StubBotApi, words: str, part: str, timeout_s: float = 20.0) -> str:
    """Send a command and return the answer."""
    before = len(bot.texts)
    bot.say(words)
    return bot.wait_text(part, timeout_s, after=before)


def test_the_owner_hears_that_it_runs_and_what_it_does(wildbot: Instance, bot: StubBotApi) -> None:
    assert "SOL/USDC" in bot.wait_text("[SIM] running since")
    bot.wait_asked(1, "getUpdates")
    answer = asked(bot, "/status", "all is well")
    assert "[SIM] running" in answer and "equity" in answer and "XRP/USDC" in answer
    assert "buy" in asked(bot, "/orders", "open orders")
    assert "notifier" in asked(bot, "/health", "healthy")
    assert "start pid=" in asked(bot, "/logs crash_watch", "start pid=")


def test_a_fill_is_in_the_answers(wildbot: Instance, bot: StubBotApi) -> None:
    def has_filled(document: Document) -> bool:
        for row in document["traders"]:
            for order in row["open_orders"]:
                # Through the whole queue of its level: our order fills wherever it stands.
                wildbot.others_order(row["pair"], "sell" if order["side"] == "buy" else "buy", order["price"], "1000000")
        return bool(document["trades"])

    wildbot.wait(has_filled, "a fill")
    assert "USDC at" in asked(bot, "/fills", "last fills")
    traded = wildbot.status()["trades"][0]["pair"]  # a second fill may have won what the first one's fees took
    assert f"{traded}: realised" in asked(bot, "/pnl", "trades")


def test_a_stranger_is_not_heard_and_gets_no_answer(wildbot: Instance, bot: StubBotApi) -> None:
    before = len(bot.texts)
    bot.say("/halt", user=666)
    asked(bot, "/version", "WildBot build")
    assert not [text for text in bot.texts[before:] if "halt" in text]
    assert wildbot.status()["state"] == "running"


def test_a_notifier_killed_before_it_could_tell_loses_no_alert(wildbot: Instance, bot: StubBotApi) -> None:
    bot.always["sendMessage"] = "html:502"
    wildbot.kill("status_api")  # an alert: a program ended unasked
    wildbot.wait(lambda d: any("status_api" in a["text"] for a in d["alerts"]), "an alert about status_api")
    told = sum(name == "sendMessage" for name, _ in bot.asked)
    bot.wait_asked(told + 1, "sendMessage")
    pid = wildbot.kill("notifier")
    bot.always.clear()
    bot.wait_text("status_api ended unexpectedly", 40)
    assert wildbot.process("notifier").pid != pid
    assert wildbot.status()["state"] == "running"


def test_an_alert_that_came_while_the_notifier_was_away_is_told_too(wildbot: Instance, bot: StubBotApi) -> None:
    before = len(bot.texts)
    frozen = wildbot.freeze("notifier")
    wildbot.kill("dashboard")
    wildbot.wait(lambda d: any("dashboard" in a["text"] for a in d["alerts"]), "an alert about dashboard")
    psutil.Process(frozen).kill()
    bot.wait_text("dashboard ended unexpectedly", 40, after=before)


def test_trading_does_not_notice_that_telegram_hangs(wildbot: Instance, bot: StubBotApi) -> None:
    bot.always |= {"sendMessage": "hang", "getUpdates": "hang"}
    wildbot.kill("status_api")
    wildbot.wait(lambda d: d["alerts"][-1]["text"].startswith("status_api"), "another alert")
    held = sum(name == "sendMessage" for name, _ in bot.asked)
    bot.wait_asked(held, "sendMessage")
    seqs = [wildbot.status()["seq"] for _ in range(12)]
    assert len(set(seqs)) == 12 and is_trading(wildbot.wait(is_trading, "trading goes on"))
    row = next(row for row in wildbot.status()["actors"] if row["name"] == "notifier")
    assert row["heartbeat_age_ms"] < 3_000, "its own loop goes on as well"
    bot.always.clear()


def test_a_halt_asked_by_telegram_needs_its_code_and_is_told_within_ten_seconds(wildbot: Instance, bot: StubBotApi) -> None:
    bot.wait_asked(sum(name == "getUpdates" for name, _ in bot.asked) + 1, "getUpdates", 60)
    offer = asked(bot, "/halt", "To do it, send", OFFER_S)
    assert wildbot.status()["state"] != "halted"
    before = len(bot.texts)
    bot.say(offer.split("send ")[1].split()[0])
    wildbot.wait(lambda d: d["state"] == "halted", "the halt")
    alert = bot.wait_text("CRITICAL", 10, after=before)
    assert "halted: the owner asked" in alert
    bot.wait_text("halt: done", 10, after=before)


def test_the_end_is_told_and_the_token_is_nowhere(wildbot: Instance, bot: StubBotApi) -> None:
    words = []
    for process in wildbot.processes():
        with contextlib.suppress(psutil.Error):
            words += process.cmdline()
            if process.name() != "wildbot" and "notifier" not in process.cmdline():
                holders = {"up", "supervisor.supervisord"}  # they have to start the notifier again
                assert holders & set(process.cmdline()) or "TELEGRAM_BOT_TOKEN" not in process.environ(), process.cmdline()
    assert wildbot.stop() == 3  # halted
    assert sum("running since" in text for text in bot.texts) == 1, "what was told is remembered over every kill -9"
    assert "no orders rest" in bot.wait_text("stopped at", 10)
    forms = [TOKEN, TOKEN.split(":")[1], quote(TOKEN, safe=""), base64.b64encode(TOKEN.encode()).decode()]
    files = [path for path in wildbot.home.rglob("*") if path.is_file()]
    assert any(path.name == "notifier.log" for path in files)
    for path in files:
        content = path.read_bytes()
        assert not [form for form in forms if form.encode() in content], path
    assert not [form for form in forms for word in words if form in word]
    assert not [form for form in forms for text in bot.texts if form in text]
