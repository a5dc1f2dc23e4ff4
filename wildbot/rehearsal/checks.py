"""What must hold at every moment of a rehearsal; the audit judges the rest from what is left behind."""

from wildbot.desk.supervision_words import GATEWAY
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.orders import Side
from wildbot.rehearsal.gateway_stage import GatewayStage
from wildbot.rehearsal.trader_stage import TraderStage
from wildbot.rehearsal.venue import ACCOUNT
from wildbot.rehearsal.world import World

BREACHES_MAX = 50


class Checks:
    """Looks at the exchange and the journal now and then; collects breaches in words."""

    def __init__(self, world: World) -> None:
        self.breaches: list[str] = []
        self._world = world
        self._began_ns = world.timeline.now_ns

    def every(self, ns: int) -> None:
        """Look each `ns`."""
        self.look()
        self._world.timeline.after(ns, lambda: self.every(ns))

    def breach(self, text: str) -> None:
        """Note a breach, with the time."""
        if len(self.breaches) < BREACHES_MAX and not any(text in known for known in self.breaches):
            self.breaches.append(f"{(self._world.timeline.now_ns - self._began_ns) / 1e9:.2f} s: {text}")

    def look(self) -> None:
        """Compare what there is with what may be."""
        exchange = self._world.venue.exchange
        best: dict[tuple[str, Side], int] = {}
        seen: set[tuple[str, Side]] = set()
        for order in exchange.open_orders(ACCOUNT):
            if not order.cl_ord_id:
                continue  # somebody else's
            key = order.pair, order.side
            if key in seen:
                self.breach(f"two of our orders rest on the {order.side} side of {order.pair}")
            seen.add(key)
            best[key] = order.ticks
        for pair, side in seen:
            other = best.get((pair, Side.SELL))
            if side is Side.BUY and other is not None and best[pair, side] >= other:
                self.breach(f"our bid on {pair} is not below our ask")

    def settled(self) -> None:
        """After the troubles and a while of calm: nothing may be unknown any more, and all must count the same.

        What is just under way is no disagreement; what still disagrees a second later is one.
        """
        before = self._disagreeing()
        self._world.timeline.run_until(self._world.timeline.now_ns + NANOS_PER_SECOND)
        for pair, text in self._disagreeing().items():
            if pair in before:
                self.breach(text)
        for row in self._world.journal.order_rows.values():
            if row.state == "unknown":
                self.breach(f"order {row.cl_ord_id} on {row.pair} is still unknown after the calm")

    def _disagreeing(self) -> dict[str, str]:
        gateway = self._world.stages.get(GATEWAY)
        found: dict[str, str] = {}
        for stage in self._world.stages.values():
            if not isinstance(stage, TraderStage) or stage.seat.engine is None or not isinstance(gateway, GatewayStage):
                continue
            booked = gateway.router.state.books.position(stage.pair).lots
            counted = stage.seat.engine.position.lots
            if booked != counted:
                found[stage.pair] = f"the trader of {stage.pair} counts {counted} lots, the gateway's books {booked}"
        return found
