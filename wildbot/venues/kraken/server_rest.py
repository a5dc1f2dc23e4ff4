"""The REST face of the simulated exchange: routing, keys, signatures, nonces, rate counters.

Rules: an API error is an HTTP 200 with a non-empty `error` list, as Kraken does it. A private call is checked in this
    order: key, signature, nonce, rate counter. The signature is over the bytes as they came.
Source: Kraken "Spot REST Authentication", "Rate limits", "Error Messages".
"""

from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import parse_qsl

import msgspec

from wildbot.model.errors import ConfigurationError, VenueRefusal
from wildbot.venues.kraken.server import KrakenServer
from wildbot.venues.kraken.server_frames import Params
from wildbot.venues.kraken.server_keys import ApiKey
from wildbot.venues.kraken.server_rest_orders import RestOrders
from wildbot.venues.kraken.server_rest_private import RestAccount
from wildbot.venues.kraken.server_rest_public import RestPublic
from wildbot.venues.kraken.server_text import json_text
from wildbot.venues.kraken.signing import is_signed

PUBLIC_PREFIX = "/0/public/"
PRIVATE_PREFIX = "/0/private/"
BODY_BYTES_MAX = 65_536
FIELDS_MAX = 256

_decoder = msgspec.json.Decoder(dict[str, object], float_hook=Decimal)


class RestReply(msgspec.Struct, frozen=True):
    """An answer: its JSON text, how long to hold it back, and whether it is lost on the way."""

    body: str
    delay_ns: int = 0
    dropped: bool = False


class RestFace:
    """Answers HTTP requests for a `KrakenServer`."""

    def __init__(self, server: KrakenServer, fee_account: str) -> None:
        self._server = server
        self._public = RestPublic(server.exchange, server.stream, server.names, fee_account)
        self._orders = RestOrders(server.exchange, server.names)
        self._account = RestAccount(server.exchange, server.names, server.rng)

    def get(self, path: str, query: Mapping[str, str], now_ns: int) -> RestReply:
        """Answer a public call."""
        self._server.publish(now_ns)
        endpoint = path.removeprefix(PUBLIC_PREFIX)
        self._server.ledger.request(now_ns, "rest", "", endpoint[:64], dict(query))
        try:
            return _result(self._public.answer(endpoint, query, now_ns))
        except VenueRefusal as error:
            return _error(str(error))

    def post(self, path: str, headers: Mapping[str, str], body: bytes, now_ns: int) -> RestReply:
        """Answer a private call; `headers` has lower-case names."""
        self._server.publish(now_ns)
        endpoint = path.removeprefix(PRIVATE_PREFIX)
        account = ""
        try:
            fields = read_body(headers.get("content-type", ""), body)
            key = self._authenticate(endpoint, path, headers, fields, body, now_ns)
            account = key.account
            self._server.ledger.request(now_ns, "rest", account, endpoint, fields)
            reply = self._carry_out(endpoint, fields, key, now_ns)
        except VenueRefusal as error:
            self._server.ledger.reply(now_ns, "rest", account, endpoint[:64], str(error), sent=True)
            return _error(str(error))
        self._server.publish(now_ns)
        return reply

    def _authenticate(
        self, endpoint: str, path: str, headers: Mapping[str, str], fields: Params, body: bytes, now_ns: int
    ) -> ApiKey:
        key = self._server.keys.by_key(headers.get("api-key", ""))
        if key is None:
            raise VenueRefusal("EAPI:Invalid key")
        nonce = str(fields.get("nonce", ""))
        if not nonce.isascii() or not path.isascii():
            raise VenueRefusal("EAPI:Invalid nonce")
        try:
            signed = is_signed(headers.get("api-sign", ""), path, nonce, body, key.secret_b64)
        except ConfigurationError:
            signed = False
        if not signed:
            raise VenueRefusal("EAPI:Invalid signature")
        if not key.nonces.passes(nonce):
            raise VenueRefusal("EAPI:Invalid nonce")
        key.last_used_ns = now_ns
        if not key.may_call(endpoint, now_ns):
            raise VenueRefusal("EAPI:Rate limit exceeded")
        return key

    def _carry_out(self, endpoint: str, fields: Params, key: ApiKey, now_ns: int) -> RestReply:
        order_call = self._orders.endpoints.get(endpoint)
        account_call = self._account.endpoints.get(endpoint)
        if order_call is None and account_call is None:
            raise VenueRefusal("EGeneral:Unknown method")
        fault = self._server.faults.strike(endpoint)
        if fault is not None:
            self._server.ledger.record("fault", now_ns, {"verb": fault.verb, "method": endpoint, "account": key.account})
        reply = RestReply("")
        error = ""
        if fault is None or fault.applies:
            try:
                if order_call is not None:
                    reply = _result(order_call(fields, key.account, now_ns))
                elif account_call is not None:
                    reply = _result(account_call(fields, key, now_ns))
            except VenueRefusal as refusal:
                error = str(refusal)
        if fault is not None and fault.answers_error:
            error = fault.error
        dropped = fault is not None and fault.drops
        self._server.ledger.reply(now_ns, "rest", key.account, endpoint, error, sent=not dropped)
        reply = _error(error) if error else reply
        delay_ns = fault.delay_ns if fault is not None else 0
        return RestReply(reply.body, delay_ns, dropped)


def read_body(content_type: str, body: bytes) -> Params:
    """Return a body's fields, form or JSON as its type says. Raises: VenueRefusal when it is neither."""
    try:
        if "json" in content_type:
            return _decoder.decode(body)
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except (msgspec.MsgspecError, ValueError, RecursionError, ArithmeticError):
        raise VenueRefusal("EGeneral:Invalid arguments") from None
    return dict(pairs)


def _result(result: object) -> RestReply:
    return RestReply(json_text({"error": [], "result": result}))


def _error(text: str) -> RestReply:
    return RestReply(json_text({"error": [text]}))
