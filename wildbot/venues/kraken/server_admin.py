"""The back door of the simulated exchange, for tests and drills: ledger, scripted orders, faults.

Rules: loopback only, and not for browsers: a request that names another host or carries an `Origin` is refused, so that
    no web page can reach it through the owner's browser.
"""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from wildbot.model.errors import ProtocolError, VenueRefusal
from wildbot.model.exchange import Refusal
from wildbot.model.orders import Side
from wildbot.venues.kraken.server import KrakenServer
from wildbot.venues.kraken.server_faults_script import read_script
from wildbot.venues.kraken.server_faults_verbs import VERBS
from wildbot.venues.kraken.server_frames import Params
from wildbot.venues.kraken.server_orders import place_order
from wildbot.venues.kraken.server_text import json_text

SCRIPT_ACCOUNTS = {Side.BUY: "~script-buy", Side.SELL: "~script-sell"}
"""Whose orders `POST /admin/orders` places: house accounts with unlimited credit, one per side, so that two scripted
orders can trade with each other without being prevented as self-trades."""

ITEMS_MAX = 1_000
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")

_decoder = msgspec.json.Decoder(list[dict[str, object]] | dict[str, object], float_hook=Decimal)


class AdminReply(msgspec.Struct, frozen=True):
    """An answer with its HTTP status; `lines` marks JSON lines instead of one document."""

    status: int
    body: str
    lines: bool = False


def is_trusted(headers: Mapping[str, str]) -> bool:
    """Whether a request comes from this machine's own tools; `headers` has lower-case names."""
    host = headers.get("host", "")
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return name in LOOPBACK_HOSTS and "origin" not in headers


class AdminFace:
    """Answers the admin requests for a `KrakenServer`."""

    def __init__(self, server: KrakenServer) -> None:
        self._server = server

    def ledger(self, since: str) -> AdminReply:
        """Return the ground-truth ledger after number `since`."""
        if since and (not since.isascii() or not since.isdigit() or len(since) > 18):
            return _refused("since must be a whole number")
        lines = self._server.ledger.since(int(since or 0))
        return AdminReply(200, "".join(f"{line}\n" for line in lines), lines=True)

    def orders(self, body: bytes, now_ns: int) -> AdminReply:
        """Place orders of other participants: a list of {pair, side, type, price, qty}; the answers in the same order."""
        try:
            items = _items(body)
        except ProtocolError as error:
            return _refused(str(error))
        self._server.publish(now_ns)
        rows = [self._order(item, now_ns) for item in items]
        self._server.publish(now_ns)
        return AdminReply(200, json_text({"orders": rows}))

    def faults(self, body: bytes, now_ns: int) -> AdminReply:
        """Arm a script of faults; none is armed when one of them cannot be read. What was due at once and could not be
        done is listed as failed."""
        try:
            script = read_script(_items(body))
            self._server.publish(now_ns)
            failed = self._server.arm(script, now_ns)
        except ProtocolError as error:
            return _refused(str(error))
        armed = [fault.verb for fault in script]
        return AdminReply(200, json_text({"armed": armed, "failed": failed} if failed else {"armed": armed}))

    def armed(self) -> AdminReply:
        """Return what is armed, what struck lately and what could be armed."""
        return AdminReply(200, json_text(self._server.faults.listing()))

    def _order(self, item: Params, now_ns: int) -> Params:
        fields: Params = {"order_type": item.get("type", "limit"), "side": item.get("side"), "order_qty": item.get("qty")}
        if "price" in item:
            fields["limit_price"] = item["price"]
        if "tif" in item:
            fields["time_in_force"] = item["tif"]
        instrument = self._server.exchange.instruments.get(str(item.get("pair")))
        if instrument is None:
            return {"error": "EQuery:Unknown asset pair"}
        account = SCRIPT_ACCOUNTS[Side.BUY if item.get("side") == "buy" else Side.SELL]
        try:
            request = place_order(instrument, fields, account, now_ns)
        except VenueRefusal as error:
            return {"error": str(error)}
        reply = self._server.exchange.place(request, now_ns)
        self._server.ledger.request(now_ns, "admin", account, "add_order", item)
        return {"error": reply.error} if isinstance(reply, Refusal) else {"order_id": reply.order_id}


def _items(body: bytes) -> list[Params]:
    try:
        document = _decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError, ArithmeticError) as error:
        raise ProtocolError(f"the body must be a JSON list of objects: {error}") from None
    items = document if isinstance(document, list) else [document]
    if len(items) > ITEMS_MAX:
        raise ProtocolError(f"{len(items)} items; at most {ITEMS_MAX} in one request")
    return items


def _refused(text: str) -> AdminReply:
    return AdminReply(400, json_text({"error": text, "verbs": list(VERBS)}))
