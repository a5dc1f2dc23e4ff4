"""Kraken's REST as bytes: the body and headers of a request, and what an answer says in words of the model.

Rules: the venue answers API errors with HTTP 200 and a list of texts; anything else (another status, HTML, bytes that do
    not parse) is silence, and whatever was asked may have happened. Names and digits come from AssetPairs, never from a
    table here.
Owns: the pairs and asset names learned from AssetPairs.
Source: Kraken Spot REST; errors "E<category>:<text>" refuse, "W..." warn.
"""

from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from wildbot.model.errors import ProtocolError, VenueRefusal, VenueSilence
from wildbot.model.exchange import ASSET_DECIMALS, OrderView
from wildbot.model.executions import Filled
from wildbot.model.instrument import FeeSchedule, Instrument, parse_scaled
from wildbot.model.market_data import SystemStatus
from wildbot.model.orders import OWN_PREFIX
from wildbot.venues.kraken import rest_wire as wire
from wildbot.venues.kraken.signing import sign
from wildbot.venues.kraken.symbols import asset_pairs_decoder, instrument_from_asset_pair

T = TypeVar("T")
Params = Mapping[str, str | list[str]]
"""The parameters of a call."""

PERCENT_TO_PPM_DECIMALS = 4
"""A rate of "0.2500" percent is 2500 parts per million: four decimals further."""

PRIVATE_PATH = "/0/private/"
PUBLIC_PATH = "/0/public/"

MARGIN_SUFFIXES = (".S", ".M", ".P", ".F", ".B", ".T", ".HOLD")
"""Balances under such codes are staked, earning or held: not ours to trade with."""


class SignedRequest(msgspec.Struct, frozen=True):
    """A private request, ready to be sent once: its nonce is spent."""

    path: str
    body: bytes
    headers: dict[str, str]

    def __repr__(self) -> str:
        """Show the path only: the headers sign."""
        return f"SignedRequest({self.path})"


def signed_request(endpoint: str, params: Params, *, nonce: int, key: str, secret: str) -> SignedRequest:
    """Return the POST that calls a private endpoint, signed: form-encoded, or JSON when a parameter is a list."""
    path = PRIVATE_PATH + endpoint
    fields = {"nonce": str(nonce), **params}
    if any(isinstance(value, list) for value in params.values()):
        body, content_type = msgspec.json.encode(fields), "application/json"
    else:
        body, content_type = urlencode(fields).encode(), "application/x-www-form-urlencoded; charset=utf-8"
    headers = {"API-Key": key, "API-Sign": sign(path, str(nonce), body, secret), "Content-Type": content_type}
    return SignedRequest(path, body, headers)


