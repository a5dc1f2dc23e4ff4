"""What the sources leave open: every switch changes what it says, and nothing else does."""

import json
import zlib

import pytest

from tests.venues.builders_kraken_server import BTC, DOGE, Frame, Venue
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import PairStatus
from wildbot.model.orders import Side
from wildbot.venues.kraken.server_unconfirmed import DEFAULTS, Unconfirmed, assume

ORDER = {"order_type": "limit", "side": "buy", "order_qty": 0.001, "limit_price": 50_000.0}
CROSSING = {"order_type": "limit", "side": "buy", "symbol": BTC, "order_qty": 0.001, "limit_price": 60_001.0}


def told(words: str, *asks: tuple[str, dict[str, object]], subscribe: dict[str, object] | None = None) -> list[Frame]:
    """All that a private client hears after these requests, under these assumptions."""
    venue = Venue(assume=assume(words.split()))
    client = venue.connect(private=True)
    client.ask("subscribe", channel="executions", **subscribe or {})
    return [frame for method, params in asks for frame in client.ask(method, **params)]


def reports(frames: list[Frame]) -> list[Frame]:
    return [row for frame in frames if frame.get("channel") == "executions" for row in frame["data"]]  # type: ignore[attr-defined]


def test_words_are_read_by_the_type_of_their_switch() -> None:
    assert assume([]) == DEFAULTS
    assert assume(["post_only=refuse", "history_cost=4", "kill_reason=Killed"]) == Unconfirmed(
        post_only="refuse", history_cost=4, kill_reason="Killed"
    )


@pytest.mark.parametrize("word", ["nonsense=1", "post_only", "post_only=maybe", "history_cost=3", "nonce_window=-1"])
def test_word_that_is_no_assumption_is_refused_by_name(word: str) -> None:
    with pytest.raises(ConfigurationError, match=word.split("=")[0]):
        assume([word])


def test_crossing_post_only_order_is_cancelled_or_refused() -> None:
    ask = ("add_order", CROSSING | {"post_only": True})
    assert [row["exec_type"] for row in reports(told("", ask))] == ["pending_new", "canceled"]
    assert [frame["error"] for frame in told("post_only=refuse", ask)] == ["EOrder:Post only order"]


def test_remainder_is_cancelled_or_expires() -> None:
    ask = ("add_order", CROSSING | {"time_in_force": "ioc", "order_qty": 0.5})
    assert reports(told("", ask))[-1]["exec_type"] == "canceled"
    last = reports(told("remainder=expired remainder_reason=Gone", ask))[-1]
    assert (last["exec_type"], last["reason"]) == ("expired", "Gone")


def test_rate_counter_is_in_every_report_that_asked_for_it() -> None:
    ask = ("add_order", ORDER | {"symbol": BTC})
    assert all("ratecounter" not in row for row in reports(told("", ask)))
    assert [row["ratecounter"] for row in reports(told("", ask, subscribe={"ratecounter": True}))] == [1, 1]
    named = reports(told("ratecounter=ratecount", ask, subscribe={"ratecounter": True}))
    assert [row["ratecount"] for row in named] == ["1", "1"]


def test_filled_event_is_lean_or_full() -> None:
    ask = ("add_order", CROSSING)
    assert "symbol" not in reports(told("", ask))[-1]
    full = reports(told("filled_event=full", ask))[-1]
    assert (full["exec_type"], full["symbol"], full["cum_qty"]) == ("filled", BTC, 0.001)


def test_batch_answers_have_either_shape() -> None:
    orders = {"symbol": BTC, "orders": [ORDER, ORDER | {"order_qty": 100.0}]}
    (reply,) = [frame for frame in told("batch_failure=flagged", ("batch_add", orders)) if "method" in frame]
    assert reply["result"][1] == {"error": "EOrder:Insufficient funds", "success": False}  # type: ignore[index]
    cancel = ("batch_cancel", {"orders": ["OAAAAA-BBBBB-CCCCCC", "OAAAAA-BBBBB-CCCCCD"]})
    assert told("", cancel)[-1]["result"] == {"count": 0}
    top = told("batch_cancel=top_level", cancel)[-1]
    assert (top["orders_cancelled"], top["success"], "result" in top) == (0, True, False)


