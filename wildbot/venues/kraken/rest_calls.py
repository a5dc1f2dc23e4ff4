"""One REST call, what became of it, and the nonces that private calls are numbered with.

Rules: a nonce rises strictly and is never above the ceiling that the owner has put on disk.
"""

from typing import NamedTuple

from wildbot.model.errors import VenueRefusal, VenueSilence
from wildbot.venues.kraken.rest import Params
from wildbot.venues.kraken.signing import next_nonce

NONCE_RESERVE = 60_000_000
"""Nonces are microseconds: a reserve lasts a minute, and a restart goes on above it."""


class RestCall(NamedTuple):
    """One call; `tag` comes back with its outcome. Public calls are GETs and wait for no budget."""

    tag: object
    endpoint: str
    params: Params
    private: bool = True
    urgent: bool = False


class RestOutcome(NamedTuple):
    """What became of a call: the `result` as JSON bytes, the venue's no, or silence."""

    tag: object
    result: bytes | VenueRefusal | VenueSilence


class NonceReserve:
    """Strictly rising nonces below a ceiling that is on disk before any nonce under it is used."""

    def __init__(self, persisted_ceiling: int, now_ns: int) -> None:
        self._last = max(persisted_ceiling, now_ns // 1_000)
        self._ceiling = self._last

    def wanted_ceiling(self) -> int | None:
        """Return the ceiling to write down and then `extend` to, or None while enough is left."""
        return self._last + NONCE_RESERVE if self._ceiling - self._last < NONCE_RESERVE // 2 else None

    def extend(self, ceiling: int) -> None:
        """The ceiling is on disk."""
        self._ceiling = max(self._ceiling, ceiling)

    def draw(self, now_ns: int) -> int:
        """Return the next nonce. Raises: VenueSilence when the reserve is used up (the call does not leave)."""
        nonce = min(next_nonce(self._last, now_ns), max(self._ceiling, self._last + 1))
        if nonce > self._ceiling:
            raise VenueSilence("no nonce reserve on disk; the call was not sent")
        self._last = nonce
        return nonce

    @property
    def last(self) -> int:
        """The last nonce drawn."""
        return self._last
