"""Orders that wait for the last trade price to reach their trigger: stop-loss and take-profit.

Rules: a stop-loss sell and a take-profit buy wait for the price to fall to the trigger, the other two for it to rise; the
    trigger price itself is enough. What is due leaves nearest trigger first, then oldest first.
"""

from bisect import bisect_left, insort

from wildbot.model.errors import InvariantError
from wildbot.model.exchange import Kind
from wildbot.model.orders import Side

STOP_KINDS = frozenset({Kind.STOP_LOSS, Kind.STOP_LOSS_LIMIT})
TAKE_PROFIT_KINDS = frozenset({Kind.TAKE_PROFIT, Kind.TAKE_PROFIT_LIMIT})
TRIGGER_KINDS = STOP_KINDS | TAKE_PROFIT_KINDS


def waits_for_fall(kind: Kind, side: Side) -> bool:
    """Whether the order triggers at or below its trigger price, rather than at or above."""
    return (kind in STOP_KINDS) == (side is Side.SELL)


class StopOrders:
    """The waiting orders of one pair, by key; keys rise with age."""

    def __init__(self) -> None:
        self._rising: list[tuple[int, int]] = []
        self._falling: list[tuple[int, int]] = []
        self._places: dict[int, tuple[bool, int]] = {}

    def __contains__(self, key: int) -> bool:
        return key in self._places

    def __len__(self) -> int:
        return len(self._places)

    def add(self, key: int, kind: Kind, side: Side, trigger_ticks: int) -> None:
        """Let an order wait."""
        falling = waits_for_fall(kind, side)
        self._places[key] = (falling, trigger_ticks)
        if falling:
            insort(self._falling, (-trigger_ticks, key))
        else:
            insort(self._rising, (trigger_ticks, key))

    def remove(self, key: int) -> None:
        """Forget a waiting order.

        Raises:
            InvariantError: if it does not wait.
        """
        place = self._places.pop(key, None)
        if place is None:
            raise InvariantError(f"order {key} waits for no trigger")
        falling, trigger_ticks = place
        queue = self._falling if falling else self._rising
        entry = (-trigger_ticks if falling else trigger_ticks, key)
        del queue[bisect_left(queue, entry)]

    def pop_due(self, last_ticks: int) -> int | None:
        """Take out and return the next order that this trade price triggers, or None."""
        if self._falling and -self._falling[0][0] >= last_ticks:
            key = self._falling[0][1]
        elif self._rising and self._rising[0][0] <= last_ticks:
            key = self._rising[0][1]
        else:
            return None
        self.remove(key)
        return key
