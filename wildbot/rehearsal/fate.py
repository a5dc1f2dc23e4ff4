"""Which crash strikes where: planned deaths at named places inside the actors' own handlers."""

from dataclasses import dataclass

POINTS = {
    "order_gateway": (
        "gw.intent_committed", "gw.sent", "gw.acked", "gw.reply_sent", "gw.fill_seen", "gw.fill_committed",
    ),
    "balance_allocator": ("alloc.applied", "alloc.replied"),
    "supervisor": ("sup.spawned", "sup.deciding", "sup.saved"),
    "trader": ("trader.decided",),
}  # fmt: skip
"""The places by actor; the same names as the real actors' failpoints."""


@dataclass(slots=True)
class Crash:
    """The actor dies at the `nth` passing of `point` from now on."""

    actor: str
    point: str
    nth: int


class Fate:
    """Crashes that wait."""

    def __init__(self) -> None:
        self._crashes: list[Crash] = []

    def plan(self, crash: Crash) -> None:
        """Let one wait."""
        self._crashes.append(crash)

    def clear(self) -> None:
        """Let nothing wait any more."""
        self._crashes.clear()

    def strikes(self, actor: str, point: str) -> bool:
        """Whether somebody who passes this place dies there."""
        for crash in self._crashes:
            if crash.point == point and actor.startswith(crash.actor):
                crash.nth -= 1
                if crash.nth <= 0:
                    self._crashes.remove(crash)
                    return True
        return False
