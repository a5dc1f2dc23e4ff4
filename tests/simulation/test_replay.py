import random

from hypothesis import given, settings
from hypothesis import strategies as st

from wildbot.model.exchange import Kind, Placed, PlaceOrder, PublicTrade
from wildbot.model.instrument import FeeSchedule, PairStatus
from wildbot.model.orders import Side
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.lobster import BookRow, LobsterMessage, MessageType, parse_messages, parse_rows, stock
from wildbot.simulation.order_rate import Tier
from wildbot.simulation.replay import LobsterMarket
from wildbot.simulation.replay_audit import audit
from wildbot.simulation.tapes import lobster_sample

LIMITLESS = Tier("limitless", 10**9, 1.0, 10**6)
NOTHING = BookRow((), ())
PAIR = "DEMO/USD"
SEED = BookRow(asks=((1001000, 100), (1002000, 100)), bids=((1000000, 100), (999000, 100)))


def replay(messages, seed=SEED, rows=None):
    exchange = SimulatedExchange([stock("DEMO")], rng=random.Random(1), fees=FeeSchedule(0, 0), tier=LIMITLESS)
    exchange.open_account("alice")
    exchange.deposit("alice", "USD", 10**20, 0)
    exchange.deposit("alice", "DEMO", 10**20, 0)
    market = LobsterMarket(exchange, stock("DEMO"), messages, seed, rows=rows)
    market.start(0)
    exchange.drain()
    return exchange, market


def message(kind, order_id, size, price, side, second=1):
    return LobsterMessage(second * 10**9, kind, order_id, size, price, side)


def rest(exchange, side, ticks, lots):
    request = PlaceOrder(account="alice", pair=PAIR, side=side, kind=Kind.LIMIT, lots=lots, ticks=ticks)
    reply = exchange.place(request, 0)
    assert isinstance(reply, Placed)
    return reply.order_id


def test_generated_tape_is_rebuilt_to_the_last_share_at_every_row():
    lines, rows = lobster_sample(random.Random(3), seconds=60)
    messages, books = list(parse_messages(lines)), list(parse_rows(rows))
    exchange, market = replay(messages, NOTHING)
    result = audit(market, exchange, PAIR, zip(messages, books, strict=True), levels=10)
    assert result.rows == result.prices_and_sizes == len(messages)
    assert market.counts.unknown == market.counts.displaced_lots == market.counts.requeued == 0


def test_tape_that_starts_in_the_middle_is_rebuilt_from_its_book_rows():
    lines, rows = lobster_sample(random.Random(4), seconds=60, levels=5)
    messages, books = list(parse_messages(lines)), list(parse_rows(rows))
    start = 600
    exchange, market = replay(messages[start:], books[start - 1], rows=books[start:])
    checkpoints = zip(messages[start:], books[start:], strict=True)
    result = audit(market, exchange, PAIR, checkpoints, levels=1)
    assert result.prices / result.rows > 0.97
    assert market.counts.revealed > 0


