"""Recorded level books as markets: their formats, their books rebuilt exactly, and our orders among them."""

import random
from pathlib import Path

import pytest

from tests.simulation.builders_simulation import ONE
from wildbot.model.errors import ProtocolError
from wildbot.model.exchange import Kind, Placed, PlaceOrder, Refusal
from wildbot.model.instrument import NANOS_PER_SECOND, FeeSchedule, PairStatus
from wildbot.model.orders import Side
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.level_tape import LevelsSet, LevelTape, TapeBreak, TapeTrade, decimals_of, pair_of
from wildbot.simulation.pace import FULL_SPEED, Pace
from wildbot.simulation.recording_files import read_lines
from wildbot.simulation.replay_levels import MAKERS, LevelMarket
from wildbot.simulation.tape_binance import binance_tape
from wildbot.simulation.tape_bitstamp import bitstamp_tape
from wildbot.simulation.tape_kraken import kraken_tape

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
PAIR = "BTC/USD"
BOOK = LevelsSet(NANOS_PER_SECOND, (("100.0", "2"), ("99.5", "3")), (("100.5", "2"), ("101.0", "3")), True)


def lines(name: str):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"the recording {name} is not here")
    return read_lines(str(path))


def replay(*events, window=0, pace=None) -> tuple[SimulatedExchange, LevelMarket]:
    tape = LevelTape(PAIR, 1, window, iter(events))
    exchange = SimulatedExchange([tape.instrument()], rng=random.Random(1), fees=FeeSchedule(0, 0))
    exchange.open_account("alice")
    exchange.deposit("alice", "USD", 10**6 * ONE, 0)
    exchange.deposit("alice", "BTC", 100 * ONE, 0)
    market = LevelMarket(exchange, tape.instrument(), tape.events, window=window, pace=pace)
    market.start(0)
    return exchange, market


def rest(exchange: SimulatedExchange, side: Side, ticks: int, coins: int) -> str:
    request = PlaceOrder(account="alice", pair=PAIR, side=side, kind=Kind.LIMIT, lots=coins * 10**8, ticks=ticks)
    reply = exchange.place(request, 0)
    assert isinstance(reply, Placed)
    return reply.order_id


def change(second: int, bids=(), asks=(), whole=False) -> LevelsSet:
    return LevelsSet(second * NANOS_PER_SECOND, tuple(bids), tuple(asks), whole)


def trade(second: int, side: Side | None, price: str, size: str) -> TapeTrade:
    return TapeTrade(second * NANOS_PER_SECOND, side, price, size)


def coins(levels) -> list[tuple[int, float]]:
    return [(ticks, lots / 10**8) for ticks, lots in levels]


def test_the_exchanges_book_follows_the_recorded_levels():
    exchange, market = replay(
        BOOK, change(2, bids=[("100.0", "5"), ("99.5", "0"), ("99.0", "1")]), change(3, asks=[("100.2", "1")])
    )
    assert coins(exchange.depth(PAIR, 5)[0]) == [(1000, 2), (995, 3)]
    market.step(10 * NANOS_PER_SECOND)
    bids, asks = exchange.depth(PAIR, 5)
    assert coins(bids) == [(1000, 5), (990, 1)] and coins(asks) == [(1002, 1), (1005, 2), (1010, 3)]
    assert market.next_due_ns() is None


def test_a_recorded_trade_fills_us_only_after_what_was_there_before():
    exchange, market = replay(BOOK, trade(2, Side.SELL, "100.0", "1.5"), trade(3, Side.SELL, "100.0", "1.5"))
    order = rest(exchange, Side.BUY, 1000, 1)
    market.step(NANOS_PER_SECOND)
    assert exchange.open_lots("alice", order) == 10**8
    market.step(2 * NANOS_PER_SECOND)
    assert exchange.open_lots("alice", order) == 0
    assert market.counts.trades == 2 and market.counts.printed == 0


def test_size_that_leaves_without_a_trade_leaves_from_behind_us():
    exchange, market = replay(BOOK, change(2, bids=[("100.0", "6")]), change(3, bids=[("100.0", "2")]))
    rest(exchange, Side.BUY, 1000, 1)
    market.step(5 * NANOS_PER_SECOND)
    queue = exchange.queue(PAIR, Side.BUY, 1000)
    assert [(account, lots / 10**8) for account, _, lots in queue] == [(MAKERS, 2), ("alice", 1)]


