"""Which bot speaks to whom: the token and the chat of the surroundings, read by the notifier alone.

Rules: from `TELEGRAM_BOT_TOKEN`, or a file named by `TELEGRAM_BOT_TOKEN_FILE` that nobody else may read; removed from the
    environment once read. A token goes to Telegram over TLS, or to this machine. No error shows it.
"""

import re
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from wildbot.adapters.secrets import LOOPBACK_HOSTS, read_secret
from wildbot.model.errors import ConfigurationError

TOKEN_NAME = "TELEGRAM_BOT_TOKEN"  # noqa: S105 - the name of a variable
CHAT_NAME = "TELEGRAM_CHAT_ID"
_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,100}\Z")
_CHAT = re.compile(r"-?[1-9][0-9]{0,18}\Z")


@dataclass(frozen=True, slots=True)
class TelegramAccess:
    """A bot's token, which never prints, and the chat it speaks in."""

    token: str = field(repr=False)
    chat_id: int


def read_access(environment: MutableMapping[str, str], api_url: str) -> TelegramAccess | None:
    """Return token and chat, and remove the token from the environment; None when there is no token.

    Raises:
        ConfigurationError: if token, chat or address cannot be used; without the token's text.
    """
    token = read_secret(environment, TOKEN_NAME)
    if not token:
        return None
    if not _TOKEN.match(token):
        raise ConfigurationError(
            f"{TOKEN_NAME} does not have the form of a bot's token (digits, a colon, letters): copy it again"
        )
    chat = environment.get(CHAT_NAME, "").strip()
    if not _CHAT.match(chat):
        found = repr(chat) if chat else "not set"
        raise ConfigurationError(f"{CHAT_NAME} is {found} but must be the number of a chat, such as 123456789")
    _check_address(api_url)
    return TelegramAccess(token, int(chat))


def _check_address(api_url: str) -> None:
    parts = urlsplit(api_url)
    is_plain = not (parts.username or parts.password or parts.query or parts.fragment)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)
    if parts.hostname and is_plain and is_safe:
        return
    raise ConfigurationError(
        "telegram.api_url must begin with https://, or be on this machine: the bot's token is sent there"
    )
