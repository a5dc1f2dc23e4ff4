"""Ledgers, fee tiers and volumes of the simulated exchange over REST."""

from tests.venues.builders_kraken_server import BTC, Venue
from wildbot.model.instrument import FeeSchedule
from wildbot.model.orders import Side

MARKET = {"pair": "XBTUSDC", "type": "buy", "ordertype": "market", "volume": "0.05"}


def test_ledger_tells_deposits_and_both_legs_of_a_trade() -> None:
    venue = Venue()
    venue.result("AddOrder", **MARKET)
    ledger = venue.result("Ledgers")
    rows = list(ledger["ledger"].values())  # type: ignore[attr-defined]
    assert ledger["count"] == 4
    quote, base = rows[:2]
    assert (quote["asset"], quote["type"], base["asset"], base["fee"]) == ("USDC", "trade", "XXBT", "0.0000000000")
    assert quote["refid"] == base["refid"]
    assert base["amount"] == "0.0500000000"
    assert float(quote["balance"]) == 100_000 + float(quote["amount"]) - float(quote["fee"])
    assert {row["type"] for row in rows[2:]} == {"deposit"}
    (trade,) = venue.result("TradesHistory", ledgers="true")["trades"].values()  # type: ignore[attr-defined]
    assert sorted(trade["ledgers"]) == sorted(list(ledger["ledger"])[:2])  # type: ignore[call-overload]


def test_ledger_is_chosen_by_asset_type_time_and_id() -> None:
    venue = Venue()
    venue.pass_seconds(60)
    venue.result("AddOrder", **MARKET)
    (ledger_id, *_) = venue.result("Ledgers", asset="XBT", type="trade")["ledger"]  # type: ignore[misc]
    assert venue.result("Ledgers", asset="USDC", type="deposit")["count"] == 1
    assert venue.result("Ledgers", start=str(venue.now_ns // 10**9 - 1))["count"] == 2
    assert list(venue.result("QueryLedgers", id=ledger_id)) == [ledger_id]
    assert venue.post("QueryLedgers", id="LAAAAA-BBBBB-CCCCCC")["error"] == ["EQuery:Unknown ledger"]
    assert venue.post("Ledgers", type="nonsense")["error"] == ["EGeneral:Invalid arguments:type"]


def test_rates_follow_the_volume_of_the_account() -> None:
    venue = Venue()
    fees = venue.result("TradeVolume", pair="XBTUSDC")["fees"]["XBTUSDC"]  # type: ignore[index]
    assert (fees["fee"], fees["nextfee"], fees["nextvolume"]) == ("0.4000", "0.3500", "10000.0000")
    venue.result("AddOrder", **MARKET | {"volume": "0.2"})
    answer = venue.result("TradeVolume", pair="XBTUSDC")
    assert float(str(answer["volume"])) > 12_000
    fees, maker = answer["fees"]["XBTUSDC"], answer["fees_maker"]["XBTUSDC"]  # type: ignore[index]
    assert (fees["fee"], fees["tiervolume"], fees["nextfee"]) == ("0.3500", "10000.0000", "0.2400")
    assert (maker["fee"], maker["minfee"], maker["maxfee"]) == ("0.2000", "0.0000", "0.2500")
    venue.result("AddOrder", **MARKET | {"volume": "0.01"})
    trade = next(iter(venue.result("TradesHistory")["trades"].values()))  # type: ignore[attr-defined]
    assert float(trade["fee"]) == round(float(trade["cost"]) * 0.0035, 5)


def test_asset_pairs_list_the_table_the_rates_come_from() -> None:
    venue = Venue()
    entry = venue.get("AssetPairs", pair="XBTUSDC", info="fees")["result"]["XBTUSDC"]  # type: ignore[index]
    assert entry["fees"][:2] == [[0, 0.4], [10_000, 0.35]]
    assert entry["fees_maker"][-1] == [10_000_000, 0]
    assert set(entry) == {"fees", "fees_maker", "fee_volume_currency"}
    venue.exchange.set_fees(BTC, FeeSchedule(100, 200))
    assert venue.get("AssetPairs")["result"]["XBTUSDC"]["fees"] == [[0, 0.02]]  # type: ignore[index]
    assert venue.result("TradeVolume", pair="XBTUSDC")["fees"]["XBTUSDC"]["nextfee"] is None  # type: ignore[index]


def test_spot_has_no_positions() -> None:
    venue = Venue()
    assert venue.result("OpenPositions") == {}
    assert venue.post("AddOrder", **MARKET, reduce_only="true")["error"] == ["EOrder:Reduce only:No position exists"]
    assert venue.result("TradesHistory", type="closed position")["count"] == 0


def test_ticker_covers_today_and_the_last_day() -> None:
    venue = Venue()
    venue.house(BTC, Side.BUY, 6_000_100, 1_000_000)
    venue.publish()
    venue.pass_seconds(23 * 3600)
    venue.house(BTC, Side.BUY, 6_000_100, 2_000_000)
    venue.publish()
    entry = venue.get("Ticker", pair="XBTUSDC")["result"]["XBTUSDC"]  # type: ignore[index]
    assert entry["v"] == ["0.02000000", "0.03000000"]
    assert entry["t"] == [1, 2]
    venue.pass_seconds(3600 + 60)
    entry = venue.get("Ticker", pair="XBTUSDC")["result"]["XBTUSDC"]  # type: ignore[index]
    assert (entry["v"][1], entry["t"][1]) == ("0.02000000", 1)
    venue.pass_seconds(3 * 86_400)
    entry = venue.get("Ticker", pair="XBTUSDC")["result"]["XBTUSDC"]  # type: ignore[index]
    assert (entry["v"], entry["c"][0], entry["h"][1]) == (["0.00000000"] * 2, "60001.00000", "60001.00000")
