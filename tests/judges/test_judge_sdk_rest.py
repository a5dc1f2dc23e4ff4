"""python-kraken-sdk's REST clients against the live simulated exchange."""

from typing import Any

import pytest

from tests.judges.conftest import Account, LiveExchange

spot = pytest.importorskip("kraken.spot", reason="python-kraken-sdk is not installed: it is in the judges group")
from kraken import exceptions  # noqa: E402

BTC = "BTC/USDC"


@pytest.fixture
def market(exchange: LiveExchange) -> Any:
    return spot.Market(url=exchange.rest)


@pytest.fixture
def user(exchange: LiveExchange, account: Account) -> Any:
    return spot.User(account.key, account.secret, url=exchange.rest)


@pytest.fixture
def trade(exchange: LiveExchange, account: Account) -> Any:
    return spot.Trade(account.key, account.secret, url=exchange.rest)


def far_below(market: Any) -> float:
    """A buy price nobody will meet."""
    return round(float(market.get_ticker(pair=BTC)["XBTUSDC"]["b"][0]) * 0.9, 2)


def test_market_data_is_read(market: Any) -> None:
    assert "XXBT" in market.get_assets()
    assert market.get_asset_pairs(pair=BTC)[BTC]["pair_decimals"] == 2
    assert market.get_system_status()["status"] == "online"
    assert len(market.get_order_book(pair="XBTUSDC", count=10)["XBTUSDC"]["bids"]) == 10
    assert market.get_ohlc(pair="XBTUSDC", interval=5)["XBTUSDC"]
    assert market.get_recent_trades(pair="XBTUSDC")["XBTUSDC"]
    assert market.get_recent_spreads(pair="XBTUSDC")["last"]


def test_order_lives_through_amend_edit_and_cancel(market: Any, user: Any, trade: Any) -> None:
    price = far_below(market)
    (txid,) = trade.create_order(ordertype="limit", side="buy", pair=BTC, volume=0.001, price=price, oflags=["post"])[
        "txid"
    ]
    assert user.get_open_orders()["open"][txid]["descr"]["order"] == f"buy 0.00100000 XBTUSDC @ limit {price:.2f}"
    assert trade.amend_order(txid=txid, order_qty="0.002", limit_price=str(price))["amend_id"].startswith("T")
    amends = user.get_order_amends(order_id=txid)
    assert [(each["amend_type"], each["order_qty"]) for each in amends["amends"]] == [
        ("original", "0.00100000"),
        ("user", "0.00200000"),
    ]
    edited = trade.edit_order(txid=txid, pair=BTC, volume=0.003, price=round(price - 1, 2))
    assert (edited["status"], edited["originaltxid"], edited["orders_cancelled"]) == ("ok", txid, 1)
    assert edited["txid"] != txid
    replaced = user.get_orders_info(txid=[txid])[txid]
    assert (replaced["status"], replaced["reason"]) == ("canceled", "Order replaced")
    assert set(user.get_open_orders()["open"]) == {edited["txid"]}
    assert trade.cancel_order(txid=edited["txid"])["count"] == 1
    assert user.get_open_orders()["open"] == {}


def test_fill_is_told_alike_by_orders_trades_ledger_and_balances(market: Any, user: Any, trade: Any) -> None:
    (txid,) = trade.create_order(ordertype="market", side="buy", pair=BTC, volume=0.001)["txid"]
    order = user.get_closed_orders(trades=True)["closed"][txid]
    history = user.get_trades_history()["trades"]
    assert set(order["trades"]) == set(history)
    info = user.get_trades_info(txid=list(history))
    assert {each["ordertxid"] for each in info.values()} == {txid}
    ledger = user.get_ledgers_info(type_="trade")["ledger"]
    assert len(ledger) == 2 * len(history)
    assert set(user.get_ledgers(id_=list(ledger))) == set(ledger)
    spent = -sum(float(row["amount"]) - float(row["fee"]) for row in ledger.values() if row["asset"] == "USDC")
    assert float(user.get_account_balance()["USDC"]) == pytest.approx(100_000 - spent)
    assert float(user.get_balance("USDC")["available_balance"]) == pytest.approx(100_000 - spent)
    assert user.get_open_positions() == {}
    assert float(user.get_trade_balance()["eb"]) > 100_000


def test_volume_names_the_next_tier(user: Any) -> None:
    fees = user.get_trade_volume(pair="XBTUSDC")["fees"]["XBTUSDC"]
    assert (fees["fee"], fees["nextfee"], fees["nextvolume"]) == ("0.4000", "0.3500", "10000.0000")
    assert (fees["minfee"], fees["maxfee"], fees["tiervolume"]) == ("0.1000", "0.4000", "0.0000")


def test_batches_and_the_dead_mans_switch(market: Any, user: Any, trade: Any) -> None:
    price = far_below(market)
    orders = [{"ordertype": "limit", "type": "buy", "volume": 0.001, "price": price - n} for n in range(2)]
    for order in orders:
        order["price"] = str(round(float(order["price"]), 2))
        order["volume"] = str(order["volume"])
    placed = trade.create_order_batch(orders=orders, pair="XBTUSDC")["orders"]
    ids = [row["txid"] for row in placed]
    assert set(user.get_open_orders()["open"]) == set(ids)
    assert trade.cancel_order_batch(orders=ids)["count"] == 2
    assert set(trade.cancel_all_orders_after_x(timeout=60)) == {"currentTime", "triggerTime"}
    assert trade.cancel_all_orders()["count"] == 0


def test_errors_become_the_exceptions_the_sdk_knows(
    exchange: LiveExchange, account: Account, market: Any, user: Any, trade: Any
) -> None:
    price = far_below(market)
    with pytest.raises(exceptions.KrakenInsufficientFundsError):
        trade.create_order(ordertype="limit", side="buy", pair=BTC, volume=1000, price=price)
    with pytest.raises(exceptions.KrakenUnknownOrderError):
        trade.cancel_order(txid="OAAAAA-BBBBB-CCCCCC")
    with pytest.raises(exceptions.KrakenUnknownAssetError):  # it knows no asset pair errors, and takes this for one
        market.get_ticker(pair="NOSUCHPAIR")
    with pytest.raises(exceptions.KrakenInvalidSignatureError):
        spot.User(account.key, "AAAA", url=exchange.rest).get_account_balance()
    with pytest.raises(exceptions.KrakenInvalidAPIKeyError):
        spot.User("no such key", account.secret, url=exchange.rest).get_account_balance()
    user.get_account_balance()
    user.get_nonce = lambda: "1"
    with pytest.raises(exceptions.KrakenInvalidNonceError):
        user.get_account_balance()