def test_disarmed_switch_fires_at_zero_or_at_the_epoch() -> None:
    ask = ("cancel_all_orders_after", {"timeout": 0})
    assert told("", ask)[-1]["result"]["triggerTime"] == "0"  # type: ignore[index]
    assert told("disarmed=epoch", ask)[-1]["result"]["triggerTime"] == "1970-01-01T00:00:00Z"  # type: ignore[index]


def test_client_order_ids_are_lower_case_or_any_text() -> None:
    ask = ("add_order", ORDER | {"symbol": BTC, "cl_ord_id": "O-2026/A"})
    assert told("", ask)[-1]["error"] == "EGeneral:Invalid arguments:cl_ord_id"
    assert reports(told("cl_ord_id=ascii", ask))[0]["cl_ord_id"] == "O-2026/A"


def test_public_switches_change_subscriptions() -> None:
    for words, snapshot in (("", False), ("trade_snapshot=on", True)):
        client = Venue(assume=assume(words.split())).connect()
        assert client.ask("subscribe", channel="trade", symbol=[BTC])[0]["result"]["snapshot"] is snapshot  # type: ignore[index]
    for words, success in (("", True), ("unsubscribe=match", False)):
        client = Venue(assume=assume(words.split())).connect()
        client.ask("subscribe", channel="book", symbol=[BTC], depth=25)
        assert client.reply("unsubscribe", channel="book", symbol=[BTC], depth=10)["success"] is success
    client = Venue(assume=assume(["symbols_max=1"])).connect()
    assert client.reply("subscribe", channel="trade", symbol=[BTC, "DOGE/USDC"])["error"] == "Pair(s) not found"


def test_too_many_frames_or_calls_are_told_so() -> None:
    client = Venue(assume=assume(["frames_per_s=2"])).connect()
    answers = [client.say('{"method":"ping"}')[-1] for _ in range(3)]
    assert answers[-1] == {"Error": "Exceeded msg rate"}
    venue = Venue(assume=assume(["public_per_s=1"]))
    assert [venue.get("Time")["error"] for _ in range(2)] == [[], ["EGeneral:Too many requests"]]
    venue.pass_seconds(1)
    assert venue.get("Time")["error"] == []


def test_keys_are_as_assumed() -> None:
    camel = Venue(assume=assume(["key_info=camel", "nonce_window=5"])).result("GetApiKeyInfo")
    assert (camel["apiKeyName"], camel["nonceWindow"]) == ("main", "5")
    venue = Venue(assume=assume(["nonce_window=5"]))
    venue.nonce = 100
    venue.result("Balance")
    venue.nonce = 96
    venue.result("Balance")
    venue.nonce = 96
    assert venue.post("Balance")["error"] == ["EAPI:Invalid nonce"]
    venue.nonce = 80
    assert venue.post("Balance")["error"] == ["EAPI:Invalid nonce"]
    for cost, calls in ((2, 10), (4, 5)):
        venue = Venue(assume=assume([f"history_cost={cost}"]))
        assert [venue.post("Ledgers")["error"] for _ in range(calls + 1)] == [[]] * calls + [["EAPI:Rate limit exceeded"]]
    assert "schedules" in Venue(assume=assume(["schedules=empty"])).result("TradeVolume", fee_schedule="true")


def test_engine_counter_falls_continuously_or_by_the_second() -> None:
    for words, left in (("", True), ("counter_decay=per_second", False)):
        venue = Venue(assume=assume(words.split()))
        venue.connect(private=True).buy(50_000.0)
        venue.pass_seconds(0.2)
        assert (venue.exchange.rate_counter("main", BTC, venue.now_ns) < 1) is left


def test_new_account_pays_the_published_or_the_measured_rate() -> None:
    measured = Venue(assume=assume(["first_tier=measured"])).result("TradeVolume", pair="XBTUSDC")
    assert measured["fees"]["XBTUSDC"]["fee"] == "0.8000"  # type: ignore[index]
    assert measured["fees_maker"]["XBTUSDC"]["fee"] == "0.4000"  # type: ignore[index]


