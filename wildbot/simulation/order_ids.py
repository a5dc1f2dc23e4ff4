"""Identifiers of orders, executions, ledger entries and amends, in Kraken's shape.

Rules: an id is unique for ever, also across restarts with the same seed, because a client's journal knows executions by
    their id: it holds the time in milliseconds and a serial number; the random part only keeps ids from looking alike.
Source: Kraken's id shape, a letter and 16 characters in groups of 5, 5, 6.
"""

import random

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_SERIAL_BITS = 26
_NOISE_BITS = 12
_NANOS_PER_MS = 1_000_000


class OrderIds:
    """A source of ids; `now_ns` is the exchange's time."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._serial = 0

    def order(self, now_ns: int) -> str:
        """Return a new order id, ^O[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{6}$."""
        return self._next("O", now_ns)

    def execution(self, now_ns: int) -> str:
        """Return a new execution id, T.....-.....-......"""
        return self._next("T", now_ns)

    def ledger(self, now_ns: int) -> str:
        """Return a new ledger id, L.....-.....-......"""
        return self._next("L", now_ns)

    def amend(self, now_ns: int) -> str:
        """Return a new amend id, T.....-.....-......"""
        return self._next("T", now_ns)

    def _next(self, letter: str, now_ns: int) -> str:
        self._serial += 1
        serial = self._serial & (1 << _SERIAL_BITS) - 1
        bits = (now_ns // _NANOS_PER_MS << _SERIAL_BITS | serial) << _NOISE_BITS | self._rng.getrandbits(_NOISE_BITS)
        pairs = _PAIRS
        text = (
            pairs[bits & 1023]
            + pairs[bits >> 10 & 1023]
            + pairs[bits >> 20 & 1023]
            + pairs[bits >> 30 & 1023]
            + pairs[bits >> 40 & 1023]
            + pairs[bits >> 50 & 1023]
            + pairs[bits >> 60 & 1023]
            + pairs[bits >> 70 & 1023]
        )
        return f"{letter}{text[:5]}-{text[5:10]}-{text[10:]}"
