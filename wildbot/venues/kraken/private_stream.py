"""Kraken's private WebSocket v2 as a conversation without sockets: frames in, news out; requests out as frames.

Rules: every frame is processed even when frames were lost or overtook each other, since all news are idempotent (fills
    by execution id, ends by cumulative size); a hole in `sequence` is announced, and the caller reconnects. An error
    reply is a refusal only when the venue says so explicitly; its "service" errors leave the outcome unknown.
Owns: the numbers of our requests on one connection, which pair an order id belongs to.
Source: Kraken WebSocket v2 `executions`, `balances`, `status`; order methods' replies.
"""

from collections.abc import Callable

import msgspec

from wildbot.model.errors import ProtocolError
from wildbot.model.exchange import OrderView
from wildbot.model.executions import (
    Accepted,
    Amended,
    AmendRejected,
    CancelRejected,
    OrderReport,
    OutcomeUnknown,
    Rejected,
)
from wildbot.model.instrument import NANOS_PER_SECOND, Instrument
from wildbot.model.market_data import SystemStatus
from wildbot.model.orders import AmendOrder, CancelOrder, NewOrder
from wildbot.venues.kraken import private_requests as requests
from wildbot.venues.kraken.execution_reports import ExecutionReader, Wire

UNANSWERED_MAX = 1_000
"""Requests remembered for their reply; far above what the rate budget lets out within any deadline."""

SILENCE_NS_MAX = 5 * NANOS_PER_SECOND
"""Kraken sends a heartbeat each second on a subscribed connection; after this long without any frame it is dead."""


class Verified(msgspec.Struct, frozen=True):
    """Both subscriptions were acknowledged and the first snapshot of orders and trades is here."""

    rate_max: float


class SequenceBroken(msgspec.Struct, frozen=True):
    """Messages of a channel are missing: reconnect and catch up."""

    channel: str
    expected: int
    got: int


class SubscriptionRefused(msgspec.Struct, frozen=True):
    """The venue refused a private subscription, in its own words."""

    error: str


class OpenOrders(msgspec.Struct, frozen=True):
    """The snapshot's resting orders, on the pairs we know."""

    orders: tuple[OrderView, ...]
    foreign: int


class CancelTaken(msgspec.Struct, frozen=True):
    """The cancel was taken; the order's own report follows."""

    cl_ord_id: str


class TimerSet(msgspec.Struct, frozen=True):
    """The dead man's switch answered: armed for `timeout_s` (0: off), or `error`."""

    asked_ns: int
    timeout_s: int
    error: str = ""


class EngineState(msgspec.Struct, frozen=True):
    """The venue's engine, as its `status` channel says."""

    system: SystemStatus


StreamNews = (
    OrderReport | Verified | SequenceBroken | SubscriptionRefused | OpenOrders | CancelTaken | TimerSet | EngineState
)


class _Message(msgspec.Struct):
    """Any frame of the private socket; fields of no interest are skipped."""

    channel: str = ""
    type: str = ""
    method: str = ""
    req_id: int = 0
    sequence: int = 0
    success: bool | None = None
    error: str = ""
    data: msgspec.Raw = msgspec.Raw(b"[]")
    result: msgspec.Raw = msgspec.Raw(b"{}")


class _Result(msgspec.Struct):
    channel: str = ""
    order_id: str = ""
    cl_ord_id: str = ""
    maxratecount: float = 0.0


class _Status(msgspec.Struct):
    system: str = ""


class _Unanswered(msgspec.Struct, frozen=True):
    command: NewOrder | AmendOrder | CancelOrder | None
    asked_ns: int
    timeout_s: int = 0
    channel: str = ""


_decode = msgspec.json.Decoder(_Message).decode
_decode_result = msgspec.json.Decoder(_Result).decode
_decode_status = msgspec.json.Decoder(list[_Status]).decode
_decode_reports = msgspec.json.Decoder(list[Wire]).decode