def test_change_of_a_pair_reaches_the_instrument_channel_and_rest() -> None:
    venue = Venue()
    client, deaf = venue.connect(), venue.connect()
    client.ask("subscribe", channel="instrument")
    venue.exchange.set_pair_status(BTC, PairStatus.CANCEL_ONLY, venue.now_ns)
    venue.publish()
    (update,) = client.frames("instrument")
    assert update["type"] == "update"
    assert update["data"]["assets"] == []  # type: ignore[index, call-overload]
    (pair,) = update["data"]["pairs"]  # type: ignore[index, call-overload]
    assert (pair["symbol"], pair["status"]) == (BTC, "cancel_only")
    assert deaf.frames("instrument") == []
    assert venue.get("AssetPairs")["result"]["XBTUSDC"]["status"] == "cancel_only"  # type: ignore[index]
    venue.exchange.set_pair_status(BTC, PairStatus.CANCEL_ONLY, venue.now_ns)
    venue.publish()
    assert client.frames("instrument") == []
    assert json.dumps(update).count("symbol") == 1


def test_market_data_calls_are_counted_by_pair() -> None:
    venue = Venue(assume=assume(["public_per_s=2"]))
    asked = [("Ticker", "XBTUSDC"), ("Depth", "BTC/USDC"), ("Trades", "XBT/USDC"), ("Depth", "XDGUSDC"), ("Time", "")]
    errors = [venue.get(call, **({"pair": pair} if pair else {}))["error"] for call, pair in asked]
    assert errors == [[], [], ["EGeneral:Too many requests"], [], []]  # one pair by any of its names, each pair its own
    venue.pass_seconds(1)
    assert venue.get("Trades", pair="XBTUSDC")["error"] == []


def test_a_short_book_is_signed_without_its_missing_levels_or_with_zeros() -> None:
    checksums = {}
    for words in ("", "short_book=zeros"):
        venue = Venue((DOGE,), assume=assume(words.split()))
        venue.house(DOGE, Side.BUY, 10_000, 5 * 10**8)
        client = venue.connect()
        venue.publish()
        (snapshot,) = [f for f in client.ask("subscribe", channel="book", symbol=[DOGE]) if f.get("channel") == "book"]
        checksums[words] = snapshot["data"][0]["checksum"]  # type: ignore[index]
    assert checksums[""] == zlib.crc32(b"10000500000000")
    assert checksums["short_book=zeros"] == zlib.crc32(b"00" * 10 + b"10000500000000" + b"00" * 9)
    deep = {
        words: Venue(assume=assume(words.split())).server.stream.books[BTC].checksum() for words in ("", "short_book=zeros")
    }
    assert deep[""] == deep["short_book=zeros"]


def test_a_maintenance_is_announced_as_assumed() -> None:
    told = {}
    for form in ("none", "times", "message"):
        venue = Venue(assume=assume([f"announcement={form}"]))
        client = venue.connect()
        client.frames()
        assert venue.admin.faults(b'{"verb": "announce", "in_s": 60, "s": 120}', venue.now_ns).status == 200
        told[form] = [row for frame in client.frames("status") for row in frame["data"]]  # type: ignore[attr-defined]
    assert told["none"] == []
    (times,), (message,) = told["times"], told["message"]
    assert times["maintenance"] == {"start_time": "2025-06-15T15:07:40Z", "end_time": "2025-06-15T15:09:40Z"}
    assert message["message"] == "Scheduled maintenance from 2025-06-15T15:07:40Z to 2025-06-15T15:09:40Z"
    assert times["system"] == message["system"] == "online"


def test_the_text_of_a_refused_post_only_amend_is_assumed() -> None:
    for words, text in (([], "EOrder:Post only order"), (["amend_post_only=EOrder:Would cross"], "EOrder:Would cross")):
        client = Venue(assume=assume(words)).connect(private=True)
        order_id = client.buy(50_000.0, post_only=True)["result"]["order_id"]  # type: ignore[index]
        assert client.reply("amend_order", order_id=order_id, limit_price=61_000.0, post_only=True)["error"] == text
