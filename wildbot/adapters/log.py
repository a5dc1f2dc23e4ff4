"""One log file per actor: human lines with UTC time, level, actor and pair, rotated, secrets blanked.

Rules: no process shares a file with another; every file is for the owner alone, after a rotation too. Variable values are
    never printed in tracebacks (`diagnose=False`), since one of them could be a secret. One record is one line, or a line
    and the indented lines of its traceback: no text from outside can look like a record of its own.
"""

import base64
import os
import sys
import traceback
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus

from loguru import logger

from wildbot.adapters.home import Home

if TYPE_CHECKING:
    from loguru import Logger, Record

LINE: Final = "{time:YYYY-MM-DD HH:mm:ss.SSS!UTC}Z {level:<8} {extra[actor]:<18} {extra[pair]:<10} {message}"
ROTATE_AT = "10 MB"
KEEP_FILES = 5
TRACEBACK_MARGIN = "    | "
SECRET_CHARACTERS_MIN = 4
"""A shorter text is no secret, and would blank half of every line."""

_secrets: set[str] = set()


def blank(secret: str) -> None:
    """Never print this text again, nor its URL and base64 forms: later lines show asterisks in its place."""
    if len(secret) >= SECRET_CHARACTERS_MIN:
        encoded = base64.b64encode(secret.encode()).decode()
        _secrets.update((secret, quote(secret, safe=""), quote_plus(secret), encoded, encoded.rstrip("=")))


def start(home: Home, actor: str, level: str, pair: str = "") -> "Logger":
    """Open the actor's log file `log/<actor>.log` and return its logger.

    At INFO the file tells what happened; at DEBUG every decision with the values it was made from.
    """
    logger.remove()
    logger.configure(extra={"actor": actor, "pair": pair}, patcher=_clean)
    logger.add(
        home.log / f"{actor}.log",
        format=LINE,
        level=level.upper(),
        rotation=ROTATE_AT,
        retention=KEEP_FILES,
        backtrace=False,
        diagnose=False,
        opener=lambda path, flags: os.open(path, flags, 0o600),
    )
    logger.add(sys.stderr, format=LINE, level="ERROR", backtrace=False, diagnose=False, colorize=False)
    return logger


def cleaned(text: str) -> str:
    """Return a text as one printable line: secrets blanked, control characters and line breaks escaped."""
    for secret in _secrets:
        if secret in text:
            text = text.replace(secret, "****")
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def _clean(record: "Record") -> None:
    message = cleaned(record["message"])
    failure = record["exception"]
    if failure is not None:
        told = "".join(traceback.format_exception(failure.type, failure.value, failure.traceback))
        message = "\n".join([message, *(TRACEBACK_MARGIN + cleaned(line) for line in told.splitlines())])
        record["exception"] = None
    record["message"] = message
