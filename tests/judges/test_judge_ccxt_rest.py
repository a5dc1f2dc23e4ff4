"""ccxt's REST client against the live simulated exchange: markets, prices, the life of orders, errors."""

import itertools
from typing import Any

import pytest

from tests.judges.conftest import Account, LiveExchange

ccxt = pytest.importorskip("ccxt", reason="ccxt is not installed: it is in the judges group")

BTC = "BTC/USDC"


def client_of(exchange: LiveExchange, account: Account) -> Any:
    urls = {"api": {"public": exchange.rest, "private": exchange.rest}}
    options = {"apiKey": account.key, "secret": account.secret, "urls": urls, "enableRateLimit": False}
    client = ccxt.kraken(options)
    # ccxt counts its nonce in milliseconds; without its rate limiter two calls can fall into one.
    client.nonce = itertools.count(client.milliseconds()).__next__
    client.load_markets()
    return client


@pytest.fixture
def client(exchange: LiveExchange, account: Account) -> Any:
    return client_of(exchange, account)


def far_below(client: Any) -> float:
    """A buy price nobody will meet."""
    return round(client.fetch_ticker(BTC)["bid"] * 0.9, 2)


def test_markets_have_their_precision_minimums_and_fees(client: Any) -> None:
    market = client.market(BTC)
    assert (market["id"], market["active"], market["spot"]) == ("XBTUSDC", True, True)
    assert (market["precision"]["price"], market["precision"]["amount"]) == (0.01, 1e-8)
    assert (market["limits"]["amount"]["min"], market["limits"]["cost"]["min"]) == (0.00005, 0.5)
    assert (market["taker"], market["maker"]) == (0.004, 0.0025)
    fee = client.fetch_trading_fee(BTC)
    assert (fee["taker"], fee["maker"]) == (0.004, 0.0025)


def test_prices_books_trades_and_candles_agree(client: Any) -> None:
    ticker, book = client.fetch_ticker(BTC), client.fetch_order_book(BTC, 10)
    assert ticker["bid"] < ticker["ask"]
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    assert len(book["bids"]) == len(book["asks"]) == 10
    assert book["bids"] == sorted(book["bids"], reverse=True)
    assert book["asks"] == sorted(book["asks"])
    assert set(client.fetch_tickers()) == {BTC, "DOGE/USDC"}
    trades = client.fetch_trades(BTC, limit=20)
    assert 0 < len(trades) <= 20
    assert {trade["side"] for trade in trades} <= {"buy", "sell"}
    candles = client.fetch_ohlcv(BTC, "1m")
    assert all(low <= open_ <= high and low <= close <= high for _, open_, high, low, close, _ in candles)
    assert client.fetch_status()["status"] == "ok"
    assert abs(client.fetch_time() - client.milliseconds()) < 60_000


def test_limit_order_lives_through_amend_and_cancel(client: Any) -> None:
    price = far_below(client)
    placed = client.create_order(BTC, "limit", "buy", 0.001, price, {"postOnly": True, "clientOrderId": "judge1"})
    (listed,) = client.fetch_open_orders(BTC)
    assert (listed["id"], listed["price"], listed["amount"], listed["side"]) == (placed["id"], price, 0.001, "buy")
    assert (listed["clientOrderId"], listed["postOnly"], listed["status"]) == ("judge1", True, "open")
    assert client.fetch_balance()["USDC"]["used"] > 0
    edited = client.edit_order(placed["id"], BTC, "limit", "buy", 0.002, round(price - 1, 2))
    assert edited["info"]["amend_id"].startswith("T")
    amended = client.fetch_order(placed["id"], BTC)
    assert (amended["amount"], amended["price"]) == (0.002, round(price - 1, 2))
    client.cancel_order(placed["id"], BTC)
    assert client.fetch_open_orders(BTC) == []
    assert client.fetch_balance()["USDC"]["used"] == 0
    (closed,) = client.fetch_closed_orders(BTC)
    assert (closed["id"], closed["status"], closed["filled"]) == (placed["id"], "canceled", 0)


