"""The REST face of the simulated exchange: routing, keys, signatures, nonces, rate counters.

Rules: an API error is an HTTP 200 with a non-empty `error` list, as Kraken does it. A private call is checked in this
    order: key, lockout, signature, nonce, the key's rights, rate counter. The signature is over the bytes as they came.
Source: Kraken "Spot REST Authentication", "Rate limits", "Error Messages".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import parse_qsl

import msgspec

from wildbot.model.errors import ConfigurationError, VenueRefusal
from wildbot.venues.kraken.server import KrakenServer
from wildbot.venues.kraken.server_faults_frames import HTML_PAGE
from wildbot.venues.kraken.server_frames import Params
from wildbot.venues.kraken.server_keys import ApiKey
from wildbot.venues.kraken.server_ledger import Ledger
from wildbot.venues.kraken.server_lockout import LOCKED
from wildbot.venues.kraken.server_outcomes import Part
from wildbot.venues.kraken.server_rest_orders import RestOrders
from wildbot.venues.kraken.server_rest_private import RestAccount
from wildbot.venues.kraken.server_rest_public import RestPublic
from wildbot.venues.kraken.server_text import json_text
from wildbot.venues.kraken.signing import is_signed

PUBLIC_PREFIX = "/0/public/"
PRIVATE_PREFIX = "/0/private/"
BODY_BYTES_MAX = 65_536
FIELDS_MAX = 256
ENDPOINT_SHOWN_MAX = 64

_decoder = msgspec.json.Decoder(dict[str, object], float_hook=Decimal)
_raw_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])

Handler = Callable[[int], object]


def _no_one() -> None:
    """Nobody waits for this answer."""


@dataclass(slots=True)
class RestReply:
    """An answer: its text, how long to hold it back, and whether it is lost on the way. While `waiting` it is not known
    yet; `wake` is called when it is."""

    body: str = ""
    delay_ns: int = 0
    dropped: bool = False
    status: int = 200
    waiting: bool = False
    wake: Callable[[], None] = _no_one


class RestFace:
    """Answers HTTP requests for a `KrakenServer`."""

    def __init__(self, server: KrakenServer) -> None:
        self._server = server
        self._public = RestPublic(server.exchange, server.stream, server.names, server.assume)
        self._orders = RestOrders(server.exchange, server.names, server.assume)
        self._account = RestAccount(server.exchange, server.names, server.rng, server.assume)

    def get(self, path: str, query: Mapping[str, str], now_ns: int) -> RestReply:
        """Answer a public call."""
        self._server.publish(now_ns)
        endpoint = path.removeprefix(PUBLIC_PREFIX)
        ledger = self._server.ledger
        seq = ledger.request(now_ns, "rest", "", endpoint[:ENDPOINT_SHOWN_MAX], dict(query))
        error = ""
        try:
            reply = RestReply(_result(self._public.answer(endpoint, query, now_ns)))
        except VenueRefusal as refusal:
            error = str(refusal)
            reply = RestReply(_error(error))
        ledger.reply(now_ns, "rest", "", endpoint[:ENDPOINT_SHOWN_MAX], error, sent=True, to=seq, applied=True)
        return reply

    def post(self, path: str, headers: Mapping[str, str], body: bytes, now_ns: int) -> RestReply:
        """Answer a private call; `headers` has lower-case names."""
        self._server.publish(now_ns)
        endpoint = path.removeprefix(PRIVATE_PREFIX)
        shown = endpoint[:ENDPOINT_SHOWN_MAX]
        key = self._server.keys.by_key(headers.get("api-key", ""))
        account, seq = key.account if key else "", 0
        ledger = self._server.ledger
        try:
            fields = read_body(headers.get("content-type", ""), body)
            seq = ledger.request(now_ns, "rest", account, shown, fields)
            key = self._authenticate(endpoint, path, headers, fields, body, now_ns)
            call = RestCall(endpoint, key.account, seq, self._handler(endpoint, fields, key, now_ns), fields, ledger)
            self._server.outcomes.take(call, now_ns)
            reply = call.reply
        except VenueRefusal as error:
            seq = seq or ledger.request(now_ns, "rest", account, shown, {"unreadable": True})
            ledger.reply(now_ns, "rest", account, shown, str(error), sent=True, to=seq)
            reply = RestReply(_error(str(error)))
        self._server.publish(now_ns)
        return reply

    def _authenticate(
        self, endpoint: str, path: str, headers: Mapping[str, str], fields: Params, body: bytes, now_ns: int
    ) -> ApiKey:
        key = self._server.keys.by_key(headers.get("api-key", ""))
        if key is None:
            raise VenueRefusal("EAPI:Invalid key")
        if self._server.lockouts.is_locked(key.key, now_ns):
            raise VenueRefusal(LOCKED)
        nonce = str(fields.get("nonce", ""))
        try:
            signed = is_signed(headers.get("api-sign", ""), path, nonce, body, key.secret_b64)
        except (ConfigurationError, UnicodeError):
            signed = False
        if not signed:
            self._server.lockouts.failed(key.key, now_ns)
            raise VenueRefusal("EAPI:Invalid signature" if nonce.isascii() and path.isascii() else "EAPI:Invalid nonce")
        if not key.nonces.passes(nonce):
            self._server.lockouts.failed(key.key, now_ns)
            raise VenueRefusal("EAPI:Invalid nonce")
        key.last_used_ns = now_ns
        key.check(endpoint, now_ns)
        if not key.may_call(endpoint, now_ns):
            raise VenueRefusal("EAPI:Rate limit exceeded")
        return key

    def _handler(self, endpoint: str, fields: Params, key: ApiKey, now_ns: int) -> Handler:
        order_call = self._orders.endpoints.get(endpoint)
        if order_call is not None:
            return lambda at_ns: order_call(fields, key.account, at_ns)
        account = self._account
        if (view := self._server.stale.view(endpoint, key.account, now_ns)) is not None:
            account = RestAccount(view, self._server.names, self._server.rng, self._server.assume)
        account_call = account.endpoints.get(endpoint)
        if account_call is None:
            raise VenueRefusal("EGeneral:Unknown method")
        return lambda at_ns: account_call(fields, key, at_ns)


class RestCall:
    """One private call on its way: a `server_outcomes.Call`."""

    def __init__(self, method: str, account: str, seq: int, handler: Handler, fields: Params, ledger: Ledger) -> None:
        self.method = method
        self.account = account
        self.via = "rest"
        self.seq = seq
        self.reply = RestReply(waiting=True)
        self._handler = handler
        self._fields = fields
        self._ledger = ledger

    def apply(self, now_ns: int) -> Sequence[Part]:
        """Carry it out."""
        try:
            part = Part(_result(self._handler(now_ns)), "")
        except VenueRefusal as refusal:
            return [Part(_error(str(refusal)), str(refusal))]
        if self.method == "CancelAllOrdersAfter":
            timeout = str(self._fields.get("timeout", ""))
            self._ledger.switch(self.account, int(timeout) if timeout.isdigit() else None, now_ns)
        return [part]

    def refusal(self, error: str, parts: Sequence[Part], now_ns: int) -> str:
        """Return the answer with this error; with the result besides when there was one."""
        if not parts or parts[0].error:
            return _error(error)
        return json_text({"error": [error], "result": _raw_decoder.decode(parts[0].text)["result"]})

    def answer(self, texts: Sequence[str], delay_ns: int, now_ns: int) -> None:
        """Answer, after a while."""
        self._known(body=texts[0], delay_ns=delay_ns)

    def break_with(self, code: int) -> None:
        """Answer as a gateway that could not reach the exchange."""
        self._known(body=HTML_PAGE, status=code)

    def lose(self) -> None:
        """Never answer."""
        self._known(dropped=True)

    def _known(self, *, body: str = "", delay_ns: int = 0, dropped: bool = False, status: int = 200) -> None:
        reply = self.reply
        reply.body, reply.delay_ns, reply.dropped, reply.status = body, delay_ns, dropped, status
        reply.waiting = False
        reply.wake()


def read_body(content_type: str, body: bytes) -> Params:
    """Return a body's fields, form or JSON as its type says. Raises: VenueRefusal when it is neither."""
    try:
        if "json" in content_type:
            return _decoder.decode(body)
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except (msgspec.MsgspecError, ValueError, RecursionError, ArithmeticError):
        raise VenueRefusal("EGeneral:Invalid arguments") from None
    return dict(pairs)


def _result(result: object) -> str:
    return json_text({"error": [], "result": result})


def _error(text: str) -> str:
    return json_text({"error": [text]})
