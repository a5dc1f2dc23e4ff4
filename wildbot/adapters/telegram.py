"""Telegram's Bot API: send a message, ask for messages.

Rules: the bot's token is part of every address, so no exception, response text or address leaves this file: a failure is a
    `TelegramError` that holds a code and words of ours, with no other exception behind it. Requests follow no redirect,
    use no proxy or credential of the surroundings, and have an end in time and size. Text goes out without markup.
Source: https://core.telegram.org/bots/api (making requests, getUpdates, sendMessage, ResponseParameters).
"""

import logging
import time
from typing import Any

import msgspec
import requests

from wildbot.model.errors import WildBotError
from wildbot.model.messaging import MessengerTrouble, Trouble

CONNECT_S = 5.0
SEND_S = 15.0
POLL_MARGIN_S = 10.0
RESPONSE_BYTES_MAX = 4 << 20
CHUNK_BYTES = 65_536
RETRY_AFTER_S = 30.0
"""How long to wait when we are to wait, but nobody says how long."""

UPDATES_MAX = 100

for _name in ("urllib3", "requests"):
    # urllib3 writes addresses into its log lines, and Python prints warnings even where nobody set up logging.
    logging.getLogger(_name).setLevel(logging.CRITICAL)
    logging.getLogger(_name).propagate = False


class TelegramError(WildBotError):
    """A request came to nothing; `trouble` says how."""

    def __init__(self, trouble: MessengerTrouble) -> None:
        super().__init__(trouble.sentence)
        self.trouble = trouble


class _Parameters(msgspec.Struct, frozen=True):
    retry_after: float | None = None


class _Response(msgspec.Struct, frozen=True):
    ok: bool
    result: Any = None
    parameters: _Parameters | None = None


_decode = msgspec.json.Decoder(_Response, strict=False).decode


class Telegram:
    """One bot, for one thread."""

    def __init__(self, api_url: str, token: str) -> None:
        self._base = f"{api_url.rstrip('/')}/bot{token}"
        self._session = requests.Session()
        self._session.trust_env = False

    def send(self, chat_id: int, text: str) -> None:
        """Send plain text. Raises: TelegramError; unless it was refused, the message may have arrived all the same."""
        fields = {"chat_id": chat_id, "text": text, "link_preview_options": {"is_disabled": True}}
        self._call("sendMessage", fields, SEND_S)

    def updates(self, offset: int | None, wait_s: int) -> list[dict[str, Any]]:
        """Return messages as they came, from `offset` on, waiting up to `wait_s` for the first. Raises: TelegramError."""
        fields = {"timeout": wait_s, "limit": UPDATES_MAX, "allowed_updates": ["message"]}
        result = self._call("getUpdates", fields | ({} if offset is None else {"offset": offset}), wait_s + POLL_MARGIN_S)
        if not isinstance(result, list):
            raise TelegramError(MessengerTrouble(Trouble.UNREACHABLE))
        return [each for each in result if isinstance(each, dict)]

    def name(self) -> str:
        """Return the bot's own name. Raises: TelegramError."""
        result = self._call("getMe", {}, SEND_S)
        return str(result.get("username", "?")) if isinstance(result, dict) else "?"

    def _call(self, method: str, fields: dict[str, Any], timeout_s: float) -> Any:
        code, body = self._post(method, fields, timeout_s)
        response = _read(body)
        if code == requests.codes.ok and response is not None and response.ok:
            return response.result
        # Raised where no other exception is being handled: there is none behind it that a traceback could print.
        raise TelegramError(_trouble(code, response))

    def _post(self, method: str, fields: dict[str, Any], timeout_s: float) -> tuple[int, bytes]:
        """Return status and body; (0, b"") for every way of not getting them."""
        until_s = time.monotonic() + timeout_s
        body = bytearray()
        try:
            with self._session.post(
                f"{self._base}/{method}",
                json=fields,
                timeout=(CONNECT_S, timeout_s),
                allow_redirects=False,
                stream=True,
            ) as response:
                for chunk in response.iter_content(CHUNK_BYTES):
                    body += chunk
                    if len(body) > RESPONSE_BYTES_MAX or time.monotonic() > until_s:
                        return 0, b""
                return response.status_code, bytes(body)
        except Exception:  # whatever it is, its text may hold the address
            return 0, b""


def _read(body: bytes) -> _Response | None:
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _trouble(code: int, response: _Response | None) -> MessengerTrouble:
    if code == requests.codes.too_many_requests:
        asked_s = response.parameters.retry_after if response is not None and response.parameters is not None else None
        wait_s = asked_s if asked_s is not None and 0 < asked_s < float("inf") else RETRY_AFTER_S
        return MessengerTrouble(Trouble.LIMITED, code, wait_s)
    if response is None:
        # A page of some proxy, or of nobody: it says nothing about the message.
        return MessengerTrouble(Trouble.UNREACHABLE, code)
    if code == requests.codes.conflict:
        return MessengerTrouble(Trouble.CONFLICT, code)
    if code in (requests.codes.unauthorized, requests.codes.not_found):
        return MessengerTrouble(Trouble.UNAUTHORISED, code)
    if requests.codes.bad_request <= code < requests.codes.server_error:
        return MessengerTrouble(Trouble.REFUSED, code)
    return MessengerTrouble(Trouble.UNREACHABLE, code)