def test_market_order_fills_and_every_book_agrees(client: Any) -> None:
    before = client.fetch_balance()
    placed = client.create_order(BTC, "market", "buy", 0.001)
    order = client.fetch_order(placed["id"], BTC)
    assert (order["status"], order["filled"]) == ("closed", 0.001)
    trades = client.fetch_my_trades(BTC)
    assert sum(trade["amount"] for trade in trades) == pytest.approx(0.001)
    assert {trade["order"] for trade in trades} == {placed["id"]}
    paid = sum(trade["cost"] + trade["fee"]["cost"] for trade in trades)
    after = client.fetch_balance()
    assert after["BTC"]["total"] - before["BTC"]["total"] == pytest.approx(0.001)
    assert before["USDC"]["total"] - after["USDC"]["total"] == pytest.approx(paid, abs=1e-6)
    assert sum(trade["fee"]["cost"] for trade in trades) == pytest.approx(
        sum(trade["cost"] for trade in trades) * 0.004, rel=1e-3
    )
    legs = [entry for entry in client.fetch_ledger() if entry["type"] == "trade"]
    assert {entry["currency"] for entry in legs} == {"BTC", "USDC"}


def test_market_buy_by_cost_spends_about_that_cost(client: Any) -> None:
    client.create_market_buy_order_with_cost(BTC, 50)
    (trade, *others) = client.fetch_my_trades(BTC)
    assert sum(each["cost"] for each in [trade, *others]) == pytest.approx(50, rel=0.01)


def test_batches_place_and_cancel_together(client: Any) -> None:
    price = far_below(client)
    orders = [
        {"symbol": BTC, "type": "limit", "side": "buy", "amount": 0.001, "price": round(price - n, 2)} for n in range(3)
    ]
    placed = client.create_orders(orders)
    ids = [order["id"] for order in placed]
    assert len(ids) == 3
    assert {order["id"] for order in client.fetch_open_orders(BTC)} == set(ids)
    client.cancel_orders(ids[:2])
    assert [order["id"] for order in client.fetch_open_orders(BTC)] == ids[2:]
    client.cancel_all_orders()
    assert client.fetch_open_orders(BTC) == []
    armed = client.cancel_all_orders_after(60_000)
    assert "triggerTime" in armed["result"]


def test_stop_order_is_listed_with_its_trigger(client: Any) -> None:
    price = far_below(client)
    params = {"stopLossPrice": price}
    placed = client.create_order(BTC, "limit", "sell", 0.001, round(price - 10, 2), params)
    (order,) = client.fetch_open_orders(BTC)
    assert (order["id"], order["triggerPrice"], order["price"]) == (placed["id"], price, round(price - 10, 2))


def test_errors_become_the_exceptions_ccxt_knows(exchange: LiveExchange, client: Any, account: Account) -> None:
    price = far_below(client)
    with pytest.raises(ccxt.InsufficientFunds):
        client.create_order(BTC, "limit", "buy", 1000, price)
    with pytest.raises(ccxt.InvalidOrder):
        client.cancel_order("OAAAAA-BBBBB-CCCCCC", BTC)
    with pytest.raises(ccxt.InvalidOrder):
        client.create_order(BTC, "limit", "buy", 0.00001, price)
    with pytest.raises(ccxt.ExchangeError, match="EQuery:Unknown asset pair"):
        client.publicGetTicker({"pair": "NOSUCHPAIR"})
    with pytest.raises(ccxt.ExchangeError, match="Unknown asset pair"):
        client.privatePostAddOrder({"pair": "NOSUCHPAIR", "type": "buy", "ordertype": "market", "volume": "1"})
    stale = client_of(exchange, account)
    stale.nonce = lambda: 1
    with pytest.raises(ccxt.InvalidNonce):
        stale.fetch_balance()
    stranger = client_of(exchange, Account("x", "no such key", account.secret))
    with pytest.raises(ccxt.AuthenticationError):
        stranger.fetch_balance()


def test_post_only_order_that_crosses_ends_cancelled_with_its_reason(client: Any) -> None:
    price = round(client.fetch_ticker(BTC)["ask"] * 1.01, 2)
    placed = client.create_order(BTC, "limit", "buy", 0.001, price, {"postOnly": True})
    order = client.fetch_order(placed["id"], BTC)
    assert (order["status"], order["filled"]) == ("canceled", 0)
    assert order["info"]["reason"] == "Post only order"
