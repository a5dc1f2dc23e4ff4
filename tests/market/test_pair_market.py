"""How old a book really is, and what stops orders in its market."""

from msgspec.structs import replace

from tests.trading.builders_trading import MS, PAIR, SECOND, SOL, START, a_beat, a_book
from wildbot.market.pair_market import PairMarket
from wildbot.model.instrument import PairStatus
from wildbot.model.market_data import FeedBeat, SystemStatus

SILENCE = 2 * SECOND


def a_market(seq: int = 5) -> PairMarket:
    market = PairMarket(PAIR, SILENCE)
    market.on_book(a_book(seq=seq))
    return market


def test_a_quiet_book_is_current_while_the_feed_handler_vouches_for_it() -> None:
    market = a_market()
    for second in range(1, 10):
        market.on_beat(a_beat(START + second * SECOND, 5))
    assert market.age_ns(START + 9 * SECOND + 100 * MS) == 100 * MS
    assert market.trouble(SOL, START + 9 * SECOND) == ""


def test_a_beat_without_connection_or_after_silence_vouches_for_nothing() -> None:
    market = a_market()
    market.on_beat(a_beat(START + SECOND, 5, connected=False))
    market.on_beat(a_beat(START + 3 * SECOND, 5, heard=START + SECOND - 1))
    assert market.age_ns(START + 3 * SECOND) == 3 * SECOND
    assert market.trouble(SOL, START + SILENCE) == ""
    assert market.trouble(SOL, START + SILENCE + 1) == "data_stale"


def test_a_beat_that_names_a_later_book_means_the_last_one_was_lost() -> None:
    market = a_market(seq=5)
    assert market.on_beat(a_beat(START + MS, 6))
    assert market.trouble(SOL, START + MS) == "book_invalid"
    assert market.on_book(a_book(seq=7, at=START + 2 * MS))
    assert market.trouble(SOL, START + 2 * MS) == ""


def test_a_beat_of_an_older_start_vouches_for_nothing_but_breaks_nothing() -> None:
    market = a_market(seq=5)
    assert not market.on_beat(a_beat(START + SECOND, 4))
    assert market.is_valid
    assert market.age_ns(START + SECOND) == SECOND


def test_a_pair_the_beat_does_not_name_has_no_valid_book() -> None:
    market = a_market()
    market.on_beat(FeedBeat(START, START, True, {"ETH/USDC": 9}))
    assert not market.is_valid


def test_invalid_books_one_sided_books_and_closed_venues_are_trouble() -> None:
    assert PairMarket(PAIR, SILENCE).trouble(SOL, START) == "no_book"
    market = a_market()
    market.on_invalid()
    assert market.trouble(SOL, START) == "book_invalid"
    market.on_book(replace(a_book(), bid_ticks=(), bid_lots=()))
    assert market.trouble(SOL, START) == "no_book"
    assert market.touch == (0, 0)
    market = a_market()
    market.system = SystemStatus.CANCEL_ONLY
    assert market.trouble(SOL, START) == "venue_cancel_only"
    market.system = SystemStatus.ONLINE
    assert market.trouble(replace(SOL, status=PairStatus.MAINTENANCE), START) == "pair_maintenance"


def test_only_a_moved_touch_or_regained_trust_is_worth_a_decision() -> None:
    market = a_market()
    assert not market.on_book(a_book(seq=6))
    assert market.on_book(a_book(bid=14_999, seq=7))
    market.on_invalid()
    assert market.on_book(a_book(bid=14_999, seq=8))


def test_event_time_goes_on_while_the_market_is_silent() -> None:
    market = PairMarket(PAIR, SILENCE)
    market.on_book(replace(a_book(), venue_ts_ns=START - 50 * MS))
    assert market.venue_now_ns(START + SECOND) == START + SECOND - 50 * MS
