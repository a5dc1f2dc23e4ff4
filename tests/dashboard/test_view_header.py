"""The header's answers in ten seconds: do we trade, where, and if not, why not."""

from tests.dashboard.builders_dashboard import NOW_NS, a_document, a_trader
from wildbot.dashboard.view.document import is_cut_off
from wildbot.dashboard.view.header import header, header_html
from wildbot.dashboard.view.traders import traders_html


def test_header_says_where_orders_go_and_what_the_traders_are_about() -> None:
    waiting = a_trader("BTC/USDC", position="0", open_orders=[], reason="no_volume_spike", strategy="momentum_burst")
    told = header(a_document(traders=[waiting]), age_s=0.1, pair="BTC/USDC", now_ns=NOW_NS)
    assert told.situation == "1 trader watching: waits for a burst: volume is ordinary"
    mixed = header(a_document(traders=[waiting, a_trader("SOL/USDC")]), age_s=0.1, pair="BTC/USDC", now_ns=NOW_NS)
    assert mixed.situation == "1 watching, 1 quoting"
    assert header(a_document(traders=[waiting]), age_s=9.0, pair="BTC/USDC", now_ns=NOW_NS).situation == ""
    assert "Kraken, real money" in header_html(header(a_document(mode="live"), age_s=0.1, pair="", now_ns=NOW_NS))


def test_a_trader_whose_market_is_of_the_past_is_cut_off_but_a_quiet_one_is_not() -> None:
    silent = a_trader("BTC/USDC", data_age_ms=24_000.0)
    lost = a_document(state="degraded", traders=[silent])
    assert is_cut_off(lost, silent)
    assert header(lost, age_s=0.1, pair="BTC/USDC", now_ns=NOW_NS).situation == "1 trader cut off"
    assert "● CUT OFF" in traders_html(lost, pair="BTC/USDC", stale=False)
    assert not is_cut_off(a_document(traders=[silent]), silent)
    assert not is_cut_off(lost, a_trader("BTC/USDC", data_age_ms=80.0))


def test_a_desk_without_a_trader_does_not_read_trading_and_says_why() -> None:
    document = a_document(traders=[], scanner=[{"pair": "BTC/USDC", "reason": "minimum order needs 9.40 USDC"}])
    head = header(document, age_s=0.1, pair="", now_ns=NOW_NS)
    assert (head.state, head.situation) == ("WATCHING", "no trader")
    assert head.trouble == "no pair is traded: minimum order needs 9.40 USDC"