class KrakenPrivateStream:
    """One connection's worth of conversation; make a new one for each. `answered` hears each answer's delay in ns."""

    def __init__(self, instruments: dict[str, Instrument]) -> None:
        self.foreign_events = 0
        self.answered: Callable[[int], None] = lambda nanos: None
        self._instruments = instruments
        self._reader = ExecutionReader(instruments)
        self._token = ""
        self._next_req_id = 1
        self._unanswered: dict[int, _Unanswered] = {}
        self._sequences = {"executions": 0, "balances": 0}
        self._acked: set[str] = set()
        self._snapshot_seen = False
        self._verified = False
        self._rate_max = 0.0

    def opened(self, token: str, now_ns: int) -> list[bytes]:
        """Return the frames to send on a fresh connection."""
        self._token = token
        return [
            requests.subscribe_executions(token=token, req_id=self._expect(None, now_ns, channel="executions")),
            requests.subscribe_balances(token=token, req_id=self._expect(None, now_ns, channel="balances")),
        ]

    def place(self, order: NewOrder, deadline_ns: int, now_ns: int) -> bytes:
        """Return the frame that places `order`, and remember its number for the reply."""
        self._reader.remember_pair(order.cl_ord_id, order.pair)
        instrument = self._instruments[order.pair]
        req_id = self._expect(order, now_ns)
        return requests.add_order(order, instrument, token=self._token, req_id=req_id, deadline_ns=deadline_ns)

    def amend(self, order: AmendOrder, deadline_ns: int, now_ns: int) -> bytes:
        """Return the frame that moves an order."""
        instrument = self._instruments[order.pair]
        req_id = self._expect(order, now_ns)
        return requests.amend_order(order, instrument, token=self._token, req_id=req_id, deadline_ns=deadline_ns)

    def cancel(self, order: CancelOrder, now_ns: int) -> bytes:
        """Return the frame that takes an order back."""
        return requests.cancel_order(order.cl_ord_id, token=self._token, req_id=self._expect(order, now_ns))

    def arm_timer(self, timeout_s: int, now_ns: int) -> bytes:
        """Return the frame that arms the dead man's switch; 0 disarms it."""
        req_id = self._expect(None, now_ns, timeout_s=timeout_s, channel="timer")
        return requests.cancel_all_orders_after(timeout_s, token=self._token, req_id=req_id)

    def _expect(
        self, command: NewOrder | AmendOrder | CancelOrder | None, now_ns: int, *, timeout_s: int = 0, channel: str = ""
    ) -> int:
        req_id, self._next_req_id = self._next_req_id, self._next_req_id + 1
        self._unanswered[req_id] = _Unanswered(command, now_ns, timeout_s, channel)
        if len(self._unanswered) > UNANSWERED_MAX:
            del self._unanswered[next(iter(self._unanswered))]
        return req_id

    def receive(self, frame: bytes, now_ns: int) -> list[StreamNews]:
        """Return what one text frame says.

        Raises:
            ProtocolError: if it cannot be read; nothing of it was taken then.
        """
        try:
            message = _decode(frame)
            if message.method:
                return self._reply(message, now_ns)
            if message.channel == "executions":
                return self._executions(message)
            if message.channel == "balances":
                return self._number(message)
            if message.channel == "status":
                return [EngineState(_system(status.system)) for status in _decode_status(message.data)]
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ProtocolError(f"unreadable private frame of {len(frame)} bytes: {error}") from None
        return []  # heartbeats, and channels we did not ask for

    def _executions(self, message: _Message) -> list[StreamNews]:
        news = self._number(message)
        reports = _decode_reports(message.data)
        if message.type == "snapshot":
            orders, fills, foreign = self._reader.snapshot(reports)
            news.append(OpenOrders(orders, foreign))
            news += fills
            self._snapshot_seen = True
            return news + self._verify()
        for report in reports:
            read = self._reader.read(report)
            self.foreign_events += read is None
            news += read or []
        return news

    def _number(self, message: _Message) -> list[StreamNews]:
        channel, got = message.channel, message.sequence
        expected = self._sequences[channel] + 1
        if message.type == "snapshot":
            self._sequences[channel] = got
            return []
        self._sequences[channel] = max(self._sequences[channel], got)
        if got > expected:
            return [SequenceBroken(channel, expected, got)]
        return []  # an older number is a repetition or was overtaken; all news are idempotent

    def _verify(self) -> list[StreamNews]:
        if self._verified or not self._snapshot_seen or self._acked != {"executions", "balances"}:
            return []
        self._verified = True
        return [Verified(self._rate_max)]

    def _reply(self, message: _Message, now_ns: int) -> list[StreamNews]:
        asked = self._unanswered.pop(message.req_id, None)
        if asked is None:
            return []
        if asked.channel == "timer":
            return [TimerSet(asked.asked_ns, asked.timeout_s, "" if message.success else message.error or "no success")]
        if asked.channel:
            return self._subscribed(asked.channel, message)
        command = asked.command
        assert command is not None
        if message.success or (isinstance(command, NewOrder) and _decode_result(message.result).order_id):
            self.answered(now_ns - asked.asked_ns)
            return self._done(command, message, now_ns)  # an order with an id exists, whatever else is complained about
        return [_failed(command, message.error or "no success and no error", now_ns)]

    def _subscribed(self, channel: str, message: _Message) -> list[StreamNews]:
        if not message.success:
            return [SubscriptionRefused(message.error or f"{channel}: no success and no error")]
        self._rate_max = max(self._rate_max, _decode_result(message.result).maxratecount)
        self._acked.add(channel)
        return self._verify()

    def _done(self, command: NewOrder | AmendOrder | CancelOrder, message: _Message, now_ns: int) -> list[StreamNews]:
        match command:
            case NewOrder():
                order_id = _decode_result(message.result).order_id
                self._reader.remember_pair(order_id, command.pair)
                return [Accepted(command.cl_ord_id, order_id, now_ns)]
            case AmendOrder():
                return [Amended(command.cl_ord_id, command.ticks, command.lots, now_ns)]
            case CancelOrder():
                return [CancelTaken(command.cl_ord_id)]


def is_ambiguous(error: str) -> bool:
    """Return whether an error text leaves open if the request took effect.

    The service errors come from the layers before and around the matching engine; only those that name the market's mode
    or an elapsed deadline say that nothing happened.
    """
    if error.startswith(("EService:Market in", "EService:Deadline elapsed")):
        return False
    return error.startswith(("EService", "EGeneral:Internal error")) or not error.startswith("E")


def _failed(command: NewOrder | AmendOrder | CancelOrder, error: str, now_ns: int) -> OrderReport:
    # Complaints about the form of a request ("Limit_price field must be ...") do not start with E; they count as
    # ambiguous too, and the look-up then finds nothing.
    about = {NewOrder: "new", AmendOrder: "amend", CancelOrder: "cancel"}[type(command)]
    if is_ambiguous(error):
        return OutcomeUnknown(command.cl_ord_id, about, error, now_ns)
    match command:
        case NewOrder():
            return Rejected(command.cl_ord_id, error, now_ns)
        case AmendOrder():
            return AmendRejected(command.cl_ord_id, error, now_ns)
        case CancelOrder():
            return CancelRejected(command.cl_ord_id, error, now_ns)


def _system(text: str) -> SystemStatus:
    try:
        return SystemStatus(text)
    except ValueError:
        return SystemStatus.UNKNOWN
