"""What a key may do: rights taken and given back in flight, keys that expire or come from elsewhere, what they say."""

import json

import pytest

from actors.exchange_accounts import AccountOption
from actors.exchange_keys import key_ring, parse_key_words
from tests.venues.builders_kraken_server import BTC, KEY, SECRET, START_NS, Venue
from wildbot.model.errors import ConfigurationError
from wildbot.venues.kraken.server_rights import ALL_RIGHTS, NEEDED, TRADING_RIGHTS
from wildbot.venues.kraken.server_unconfirmed import DEFAULTS

DENIED = "EGeneral:Permission denied"


def restrict(venue: Venue, **words: object) -> None:
    reply = venue.admin.faults(json.dumps({"verb": "key.restrict", **words}).encode(), venue.now_ns)
    assert reply.status == 200 and "failed" not in reply.body, reply


def chosen(venue: Venue, *words: str) -> Venue:
    """The venue with a key of these terms in place of its own."""
    ring = key_ring(
        [AccountOption(name="main", key=KEY, secret=SECRET)], [f"{KEY}:{word}" for word in words], "pro", DEFAULTS
    )
    (key,) = ring
    venue.server.keys.add(key)
    return venue


def test_a_right_taken_away_is_missing_at_once_and_comes_back() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    order_id = client.buy(50_000.0)["result"]["order_id"]  # type: ignore[index]
    restrict(venue, take="modify-trades", for_s=30)
    assert client.buy(50_000.0)["error"] == DENIED
    assert venue.post("AddOrder", pair="XBTUSDC", type="buy", ordertype="limit", volume="1", price="1")["error"] == [DENIED]
    assert client.reply("amend_order", order_id=order_id, limit_price=49_000.0)["error"] == DENIED
    assert venue.post("Balance")["error"] == []
    assert client.reply("cancel_order", order_id=[order_id])["success"] is True  # close-trades is left
    venue.pass_seconds(31)
    assert client.buy(50_000.0)["success"] is True


def test_two_restrictions_that_overlap_give_everything_back_in_the_end() -> None:
    venue = Venue()
    had = venue.result("GetApiKeyInfo")["permissions"]
    restrict(venue, take="query-ledger,query-closed-trades", for_s=5)
    venue.pass_seconds(2)
    restrict(venue, take="query-ledger,close-trades", for_s=5)
    venue.pass_seconds(4)
    assert "close-trades" not in venue.result("GetApiKeyInfo")["permissions"]  # type: ignore[operator]
    venue.pass_seconds(2)
    assert venue.result("GetApiKeyInfo")["permissions"] == had


def test_without_any_right_to_trade_nothing_can_be_taken_back() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    order_id = client.buy(50_000.0)["result"]["order_id"]  # type: ignore[index]
    restrict(venue, take="all")
    assert client.reply("cancel_order", order_id=[order_id])["error"] == DENIED
    assert venue.post("CancelAll")["error"] == [DENIED]
    assert venue.post("GetWebSocketsToken")["error"] == [DENIED]
    assert venue.result("GetApiKeyInfo")["permissions"] == []
    restrict(venue, give="all")
    assert venue.result("GetApiKeyInfo")["permissions"] == list(ALL_RIGHTS)


@pytest.mark.parametrize(
    ("right", "call"),
    [
        ("query-funds", "Balance"),
        ("query-ledger", "Ledgers"),
        ("query-open-trades", "OpenOrders"),
        ("query-closed-trades", "TradesHistory"),
        ("create-ws-token", "GetWebSocketsToken"),
    ],
)
def test_each_right_covers_its_calls(right: str, call: str) -> None:
    venue = Venue()
    restrict(venue, take=right)
    assert venue.post(call)["error"] == [DENIED]
    assert right not in venue.result("GetApiKeyInfo")["permissions"]  # type: ignore[operator]


def test_a_private_channel_needs_its_right() -> None:
    venue = Venue()
    client = venue.connect(private=True)
    restrict(venue, take="query-funds")
    assert client.reply("subscribe", channel="balances")["error"] == DENIED
    assert client.reply("subscribe", channel="executions")["success"] is True


def test_every_private_call_has_its_rights_named() -> None:
    venue = Venue()
    calls = {*venue.rest._account.endpoints, *venue.rest._orders.endpoints}
    assert calls - set(NEEDED) == {"GetApiKeyInfo"}
    assert {right for rights in NEEDED.values() for right in rights} <= set(TRADING_RIGHTS)


def test_a_key_says_what_was_chosen_for_it() -> None:
    venue = chosen(
        Venue(), "permissions=query-funds,withdraw-funds", "nonce_window=9", "valid_until=1900000000", "ip_allowlist="
    )
    told = venue.result("GetApiKeyInfo")
    assert told["permissions"] == ["query-funds", "withdraw-funds"]
    assert (told["nonce_window"], told["valid_until"], told["ip_allowlist"]) == ("9", "1900000000", [])
    assert venue.post("OpenOrders")["error"] == [DENIED]


def test_an_expired_key_or_one_for_elsewhere_is_refused() -> None:
    end_s = START_NS // 10**9 + 100
    venue = chosen(Venue(), f"valid_until={end_s}")
    assert venue.post("Balance")["error"] == []
    venue.pass_seconds(100)
    assert venue.post("Balance")["error"] == ["EAPI:Invalid key"]
    assert chosen(Venue(), "ip_allowlist=10.1.2.3").post("Balance")["error"] == [DENIED]


@pytest.mark.parametrize("word", ["k:permissions=fly", "k:nonce_window=-1", "k:colour=red", "permissions=query-funds", "k"])
def test_words_about_keys_that_mean_nothing_are_refused(word: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_key_words([word])
    with pytest.raises(ConfigurationError, match="there are: one"):
        key_ring([AccountOption(name="a", key="one", secret=SECRET)], ["two:nonce_window=1"], "pro", DEFAULTS)


def test_what_is_no_right_restricts_nobody() -> None:
    venue = Venue()
    for words in ({"take": "fly"}, {}):
        reply = venue.admin.faults(json.dumps({"verb": "key.restrict", **words}).encode(), venue.now_ns)
        assert "failed" in reply.body
    assert (
        venue.connect(private=True).reply(
            "add_order", order_type="limit", side="buy", symbol=BTC, order_qty=0.001, limit_price=50_000.0
        )["success"]
        is True
    )
