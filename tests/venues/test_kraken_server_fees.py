"""Fees in either asset: what is reserved, taken, told and written down; and what flips them while orders stand."""

import json
from decimal import Decimal

import pytest

from tests.venues.builders_kraken_server import BTC, Frame, Venue
from wildbot.venues.kraken.server_unconfirmed import assume

SELL = {"order_type": "limit", "side": "sell", "symbol": BTC, "order_qty": 0.001, "limit_price": 59_000.0}
BUY = SELL | {"side": "buy", "limit_price": 61_000.0}


def reports(frames: list[Frame]) -> list[Frame]:
    return [row for frame in frames if frame.get("channel") == "executions" for row in frame["data"]]  # type: ignore[attr-defined]


def strike(venue: Venue, **fault: object) -> None:
    reply = venue.admin.faults(json.dumps(fault).encode(), venue.now_ns)
    assert reply.status == 200 and "failed" not in reply.body, reply


def units(venue: Venue) -> dict[str, int]:
    return dict(venue.exchange.balances("main"))


@pytest.mark.parametrize(("order", "asset"), [(SELL, "BTC"), (BUY, "BTC"), (SELL, "USDC"), (BUY, "USDC")])
def test_a_fee_is_taken_in_the_asset_that_was_asked_for(order: Frame, asset: str) -> None:
    venue = Venue()
    before = units(venue)
    client = venue.connect(private=True)
    client.ask("subscribe", channel="executions")
    client.ask("subscribe", channel="balances")
    frames = client.ask("add_order", **order, fee_preference="base" if asset == "BTC" else "quote")
    told = reports(frames)
    assert told[0]["fee_ccy_pref"] == ("fcib" if asset == "BTC" else "fciq")
    (trade,) = [row for row in told if row["exec_type"] == "trade"]
    (fee,) = trade["fees"]  # type: ignore[attr-defined]
    assert fee["asset"] == asset
    sign = 1 if order["side"] == "buy" else -1
    cost = Decimal(str(trade["cost"]))
    expected = Decimal("0.001") * Decimal("0.004") if asset == "BTC" else cost * Decimal("0.004")
    assert abs(Decimal(str(fee["qty"])) - expected) <= Decimal("0.000005" if asset == "USDC" else "0")
    after = units(venue)
    moved = {name: Decimal(after[name] - before[name]).scaleb(-10) for name in ("BTC", "USDC")}
    fees = {"BTC": Decimal(0), "USDC": Decimal(0)} | {asset: Decimal(str(fee["qty"]))}
    assert moved == {"BTC": sign * Decimal("0.001") - fees["BTC"], "USDC": -sign * cost - fees["USDC"]}
    # In dollars it is the same fee in both currencies.
    assert abs(Decimal(str(trade["fee_usd_equiv"])) - cost * Decimal("0.004")) < Decimal("0.001")
    legs = {row["asset"]: row["fee"] for f in frames if f.get("channel") == "balances" for row in f["data"]}  # type: ignore[attr-defined]
    assert {name: Decimal(str(value)) for name, value in legs.items()} == fees


def test_rest_flags_choose_and_tell_the_fee_currency() -> None:
    venue = Venue()
    order = {"pair": "XBTUSDC", "type": "sell", "ordertype": "limit", "volume": "0.001", "price": "59000"}
    (order_id,) = venue.result("AddOrder", **order, oflags="fcib")["txid"]  # type: ignore[misc]
    row = venue.result("QueryOrders", txid=order_id, trades="true")[order_id]
    assert (row["oflags"], row["fee"], row["vol_exec"]) == ("fcib", "0.00000400", "0.00100000")  # type: ignore[index]
    (trade,) = venue.result("TradesHistory", ledgers="true")["trades"].values()  # type: ignore[attr-defined]
    assert trade["fee"] == "0.00000400"
    assert {venue.result("QueryLedgers", id=each)[each]["fee"] for each in trade["ledgers"]} == {
        "0.0000040000",
        "0.00000000",
    }  # type: ignore[index]
    assert venue.post("AddOrder", **order, oflags="fcib,fciq")["error"] == ["EGeneral:Invalid arguments:oflags"]
    resting = order | {"price": "61000.00"}
    (order_id,) = venue.result("AddOrder", **resting, oflags="fcib,post")["txid"]  # type: ignore[misc]
    assert venue.result("OpenOrders")["open"][order_id]["oflags"] == "post,fcib"  # type: ignore[index]
    edited = venue.result("EditOrder", pair="XBTUSDC", txid=order_id, price="62000")["txid"]
    assert venue.result("OpenOrders")["open"][edited]["oflags"] == "post,fcib"  # type: ignore[index]
    last = venue.result("EditOrder", pair="XBTUSDC", txid=str(edited), price="62000", oflags="fciq")["txid"]
    assert venue.result("OpenOrders")["open"][last]["oflags"] == "fciq"  # type: ignore[index]