def test_our_fill_does_not_bend_the_tape():
    exchange, market = replay(BOOK, change(2, bids=[("100.0", "2")]))
    exchange.place(PlaceOrder(account="alice", pair=PAIR, side=Side.SELL, kind=Kind.MARKET, lots=3 * 10**8), 0)
    assert coins(exchange.depth(PAIR, 1)[0]) == [(995, 2)]
    market.step(5 * NANOS_PER_SECOND)
    assert coins(exchange.depth(PAIR, 1)[0]) == [(1000, 2)]


def test_a_recorded_price_that_moves_through_ours_fills_us():
    exchange, market = replay(BOOK, change(2, bids=[("100.0", "2"), ("100.4", "1")], asks=[("100.5", "2")]))
    order = rest(exchange, Side.SELL, 1003, 1)
    market.step(5 * NANOS_PER_SECOND)
    assert exchange.open_lots("alice", order) == 0


def test_a_recorded_book_that_jumps_never_trades_with_itself():
    jumped = change(2, bids=[("110.0", "1")], asks=[("110.5", "1")], whole=True)
    exchange, market = replay(BOOK, jumped)
    exchange.drain()
    market.step(5 * NANOS_PER_SECOND)
    assert exchange.recent_trades(PAIR, 5) == []
    assert [coins(half) for half in exchange.depth(PAIR, 5)] == [[(1100, 1)], [(1105, 1)]]


def test_a_trade_that_meets_no_recorded_size_is_only_printed():
    exchange, market = replay(BOOK, trade(2, None, "100.5", "9"))
    market.step(5 * NANOS_PER_SECOND)
    assert sum(made.lots for made in exchange.recent_trades(PAIR, 5)) == 9 * 10**8
    assert market.counts.printed == 1 and exchange.asset_total("USD") == 10**6 * ONE


def test_levels_beyond_the_window_are_dropped():
    exchange, market = replay(BOOK, change(2, bids=[("100.2", "1")]), window=2)
    market.step(5 * NANOS_PER_SECOND)
    assert coins(exchange.depth(PAIR, 5)[0]) == [(1002, 1), (1000, 2)]


@pytest.mark.parametrize(("speed", "at_s"), [(0.1, 10.0), (1.0, 1.0), (20.0, 0.05)])
def test_speed_moves_the_tape_and_not_the_exchanges_clock(speed, at_s):
    pace = Pace(speed)
    pace.tie(0)
    exchange, market = replay(BOOK, change(2, bids=[("100.0", "5")]), pace=pace)
    due_ns = market.next_due_ns()
    assert due_ns is not None and pace.exchange_ns(due_ns) == int(at_s * NANOS_PER_SECOND)
    market.step(pace.market_ns(int(at_s * NANOS_PER_SECOND)))
    assert exchange.now_ns == int(at_s * NANOS_PER_SECOND)
    assert coins(exchange.depth(PAIR, 1)[0]) == [(1000, 5)]


def test_at_full_speed_everything_happens_at_the_stated_present():
    pace = Pace(FULL_SPEED)
    pace.tie(0)
    exchange, market = replay(BOOK, change(3600, bids=[("100.0", "5")]), pace=pace)
    pace.present_ns = 7
    market.step(market.next_due_ns())
    assert exchange.now_ns == 7


def test_in_a_hole_of_the_recording_nothing_trades_until_a_whole_book():
    hole = TapeBreak(2 * NANOS_PER_SECOND, "lost")
    stale = change(4, bids=[("100.0", "0")], asks=[("100.2", "1")])
    through = trade(3, Side.SELL, "99.0", "50")
    exchange, market = replay(BOOK, hole, through, stale, change(5, [("99.0", "1")], [("99.5", "1")], whole=True))
    order = rest(exchange, Side.BUY, 1000, 1)
    market.step(4 * NANOS_PER_SECOND - 1)
    assert (exchange.instruments[PAIR].status, market.counts.holes) == (PairStatus.MAINTENANCE, 1)
    request = PlaceOrder(account="alice", pair=PAIR, side=Side.BUY, kind=Kind.LIMIT, lots=10**8, ticks=1000)
    assert isinstance(exchange.place(request, 0), Refusal)
    held = exchange.order("alice", order)
    assert held is not None and held.filled_lots == 0
    market.step(10 * NANOS_PER_SECOND)
    assert exchange.instruments[PAIR].status is PairStatus.ONLINE
    assert coins(exchange.depth(PAIR, 5)[1]) == []  # our bid takes the offer below it: the market came to us
    held = exchange.order("alice", order)
    assert held is not None and held.filled_lots == 10**8


