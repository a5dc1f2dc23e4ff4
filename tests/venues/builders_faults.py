"""Accounts, scripts and the ledger around the fault verbs."""

import json

from tests.venues.builders_kraken_server import BTC, Client, Frame, Venue

BUY = {"order_type": "limit", "side": "buy", "symbol": BTC, "order_qty": 0.001, "limit_price": 50_000.0}


def arm(venue: Venue, *faults: Frame) -> Frame:
    reply = venue.admin.faults(json.dumps(faults).encode(), venue.now_ns)
    assert reply.status == 200, reply
    return json.loads(reply.body)


def trader(venue: Venue) -> Client:
    client = venue.connect(private=True)
    client.frames()
    return client


def listening(venue: Venue, channel: str = "executions") -> Client:
    client = trader(venue)
    client.ask("subscribe", channel=channel)
    return client


def ledger(venue: Venue, kind: str = "") -> list[Frame]:
    lines = [json.loads(line) for line in venue.admin.ledger("").body.splitlines()]
    return [line for line in lines if kind in ("", line["kind"])]
