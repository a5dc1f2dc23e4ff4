"""One log file per actor: human lines with UTC time, level, actor and pair, rotated, secrets blanked.

Rules: no process shares a file with another; variable values are never printed in tracebacks (`diagnose=False`), since
    one of them could be a secret.
"""

import os
import sys
from typing import TYPE_CHECKING, Final

from loguru import logger

from wildbot.adapters.home import Home

if TYPE_CHECKING:
    from loguru import Logger, Record

LINE: Final = "{time:YYYY-MM-DD HH:mm:ss.SSS!UTC}Z {level:<8} {extra[actor]:<18} {extra[pair]:<10} {message}"
ROTATE_AT = "10 MB"
KEEP_FILES = 5
_secrets: set[str] = set()


def blank(secret: str) -> None:
    """Never print this text again: every later line shows asterisks in its place."""
    if len(secret) >= 4:
        _secrets.add(secret)


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


def _clean(record: "Record") -> None:
    message = record["message"]
    for secret in _secrets:
        if secret in message:
            message = message.replace(secret, "****")
    # A hostile text from outside must not forge a second log line.
    record["message"] = message.replace("\r", "\\r").replace("\n", "\\n") if "\n" in message or "\r" in message else message
