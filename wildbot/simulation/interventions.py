"""What befalls an account without its asking: fills on demand, cuts by the engine, foreign transfers, counters, the switch.

Rules: for tests and drills. Everything stays consistent: a fill on demand is a real trade with a house account, in which
    assets are conserved; transfers alone come from outside, like deposits. Prices and queues of others are not touched.
"""

from wildbot.model.errors import VenueRefusal
from wildbot.model.exchange import Kind, PlaceOrder
from wildbot.model.instrument import Money
from wildbot.simulation import order_checks
from wildbot.simulation.accounts import Change, ledger_entry
from wildbot.simulation.exchange_control import SWITCH_FIRED, ExchangeControl
from wildbot.simulation.live_order import LiveOrder

COUNTERPART = "~counterpart"
"""The house account that fills on demand."""

ENGINE_RESTATED = "Restated by the engine"


class Interventions(ExchangeControl):
    """The exchange's own hand."""

    _last_key: int

    def fill(self, account: str, order_id: str, lots: int, now_ns: int) -> int:
        """Fill a resting order at its own price, out of turn; return the lots filled, at most what is left of it.

        Raises: VenueRefusal when no such order rests.
        """
        now = self._enter(now_ns)
        order = self._resting(account, order_id)
        engine = self._engines[order.request.pair]
        lots = min(lots, order.left_lots)
        if lots <= 0:
            return 0
        self._accounts.open(COUNTERPART)
        request = PlaceOrder(
            account=COUNTERPART,
            pair=order.request.pair,
            side=order.request.side.opposite,
            kind=Kind.LIMIT,
            lots=lots,
            ticks=order.ticks,
        )
        self._last_key += 1
        engine.meet(LiveOrder(self._last_key, self._ids.order(now), request, lots, now), order, now)
        return lots

    def restate(self, account: str, order_id: str, lots: int, now_ns: int) -> None:
        """Cut an open order's size to `lots`; at or below what has filled, the rest is cancelled.

        Raises: VenueRefusal when no such order rests or it would grow.
        """
        now = self._enter(now_ns)
        order = self._resting(account, order_id)
        if lots > order.lots:
            raise VenueRefusal(f"an order of {order.lots} lots is not restated to {lots}")
        self._engines[order.request.pair].restate(order, max(lots, order.filled_lots), ENGINE_RESTATED, now)

    def transfer(self, account: str, asset: str, units: int, kind: str, now_ns: int) -> None:
        """Move units of an asset into the account, or out of it when negative, as a ledger entry of this kind."""
        now = self._enter(now_ns)
        owner = self._accounts.get(account)
        change = Change(asset, units, 0)
        entry = ledger_entry(
            (self._ids.ledger(now), self._ids.ledger(now)), account, kind, change, self._accounts.apply(owner, change), now
        )
        owner.history.add_entry(entry)
        self._events.append(entry)

    def state_fee_terms(self, account: str, *, in_base: bool | None, volume: Money | None) -> None:
        """State the fee currency of the account's new orders and the 30-day volume its tier follows; None: as asked for,
        and as traded. Orders that stand keep their currency, and what they reserved until they change."""
        owner = self._accounts.get(account)
        owner.fee_in_base, owner.stated_volume = in_base, volume

    def set_rate_counter(self, account: str, pair: str, value: int, now_ns: int) -> None:
        """Set the account's order-rate counter on a pair."""
        now = self._enter(now_ns)
        counter = self._accounts.get(account).rate(pair)
        counter.charge(value - counter.value(now), now)

    def fire_switch(self, account: str, now_ns: int) -> int:
        """Do what the account's dead man's switch does, armed or not, and disarm it; return the orders cancelled."""
        now = self._enter(now_ns)
        self._timers.arm(account, 0, now)
        return self._withdraw_all(self._accounts.get(account), SWITCH_FIRED, now).count

    def _resting(self, account: str, order_id: str) -> LiveOrder:
        order = self._accounts.get(account).open.get(order_id)
        if order is None or order.key not in self._engines[order.request.pair].book:
            raise VenueRefusal(order_checks.UNKNOWN_ORDER)
        return order