# --- recordings ----------------------------------------------------------------------------------------------------------


def test_every_recorded_kraken_book_is_rebuilt_level_by_level():
    shown: dict[Side, dict[str, str]] = {Side.BUY: {}, Side.SELL: {}}
    tape = kraken_tape(lines("kraken/samples/ws_public/book_btcusd_d10_20230730.ndjson"))
    assert (tape.pair, tape.price_decimals, tape.window) == ("BTC/USD", 1, 10)
    events = list(tape.events)
    exchange = SimulatedExchange([tape.instrument()], rng=random.Random(1))
    market = LevelMarket(exchange, tape.instrument(), iter(events), window=tape.window)
    market.start(0)
    for number, event in enumerate(events):
        if market.counts.applied <= number:
            market.step(market.next_due_ns())
        for side, rows in ((Side.BUY, event.bids), (Side.SELL, event.asks)):
            shown[side].update(rows)
            kept = sorted((p for p, q in shown[side].items() if float(q)), key=lambda p: -side.sign * float(p))[:10]
            shown[side] = {price: shown[side][price] for price in kept}
        if market.counts.applied > number + 1:
            continue  # the next line carries the same time: it is applied already
        instrument = tape.instrument()
        for side, levels in zip((Side.BUY, Side.SELL), exchange.depth(tape.pair, 10), strict=True):
            assert [(instrument.price_text(t), instrument.lots_text(q)) for t, q in levels] == list(shown[side].items())
    assert market.counts.applied == 341 and market.counts.refused == 0


@pytest.mark.parametrize(
    ("name", "pair", "events_min"),
    [
        ("market-data/crypto-l2/binance_spot_BTCUSDT_2024-08-08.gz", "BTC/USDT", 3_000),
        ("market-data/crypto-l2/bitstamp_BTCUSD_2015-05-01_l3_part1.log.gz", "BTC/USD", 3_000),
    ],
)
def test_recordings_of_other_venues_play_and_never_cross(name, pair, events_min):
    source = lines(name)
    tape = binance_tape(source) if "binance" in name else bitstamp_tape(source, "BTCUSD")
    assert tape.pair == pair and tape.price_decimals == 2
    exchange = SimulatedExchange([tape.instrument()], rng=random.Random(1))
    market = LevelMarket(exchange, tape.instrument(), tape.events, window=tape.window)
    market.start(0)
    while market.counts.applied < events_min and (due_ns := market.next_due_ns()) is not None:
        market.step(due_ns)
        exchange.drain()
        bid, ask = exchange.best(pair)
        assert bid is not None and ask is not None and bid < ask
    assert market.counts.applied >= events_min and market.counts.refused == 0


# --- bad tapes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        (kraken_tape, "{not json"),
        (kraken_tape, '{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USD"}]}'),
        (kraken_tape, '{"channel":"status"}'),
        (binance_tape, '17 {"data":{"e":"depthUpdate"}}'),
        (binance_tape, '17 {"lastUpdateId":1,"bids":[],"asks":[]}'),
        (binance_tape, "17 []"),
        (lambda source: bitstamp_tape(source, "BTCUSD"), "17 order_book []"),
        (lambda source: bitstamp_tape(source, "BTCXYZ"), '17 order_book {"bids":[],"asks":[]}'),
        (lambda source: bitstamp_tape(source, "BTCUSD"), ""),
    ],
)
def test_a_tape_that_cannot_be_read_says_so(reader, text):
    with pytest.raises(ProtocolError):
        reader([text])


def test_a_level_off_the_grid_is_an_error_that_names_it():
    _, market = replay(BOOK, change(2, bids=[("100.05", "5")]))
    with pytest.raises(ProtocolError, match=r"100\.05"):
        market.step(5 * NANOS_PER_SECOND)


def test_symbols_and_digits_are_read_from_their_text():
    assert [pair_of(text) for text in ("btcusdt", "ETHBTC", "BTC/USD")] == ["BTC/USDT", "ETH/BTC", "BTC/USD"]
    assert decimals_of(["61737.63000000", "100", "1e-3"]) == 3
    for wrong in ("x", "NaN", "1.123456789"):
        with pytest.raises(ProtocolError):
            decimals_of([wrong])
