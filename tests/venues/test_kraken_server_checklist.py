"""What a faithful server must do that no other test says, and that the manual's list of it is true."""

import re
from pathlib import Path
from typing import get_args, get_origin, get_type_hints
from urllib.parse import urlencode

import pytest

from tests.venues.builders_kraken_server import BTC, KEY, SECRET, Venue
from wildbot.venues.kraken.server_unconfirmed import DEFAULTS, Unconfirmed
from wildbot.venues.kraken.signing import sign

ROOT = Path(__file__).resolve().parents[2]
MANUAL = (ROOT / "docs" / "exchange.md").read_text(encoding="utf-8")
ORDER = {"pair": "XBTUSDC", "type": "buy", "ordertype": "limit", "volume": "0.001", "price": "50000"}
REQUEST = '{"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USDC","DOGE/USDC"]}%s}'


def section(title: str) -> str:
    """One section of the manual."""
    return MANUAL.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_a_request_number_comes_back_only_when_one_was_given() -> None:
    for given, told in ((', "req_id": 12', [12, 12]), ("", [None, None])):
        client = Venue().connect()
        client.frames()
        answers = [frame for frame in client.say(REQUEST % given) if frame.get("method") == "subscribe"]
        assert [frame.get("req_id") for frame in answers] == told
        assert all(("req_id" in frame) == bool(given) for frame in answers)


def test_each_private_channel_counts_its_own_messages_from_one() -> None:
    client = Venue().connect(private=True)
    orders, money = client.ask("subscribe", channel="executions"), client.ask("subscribe", channel="balances")
    assert [frame["sequence"] for frame in (*orders, *money) if "sequence" in frame] == [1, 1]
    frames = client.ask("add_order", order_type="market", side="buy", symbol=BTC, order_qty=0.01)
    for channel in ("executions", "balances"):
        numbers = [frame["sequence"] for frame in frames if frame.get("channel") == channel]
        assert numbers == list(range(2, 2 + len(numbers)))


def test_every_trade_moves_each_asset_in_a_message_of_its_own() -> None:
    client = Venue().connect(private=True)
    client.ask("subscribe", channel="balances")
    frames = client.ask("add_order", order_type="limit", side="buy", symbol=BTC, order_qty=0.2, limit_price=60_002.0)
    told = [[row["asset"] for row in frame["data"]] for frame in frames if frame.get("channel") == "balances"]  # type: ignore[attr-defined]
    assert told == [["BTC"], ["USDC"], ["BTC"], ["USDC"]]  # two levels were taken


@pytest.mark.parametrize("place", ["first", "middle", "last"])
@pytest.mark.parametrize("form", [True, False])
def test_the_nonce_may_stand_anywhere_in_a_body(form: bool, place: str) -> None:
    venue = Venue()
    fields = list(ORDER.items())
    fields.insert({"first": 0, "middle": 2, "last": len(fields)}[place], ("nonce", "77"))
    members = ",".join(f'"{name}": "{value}"' for name, value in fields)
    body = urlencode(fields).encode() if form else f"{{{members}}}".encode()
    path = "/0/private/AddOrder"
    headers = {"api-key": KEY, "api-sign": sign(path, "77", body, SECRET)}
    headers |= {} if form else {"content-type": "application/json"}
    assert '"error":[]' in venue.rest.post(path, headers, body, venue.now_ns).body


@pytest.mark.parametrize(("spelling", "tries"), [("true", True), ("True", True), ("false", False), ("False", False)])
def test_booleans_come_as_words_of_either_case(spelling: str, tries: bool) -> None:
    venue = Venue()
    assert ("txid" in venue.result("AddOrder", **ORDER, validate=spelling)) is not tries
    assert len(venue.exchange.open_orders("main")) == (0 if tries else 1)


def test_the_manual_names_tests_that_there_are() -> None:
    named = set(re.findall(r"`(test_\w+)`", section("Checklist")))
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_kraken*.py"))
    assert len(named) >= 20
    assert not [name for name in named if f"def {name}(" not in source]


def test_the_manual_lists_every_switch_with_its_default() -> None:
    assert section("What is unconfirmed").split("\n\n")[-1].strip() == "\n".join(switches())


def switches() -> list[str]:
    """The manual's table, from the switches themselves: their readings, the default first, and their sentence."""
    about = dict(re.findall(r"^ {4}([a-z_, ]+): (.+(?:\n {8}.+)*)", Unconfirmed.__doc__ or "", re.M))
    sentences = {name: " ".join(text.split()) for names, text in about.items() for name in names.split(", ")}
    types = get_type_hints(Unconfirmed)
    rows = ["| switch | readings, the default first | what is open |", "|---|---|---|"]
    for name in Unconfirmed.__struct_fields__:
        readings = get_args(types[name]) if get_origin(types[name]) else (getattr(DEFAULTS, name),)
        rows.append(f"| `{name}` | {', '.join(f'`{each}`' for each in readings)} | {sentences[name]} |")
    return rows
