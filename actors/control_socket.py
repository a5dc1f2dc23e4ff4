"""The control socket: the owner's requests read strictly, and answered whatever they are.

Rules: one JSON frame of at most `REQUEST_BYTES_MAX`; an unknown verb, a missing, extra or misshapen argument is an error
    reply and nothing else happens. Every request gets exactly one reply, with its own id.
Owns: the socket and the requests that still wait for their answer.
Source: the control socket of docs/contract.md.
"""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Generic, TypeVar

import msgspec

from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import Hub
from wildbot.desk.supervision_words import (
    FlattenPair,
    HaltAll,
    PausePair,
    RearmAll,
    ResumePair,
    SetUniverse,
    StartPair,
    StopPair,
    Swap,
    Verb,
)

REQUEST_BYTES_MAX = 64 * 1024
ID_CHARACTERS_MAX = 200
WAITING_MAX = 64
PAIR_PATTERN = r"^[A-Z0-9]{1,12}/[A-Z0-9]{2,12}\Z"  # "$" would let a line break through

Pair = Annotated[str, msgspec.Meta(pattern=PAIR_PATTERN)]


class StatusQuery(msgspec.Struct, frozen=True):
    """Verb: the status document."""


class SnapshotQuery(msgspec.Struct, frozen=True):
    """Verb: the status document with its history."""


Order = Verb | StatusQuery | SnapshotQuery


class RefusedError(Exception):
    """A request that cannot be taken; it becomes an error reply."""

    def __init__(self, request_id: str, code: str, message: str) -> None:
        super().__init__(message)
        self.request_id = request_id
        self.code = code


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class _Nothing(_Strict, frozen=True):
    pass


class _OnePair(_Strict, frozen=True):
    pair: Pair


class _MaybePair(_Strict, frozen=True):
    pair: Pair | None = None


class _OutIn(_Strict, frozen=True):
    out: Pair
    into: Pair = msgspec.field(name="in")


class _Pairs(_Strict, frozen=True):
    pairs: Annotated[tuple[Pair, ...], msgspec.Meta(min_length=1, max_length=64)]


class _Request(_Strict, frozen=True):
    verb: str
    id: Annotated[str, msgspec.Meta(max_length=ID_CHARACTERS_MAX)] = ""
    args: dict[str, Any] = {}


A = TypeVar("A", bound=_Strict)


class _Form(Generic[A]):
    """The arguments of one verb and what they mean."""

    def __init__(self, arguments: type[A], order: Callable[[A], Order]) -> None:
        self._arguments = arguments
        self._order = order

    def read(self, arguments: dict[str, Any]) -> Order:
        return self._order(msgspec.convert(arguments, self._arguments))


_FORMS: Mapping[str, _Form[Any]] = {
    "status": _Form(_Nothing, lambda a: StatusQuery()),
    "snapshot": _Form(_Nothing, lambda a: SnapshotQuery()),
    "swap": _Form(_OutIn, lambda a: Swap(a.out, a.into)),
    "start": _Form(_OnePair, lambda a: StartPair(a.pair)),
    "stop": _Form(_OnePair, lambda a: StopPair(a.pair)),
    "pause": _Form(_MaybePair, lambda a: PausePair(a.pair or "")),
    "resume": _Form(_MaybePair, lambda a: ResumePair(a.pair or "")),
    "flatten": _Form(_MaybePair, lambda a: FlattenPair(a.pair or "")),
    "halt": _Form(_Nothing, lambda a: HaltAll()),
    "rearm": _Form(_Nothing, lambda a: RearmAll()),
    "set_universe": _Form(_Pairs, lambda a: SetUniverse(a.pairs)),
}

_decode_any = msgspec.json.Decoder(dict[str, Any]).decode


def read_request(frame: bytes) -> tuple[str, Order]:
    """Return a request's id and what it asks for. Raises: RefusedError, with the id where one could be read."""
    if len(frame) > REQUEST_BYTES_MAX:
        raise RefusedError("", "too_large", f"a request has at most {REQUEST_BYTES_MAX} bytes, this one {len(frame)}")
    request_id = ""
    try:
        fields = _decode_any(frame)
        if isinstance(fields.get("id"), str):
            request_id = fields["id"][:ID_CHARACTERS_MAX]
        request = msgspec.convert(fields, _Request)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(request_id, "malformed", f"not a request: {error}") from None
    form = _FORMS.get(request.verb)
    if form is None:
        known = ", ".join(_FORMS)
        raise RefusedError(request_id, "unknown_verb", f"{request.verb[:40]!r} is none of: {known}")
    try:
        return request_id, form.read(request.args)
    except msgspec.ValidationError as error:
        raise RefusedError(request_id, "bad_argument", f"{request.verb}: {_said(request.args, error)}") from None


def _said(arguments: Mapping[str, Any], error: msgspec.ValidationError) -> str:
    """Return what is wrong with the arguments, in the owner's words where it is the usual thing."""
    if "matching regex" not in str(error):  # pairs alone have one
        return str(error)
    given = [each for value in arguments.values() for each in (value if isinstance(value, list) else [value])]
    odd = next((each for each in given if isinstance(each, str) and not re.match(PAIR_PATTERN, each)), "")
    return f"{odd[:40]!r} is no pair; one looks like SOL/USDC"


class ControlSocket:
    """The bound socket; `drain` gives tickets with orders, `answer` and `refuse` end a ticket."""

    def __init__(self, home: Home) -> None:
        self._hub = Hub(home.socket("control"))
        self.socket = self._hub.socket
        self._waiting: dict[str, tuple[bytes, str]] = {}
        self._count = 0

    def drain(self) -> list[tuple[str, Order]]:
        """Return the readable requests that are here, each with its ticket; the others are answered at once."""
        orders: list[tuple[str, Order]] = []
        for peer, frame in self._hub.drain():
            self._count += 1
            ticket = str(self._count)
            try:
                request_id, order = read_request(frame)
                if len(self._waiting) >= WAITING_MAX:
                    raise RefusedError(request_id, "busy", f"{WAITING_MAX} requests wait already")
            except RefusedError as refused:
                self._waiting[ticket] = (peer, refused.request_id)
                self.refuse(ticket, refused.code, str(refused))
                continue
            self._waiting[ticket] = (peer, request_id)
            orders.append((ticket, order))
        return orders

    def answer(self, ticket: str, result: Mapping[str, object]) -> None:
        """Say that it was done."""
        self._send(ticket, {"ok": True, "result": result})

    def refuse(self, ticket: str, code: str, message: str) -> None:
        """Say that it was not done."""
        self._send(ticket, {"ok": False, "error": {"code": code, "message": message}})

    def close(self) -> None:
        """Close the socket."""
        self._hub.close()

    def _send(self, ticket: str, body: dict[str, object]) -> None:
        peer, request_id = self._waiting.pop(ticket)
        self._hub.send(peer, msgspec.json.encode({"id": request_id} | body))
