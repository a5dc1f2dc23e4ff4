"""Kraken's REST: signatures, refusals against silence, exact numbers."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildbot.model.errors import ProtocolError, VenueRefusal, VenueSilence
from wildbot.model.exchange import OrderStatus
from wildbot.model.instrument import FeeSchedule, Liquidity
from wildbot.model.market_data import SystemStatus
from wildbot.venues.kraken import rest
from wildbot.venues.kraken.rest import RestReader, read_result, signed_request

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "kraken" / "samples"

ASSET_PAIRS = {
    "XBTUSDC": {
        "altname": "XBTUSDC",
        "wsname": "XBT/USDC",
        "base": "XXBT",
        "quote": "USDC",
        "pair_decimals": 2,
        "lot_decimals": 8,
        "cost_decimals": 5,
        "tick_size": "0.01",
        "ordermin": "0.00005",
        "costmin": "0.5",
        "status": "online",
    }
}
ORDER = {
    "status": "open",
    "cl_ord_id": "wb1x1",
    "vol": "0.00010000",
    "vol_exec": "0.00004000",
    "opentm": 1676384710.121142,
    "oflags": "post,fciq",
    "descr": {"pair": "XBTUSDC", "type": "buy", "ordertype": "limit", "price": "60000.10"},
}


def as_bytes(value: object) -> bytes:
    return json.dumps(value).encode()


def a_reader() -> RestReader:
    reader = RestReader(("BTC/USDC",))
    reader.asset_pairs(as_bytes(ASSET_PAIRS))
    return reader


def test_request_is_signed_over_exactly_the_body_that_is_sent() -> None:
    secret = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
    params = {"ordertype": "limit", "pair": "XBTUSD", "price": "37500", "type": "buy", "volume": "1.25"}
    request = signed_request("AddOrder", params, nonce=1616492376594, key="k", secret=secret)
    expected = "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="
    assert request.headers["API-Sign"] == expected
    assert expected not in repr(request)


@pytest.mark.parametrize("status", [500, 502, 520, 429, 302])
def test_any_other_http_status_is_silence(status: int) -> None:
    with pytest.raises(VenueSilence):
        read_result(status, b'{"error":[],"result":{}}')


@pytest.mark.parametrize("body", [b"", b"<html>cloudflare</html>", b"{", b"[]", b'{"error":"x"}'])
def test_bytes_that_are_no_answer_are_silence(body: bytes) -> None:
    with pytest.raises(VenueSilence):
        read_result(200, body)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("EOrder:Unknown order", VenueRefusal),
        ("EAPI:Invalid nonce", VenueRefusal),
        ("EService:Busy", VenueSilence),
        ("EService:Unavailable", VenueSilence),
        ("EGeneral:Internal error", VenueSilence),
    ],
)
def test_explicit_errors_refuse_and_service_errors_are_silence(error: str, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=error.split(":")[0]):
        read_result(200, as_bytes({"error": [error]}))


def test_warning_beside_a_result_is_no_error() -> None:
    assert read_result(200, b'{"error":["WGeneral:Danger"],"result":{"count":1}}') == b'{"count":1}'


def test_balances_are_named_as_the_pairs_name_them_and_staked_ones_left_out() -> None:
    balances = a_reader().balances(as_bytes({"XXBT": "0.5000000001", "USDC": "16.00000000", "XBT.F": "9", "USDC.S": "3"}))
    assert balances == {"BTC": 5_000_000_001, "USDC": 160_000_000_000}


def test_fees_are_parts_per_million_per_pair() -> None:
    volume = {"fees": {"XBTUSDC": {"fee": "0.4000"}}, "fees_maker": {"XBTUSDC": {"fee": "-0.0200"}}}
    assert a_reader().fees(as_bytes(volume)) == {"BTC/USDC": FeeSchedule(-200, 4000)}


def test_open_order_that_filled_in_part_says_so() -> None:
    (view,) = a_reader().open_orders(as_bytes({"open": {"O1": ORDER}}))
    assert (view.status, view.filled_lots, view.ticks) == (OrderStatus.PARTIALLY_FILLED, 4_000, 6_000_010)
    assert view.opened_ns == 1_676_384_710_121_142_000


def test_foreign_order_is_seen_but_not_read() -> None:
    foreign = {**ORDER, "cl_ord_id": None, "descr": {"pair": "XBTUSDC", "price": "1.123456789"}}
    (view,) = a_reader().open_orders(as_bytes({"open": {"O1": foreign}}))
    assert (view.cl_ord_id, view.pair, view.lots) == ("", "", 0)


def a_stranger(**changes: object) -> dict[str, object]:
    descr = {"pair": "XBTUSDC", "type": "buy", "ordertype": "limit", "price": "50000.0", "price2": "0"}
    order = {"status": "open", "vol": "0.00030000", "vol_exec": "0.00010000", "oflags": "fciq", "cost": "5"}
    return {**order, "descr": {**descr, **{k: v for k, v in changes.items() if k in descr}},
            **{k: v for k, v in changes.items() if k not in descr}}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "held"),
    [
        ({}, {"USDC": 10 * 10**10}),
        ({"pair": "BTC/USDC"}, {"USDC": 10 * 10**10}),
        ({"type": "sell"}, {"BTC": 2 * 10**6}),
        ({"ordertype": "stop-loss-limit", "price2": "60000"}, {"USDC": 12 * 10**10}),
        ({"oflags": "viqc", "vol": "7.5"}, {"USDC": 25 * 10**9}),
        ({"price": "50000.00000000000001"}, {"USDC": 10 * 10**10 + 1}),
        ({"cl_ord_id": "wb1x1"}, {}),
        ({"pair": "NOSUCH"}, {}),
        ({"price": "+5%"}, {"USDC": 0}),
        ({"vol": "1e999999"}, {"USDC": 0}),
        ({"vol_exec": "NaN"}, {"USDC": 0}),
    ],
)
def test_what_foreign_orders_hold_is_read_and_ours_hold_nothing(changes: dict[str, object], held: dict[str, int]) -> None:
    result = as_bytes({"open": {"O1": a_stranger(**changes)}})
    assert a_reader().foreign_holds(result) == held


def test_foreign_holds_add_up_over_pairs_outside_of_the_universe() -> None:
    reader = RestReader(())
    reader.asset_pairs(as_bytes(ASSET_PAIRS))
    orders = {"O1": a_stranger(), "O2": a_stranger(price="25000")}
    assert reader.foreign_holds(as_bytes({"open": orders})) == {"USDC": 15 * 10**10}


def test_trade_is_read_exactly_and_trades_on_other_pairs_only_counted() -> None:
    trade = {
        "ordertxid": "O1",
        "pair": "XBTUSDC",
        "time": 1700237532.1690326,
        "type": "buy",
        "price": "60000.10000",
        "cost": "2.40000",
        "fee": "0.00600",
        "vol": "0.00004000",
        "trade_id": 7,
        "maker": True,
    }
    page = {"count": 2, "trades": {"T1": trade, "T2": {**trade, "pair": "ATOMETH"}}}
    fills, received, total = a_reader().trades(as_bytes(page))
    assert (len(fills), received, total) == (1, 2, 2)
    assert (fills[0].cost, fills[0].fee, fills[0].liquidity) == (24_000_000_000, 60_000_000, Liquidity.MAKER)


def test_key_rights_are_read_in_both_spellings() -> None:
    snake = b'{"permissions":["query-funds"],"nonce_window":"15","ip_allowlist":["", "10.0.0.1"],"valid_until":"7"}'
    camel = b'{"permissions":[],"nonceWindow":0,"ipAllowlist":["10.0.0.1"],"validUntil":7}'
    assert rest.read_key(snake) == (frozenset({"query-funds"}), 15, ("10.0.0.1",), 7)
    assert rest.read_key(camel) == (frozenset(), 0, ("10.0.0.1",), 7)
    assert rest.read_key(b'{"permissions":[]}') == (frozenset(), 0, (), 0)


def test_unheard_of_system_state_is_unknown() -> None:
    assert rest.read_system(b'{"status":"reboot"}') is SystemStatus.UNKNOWN


def test_missing_token_is_unreadable() -> None:
    with pytest.raises(ProtocolError):
        rest.read_token(b"{}")


@given(st.binary(max_size=100))
def test_any_bytes_are_an_answer_a_refusal_or_silence(body: bytes) -> None:
    try:
        read_result(200, body)
    except (VenueRefusal, VenueSilence):
        pass


@pytest.mark.parametrize("name", ["OpenOrders_1", "ClosedOrders_1", "QueryOrders_1", "TradesHistory_1", "GetApiKeyInfo_1"])
def test_recorded_answers_are_read(name: str) -> None:
    path = SAMPLES / "rest_private" / f"{name}.json"
    if not path.exists():
        pytest.skip("recorded answers are not on this machine")
    result, reader = read_result(200, path.read_bytes()), a_reader()
    readers = {
        "OpenOrders_1": reader.open_orders,
        "ClosedOrders_1": reader.closed_orders,
        "QueryOrders_1": reader.queried_orders,
        "TradesHistory_1": reader.trades,
        "GetApiKeyInfo_1": rest.read_key,
    }
    assert readers[name](result)
