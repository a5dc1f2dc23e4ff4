"""Every recorded private message becomes the news it should, or a named reason why it is passed over."""

import json
from decimal import Decimal

import pytest

from tests.venues.builders_market_frames import SAMPLES, recorded
from wildbot.model.executions import Accepted, Amended, AmendRejected, Canceled, CancelRejected, Filled, Rejected
from wildbot.model.instrument import MONEY_ONE, Instrument, Lots, Money
from wildbot.model.orders import AmendOrder, CancelOrder, NewOrder, Purpose, Side
from wildbot.venues.kraken.private_stream import (
    CancelTaken,
    KrakenPrivateStream,
    OpenOrders,
    SequenceBroken,
    StreamNews,
    SubscriptionRefused,
    TimerSet,
    Verified,
)

NOW = 1_700_000_000_000_000_000
PAIR = "BTC/USD"
FOLDERS = ("ws_private", "ws_docs_private")
PASSED_OVER = {
    "balances": "balances are read over REST, where holds are told too; here only their numbering counts",
    "batch_add": "the gateway sends single orders",
    "batch_cancel": "the gateway cancels single orders, or all over REST",
    "cancel_all": "the gateway cancels all over REST",
    "edit_order": "the gateway amends",
    "unsubscribe": "the gateway closes the connection instead",
    "status without a pair": "an update without symbol of an order that was never described here is somebody else's",
}
"""What our client does not act on, and why."""

pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="the recordings are not on this machine")


def lines(name: str) -> list[bytes]:
    return [line for folder in FOLDERS if (SAMPLES / folder / name).exists() for line in recorded(f"{folder}/{name}")]


def instruments() -> dict[str, Instrument]:
    """Every pair of the recordings, with as many decimals as any of its numbers shows."""
    pairs = {row["symbol"] for line in lines("executions.ndjson") for row in json.loads(line)["data"] if "symbol" in row}
    return {
        pair: Instrument(pair, *pair.split("/"), pair, 8, 8, 9, 1, 1, Lots(1), Money(MONEY_ONE // 2))  # type: ignore[arg-type]
        for pair in pairs | {PAIR}
    }


def expected_of(report: dict[str, object]) -> type:
    return {"pending_new": Accepted, "new": Accepted, "trade": Filled, "canceled": Canceled}[str(report["exec_type"])]


def test_every_execution_report_is_read_to_its_last_digit() -> None:
    seen = set()
    for line in lines("executions.ndjson"):
        message = json.loads(line, parse_float=Decimal)
        stream = KrakenPrivateStream(instruments())
        for report in message["data"]:
            stream._reader.remember_pair(report["order_id"], report.get("symbol", PAIR))
        news = [each for each in stream.receive(line, NOW) if not isinstance(each, SequenceBroken | OpenOrders | Verified)]
        assert [type(each) for each in news] == [expected_of(report) for report in message["data"]], line
        assert stream.foreign_events == 0
        seen |= {report["exec_type"] for report in message["data"]}
        for report, event in zip(message["data"], news, strict=True):
            if isinstance(event, Filled):
                scaled = (Decimal(event.ticks).scaleb(-8), Decimal(event.lots).scaleb(-8), Decimal(event.cost).scaleb(-10))
                assert scaled == (report["last_price"], report["last_qty"], report["cost"])
                assert Decimal(event.fee).scaleb(-10) == sum(Decimal(fee["qty"]) for fee in report["fees"])
                assert (event.exec_id, event.trade_id) == (report["exec_id"], report["trade_id"])
            if isinstance(event, Canceled):
                assert (event.reason, event.filled_lots) == (report["reason"], int(report["cum_qty"] * 10**8))
    assert seen == {"pending_new", "new", "trade", "canceled"}


def test_update_of_an_order_nobody_described_is_counted_as_foreign() -> None:
    assert PASSED_OVER["status without a pair"]
    for line in lines("executions.ndjson"):
        message = json.loads(line)
        nameless = [report for report in message["data"] if "symbol" not in report]
        stream = KrakenPrivateStream(instruments())
        stream.receive(line, NOW)
        assert stream.foreign_events == len(nameless)


def test_balance_messages_count_in_their_numbering_and_nothing_else() -> None:
    assert PASSED_OVER["balances"]
    for line in lines("balances.ndjson"):
        stream = KrakenPrivateStream(instruments())
        message = json.loads(line)
        broken = [SequenceBroken("balances", 1, message["sequence"])] if message["type"] == "update" else []
        assert stream.receive(line, NOW) == broken


def asked(stream: KrakenPrivateStream, method: str) -> bytes | None:
    """Send the request that a reply of this method answers; None when our client never sends it."""
    match method:
        case "add_order":
            return stream.place(NewOrder("wb1x1", PAIR, Side.BUY, 1, 1, Purpose.ENTRY), NOW, NOW)
        case "amend_order":
            return stream.amend(AmendOrder("wb1x1", PAIR, 1, 1), NOW, NOW)
        case "cancel_order":
            return stream.cancel(CancelOrder("wb1x1", PAIR), NOW)
        case "cancel_all_orders_after":
            return stream.arm_timer(5, NOW)
        case _:
            return None


def answered(line: bytes) -> list[StreamNews]:
    """The news of a reply, with the number of the request it answers put in."""
    stream = KrakenPrivateStream(instruments())
    message = json.loads(line)
    request = asked(stream, message["method"])
    if request is None:
        assert message["method"] in PASSED_OVER, line
        return stream.receive(line, NOW)
    return stream.receive(json.dumps(message | {"req_id": json.loads(request)["req_id"]}).encode(), NOW)


def test_every_recorded_reply_becomes_its_news() -> None:
    becomes = {
        "add_order": Accepted,
        "amend_order": Amended,
        "cancel_order": CancelTaken,
        "cancel_all_orders_after": TimerSet,
    }
    for line in lines("replies.ndjson"):
        kind = becomes.get(json.loads(line)["method"])
        assert [type(each) for each in answered(line)] == ([kind] if kind else []), line


def test_every_recorded_error_becomes_a_refusal_or_leaves_the_outcome_open() -> None:
    refusals = {"add_order": Rejected, "amend_order": AmendRejected, "cancel_order": CancelRejected}
    for line in lines("errors.ndjson"):
        message = json.loads(line)
        news = answered(line)
        if message["method"] in PASSED_OVER:
            assert news == []
        elif message["error"].startswith("E"):
            assert [type(each) for each in news] == [refusals[message["method"]]], line
        else:
            assert [type(each).__name__ for each in news] == ["OutcomeUnknown"], line


def test_every_recorded_acknowledgement_counts_towards_being_verified() -> None:
    for line in lines("acks.ndjson"):
        stream = KrakenPrivateStream(instruments())
        requests = [json.loads(frame) for frame in stream.opened("token", NOW)]
        message = json.loads(line)
        if message["method"] == "unsubscribe":
            assert PASSED_OVER["unsubscribe"]
            continue
        number = {request["params"]["channel"]: request["req_id"] for request in requests}[message["result"]["channel"]]
        assert stream.receive(json.dumps(message | {"req_id": number}).encode(), NOW) == []
        refused = {"method": "subscribe", "req_id": number, "success": False, "error": "again"}
        assert stream.receive(json.dumps(refused).encode(), NOW) == []  # it was answered already
        assert not any(isinstance(each, SubscriptionRefused) for each in stream.receive(line, NOW))