def read_result(status: int, body: bytes) -> bytes:
    """Return the `result` of an answer as JSON bytes.

    Raises:
        VenueRefusal: if the venue says no explicitly; the text is the venue's.
        VenueSilence: if there is no usable answer, or a service error that leaves the outcome open.
    """
    if status != 200:
        raise VenueSilence(f"HTTP {status}")
    try:
        answer = wire.decode_envelope(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise VenueSilence(f"HTTP 200 with {len(body)} bytes that are no answer") from None
    errors = [text for text in answer.error if not text.startswith("W")]
    if not errors:
        return bytes(answer.result)
    text = "; ".join(errors)[:200]
    if errors[0].startswith(("EService", "EGeneral:Internal error")) and not errors[0].startswith("EService:Market in"):
        raise VenueSilence(text)
    raise VenueRefusal(text)


class RestReader:
    """Reads answers; AssetPairs has to be read first, since it names pairs and assets."""

    def __init__(self, universe: tuple[str, ...]) -> None:
        self.instruments: dict[str, Instrument] = {}
        self._universe = frozenset(universe)
        self._pair_by_key: dict[str, str] = {}
        self._asset_names: dict[str, str] = {}
        self._assets_by_key: dict[str, tuple[str, str]] = {}

    def asset_pairs(self, result: bytes) -> tuple[Instrument, ...]:
        """Return the universe's instruments, and learn the venue's names of pairs and assets."""
        for key, entry in _decoded(asset_pairs_decoder, result).items():
            if "/" not in entry.wsname:
                continue
            instrument = instrument_from_asset_pair(key, entry)
            self._asset_names[entry.base] = instrument.base
            self._asset_names[entry.quote] = instrument.quote
            names = (key, entry.altname, entry.wsname, instrument.pair)
            self._assets_by_key.update(dict.fromkeys(names, (instrument.base, instrument.quote)))
            if instrument.pair in self._universe:
                self.instruments[instrument.pair] = instrument
                self._pair_by_key.update(dict.fromkeys(names, instrument.pair))
        return tuple(self.instruments.values())

    def balances(self, result: bytes) -> dict[str, int]:
        """Return totals by display name in units of 10**-ASSET_DECIMALS. Shape in: {"XXBT":"0.5000000000", ...}."""
        balances: dict[str, int] = {}
        for code, text in _decoded(wire.balances_decoder, result).items():
            if not code.endswith(MARGIN_SUFFIXES):
                name = self._asset_names.get(code, code)
                balances[name] = balances.get(name, 0) + parse_scaled(text, ASSET_DECIMALS)
        return balances

    def fees(self, result: bytes) -> dict[str, FeeSchedule]:
        """Return the account's own rates by pair; pairs without stated rates are left out."""
        volume = _decoded(wire.volume_decoder, result)
        taker, maker = volume.fees or {}, volume.fees_maker or {}
        schedules: dict[str, FeeSchedule] = {}
        for key, tier in taker.items():
            pair = self._pair_by_key.get(key)
            if pair is not None:
                schedules[pair] = FeeSchedule(
                    maker_ppm=parse_scaled(maker.get(key, tier).fee, PERCENT_TO_PPM_DECIMALS),
                    taker_ppm=parse_scaled(tier.fee, PERCENT_TO_PPM_DECIMALS),
                )
        return schedules

    def open_orders(self, result: bytes) -> tuple[OrderView, ...]:
        """Return every resting order; foreign ones have no lots and an empty pair, but are there."""
        return self._views(_decoded(wire.open_orders_decoder, result).open)

    def foreign_holds(self, result: bytes) -> dict[str, int]:
        """Return what resting orders that are not ours hold, by asset's display name, in units of 10**-ASSET_DECIMALS."""
        holds: dict[str, int] = {}
        for order in _decoded(wire.open_orders_decoder, result).open.values():
            base, quote = self._assets_by_key.get(order.descr.pair, ("", ""))
            asset = quote if order.descr.type == "buy" else base
            if asset and not _is_ours(order):
                holds[asset] = holds.get(asset, 0) + wire.held_units(order)
        return holds

    def closed_orders(self, result: bytes) -> tuple[tuple[OrderView, ...], int]:
        """Return one page of closed orders, newest first, and how many there are."""
        page = _decoded(wire.closed_orders_decoder, result)
        return self._views(page.closed), page.count

    def queried_orders(self, result: bytes) -> tuple[OrderView, ...]:
        """Return the orders that were asked for by id; unknown ids are simply absent."""
        return self._views(_decoded(wire.queried_orders_decoder, result))

    def trades(self, result: bytes) -> tuple[tuple[Filled, ...], int, int]:
        """Return one page of executions on our pairs, how many the page had in all, and how many there are."""
        page = _decoded(wire.trades_decoder, result)
        fills = [self._fill(exec_id, trade) for exec_id, trade in page.trades.items()]
        return tuple(fill for fill in fills if fill is not None), len(page.trades), page.count

    def _views(self, orders: dict[str, wire.Order]) -> tuple[OrderView, ...]:
        # The digits of foreign orders may be of an age with other precisions: no instrument reads them.
        return tuple(
            wire.order_view(order_id, order, self._instrument(order.descr.pair) if _is_ours(order) else None)
            for order_id, order in orders.items()
        )

    def _fill(self, exec_id: str, trade: wire.Trade) -> Filled | None:
        instrument = self._instrument(trade.pair)
        return None if instrument is None else wire.fill(exec_id, trade, instrument)

    def _instrument(self, name: str) -> Instrument | None:
        return self.instruments.get(self._pair_by_key.get(name, ""))


def read_clock_ns(result: bytes) -> int:
    """Return the venue's clock. Shape in: {"unixtime":1762820224,"rfc1123":"..."}."""
    return _decoded(wire.clock_decoder, result).unixtime * 1_000_000_000


def read_system(result: bytes) -> SystemStatus:
    """Return the state of the engine; a word we do not know is UNKNOWN."""
    try:
        return SystemStatus(_decoded(wire.system_decoder, result).status)
    except ValueError:
        return SystemStatus.UNKNOWN


def read_token(result: bytes) -> str:
    """Return the token for the private WebSocket."""
    token = _decoded(wire.token_decoder, result).token
    if not token:
        raise ProtocolError("GetWebSocketsToken answered without a token")
    return token


def read_key(result: bytes) -> tuple[frozenset[str], int, tuple[str, ...], int]:
    """Return (permissions, nonce window, addresses it may be used from, UTC second it ends or 0) of the key, in either
    spelling the venue uses."""
    key = _decoded(wire.key_decoder, result)
    window = key.nonce_window if key.nonce_window is not None else key.nonceWindow
    addresses = key.ip_allowlist if key.ip_allowlist is not None else key.ipAllowlist
    until = key.valid_until if key.valid_until is not None else key.validUntil
    return (
        frozenset(key.permissions),
        parse_scaled(str(window or "0"), 0),
        tuple(filter(None, addresses or ())),
        parse_scaled(str(until or "0"), 0),
    )


def read_count(result: bytes) -> int:
    """Return the `count` of a cancel."""
    return _decoded(wire.count_decoder, result).count


def _is_ours(order: wire.Order) -> bool:
    return (order.cl_ord_id or "").startswith(OWN_PREFIX)


def _decoded(decoder: msgspec.json.Decoder[T], result: bytes) -> T:
    try:
        return decoder.decode(result)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProtocolError(f"unreadable REST result of {len(result)} bytes: {error}") from None
