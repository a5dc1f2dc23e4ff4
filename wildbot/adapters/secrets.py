"""The API key: read once, by the order gateway alone, and never shown.

Rules: from the environment (`KRAKEN_API_KEY`, `KRAKEN_API_SECRET`), or from files named by the `_FILE` forms that nobody
    else may read; then removed from the environment, so that no child inherits it. Real keys are spoken only to Kraken's
    own hosts or to this machine.
"""

import hashlib
import os
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from wildbot.model.errors import ConfigurationError

KEY_NAME = "KRAKEN_API_KEY"
SECRET_NAME = "KRAKEN_API_SECRET"  # noqa: S105 - the name of a variable
KRAKEN_HOSTS = frozenset({"api.kraken.com", "ws-auth.kraken.com"})
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
    key = _read(environment, KEY_NAME)
    secret = _read(environment, SECRET_NAME)
    if not key and not secret:
        return None
    if not key or not secret:
        missing = SECRET_NAME if key else KEY_NAME
        raise ConfigurationError(f"{missing} is missing: a key pair needs both {KEY_NAME} and {SECRET_NAME}")
    return ApiKey(key, secret)


def check_hosts(*urls: str) -> None:
    """Refuse to speak real keys to anyone but Kraken or this machine.

    Raises:
        ConfigurationError: naming the address.
    """
    for url in urls:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if host in LOOPBACK_HOSTS:
            continue
        if host not in KRAKEN_HOSTS:
            raise ConfigurationError(f"{url} is neither Kraken's own host nor this machine; real keys are not sent there")
        if parts.scheme not in ("https", "wss") or parts.username or parts.password:
            raise ConfigurationError(f"{url} must be a plain https:// or wss:// address")


def _read(environment: MutableMapping[str, str], name: str) -> str:
    text = environment.pop(name, "").strip()
    file_name = environment.pop(f"{name}_FILE", "").strip()
    if text or not file_name:
        return text
    path = Path(file_name)
    try:
        status = path.stat()
        if status.st_mode & 0o077 or status.st_uid != os.getuid():
            raise ConfigurationError(f"{name}_FILE must be yours alone: chmod 600 {file_name}")
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{name}_FILE {file_name!r} cannot be read") from None
