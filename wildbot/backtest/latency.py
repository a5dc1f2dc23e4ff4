"""How long things take on their way: market data to us, orders to the venue, its answers back.

Rules: delays are drawn in the order things are sent, from a generator that is handed in; of one kind nothing overtakes
    what was sent before it. A constant model draws nothing.
"""

import random
from collections.abc import Sequence
from typing import Protocol

from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import NANOS_PER_MS


class LatencyModel(Protocol):
    """One direction's delay."""

    def draw_ns(self) -> int:
        """Return the delay of the next message in nanoseconds."""
        ...


class ConstantLatency:
    """Always the same."""

    def __init__(self, latency_ns: int) -> None:
        if latency_ns < 0:
            raise ConfigurationError(f"latency is {latency_ns / NANOS_PER_MS:g} ms and must be 0 or more")
        self._latency_ns = latency_ns

    def draw_ns(self) -> int:
        """Return it."""
        return self._latency_ns


class EmpiricalLatency:
    """Drawn from measured delays, each as likely as it was measured."""

    def __init__(self, measured_ns: Sequence[int], rng: random.Random) -> None:
        if not measured_ns or min(measured_ns) < 0:
            raise ConfigurationError("an empirical latency needs measured delays, each 0 ns or more")
        self._measured_ns = tuple(measured_ns)
        self._rng = rng

    def draw_ns(self) -> int:
        """Return one of them."""
        return self._rng.choice(self._measured_ns)


class Line:
    """One direction: first in, first out."""

    def __init__(self, model: LatencyModel) -> None:
        self._model = model
        self._last_ns = 0

    def arrival_ns(self, sent_ns: int) -> int:
        """Return when a message sent now arrives."""
        self._last_ns = max(self._last_ns, sent_ns + self._model.draw_ns())
        return self._last_ns
