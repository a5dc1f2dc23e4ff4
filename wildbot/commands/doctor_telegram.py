"""The doctor's look at Telegram, where a bot's token is set.

Rules: it asks the bot's name and sends nothing. Telegram that does not answer is no reason not to trade; settings that the
    notifier cannot use are, since `wildbot up` would end at them. No finding shows the token.
"""

import os
from collections.abc import Iterator

from wildbot.adapters.telegram import Telegram, TelegramError
from wildbot.adapters.telegram_access import CHAT_NAME, read_access
from wildbot.commands.doctor_findings import Finding, Verdict
from wildbot.model.errors import ConfigurationError
from wildbot.settings import Settings

CHECK = "telegram"


def look_at_telegram(settings: Settings) -> Iterator[Finding]:
    """Yield nothing where no token is set."""
    try:
        access = read_access(dict(os.environ), settings.telegram.api_url)
    except ConfigurationError as error:
        yield Finding(CHECK, Verdict.FAIL, str(error), "docs/telegram.md has the steps; or unset the token")
        return
    if access is None:
        return
    if not settings.telegram.enabled:
        yield Finding(CHECK, Verdict.OK, "switched off (telegram.enabled)")
        return
    try:
        name = Telegram(settings.telegram.api_url, access.token).name()
    except TelegramError as error:
        cure = "alerts wait until it answers; check the token and this machine's way to the internet"
        yield Finding(CHECK, Verdict.WARN, str(error), cure)
        return
    users = settings.telegram.allowed_users
    if users and access.chat_id not in users:
        text = f"@{name} speaks, but hears nobody: {CHAT_NAME} is the private chat of none of telegram.allowed_users"
        yield Finding(CHECK, Verdict.WARN, text, "set the chat to your own user id, or empty the list")
        return
    yield Finding(CHECK, Verdict.OK, f"@{name} speaks" + (" and hears commands" if users else ", commands are off"))
