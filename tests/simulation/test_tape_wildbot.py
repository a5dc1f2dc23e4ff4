"""WildBot's own recordings replayed: every recorded book stands again, in the venue's order, whatever came in between."""

import random
from collections.abc import Callable

import pytest

from tests.simulation.builders_simulation import PAIR, btc
from wildbot.market.book_changes import BookChanges
from wildbot.model.exchange import BookChange, PublicTrade
from wildbot.model.instrument import NANOS_PER_SECOND, Lots, Money
from wildbot.model.market_data import BookInvalidated, BookSnapshot, TradePrint
from wildbot.model.orders import Side
from wildbot.model.recording import RecordedRow
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.flow import SyntheticMarket
from wildbot.simulation.level_tape import LevelsSet, TapeTrade
from wildbot.simulation.replay_audit import Agreement, audit_levels
from wildbot.simulation.replay_joint import JointMarket
from wildbot.simulation.replay_levels import LevelMarket
from wildbot.simulation.tape_wildbot import events_with_books, wildbot_events
from wildbot.simulation.venue_pairs import UNIVERSE

START = 10**18
INSTRUMENT = btc(min_lots=Lots(1), min_cost=Money(0))


def book(seq: int, at_ns: int, bids: dict[int, int], asks: dict[int, int]) -> BookSnapshot:
    return BookSnapshot(PAIR, seq, at_ns, at_ns, tuple(bids), tuple(bids.values()), tuple(asks), tuple(asks.values()))


def recorded(seconds: int, seed: int, late_trades: bool) -> list[RecordedRow]:
    """Rows as a client of our own exchange hears them: books at once, the trades of a step after them."""
    spec = UNIVERSE[PAIR]
    exchange = SimulatedExchange([spec.instrument], rng=random.Random(seed))
    market = SyntheticMarket(exchange, [spec], random.Random(seed))
    market.start(START)
    exchange.drain()
    changes, rows, seq = BookChanges(), [], 0
    mirror: tuple[dict[int, int], dict[int, int]] = tuple(map(dict, exchange.depth(PAIR, 1_000)))  # type: ignore[assignment]
    for step in range(1, seconds * 10 + 1):
        market.step(START + step * NANOS_PER_SECOND // 10)
        late: list[RecordedRow] = []
        for event in exchange.drain():
            if isinstance(event, PublicTrade):
                trade = TradePrint(PAIR, event.trade_id, event.side, event.ticks, event.lots, event.ts_ns, event.ts_ns)
                (late if late_trades else rows).append(trade)
            elif isinstance(event, BookChange):
                for side, ticks, lots in event.levels:
                    half = mirror[0 if side is Side.BUY else 1]
                    half.pop(ticks, None) if not lots else half.update({ticks: lots})
                seq += 1
                bids, asks = sorted(mirror[0].items(), reverse=True)[:10], sorted(mirror[1].items())[:10]
                rows.append(changes.row(book(seq, event.ts_ns, dict(bids), dict(asks))))
        rows += late
    return rows


def agreement(rows: list[RecordedRow]) -> tuple[Agreement, LevelMarket]:
    instrument = UNIVERSE[PAIR].instrument
    told = list(events_with_books(rows, instrument))
    exchange = SimulatedExchange([instrument], rng=random.Random(1))
    market = LevelMarket(exchange, instrument, iter([event for event, _ in told]))
    return audit_levels(market, exchange, PAIR, [standing for _, standing in told]), market


@pytest.mark.parametrize("late_trades", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_recorded_book_stands_again(seed: int, late_trades: bool) -> None:
    result, market = agreement(recorded(20, seed, late_trades))
    assert result.rows > 100 and market.counts.trades > 5
    assert result.prices_and_sizes == result.rows, result.first_difference
    assert market.counts.refused == 0
    # A trade meets the size it took, unless it went beyond the window.
    assert market.counts.printed <= 0.05 * market.counts.trades


def test_a_trade_goes_before_the_book_of_its_moment() -> None:
    changes = BookChanges()
    first = changes.row(book(1, START, {100: 5}, {101: 5}))
    second = changes.row(book(2, START + 50, {100: 5}, {101: 2}))
    rows = [first, second, TradePrint(PAIR, 1, Side.BUY, 101, 3, START + 50, START + 60)]
    events = list(wildbot_events(rows, INSTRUMENT))
    assert [type(event) for event in events] == [LevelsSet, TapeTrade, LevelsSet]
    assert events[-1] == LevelsSet(START + 50, (("1.00", "0.00000005"),), (("1.01", "0.00000002"),), True)


def test_after_a_gap_the_tape_goes_on_with_a_whole_book() -> None:
    changes = BookChanges()
    rows: list[RecordedRow] = [changes.row(book(1, START, {100: 5}, {101: 5}))]
    rows.append(BookInvalidated(PAIR, "connection lost", START + 1))
    lost = changes.row(book(2, START + 2, {99: 5}, {101: 5}))  # a change whose whole book is in a file that is gone
    changes.gap()
    rows += [lost, changes.row(book(3, START + 3, {98: 1}, {99: 1}))]
    events = list(wildbot_events(rows, INSTRUMENT))
    assert [(event.ts_ns, event.is_whole) for event in events if isinstance(event, LevelsSet)] == [
        (START, True),
        (START + 3, True),
    ]


def test_what_comes_before_the_first_whole_book_is_passed_over() -> None:
    changes = BookChanges()
    changes.row(book(1, START, {100: 5}, {101: 5}))
    rows: list[RecordedRow] = [TradePrint(PAIR, 1, Side.BUY, 101, 3, START, START)]
    rows.append(changes.row(book(2, START + 2, {99: 5}, {101: 5})))
    assert list(wildbot_events(rows, INSTRUMENT)) == []


def tape(make: Callable[[], SimulatedExchange], pair: str, begins_ns: int) -> LevelMarket:
    exchange = make()
    events = [LevelsSet(begins_ns + n * 10, (("1.00", f"{n + 1}"),), (("2.00", "1"),), True) for n in range(3)]
    return LevelMarket(exchange, exchange.instruments[pair], iter(events))


def test_pairs_recorded_together_keep_their_distance_in_time() -> None:
    other = btc(pair="ETH/USDC", base="ETH", rest_key="ETHUSDC")
    exchange = SimulatedExchange([INSTRUMENT, other], rng=random.Random(1))
    joint = JointMarket([tape(lambda: exchange, PAIR, START), tape(lambda: exchange, "ETH/USDC", START + 5)])
    assert joint.begins_ns == START
    joint.start(1_000)
    assert exchange.best(PAIR) == (100, 200) and exchange.best("ETH/USDC") == (None, None)
    assert joint.next_due_ns() == 1_005
    joint.step(1_014)
    assert exchange.best("ETH/USDC") == (100, 200)
    assert exchange.level_lots(PAIR, Side.BUY, 100) == 2 * 10**8
    assert exchange.level_lots("ETH/USDC", Side.BUY, 100) == 10**8
    joint.step(2_000)
    assert joint.next_due_ns() is None and joint.begins_ns is None
    assert exchange.level_lots("ETH/USDC", Side.BUY, 100) == 3 * 10**8
