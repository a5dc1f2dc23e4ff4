"""The byte format between processes: what goes in comes out, and rubbish is refused with one error."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildbot.model.control import EndEpoch, FromSupervisor, Pause, ToSupervisor
from wildbot.model.desk import CapitalLease, OrderRequest, Report, ToGateway
from wildbot.model.errors import ProtocolError
from wildbot.model.executions import Filled
from wildbot.model.instrument import Liquidity, Money
from wildbot.model.market_data import BookSnapshot, FeedBeat, MarketEvent, TradePrint
from wildbot.model.orders import CancelOrder, NewOrder, Purpose, Side
from wildbot.model.status import Alert, Severity
from wildbot.protocol import bus

A_BOOK = BookSnapshot("BTC/USDC", 7, 1, 2, (100, 99), (5, 6), (101, 103), (7, 8))


def test_a_market_event_survives_the_bus() -> None:
    for event in (A_BOOK, FeedBeat(1, 2, True, {"BTC/USDC": 7}), TradePrint("BTC/USDC", 9, Side.SELL, 100, 5, 1, 2)):
        assert bus.read_market_frame(bus.market_frame(event)) == event


def test_a_topic_never_matches_a_longer_pair() -> None:
    frame = bus.market_frame(BookSnapshot("BTC/USDC", 1, 1, 1, (), (), (), ()))
    assert not frame.startswith(bus.market_topic("BTC/USD"))
    assert frame.startswith(bus.market_topic("BTC/USDC"))


def test_every_channel_carries_its_messages() -> None:
    order = NewOrder("wb1x1", "BTC/USDC", Side.BUY, 100, 5, Purpose.ENTRY)
    request = OrderRequest(1, order, 10, 20)
    assert bus.TO_GATEWAY.decode(bus.encode(request)) == request
    fill = Filled("wb1x1", "O", "T", 1, "BTC/USDC", Side.BUY, 1, 2, Money(3), Money(4), "USDC", Liquidity.MAKER, 5)
    report = Report(1, 1, fill)
    assert bus.FROM_GATEWAY.decode(bus.encode(report)) == report
    lease = CapitalLease("BTC/USDC", 1, Money(5), 6)
    assert bus.FROM_ALLOCATOR.decode(bus.encode(lease)) == lease
    alert = Alert(1, Severity.CRITICAL, "order_gateway", "key", "text")
    assert bus.TO_SUPERVISOR.decode(bus.encode(alert)) == alert
    for command in (Pause(), EndEpoch("BTC/USDC", 3)):
        assert bus.FROM_SUPERVISOR.decode(bus.encode(command)) == command


@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_but_protocol_error(frame: bytes) -> None:
    for codec in (bus.TO_GATEWAY, bus.FROM_GATEWAY, bus.TO_SUPERVISOR, bus.FROM_SUPERVISOR, bus.TO_ALLOCATOR, bus.MARKET):
        try:
            codec.decode(frame)
        except ProtocolError:
            pass
    try:
        bus.read_market_frame(frame)
    except ProtocolError:
        pass


def test_a_message_of_another_channel_is_refused() -> None:
    with pytest.raises(ProtocolError):
        bus.TO_ALLOCATOR.decode(bus.encode(CancelOrder("wb1x1", "BTC/USDC")))


@pytest.mark.parametrize("union", [ToGateway, ToSupervisor, FromSupervisor])
def test_tags_within_a_channel_are_distinct(union: object) -> None:
    msgspec.msgpack.Decoder(union)  # raises TypeError when two messages share a tag


def a_book(pair: str, seq: int) -> BookSnapshot:
    return BookSnapshot(pair, seq, 1, 2, (100,), (5,), (101,), (7,))


def a_backlog(books: int) -> list[MarketEvent]:
    """Books of two pairs with a beat and a trade among them."""
    events: list[MarketEvent] = [a_book(pair, seq) for seq in range(1, books + 1) for pair in ("BTC/USD", "BTC/USDC")]
    events.insert(books, FeedBeat(1, 1, True, {}))
    events.insert(books // 2, TradePrint("BTC/USD", 1, Side.BUY, 1, 1, 1, 1))
    return events


def test_a_backlog_keeps_the_newest_book_of_each_pair_and_everything_else() -> None:
    events = a_backlog(bus.BACKLOG_MIN)
    kept = [bus.read_market_frame(frame) for frame in bus.conflated([bus.market_frame(event) for event in events])]
    others = [event for event in events if not isinstance(event, BookSnapshot)]
    newest = [a_book(pair, bus.BACKLOG_MIN) for pair in ("BTC/USD", "BTC/USDC")]
    assert kept == others + newest


def test_what_is_no_backlog_is_left_alone() -> None:
    frames = [bus.market_frame(a_book("BTC/USD", seq)) for seq in range(1, bus.BACKLOG_MIN)]
    assert bus.conflated(frames) == frames
