"""The API key: read once, by the order gateway alone, and never shown.

Rules: from the environment (`KRAKEN_API_KEY`, `KRAKEN_API_SECRET`), or from files named by the `_FILE` forms that nobody
    else may read; then removed from the environment and overwritten where the kernel shows it. Where a key may
    be sent is for `live_gate.py`.
Known limit: a key that was given in the environment stays in that of the processes above (`wildbot up`, supervisord), which
    need it to start the gateway again; a key in a file is in no environment at all.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

from wildbot.adapters.hardening import wipe_variable
from wildbot.adapters.home import why_open
from wildbot.model.errors import ConfigurationError

KEY_NAME = "KRAKEN_API_KEY"
SECRET_NAME = "KRAKEN_API_SECRET"  # noqa: S105 - the name of a variable
SHIPPED_FINGERPRINTS = frozenset({"5cb17718721c"})
"""The keys of config/*.toml, which everybody knows; a test holds the two together."""

KRAKEN_KEY_CHARACTERS = 56
KRAKEN_SECRET_BYTES = 64
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key pair; its text never prints."""

    key: str = field(repr=False)
    secret: str = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """Return what names this key in journals and locks without telling it."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:12]


def read_api_key(environment: MutableMapping[str, str]) -> ApiKey | None:
    """Return the key pair of the environment and remove it from there; None when there is none at all.

    Raises:
        ConfigurationError: if only half of it is there, or a file cannot be used.
    """
    key = read_secret(environment, KEY_NAME)
    secret = read_secret(environment, SECRET_NAME)
    if not key and not secret:
        return None
    if not key or not secret:
        missing = SECRET_NAME if key else KEY_NAME
        raise ConfigurationError(f"{missing} is missing: a key pair needs both {KEY_NAME} and {SECRET_NAME}")
    return ApiKey(key, secret)


def check_kraken_key(key: ApiKey) -> None:
    """Refuse to show Kraken a key that cannot be one of its own, or that belongs to a simulated exchange.

    Raises:
        ConfigurationError: without the key's text.
    """
    if key.fingerprint in SHIPPED_FINGERPRINTS:
        raise ConfigurationError(f"{KEY_NAME} is the key of a simulated exchange; Kraken is not asked with it")
    try:
        secret_bytes = len(base64.b64decode(key.secret, validate=True))
    except binascii.Error:
        secret_bytes = 0
    if len(key.key) != KRAKEN_KEY_CHARACTERS or secret_bytes != KRAKEN_SECRET_BYTES:
        raise ConfigurationError(
            f"{KEY_NAME} and {SECRET_NAME} do not have the form of Kraken's keys ({KRAKEN_KEY_CHARACTERS} characters, and"
            f" base64 of {KRAKEN_SECRET_BYTES} bytes); copy them again"
        )


def read_secret(environment: MutableMapping[str, str], name: str) -> str:
    """Return a secret of the environment, or of the file its `_FILE` form names, and remove both; "" when there is none.

    Raises:
        ConfigurationError: if the file cannot be used; without its text.
    """
    if environment is os.environ:
        wipe_variable(name)
    text = environment.pop(name, "").strip()
    file_name = environment.pop(f"{name}_FILE", "").strip()
    if text or not file_name:
        return text
    path = Path(file_name)
    try:
        if (found := why_open(path)) is not None:
            raise ConfigurationError(f"{name}_FILE must be yours alone, {file_name} {found}: chmod 600 {file_name}")
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{name}_FILE {file_name!r} cannot be read") from None
