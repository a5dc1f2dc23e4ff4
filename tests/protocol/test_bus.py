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
from wildbot.model.market_data import BookInvalidated, BookSnapshot, FeedBeat, MarketEvent, TradePrint
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


PAIRS = ("BTC/USD", "BTC/USDC")
KINDS = st.sampled_from(["book"] * 20 + ["beat", "trade", "invalid"])
BACKLOGS = st.lists(st.tuples(KINDS, st.sampled_from(PAIRS)), min_size=bus.BACKLOG_MIN)


def numbered(kinds: list[tuple[str, str]]) -> list[MarketEvent]:
    """The events of a backlog; books are numbered, a beat vouches for the last of each pair."""
    seqs = dict.fromkeys(PAIRS, 0)
    events: list[MarketEvent] = []
    for kind, pair in kinds:
        if kind == "book":
            seqs[pair] += 1
            events.append(a_book(pair, seqs[pair]))
        elif kind == "beat":
            events.append(FeedBeat(1, 1, True, dict(seqs)))
        elif kind == "trade":
            events.append(TradePrint(pair, len(events), Side.BUY, 1, 1, 1, 1))
        else:
            events.append(BookInvalidated(pair, "checksum", len(events)))
    return events


def believed(events: list[MarketEvent]) -> list[object]:
    """What a reader holds to be the newest book whenever something else is said of it, and at the end."""
    newest: dict[str, int] = {}
    seen: list[object] = []
    for event in events:
        if isinstance(event, BookSnapshot):
            newest[event.pair] = event.seq
        elif isinstance(event, TradePrint | BookInvalidated):
            seen.append((event, newest.get(event.pair)))
        else:
            seen.append((event, dict(newest)))
    return [*seen, newest]


@given(BACKLOGS)
def test_a_reader_of_a_conflated_backlog_believes_what_it_would_have_believed(kinds: list[tuple[str, str]]) -> None:
    events = numbered(kinds)
    frames = bus.conflated([bus.market_frame(event) for event in events])
    assert believed([bus.read_market_frame(frame) for frame in frames]) == believed(events)


def test_a_backlog_of_books_alone_is_the_newest_of_each_pair() -> None:
    frames = [bus.market_frame(a_book(pair, seq)) for seq in range(1, bus.BACKLOG_MIN + 1) for pair in PAIRS]
    assert bus.conflated(frames) == frames[-2:]


def test_what_is_no_backlog_is_left_alone() -> None:
    frames = [bus.market_frame(a_book("BTC/USD", seq)) for seq in range(1, bus.BACKLOG_MIN)]
    assert bus.conflated(frames) == frames
