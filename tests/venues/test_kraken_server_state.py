"""What an exchange remembers over a restart."""

import pytest

from tests.venues.builders_kraken_server import BTC, Venue
from wildbot.model.errors import ConfigurationError
from wildbot.model.exchange import OrderStatus
from wildbot.model.orders import Side
from wildbot.venues.kraken.server_state import RESTART_REASON, read_state, state_lines


def a_past() -> tuple[Venue, list[bytes]]:
    """A venue with one fill, one cancelled and one resting order, and the lines it left."""
    venue = Venue()
    lines: list[bytes] = state_lines(venue.exchange.drain())
    venue.server.on_events = lambda events: lines.extend(state_lines(events))
    venue.exchange.deposit("main", "USDC", 10**10, venue.now_ns)
    client = venue.connect(private=True)
    client.ask("add_order", order_type="market", side="buy", symbol=BTC, order_qty=0.01)
    client.buy(50_000.0, cl_ord_id="gone")
    client.buy(50_000.0, cl_ord_id="rests")
    client.ask("cancel_order", cl_ord_id=["gone"])
    venue.publish()
    return venue, lines


def test_trades_and_balances_come_back_and_resting_orders_come_back_cancelled() -> None:
    venue, lines = a_past()
    past = read_state(lines)["main"]
    assert past.executions == list(reversed(venue.exchange.executions("main")))
    assert past.balances == venue.exchange.balances("main")
    by_id = {order.cl_ord_id: order for order in past.closed}
    assert by_id["gone"].reason == "User requested"
    assert (by_id["rests"].status, by_id["rests"].reason) == (OrderStatus.CANCELED, RESTART_REASON)
    again = Venue()
    again.exchange.restore("main", past.balances, past.executions, past.closed)
    assert again.exchange.balances("main") == venue.exchange.balances("main")
    assert again.exchange.executions("main") == venue.exchange.executions("main")
    assert again.exchange.open_orders("main") == []


def test_half_a_last_line_is_forgiven_and_half_a_line_before_it_is_not() -> None:
    _, lines = a_past()
    cut = [*lines, lines[-1][:20]]
    assert read_state(cut) == read_state(lines)
    with pytest.raises(ConfigurationError, match="line 1 "):
        read_state([lines[0][:20], *lines])


def test_news_of_others_leave_no_line() -> None:
    venue = Venue()
    venue.house(BTC, Side.BUY, 6_000_100, 1)
    assert state_lines(venue.exchange.drain()) == []
