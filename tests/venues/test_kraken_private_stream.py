"""Kraken's private stream: frames in, news out; requests out with exact numbers."""

import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildbot.model.errors import ProtocolError
from wildbot.model.executions import (
    Accepted,
    Amended,
    Canceled,
    CancelRejected,
    Completed,
    Expired,
    Filled,
    OutcomeUnknown,
    Rejected,
)
from wildbot.model.instrument import MONEY_ONE, Instrument, Liquidity, Lots, Money
from wildbot.model.orders import AmendOrder, CancelOrder, NewOrder, OrderType, Purpose, Side, TimeInForce
from wildbot.venues.kraken.private_requests import rfc3339_ms
from wildbot.venues.kraken.private_stream import (
    CancelTaken,
    KrakenPrivateStream,
    OpenOrders,
    SequenceBroken,
    SubscriptionRefused,
    TimerSet,
    Verified,
    is_ambiguous,
)

NOW = 1_700_000_000_123_456_789
SOL = Instrument("SOL/USDC", "SOL", "USDC", "SOLUSDC", 2, 8, 6, 1, 1, Lots(2_000_000), Money(MONEY_ONE // 2))
BUY = NewOrder("wb1x1", "SOL/USDC", Side.BUY, 8_516, 4_000_000, Purpose.ENTRY)


def a_stream() -> KrakenPrivateStream:
    return KrakenPrivateStream({SOL.pair: SOL})


def executions(stream: KrakenPrivateStream, *reports: dict[str, object], sequence: int = 2) -> list[object]:
    frame = {"channel": "executions", "type": "update", "data": list(reports), "sequence": sequence}
    return list(stream.receive(json.dumps(frame).encode(), NOW))


def a_verified_stream() -> KrakenPrivateStream:
    stream = a_stream()
    stream.opened("token", NOW)
    for number, channel in ((1, "executions"), (2, "balances")):
        ack = {
            "method": "subscribe",
            "req_id": number,
            "success": True,
            "result": {"channel": channel, "maxratecount": 125},
        }
        stream.receive(json.dumps(ack).encode(), NOW)
    stream.receive(b'{"channel":"executions","type":"snapshot","data":[],"sequence":1}', NOW)
    return stream


TRADE = (
    b'{"channel":"executions","type":"update","data":[{"order_id":"OV33EK-VOGHL-DB43VD","cl_ord_id":"wb1x1","exec_id":'
    b'"TBQGLU-646YF-3L6UC6","exec_type":"trade","trade_id":7,"symbol":"SOL/USDC","side":"buy","last_qty":0.04000000,'
    b'"last_price":85.16,"liquidity_ind":"m","cost":3.406400,"order_status":"partially_filled","order_type":"limit",'
    b'"timestamp":"2026-04-11T16:48:26.620771Z","fees":[{"asset":"USDC","qty":0.008516}]}],"sequence":2}'
)


def test_order_is_written_with_the_pairs_own_digits_as_json_numbers() -> None:
    frame = a_stream().place(BUY, NOW, NOW)
    assert b'"limit_price":85.16' in frame
    assert b'"order_qty":0.04000000' in frame
    params = json.loads(frame)["params"]
    assert params["post_only"] is True
    assert params["fee_preference"] == "quote"
    assert params["deadline"] == "2023-11-14T22:13:20.123Z"


def test_immediate_order_carries_no_post_only_and_a_stop_carries_a_trigger() -> None:
    stream = a_stream()
    exit_now = msgspec.structs.replace(BUY, side=Side.SELL, time_in_force=TimeInForce.IOC, post_only=False)
    stop = msgspec.structs.replace(exit_now, order_type=OrderType.STOP_LOSS, limit_ticks=8_260)
    assert "post_only" not in json.loads(stream.place(exit_now, NOW, NOW))["params"]
    params = json.loads(stream.place(stop, NOW, NOW))["params"]
    assert params["triggers"]["price"] == 85.16
    assert (params["order_type"], params["limit_price"]) == ("stop-loss-limit", 82.6), "never at the market"


def test_amend_of_a_stop_moves_its_trigger_and_keeps_a_worst_price() -> None:
    amend = AmendOrder("wb1x1", "SOL/USDC", 8_500, 4_000_000, post_only=False, limit_ticks=8_245)
    params = json.loads(a_stream().amend(amend, NOW, NOW))["params"]
    assert (params["trigger_price"], params["limit_price"]) == (85.0, 82.45)
    plain = json.loads(a_stream().amend(AmendOrder("wb1x1", "SOL/USDC", 8_500, 4_000_000), NOW, NOW))["params"]
    assert plain["limit_price"] == 85.0
    assert "trigger_price" not in plain


def test_refusal_that_names_an_order_id_left_an_order_behind() -> None:
    stream = a_stream()
    frame = json.loads(stream.place(BUY, NOW, NOW))
    reply = {"method": "add_order", "req_id": frame["req_id"], "success": False, "error": "EGeneral:Unknown method"}
    assert isinstance(stream.receive(json.dumps(reply).encode(), NOW)[0], Rejected)
    frame = json.loads(stream.place(BUY, NOW, NOW))
    reply |= {"req_id": frame["req_id"], "result": {"order_id": "OAAAAA-BBBBB-CCCCCC"}}
    assert stream.receive(json.dumps(reply).encode(), NOW) == [Accepted(BUY.cl_ord_id, "OAAAAA-BBBBB-CCCCCC", NOW)]


def test_trade_is_read_to_the_last_digit() -> None:
    (fill,) = a_stream().receive(TRADE, NOW)[-1:]
    assert isinstance(fill, Filled)
    assert (fill.ticks, fill.lots, fill.cost, fill.fee) == (8_516, 4_000_000, 34_064_000_000, 85_160_000)
    assert (fill.liquidity, fill.fee_asset, fill.exec_id) == (Liquidity.MAKER, "USDC", "TBQGLU-646YF-3L6UC6")
    assert fill.ts_ns % 1_000_000_000 == 620_771_000


def test_stream_is_verified_only_after_both_acknowledgements_and_the_snapshot() -> None:
    stream = a_stream()
    stream.opened("token", NOW)
    news: list[object] = []
    news += stream.receive(b'{"method":"subscribe","req_id":1,"success":true,"result":{"maxratecount":125}}', NOW)
    news += stream.receive(b'{"channel":"executions","type":"snapshot","data":[],"sequence":1}', NOW)
    assert not any(isinstance(each, Verified) for each in news)
    news += stream.receive(b'{"method":"subscribe","req_id":2,"success":true,"result":{"channel":"balances"}}', NOW)
    assert news[-1] == Verified(125.0)


def test_refused_subscription_is_told_in_the_venues_words() -> None:
    stream = a_stream()
    stream.opened("token", NOW)
    frame = b'{"method":"subscribe","req_id":1,"success":false,"error":"ESession:Invalid session"}'
    assert stream.receive(frame, NOW) == [SubscriptionRefused("ESession:Invalid session")]


def test_hole_in_the_numbering_is_told_and_the_message_still_counts() -> None:
    stream = a_verified_stream()
    news = stream.receive(TRADE.replace(b'"sequence":2', b'"sequence":4'), NOW)
    assert news[0] == SequenceBroken("executions", 2, 4)
    assert isinstance(news[1], Filled)


def test_repeated_message_is_no_hole() -> None:
    stream = a_verified_stream()
    assert [len(stream.receive(TRADE, NOW)) for _ in range(3)] == [1, 1, 1]


def test_events_without_a_symbol_are_read_by_the_pair_of_their_order() -> None:
    stream = a_verified_stream()
    stream.place(BUY, NOW, NOW)
    ids = {"order_id": "O1", "cl_ord_id": "wb1x1", "timestamp": "2026-01-22T06:06:19.833306Z"}
    assert isinstance(executions(stream, {**ids, "exec_type": "new", "order_status": "new"})[0], Accepted)
    ended = executions(stream, {**ids, "exec_type": "canceled", "cum_qty": 0.01, "reason": "User requested"}, sequence=3)
    assert isinstance(ended[0], Canceled)
    assert ended[0].filled_lots == 1_000_000
    filled, expired = executions(
        stream, {**ids, "exec_type": "filled", "cum_qty": 0.04}, {**ids, "exec_type": "expired", "cum_qty": 0}, sequence=4
    )
    assert isinstance(filled, Completed)
    assert filled.filled_lots == 4_000_000
    assert isinstance(expired, Expired)


def test_order_on_an_unknown_pair_is_counted_as_foreign() -> None:
    stream = a_verified_stream()
    assert executions(stream, {"order_id": "OX", "symbol": "KAR/USD", "exec_type": "new"}) == []
    assert stream.foreign_events == 1


def test_snapshot_of_resting_orders_becomes_views() -> None:
    stream = a_stream()
    order = {
        "order_id": "O1",
        "cl_ord_id": "wb1x1",
        "symbol": "SOL/USDC",
        "side": "buy",
        "order_type": "limit",
        "order_qty": 0.04,
        "limit_price": 85.16,
        "cum_qty": 0.01,
        "order_status": "partially_filled",
        "exec_type": "new",
        "time_in_force": "GTC",
    }
    frame = {"channel": "executions", "type": "snapshot", "data": [order], "sequence": 1}
    (news,) = stream.receive(json.dumps(frame).encode(), NOW)
    assert isinstance(news, OpenOrders)
    assert [(each.ticks, each.lots, each.filled_lots) for each in news.orders] == [(8_516, 4_000_000, 1_000_000)]


def test_a_stops_price_is_its_trigger_in_snapshots_and_amendments_alike() -> None:
    order = {
        "order_id": "O1",
        "cl_ord_id": "wb1x1",
        "symbol": "SOL/USDC",
        "side": "sell",
        "order_type": "stop-loss",
        "order_qty": 0.04,
        "triggers": {"reference": "last", "price": 84.20, "price_type": "static", "status": "untriggered"},
        "stop_price": 84.20,
        "cum_qty": 0,
        "order_status": "new",
        "exec_type": "new",
    }
    frame = {"channel": "executions", "type": "snapshot", "data": [order], "sequence": 1}
    (news,) = a_stream().receive(json.dumps(frame).encode(), NOW)
    assert isinstance(news, OpenOrders)
    assert news.orders[0].ticks == 8_420
    amended = executions(a_verified_stream(), {**order, "exec_type": "amended"})
    assert isinstance(amended[0], Amended)
    assert (amended[0].ticks, amended[0].lots) == (8_420, 4_000_000)


def reply(stream: KrakenPrivateStream, sent: bytes, **answer: object) -> list[object]:
    return list(stream.receive(json.dumps({"method": "m", "req_id": json.loads(sent)["req_id"], **answer}).encode(), NOW))


def test_replies_become_reports() -> None:
    stream = a_stream()
    amend, cancel = AmendOrder("wb1x1", SOL.pair, 8_517, 4_000_000), CancelOrder("wb1x1", SOL.pair)
    done = {"success": True, "result": {"order_id": "O1"}}
    assert reply(stream, stream.place(BUY, NOW, NOW), **done) == [Accepted("wb1x1", "O1", NOW)]
    assert reply(stream, stream.amend(amend, NOW, NOW), **done) == [Amended("wb1x1", 8_517, 4_000_000, NOW)]
    assert reply(stream, stream.cancel(cancel, NOW), **done) == [CancelTaken("wb1x1")]
    assert reply(stream, stream.arm_timer(60, NOW), success=True, result={}) == [TimerSet(NOW, 60)]


def test_refusals_are_told_apart_from_ambiguous_errors() -> None:
    stream = a_stream()
    for error, kind in (
        ("EOrder:Insufficient funds", Rejected),
        ("EService:Market in cancel_only mode", Rejected),
        ("EService:Deadline elapsed", Rejected),
        ("EService:Busy", OutcomeUnknown),
        ("EService:Unavailable", OutcomeUnknown),
        ("EGeneral:Internal error", OutcomeUnknown),
    ):
        (news,) = reply(stream, stream.place(BUY, NOW, NOW), success=False, error=error)
        assert isinstance(news, kind), error
    (news,) = reply(stream, stream.cancel(CancelOrder("wb1x1", SOL.pair), NOW), success=False, error="EOrder:Unknown order")
    assert isinstance(news, CancelRejected)


def test_reply_nobody_waits_for_says_nothing() -> None:
    assert a_stream().receive(b'{"method":"add_order","req_id":99,"success":true,"result":{"order_id":"O9"}}', NOW) == []


@pytest.mark.parametrize(
    "frame",
    [b"", b"<html>", b"[]", b'{"channel":"executions","data":[{"last_qty":"x"}]', b'{"channel":"executions","data":5}'],
)
def test_unreadable_frames_raise_protocol_errors(frame: bytes) -> None:
    with pytest.raises(ProtocolError):
        a_stream().receive(frame, NOW)


@pytest.mark.parametrize("number", [b"NaN", b"1e400", b"85.161", b'"x"', b"null"])
def test_numbers_that_do_not_fit_the_pair_raise_protocol_errors(number: bytes) -> None:
    with pytest.raises(ProtocolError):
        a_stream().receive(TRADE.replace(b'"last_price":85.16', b'"last_price":' + number), NOW)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(frame: bytes) -> None:
    try:
        a_stream().receive(frame, NOW)
    except ProtocolError:
        pass


def test_times_are_cut_to_milliseconds() -> None:
    assert rfc3339_ms(NOW) == "2023-11-14T22:13:20.123Z"


@given(st.integers(0, 4_102_444_800_000))
def test_a_time_is_the_calendars_own(ms: int) -> None:
    told = datetime.fromtimestamp(ms // 1_000, UTC).isoformat(timespec="seconds").removesuffix("+00:00")
    assert rfc3339_ms(ms * 1_000_000 + 999_999) == f"{told}.{ms % 1_000:03d}Z"


def test_complaints_about_the_form_are_ambiguous() -> None:
    assert is_ambiguous("Limit_price field must be a number_float")
    assert not is_ambiguous("EOrder:Post only order")
