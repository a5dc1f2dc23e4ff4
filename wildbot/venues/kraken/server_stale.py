"""What an account looked like a moment ago: the exchange as a lagging read replica shows it.

Rules: balances, orders and executions are those of the moment the view was taken; everything else is asked of the exchange
    as it is.
"""

from typing import cast

from wildbot.model.exchange import Execution, OrderView
from wildbot.venues.kraken.server_exchange import Exchange


class StaleView:
    """An `Exchange` for reading, frozen for one account."""

    def __init__(self, exchange: Exchange, account: str) -> None:
        self._exchange = exchange
        self._balances = exchange.balances(account)
        self._holds = exchange.holds(account)
        self._open = exchange.open_orders(account)
        self._closed = exchange.closed_orders(account)
        self._executions = exchange.executions(account)

    def __getattr__(self, name: str) -> object:
        return getattr(self._exchange, name)

    def balances(self, account: str) -> dict[str, int]:
        """Totals by asset."""
        return dict(self._balances)

    def holds(self, account: str) -> dict[str, int]:
        """What open orders reserved."""
        return dict(self._holds)

    def open_orders(self, account: str) -> list[OrderView]:
        """Newest first."""
        return list(self._open)

    def closed_orders(self, account: str) -> list[OrderView]:
        """Newest first."""
        return list(self._closed)

    def order(self, account: str, order_id: str) -> OrderView | None:
        """One order, open or closed, or None."""
        return next((each for each in (*self._open, *self._closed) if each.order_id == order_id), None)

    def orders_by_cl_ord_id(self, account: str, cl_ord_id: str) -> list[OrderView]:
        """All orders that ever carried this client id, newest first."""
        return [each for each in (*self._open, *self._closed) if each.cl_ord_id == cl_ord_id]

    def executions(self, account: str) -> list[Execution]:
        """Newest first."""
        return list(self._executions)


class StaleReads:
    """Which REST endpoints show an account as it was, and until when."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._views: dict[tuple[str, str], tuple[int, Exchange]] = {}

    def freeze(self, endpoint: str, account: str, until_ns: int) -> None:
        """Let an endpoint show this moment until then."""
        self._views[endpoint, account] = until_ns, cast(Exchange, StaleView(self._exchange, account))

    def thaw(self) -> None:
        """Let every endpoint show the present again."""
        self._views.clear()

    def view(self, endpoint: str, account: str, now_ns: int) -> Exchange | None:
        """Return the view an endpoint has to show, or None when it shows the present."""
        if not self._views:
            return None
        until_ns, view = self._views.get((endpoint, account), (0, None))
        return view if until_ns > now_ns else None
