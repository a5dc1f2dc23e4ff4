"""Builders for the simulation's tests: a small exchange, its accounts and its orders."""

import random
from typing import Any

from wildbot.model.exchange import (
    ASSET_DECIMALS,
    ExecType,
    Kind,
    OrderEvent,
    OrderView,
    Placed,
    PlaceOrder,
    Refusal,
)
from wildbot.model.instrument import FeeSchedule, Instrument, Lots, Money
from wildbot.model.orders import Side
from wildbot.simulation.exchange import SimulatedExchange

ONE = 10**ASSET_DECIMALS
SECOND = 10**9
PAIR = "BTC/USDC"
FEES = FeeSchedule(2500, 4000)


def btc(**changes: Any) -> Instrument:
    """BTC/USDC with cents, 1e-8 lots, costs to 5 decimals."""
    values: dict[str, Any] = {
        "pair": PAIR,
        "base": "BTC",
        "quote": "USDC",
        "rest_key": "XBTUSDC",
        "price_decimals": 2,
        "lot_decimals": 8,
        "cost_decimals": 5,
        "tick_step": 1,
        "lot_step": 1,
        "min_lots": Lots(5_000),
        "min_cost": Money(ONE // 2),
    }
    return Instrument(**(values | changes))


def exchange(*accounts: str, instrument: Instrument | None = None, seed: int = 1, **options: Any) -> SimulatedExchange:
    """An exchange of one pair; each account gets 100 000 USDC and 10 BTC, "~house" exists."""
    made = SimulatedExchange([instrument or btc()], rng=random.Random(seed), **({"fees": FEES} | options))
    made.open_account("~house")
    for account in accounts:
        made.open_account(account)
        made.deposit(account, "USDC", 100_000 * ONE, 0)
        made.deposit(account, "BTC", 10 * ONE, 0)
    made.drain()
    return made


def limit(side: Side, ticks: int, lots: int = 100_000, account: str = "alice", **options: Any) -> PlaceOrder:
    """A limit order of 0.001 BTC."""
    values = {"account": account, "pair": PAIR, "side": side, "kind": Kind.LIMIT, "lots": lots, "ticks": ticks}
    return PlaceOrder(**(values | options))


def buy(ticks: int, lots: int = 100_000, account: str = "alice", **options: Any) -> PlaceOrder:
    """A limit buy."""
    return limit(Side.BUY, ticks, lots, account, **options)


def sell(ticks: int, lots: int = 100_000, account: str = "alice", **options: Any) -> PlaceOrder:
    """A limit sell."""
    return limit(Side.SELL, ticks, lots, account, **options)


def placed(made: SimulatedExchange, request: PlaceOrder, now_ns: int = 0) -> str:
    """Place an order that must be taken; return its id."""
    reply = made.place(request, now_ns)
    assert isinstance(reply, Placed), reply
    return reply.order_id


def refused(made: SimulatedExchange, request: PlaceOrder, now_ns: int = 0) -> str:
    """Place an order that must be refused; return the text."""
    reply = made.place(request, now_ns)
    assert isinstance(reply, Refusal), reply
    return reply.error


def view(made: SimulatedExchange, order_id: str, account: str = "alice") -> OrderView:
    """An order that must exist."""
    order = made.order(account, order_id)
    assert order is not None
    return order


def told(made: SimulatedExchange, account: str = "alice") -> list[ExecType]:
    """What an account was told since the last drain."""
    return [event.exec_type for event in made.drain() if isinstance(event, OrderEvent) and event.order.account == account]


PRICE_OF_TESTS = 6_800_000
