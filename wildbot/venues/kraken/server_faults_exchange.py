"""What faults need of an exchange beyond what its clients may ask: the shape of `simulation.interventions`."""

from typing import Protocol

from wildbot.model.instrument import FeeSchedule, Instrument, Money
from wildbot.venues.kraken.server_exchange import Exchange


class DirectedExchange(Exchange, Protocol):
    """An exchange that can be told what happens to an account."""

    def open_account(self, account: str) -> None:
        """Open an account; one that exists stays as it is."""
        ...

    def fill(self, account: str, order_id: str, lots: int, now_ns: int) -> int:
        """Fill a resting order at its own price; return the lots filled. Raises: VenueRefusal."""
        ...

    def restate(self, account: str, order_id: str, lots: int, now_ns: int) -> None:
        """Cut an open order's size down to `lots`. Raises: VenueRefusal."""
        ...

    def transfer(self, account: str, asset: str, units: int, kind: str, now_ns: int) -> None:
        """Move units of an asset into the account, or out of it when negative."""
        ...

    def state_fee_terms(self, account: str, *, in_base: bool | None, volume: Money | None) -> None:
        """State the fee currency of the account's new orders and the volume its tier follows; None: as asked, as traded."""
        ...

    def set_rate_counter(self, account: str, pair: str, value: int, now_ns: int) -> None:
        """Set the account's order-rate counter on a pair."""
        ...

    def fire_switch(self, account: str, now_ns: int) -> int:
        """Do what the account's dead man's switch does; return the orders cancelled."""
        ...

    def set_instrument(self, instrument: Instrument, now_ns: int) -> None:
        """Change the status or the rules of a pair."""
        ...

    def set_fees(self, pair: str | None, fees: FeeSchedule) -> None:
        """Fix the rates of one pair, or of all."""
        ...