@given(st.integers(0, 5), st.integers(0, 3), st.integers(10, 40))
@settings(max_examples=15, deadline=None)
def test_our_orders_do_not_bend_the_recorded_part_of_the_book(seed, behind, every):
    lines, rows = lobster_sample(random.Random(seed), seconds=12)
    messages, books = list(parse_messages(lines)), list(parse_rows(rows))
    exchange, market = replay(messages, NOTHING)
    for number, book in enumerate(books):
        before = len(exchange.executions("alice"))
        applied = market.apply_next()
        exchange.drain()
        if applied.kind is MessageType.NEW and len(exchange.executions("alice")) > before:
            return  # a recorded order met ours instead of resting: from here on the tape cannot hold
        for side, levels in ((Side.BUY, book.bids), (Side.SELL, book.asks)):
            for price, size in levels:
                queue = exchange.queue(PAIR, side, price // 100)
                assert sum(lots for account, _, lots in queue if account != "alice") == size
        if number > 300 and number % every == 0:
            exchange.cancel_all("alice", 0)
            side = Side.BUY if number % 2 else Side.SELL
            best = (book.bids if side is Side.BUY else book.asks)[0][0] // 100
            rest(exchange, side, best - side.sign * behind, 500)


def test_our_order_is_filled_after_those_that_were_there_before():
    execution = message(MessageType.EXECUTION, 0, 60, 1000000, Side.BUY)
    exchange, market = replay([execution, message(MessageType.EXECUTION, 0, 60, 1000000, Side.BUY, 2)])
    order_id = rest(exchange, Side.BUY, 10000, 50)
    market.apply_next()
    assert exchange.open_lots("alice", order_id) == 50
    market.apply_next()
    assert exchange.open_lots("alice", order_id) == 30


def test_shares_our_order_takes_are_taken_off_the_recorded_order():
    new = message(MessageType.NEW, 7, 100, 1000500, Side.BUY)
    execution = message(MessageType.EXECUTION, 7, 60, 1000500, Side.BUY, 2)
    exchange, market = replay([new, execution])
    order_id = rest(exchange, Side.BUY, 10005, 20)
    market.step(3 * 10**9)
    assert exchange.open_lots("alice", order_id) == 0
    assert exchange.depth(PAIR, 1)[0] == [(10005, 40)]
    assert market.counts.displaced_lots == 20


def test_partial_cancel_keeps_the_place_and_delete_removes():
    exchange, market = replay(
        [
            message(MessageType.NEW, 7, 100, 1000500, Side.BUY, 1),
            message(MessageType.NEW, 8, 10, 1000500, Side.BUY, 2),
            message(MessageType.PARTIAL_CANCEL, 7, 30, 1000500, Side.BUY, 3),
            message(MessageType.DELETE, 8, 10, 1000500, Side.BUY, 4),
        ]
    )
    for _ in range(3):
        market.apply_next()
    assert [lots for _, _, lots in exchange.queue(PAIR, Side.BUY, 10005)] == [70, 10]
    market.apply_next()
    assert [lots for _, _, lots in exchange.queue(PAIR, Side.BUY, 10005)] == [70]


def test_execution_out_of_line_takes_the_named_order_and_leaves_those_before_it():
    exchange, market = replay(
        [
            message(MessageType.NEW, 7, 100, 1000500, Side.BUY, 1),
            message(MessageType.NEW, 8, 60, 1000500, Side.BUY, 1),
            message(MessageType.EXECUTION, 8, 60, 1000500, Side.BUY, 2),
        ]
    )
    market.step(3 * 10**9)
    assert [lots for _, _, lots in exchange.queue(PAIR, Side.BUY, 10005)] == [100]
    assert market.counts.requeued == 1 and market.counts.displaced_lots == 0


def test_unknown_order_reduces_the_seed_at_its_price():
    exchange, market = replay([message(MessageType.DELETE, 99, 40, 1001000, Side.SELL)])
    market.apply_next()
    assert exchange.depth(PAIR, 1)[1] == [(10010, 60)]


def test_hidden_execution_prints_and_moves_no_book():
    exchange, market = replay([message(MessageType.HIDDEN_EXECUTION, 0, 5, 1000550, Side.SELL)])
    before = exchange.depth(PAIR, 5)
    market.apply_next()
    (trade,) = [event for event in exchange.drain() if isinstance(event, PublicTrade)]
    assert (trade.side, trade.ticks, trade.lots) == (Side.BUY, 10006, 5)
    assert exchange.depth(PAIR, 5) == before and exchange.asset_total("USD") == 10**20


def test_halt_stops_new_orders_until_trading_resumes():
    halt, resume = (message(MessageType.HALT, 0, 0, price, Side.SELL, n) for n, price in ((1, -1), (2, 1)))
    exchange, market = replay([halt, resume])
    market.apply_next()
    assert exchange.instruments[PAIR].status is PairStatus.CANCEL_ONLY
    market.apply_next()
    assert exchange.instruments[PAIR].status is PairStatus.ONLINE


def test_messages_come_due_at_their_own_distance_from_the_start():
    first, second = (message(MessageType.NEW, n, 1, 1000500 - n * 100, Side.BUY, 34_200 + n) for n in (0, 3))
    _, market = replay([first, second])
    assert market.next_due_ns() == 0
    market.step(0)
    assert market.next_due_ns() == 3 * 10**9
    market.step(3 * 10**9)
    assert market.next_due_ns() is None and market.counts.applied == 2
    assert market.apply_next() is None