def test_a_seller_who_pays_in_coins_needs_them_on_top() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    whole = SELL | {"order_qty": 1.0, "limit_price": 70_000.0}
    assert client.reply("add_order", **whole, fee_preference="base")["error"] == "EOrder:Insufficient funds"
    assert client.reply("add_order", **whole | {"order_qty": 0.99}, fee_preference="base")["success"] is True
    assert venue.result("BalanceEx")["XXBT"] == {"balance": "1.0000000000", "hold_trade": "0.9939600000"}


def test_a_buyer_who_pays_in_coins_reserves_the_cost_alone() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    whole = BUY | {"order_qty": 2.0, "limit_price": 50_000.0}
    assert client.reply("add_order", **whole, fee_preference="quote")["error"] == "EOrder:Insufficient funds"
    assert client.reply("add_order", **whole, fee_preference="base")["success"] is True
    assert venue.exchange.holds("main") == {"USDC": 100_000 * 10**10}


def test_the_default_fee_currency_is_a_switch() -> None:
    for words, sells, buys in (("", "fciq", "fciq"), ("sell_fee=base", "fcib", "fciq"), ("buy_fee=base", "fciq", "fcib")):
        client = Venue(assume=assume(words.split())).connect(private=True)
        client.ask("subscribe", channel="executions")
        assert reports(client.ask("add_order", **SELL))[0]["fee_ccy_pref"] == sells
        assert reports(client.ask("add_order", **BUY))[0]["fee_ccy_pref"] == buys


def test_fee_terms_of_an_account_flip_while_it_trades() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    client.ask("subscribe", channel="executions")
    resting = client.reply("add_order", **SELL | {"limit_price": 70_000.0})["result"]["order_id"]  # type: ignore[index]
    strike(venue, verb="fee.change", currency="base", volume="10000000")
    trade = next(row for row in reports(client.ask("add_order", **BUY)) if row["exec_type"] == "trade")
    assert trade["fees"] == [{"asset": "BTC", "qty": 0.000001}]
    fees = venue.result("TradeVolume", pair="XBTUSDC")
    assert (fees["volume"], fees["fees"]["XBTUSDC"]["fee"]) == ("10000000.0000", "0.1000")  # type: ignore[index]
    # What stands keeps the currency it was placed with.
    assert venue.result("OpenOrders")["open"][resting]["oflags"] == "fciq"  # type: ignore[index]
    strike(venue, verb="fee.change")
    trade = next(row for row in reports(client.ask("add_order", **BUY)) if row["exec_type"] == "trade")
    assert trade["fees"][0]["asset"] == "USDC"  # type: ignore[index]
    assert venue.result("TradeVolume", pair="XBTUSDC")["volume"] != "10000000.0000"


def test_what_is_no_amount_changes_no_fee() -> None:
    venue = Venue()
    reply = venue.admin.faults(b'{"verb": "fee.change", "volume": "-5"}', venue.now_ns)
    assert "must not be below 0" in reply.body
    assert venue.result("TradeVolume")["volume"] == "0.0000"


def test_a_market_buyer_who_pays_in_coins_may_spend_all_his_money() -> None:
    whole = {"order_type": "market", "side": "buy", "symbol": BTC, "order_qty": 0.1}
    for preference, success in (("quote", False), ("base", True)):
        venue = Venue()
        venue.exchange.transfer("main", "USDC", -(100_000 - 6_001) * 10**10, "withdrawal", venue.now_ns)
        assert venue.connect(private=True).reply("add_order", **whole, fee_preference=preference)["success"] is success
