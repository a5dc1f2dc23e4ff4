"""The book that is decided on is the others': whoever sees his own quote as the market chases himself."""

import pytest
from msgspec.structs import replace

from tests.trading.builders_trading import (
    MS,
    ONE,
    PAIR,
    START,
    a_book,
    a_fill,
    a_lease,
    an_engine,
    canceled,
    new_orders,
)
from wildbot.model.executions import Accepted, Amended
from wildbot.model.market_data import BookSnapshot
from wildbot.model.orders import AmendOrder, NewOrder, Purpose, Side
from wildbot.trading.limits import EngineLimits
from wildbot.trading.order_ledger import OrderLedger
from wildbot.trading.others_book import others_only

BID, ASK = 15_000, 15_010


def a_ledger(side: Side, ticks: int, lots: int, *, post_only: bool = True) -> OrderLedger:
    ledger = OrderLedger()
    ledger.sent(NewOrder("wb1x1", PAIR, side, ticks, lots, Purpose.ENTRY, post_only=post_only), START)
    return ledger


def seen(ledger: OrderLedger, book: BookSnapshot | None = None) -> BookSnapshot:
    return others_only(book or a_book(BID, ASK), ledger.live)


def test_an_order_in_a_level_of_others_leaves_their_lots() -> None:
    book = seen(a_ledger(Side.BUY, BID, 3 * ONE))
    assert (book.bid_ticks, book.bid_lots) == ((BID, BID - 5), (7 * ONE, 20 * ONE))
    assert (book.ask_ticks, book.ask_lots) == ((ASK, ASK + 5), (10 * ONE, 20 * ONE))


def test_a_level_of_ours_alone_is_no_level() -> None:
    book = seen(a_ledger(Side.SELL, ASK, 10 * ONE))
    assert (book.ask_ticks, book.ask_lots) == ((ASK + 5,), (20 * ONE,))


def test_a_book_that_does_not_show_our_order_is_left_as_it_is() -> None:
    book = a_book(BID, ASK)
    for ledger in (
        a_ledger(Side.BUY, BID + 1, ONE),  # a price that nobody shows
        a_ledger(Side.BUY, BID, 11 * ONE),  # more than the level has
        a_ledger(Side.SELL, BID, ONE),  # the other side
        a_ledger(Side.BUY, BID, ONE, post_only=False),  # a taker never rests
        OrderLedger(),
    ):
        assert others_only(book, ledger.live) is book


def test_what_has_filled_is_no_longer_in_the_book_and_what_ended_is_not_taken_off() -> None:
    ledger = a_ledger(Side.BUY, BID, 3 * ONE)
    ledger.apply(a_fill(Side.BUY, ONE, BID))
    assert seen(ledger).bid_lots[0] == 8 * ONE
    ledger.apply(canceled("wb1x1", ONE))
    assert seen(ledger).bid_lots[0] == 10 * ONE


def test_an_order_being_amended_is_taken_off_where_it_is_shown() -> None:
    ledger = a_ledger(Side.BUY, BID - 2, 3 * ONE)
    ledger.sent(AmendOrder("wb1x1", PAIR, BID, 4 * ONE), START)
    assert seen(ledger).bid_lots[0] == 6 * ONE
    old = replace(a_book(BID, ASK), bid_ticks=(BID, BID - 2), bid_lots=(10 * ONE, 3 * ONE))
    assert (seen(ledger, old).bid_ticks, seen(ledger, old).bid_lots) == ((BID,), (10 * ONE,))


@pytest.mark.parametrize("feed_shows_own", [True, False])
def test_a_maker_does_not_take_his_own_quote_for_the_market(feed_shows_own: bool) -> None:
    engine = an_engine(limits=EngineLimits(feed_shows_own=feed_shows_own))
    engine.handle(a_lease(), START)
    (bid,) = new_orders(engine.handle(a_book(BID, ASK), START))
    engine.handle(Accepted(bid.cl_ord_id, "O1", START), START)
    engine.handle(Amended(bid.cl_ord_id, BID + 3, bid.lots, START), START)
    later = START + 700 * MS
    shown = a_book(BID, ASK, seq=2, at=later)
    engine.handle(replace(shown, bid_ticks=(BID + 3, *shown.bid_ticks), bid_lots=(bid.lots, *shown.bid_lots)), later)
    assert engine.decision is not None
    others_spread_bps = (ASK - BID) / ((ASK + BID) / 2) * 10_000
    assert (engine.decision.indicators["spread_bps"] == others_spread_bps) is feed_shows_own
