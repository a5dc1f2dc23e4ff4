"""How a private REST request proves who sent it: the API-Sign header and the nonce.

Rules: the signature covers the path and the exact bytes of the body, so a body is built once, signed, and sent as it is.
    A nonce only ever rises; it is the venue's protection against a packet that arrives twice.
Source: Kraken "Spot REST Authentication"; the same rule serves our client and the simulated exchange.
"""

import base64
import binascii
import hashlib
import hmac

from wildbot.model.errors import ConfigurationError

NONCE_MAX = 2**64 - 1
"""Nonces are unsigned 64 bit at the venue."""


def secret_bytes(secret_b64: str) -> bytes:
    """Return the secret's bytes. Raises: ConfigurationError when it is no base64 (the text is never repeated)."""
    try:
        return base64.b64decode(secret_b64, validate=True)
    except (binascii.Error, ValueError):
        raise ConfigurationError("the API secret is not base64 text as Kraken issues it") from None


def sign(path: str, nonce: str, body: bytes, secret_b64: str) -> str:
    """Return the API-Sign header of a request.

    `path` begins with "/0/private/"; `nonce` is its decimal text as it stands inside `body`. Raises: ConfigurationError
    when the secret is no base64.
    """
    digest = hashlib.sha256(nonce.encode("ascii") + body).digest()
    mac = hmac.new(secret_bytes(secret_b64), path.encode("ascii") + digest, hashlib.sha512)
    return base64.b64encode(mac.digest()).decode("ascii")


def is_signed(signature: str, path: str, nonce: str, body: bytes, secret_b64: str) -> bool:
    """Whether `signature` is right for this request; takes the same time for every wrong one."""
    return hmac.compare_digest(signature.encode("utf-8"), sign(path, nonce, body, secret_b64).encode("ascii"))


def next_nonce(last: int, now_ns: int) -> int:
    """Return the nonce after `last`: microseconds of the clock, or one more than the last when the clock stepped back."""
    return max(last + 1, now_ns // 1_000)


def parse_nonce(text: str) -> int | None:
    """Return a nonce's value, or None when the text is no unsigned 64 bit decimal."""
    if not text.isascii() or not text.isdigit() or len(text) > len(str(NONCE_MAX)):
        return None
    value = int(text)
    return value if value <= NONCE_MAX else None


LATE_NONCES_MAX = 10_000
"""Used nonces remembered inside a nonce window; an older one could pass twice."""


class NonceGuard:
    """The venue's side: remembers the highest nonce of one key and lets only higher ones pass; with a `window`, also
    those at most so far below it, each once."""

    def __init__(self, window: int = 0) -> None:
        self.last = 0
        self.window = window
        self._late: dict[int, None] = {}

    def passes(self, text: str) -> bool:
        """Whether this nonce is higher than all before; if so it is now the last."""
        value = parse_nonce(text)
        if value is None:
            return False
        if value <= self.last:
            return self._passes_late(value)
        if self.window:
            self._remember(self.last)
        self.last = value
        return True

    def _passes_late(self, value: int) -> bool:
        if value == self.last or value < self.last - self.window or value in self._late:
            return False
        self._remember(value)
        return True

    def _remember(self, value: int) -> None:
        self._late[value] = None
        if len(self._late) > LATE_NONCES_MAX:
            del self._late[next(iter(self._late))]
