"""The ledger alone is enough: an independent reader rebuilds the account from it and agrees with what REST says."""

import json
from decimal import Decimal

import pytest

from tests.venues.builders_fault_session import Session
from tests.venues.builders_kraken_server import BTC, DOGE, Frame, Venue
from wildbot.audit.exchange_books import ExchangeBooks
from wildbot.model.orders import Side


@pytest.mark.parametrize("seed", range(12))
def test_reader_rebuilds_orders_balances_holds_and_counters_from_the_ledger(seed: int) -> None:
    session = Session(seed)
    venue = session.venue
    for _ in range(25):
        session.run(10)
        compare_on_the_way(session)
    venue.admin.faults(b'[{"verb":"clear"},{"verb":"lockout","s":0},{"verb":"status","mode":"online"}]', venue.now_ns)
    venue.pass_seconds(60)
    told = ExchangeBooks().read_text(session.lines())
    at_ns = venue.now_ns
    assert told.flaws == []

    said = venue.result("OpenOrders")["open"]
    assert isinstance(said, dict)
    assert {order_id: (Decimal(order["vol"]), Decimal(order["vol_exec"])) for order_id, order in said.items()} == {
        order_id: (order.qty, order.filled) for order_id, order in told.open.items()
    }
    balances = venue.result("BalanceEx")
    names = {"XXBT": "BTC"}
    for name, row in balances.items():
        asset = names.get(name, name)
        assert Decimal(row["balance"]) == told.balances["main", asset], asset  # type: ignore[index]
        assert Decimal(row["hold_trade"]) == told.holds("main").get(asset, 0), asset  # type: ignore[index]
    counter = Decimal(venue.exchange.rate_counter("main", BTC, at_ns))
    assert abs(told.counter("main", BTC, at_ns) - counter) < Decimal("0.000001")

    trades = {exec_id: trade for page in range(0, 500, 50) for exec_id, trade in pages(venue, page).items()}
    assert {
        exec_id: (each["price"], each["vol"], each["fee"]) for exec_id, each in trades.items()
    }.keys() == told.executions.keys()
    assert all(Decimal(trades[each]["fee"]) == Decimal(str(told.executions[each]["fee"])) for each in trades)
    assert set(told.requests) - told.answered <= unanswerable(told)


def test_an_edit_of_an_order_that_has_triggered_is_counted_and_one_for_another_pair_is_not() -> None:
    session = Session(1)
    venue, client = session.venue, session.client
    stop: Frame = {"order_type": "stop-loss-limit", "side": "sell", "symbol": BTC, "order_qty": 0.001}
    prices: Frame = {"limit_price": 61_000.0, "triggers": {"price": 59_999.0, "reference": "last"}}
    session.ask("add_order", **stop, **prices)
    venue.house(BTC, Side.SELL, venue.exchange.best(BTC)[0] or 0, 20_000_000)
    venue.publish()
    (order,) = venue.exchange.open_orders("main")
    before = venue.exchange.rate_counter("main", BTC, venue.now_ns)
    for pair in (BTC, DOGE):
        assert client.reply("edit_order", order_id=order.order_id, symbol=pair, order_qty=0.002)["success"] is False
    assert venue.exchange.rate_counter("main", BTC, venue.now_ns) == before + 1
    compare_on_the_way(session)


def compare_on_the_way(session: Session) -> None:
    """Counters fall quickly and holds come and go: both are right at any moment, not only in the end."""
    venue = session.venue
    venue.publish()
    told = ExchangeBooks().read_text(session.lines())
    held = {asset: Decimal(units) / 10**10 for asset, units in venue.exchange.holds("main").items() if units}
    assert told.holds("main") == held
    for pair in (BTC, DOGE):
        counter = Decimal(venue.exchange.rate_counter("main", pair, venue.now_ns))
        assert abs(told.counter("main", pair, venue.now_ns) - counter) < Decimal("0.000001"), pair


def pages(venue: Venue, offset: int) -> dict[str, dict[str, str]]:
    venue.pass_seconds(10)
    trades = venue.result("TradesHistory", ofs=str(offset))["trades"]
    assert isinstance(trades, dict)
    return trades


def unanswerable(told: ExchangeBooks) -> set[int]:
    """Requests the ledger has no reply for: subscriptions, whose outcome has a line of its own."""
    return {seq for seq, line in told.requests.items() if line["method"] in ("subscribe", "unsubscribe")}


def test_session_is_the_same_again_from_its_seed() -> None:
    first, second = Session(3), Session(3)
    first.run(80)
    second.run(80)
    assert first.lines() == second.lines()


def test_ledger_names_every_kind_of_thing_and_no_secret() -> None:
    session = Session(1)
    session.run(200)
    session.venue.admin.faults(b'{"verb":"status","mode":"online"}', session.venue.now_ns)
    lines = session.lines()
    kinds = {json.loads(line)["kind"] for line in lines}
    assert kinds >= {
        "pair", "account", "request", "reply", "order", "trade", "balance", "dead_man", "fault", "connection",
        "subscription", "status",
    }  # fmt: skip
    text = "\n".join(lines)
    key = next(iter(session.venue.server.keys))
    assert session.client.token not in text
    assert key.secret_b64 not in text
    assert "api-sign" not in text.lower()
    assert all(
        json.loads(line)["params"]["nonce"]
        for line in lines
        if '"via":"rest","account":"main"' in line and '"kind":"request"' in line
    )


@pytest.mark.parametrize("kind", ["order", "balance", "fault", "reply"])
def test_reader_notices_a_line_that_is_missing(kind: str) -> None:
    session = Session(4)
    session.run(60)
    session.venue.admin.faults(b'[{"verb":"clear"},{"verb":"counter.set","n":100}]', session.venue.now_ns)
    whole = ExchangeBooks().read_text(session.lines())
    lines = [json.loads(line) for line in session.lines()]
    last = max(
        n for n, line in enumerate(lines) if line["kind"] == kind and line.get("method") not in ("OpenOrders", "cancel_all")
    )
    cut = [json.dumps({**line, "seq": seq}) for seq, line in enumerate(lines[:last] + lines[last + 1 :], start=1)]
    told = ExchangeBooks().read_text(cut)
    at_ns = session.venue.now_ns
    assert told.flaws or (told.open, told.balances, told.counter("main", BTC, at_ns), told.answered) != (
        whole.open, whole.balances, whole.counter("main", BTC, at_ns), whole.answered,
    )  # fmt: skip
