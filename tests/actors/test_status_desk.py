"""The status document stays within its bound, and what stands is the last thing left out."""

import json
from pathlib import Path

import pytest

from actors.status_desk import DOCUMENT_BYTES_MAX, StatusDesk
from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import Subscriber
from wildbot.analytics.latency import bucket_of
from wildbot.analytics.status_board import EVENTS_MAX, TRADES_MAX, RunView, StatusBoard
from wildbot.analytics.status_rows import TraderView
from wildbot.market.pair_score import PairScore
from wildbot.model.desk import AccountState, CapitalLease, PositionState
from wildbot.model.instrument import FeeSchedule, Instrument, Lots, Money
from wildbot.model.market_data import BookSnapshot
from wildbot.model.status import (
    Alert,
    AllocatorStatus,
    GatewayStatus,
    Heartbeat,
    HopLatency,
    InstrumentTable,
    Quote,
    Severity,
    TradeRecord,
    TraderStatus,
)

RUN = RunView("running", (), (), (), Money(0), Money(0), 50.0)
NOW = 10**18
PAIRS = tuple(f"{coin}/USDC" for coin in ("BTC", "ETH", "SOL", "DOGE", "XRP", "LINK", "AVAX", "ADA"))
TRADED = PAIRS[:3]
FULL_RUN = RunView(
    "degraded", ("the order gateway is slow",), tuple(TraderView(pair, 7, "quoting", 4242) for pair in TRADED), TRADED,
    Money(10**17), Money(10**17), 50.0,
)  # fmt: skip
LINE = (
    "the exchange refused an order of this pair: EOrder:Insufficient funds, asked for 0.00012345 at 97161.5 "
    + "and more " * 4
)


def a_full_board() -> StatusBoard:
    """Three traders with every order they may have, every list at its bound, every hop with samples over twenty octaves."""
    board = StatusBoard(run_id="r" * 32, mode="paper", currency="USDC", started_ns=0)
    rules = tuple(Instrument(pair, pair[:3], "USDC", pair, 5, 8, 8, 1, 1, Lots(1), Money(1)) for pair in PAIRS)
    board.on_message(InstrumentTable(rules, dict.fromkeys(PAIRS, FeeSchedule(2_500, 4_000))), NOW)
    ticks = tuple(range(9_716_150_000, 9_716_150_010))
    held = [
        PositionState(pair, lots=123_456_789_012, basis=Money(10**16), fees=Money(10**12), trades=10**5) for pair in PAIRS
    ]
    for pair in TRADED:
        board.on_book(BookSnapshot(pair, 1, NOW, NOW, ticks[::-1], (123_456_789_012,) * 10, ticks, (123_456_789_012,) * 10))
    board.on_message(
        GatewayStatus("ready", LINE, AccountState(Money(10**16), Money(-(10**15)), tuple(held)), 24, 3, 2,
                      dict.fromkeys(PAIRS, 99.25), NOW), NOW
    )  # fmt: skip
    leases = tuple(CapitalLease(pair, 7, Money(10**15), NOW) for pair in TRADED)
    board.on_message(
        AllocatorStatus(Money(10**17), Money(10**16), Money(10**15), leases, dict.fromkeys(PAIRS, LINE), NOW), NOW
    )
    orders = tuple(Quote(f"wb123456x{n}", "sell", ticks[n], 123_456_789_012, 1, "partially_filled", 1e5) for n in range(8))
    numbers: dict[str, float | None] = {f"an_indicator_of_many_{n}": 97_161.123456 for n in range(12)}
    for place, pair in enumerate(TRADED):
        board.on_message(
            TraderStatus(pair, 7, "trading", "order_flow_imbalance", f"no_lease: {LINE}", held[place], Money(10**15), 1, 2, 3.0,
                         orders, numbers, NOW), NOW
        )  # fmt: skip
    hop_counts = {bucket_of(2**octave): 10**6 for octave in range(14, 34)}
    for name, hops in {"supervisor": 1, "order_gateway": 5, **{f"trader-{pair}": 2 for pair in TRADED}, **dict.fromkeys(
        ("balance_allocator", "crash_watch", "exchange_simulator", "recorder", "notifier", "status_api", "truth_desk"), 0
    )}.items():  # fmt: skip
        told = tuple(HopLatency(f"tick_to_order_{n}", 10**12, hop_counts) for n in range(hops))
        beat = Heartbeat(name, 4_194_304, 7, "running", NOW, 12.345, 12.34, 123.4, 12_345.6, 12_345.6, 123_456.7, "b", told)
        board.on_message(beat, NOW)
    scores = [
        PairScore(pair, 1, 33.1234, 33.123456, 12.123456, 50.0, Money(10**11), True, True, True, LINE, 1.5)
        for pair in PAIRS
    ]
    board.on_ranking(tuple(scores), NOW)
    for count in range(EVENTS_MAX):
        board.on_alert(Alert(NOW + count, Severity.WARNING, "balance_allocator", f"key-{count}", LINE))
    for count in range(TRADES_MAX):
        board.on_message(
            TradeRecord(NOW, PAIRS[count % 8], "sell", ticks[0], 123_456_789_012, Money(10**12), "maker", Money(-(10**12)),
                        "below_exchange_minimum", f"TDEDEG-DAASV-{count:06}", 7), NOW
        )  # fmt: skip
    return board


def published(home: Home, desk: StatusDesk, run: RunView, now_ns: int) -> bytes:
    """The next document as it goes over the socket."""
    subscriber = Subscriber(home.socket("status"), (b"status",))
    try:
        for _ in range(500):
            desk.publish(run, now_ns)
            if subscriber.socket.poll(20):
                return subscriber.socket.recv_multipart()[-1]
    finally:
        subscriber.close()
        desk.close()
    raise AssertionError("nothing was published")


def test_three_traders_with_every_list_full_keep_their_books_candles_and_alerts_within_the_bound(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    frame = published(home, StatusDesk(home, a_full_board()), FULL_RUN, NOW)
    document = json.loads(frame)
    assert len(frame) <= DOCUMENT_BYTES_MAX
    assert document["events"] == [], "fifty standing conditions: who listens heard them on the topic event as well"
    assert [len(document[part]) for part in ("trades", "alerts", "standing", "traders")] == [TRADES_MAX, 50, 50, 3]
    assert set(document["books"]) == set(document["candles_tail"]) == set(TRADED)


def test_without_a_flood_of_alerts_the_largest_document_leaves_out_nothing() -> None:
    document = a_full_board().document(FULL_RUN, NOW)
    told = {name: part for name, part in document.items() if name not in ("alerts", "standing", "events")}
    assert len(json.dumps(told, separators=(",", ":"))) < DOCUMENT_BYTES_MAX * 2 // 3


@pytest.mark.parametrize(("letter", "standing_shown"), [("x", 50), ("\N{GRINNING FACE}", 0)])
def test_a_flood_of_long_alerts_leaves_out_what_can_be_spared_first(
    tmp_path: Path, letter: str, standing_shown: int
) -> None:
    home = Home(tmp_path)
    home.prepare()
    desk = StatusDesk(home, StatusBoard(run_id="r", mode="sim", currency="USDC", started_ns=0))
    for count in range(60):
        desk.alert(Alert(count, Severity.WARNING, "order_gateway", f"k{count}", letter * 5_000))
    frame = published(home, desk, RUN, 1)
    document = json.loads(frame)
    assert len(frame) <= DOCUMENT_BYTES_MAX
    assert len(document["standing"]) == standing_shown and document["events"] == []
