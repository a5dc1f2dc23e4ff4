"""Over any stream of executions of the exchange, maker and taker, whole and in parts, fees in quote and in coins: our books
and the exchange's balances are the same to the last unit, and the profit parts sum to the account's change.

The full size, 100 000 fills and more: WILDBOT_IDENTITY_FILLS=100000 python -m pytest tests/desk/test_cash_identity.py
"""

import os
import random
from decimal import Decimal

import pytest

from tests.simulation.builders_simulation import FEES, ONE, PAIR, btc, exchange
from wildbot.analytics.markout import MarkoutDesk
from wildbot.desk.booking import Books
from wildbot.model.exchange import CancelPlaced, ExecType, Execution, Kind, OrderEvent, PlaceOrder, SelfTrade
from wildbot.model.executions import Filled
from wildbot.model.instrument import MONEY_DECIMALS, Lots, Money
from wildbot.model.orders import Side

FILLS = int(os.environ.get("WILDBOT_IDENTITY_FILLS", "800"))
INSTRUMENT = btc(min_lots=Lots(1), min_cost=Money(0))
MID = 6_800_000
STEP_NS = 50_000_000
ALICE, BOB = "alice", "bob"
START = {"USDC": 100_000 * ONE, "BTC": 10 * ONE}


def an_order(rng: random.Random, account: str, *, in_base: bool) -> PlaceOrder:
    return PlaceOrder(
        account=account,
        pair=PAIR,
        side=rng.choice(list(Side)),
        kind=Kind.LIMIT,
        lots=rng.choice((1, 7, rng.randrange(1, 10**5), rng.randrange(1, 10**7))),
        ticks=MID + rng.randrange(-12, 13),
        stp=SelfTrade.CANCEL_OLDEST,
        post_only=rng.random() < 0.3,
        fee_in_base=in_base,
    )


def as_filled(view: Execution) -> Filled:
    return Filled(
        "wb1x1", view.order_id, view.exec_id, view.trade_id, PAIR, view.side, view.ticks, view.lots,
        view.cost, view.fee, view.fee_asset, view.liquidity, view.ts_ns,
    )  # fmt: skip


@pytest.mark.timeout(900)
@pytest.mark.parametrize("in_coins", [0.0, 0.3])
def test_cash_coins_and_profit_are_exact_over_any_stream_of_fills(in_coins: float) -> None:
    rng = random.Random(f"identity {in_coins}")
    venue = exchange(ALICE, BOB, instrument=INSTRUMENT)
    books, desk = Books(Money(START["USDC"]), "USDC"), MarkoutDesk(INSTRUMENT)
    makers = takers = parts = now_ns = 0
    while books.fills < FILLS:
        now_ns += STEP_NS
        account = rng.choice((ALICE, BOB))
        resting = venue.open_orders(account)
        if len(resting) > 40 or (resting and rng.random() < 0.1):
            venue.cancel(CancelPlaced(account=account, order_id=rng.choice(resting).order_id), now_ns)
        desk.on_mid(2 * MID + rng.randrange(-20, 21), now_ns)
        venue.place(an_order(rng, account, in_base=rng.random() < in_coins), now_ns)
        for event in venue.drain():
            if isinstance(event, OrderEvent) and event.exec_type is ExecType.TRADE and event.order.account == ALICE:
                assert event.execution is not None
                fill = as_filled(event.execution)
                books.book(fill, INSTRUMENT)
                desk.on_fill(fill, now_ns)
                makers += fill.liquidity == "maker"
                takers += fill.liquidity == "taker"
                parts += fill.lots < event.order.lots
        if books.fills % 500 < 2:
            check(books, venue.balances(ALICE), desk)
    check(books, venue.balances(ALICE), desk)
    assert min(makers, takers, parts) > FILLS // 10


def check(books: Books, balances: dict[str, int], desk: MarkoutDesk) -> None:
    state = books.position(PAIR)
    lot_units = 10 ** (MONEY_DECIMALS - INSTRUMENT.lot_decimals)
    coins = balances["BTC"] - START["BTC"]
    cash = balances["USDC"] - START["USDC"]
    assert cash == books.cash_flow
    assert coins == state.lots * lot_units + state.dust
    assert books.cash_flow + state.basis == state.realised - state.fees
    assert books.differences(START, balances, {PAIR: INSTRUMENT}) == []
    price = Decimal(desk.double_mid) / 2 / 10**INSTRUMENT.price_decimals
    change = (Decimal(cash) + coins * price) / 10**MONEY_DECIMALS
    desk.take_done()  # their sums stay
    assert desk.split().total == change


def test_the_rates_of_this_test_are_of_two_kinds() -> None:
    assert FEES.maker_ppm != FEES.taker_ppm
