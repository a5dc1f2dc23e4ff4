"""The ranking over two recorded weeks of eight coins is the one a plain computation gives."""

import csv
import gzip
from datetime import datetime
from itertools import pairwise
from math import log, sqrt
from pathlib import Path
from statistics import stdev

import pytest

from wildbot.market.pair_score import PairScanner, ScannerRules
from wildbot.model.instrument import MONEY_ONE, NANOS_PER_SECOND, FeeSchedule, Instrument, Lots, Money
from wildbot.model.market_data import BookSnapshot

BARS = Path(__file__).resolve().parents[2].parent / "shared" / "market-data" / "crypto-bars"
COINS = ("BTC", "ETH", "SOL", "DOGE", "XRP", "LINK", "AVAX", "ADA")
BAR_S = 300
WINDOW = 100
HORIZON_S = 900
DECIMALS = 6
SPREAD_EMA = 50
FEES = FeeSchedule(1_000, 2_000)

pytestmark = pytest.mark.skipif(not BARS.is_dir(), reason="the recorded bars are not on this machine")


def closes(coin: str) -> list[tuple[int, float]]:
    """(seconds, close) of each bar."""
    (path,) = BARS.glob(f"yahoo_{coin}-USD_5m_*.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [(int(datetime.fromisoformat(r["Date"]).timestamp()), float(r["Close"])) for r in csv.DictReader(file)]


def books(coin: str, bars: list[tuple[int, float]]) -> list[BookSnapshot]:
    """One book per bar around its close, with a spread of its own for each coin (2 to 16 bps)."""
    half = (COINS.index(coin) + 1) / 10_000
    made = []
    for seq, (second, close) in enumerate(bars, start=1):
        bid, ask = (round(close * (1 + side * half) * 10**DECIMALS) for side in (-1, 1))
        at = second * NANOS_PER_SECOND
        made.append(BookSnapshot(f"{coin}/USDC", seq, at, at, (bid,), (5,), (ask,), (5,)))
    return made


def plain_score(tape: list[BookSnapshot], until_s: int) -> float:
    """Deviation of the last hundred clock-sampled log returns over the horizon, less a tenth of the average spread; 0 when
    both together do not pay two maker fees, or when the bar of this moment is missing: old news is no reason to trade."""
    seen = [book for book in tape if book.venue_ts_ns <= until_s * NANOS_PER_SECOND]
    if seen[-1].venue_ts_ns < until_s * NANOS_PER_SECOND:
        return 0.0
    mids = {book.venue_ts_ns // NANOS_PER_SECOND: (book.bid_ticks[0] + book.ask_ticks[0]) / 2 for book in seen}
    sampled, mid = [], mids[min(mids)]
    for second in range(min(mids), until_s, BAR_S):  # the clock ticks at each bar's end, with the bar's own close
        mid = mids.get(second, mid)
        sampled.append(mid)
    returns = [log(after / before) for before, after in pairwise(sampled)][-WINDOW:]
    volatility = stdev(returns) * sqrt(HORIZON_S / BAR_S) * 10_000
    spread: float | None = None
    for book in seen:
        bps = (book.ask_ticks[0] - book.bid_ticks[0]) / ((book.bid_ticks[0] + book.ask_ticks[0]) / 2) * 10_000
        spread = bps if spread is None else spread + 2 / (SPREAD_EMA + 1) * (bps - spread)
    assert spread is not None
    return volatility - 0.1 * spread if volatility + spread >= 2 * FEES.maker_ppm / 100 else 0.0


def test_the_ranking_of_eight_recorded_coins_is_the_plain_one() -> None:
    tapes = {coin: books(coin, closes(coin)) for coin in COINS}
    rules = ScannerRules(
        horizon_ns=HORIZON_S * NANOS_PER_SECOND, sample_ns=BAR_S * NANOS_PER_SECOND, window=WINDOW, max_spread_bps=100.0
    )
    scanner = PairScanner(rules, tuple(f"{coin}/USDC" for coin in COINS), "USDC")
    scanner.set_share(Money(10**6 * MONEY_ONE))
    for coin in COINS:
        pair = f"{coin}/USDC"
        scanner.set_instrument(Instrument(pair, coin, "USDC", f"{coin}USDC", DECIMALS, 8, 8, 1, 1, Lots(1), Money(1)), FEES)
    events = sorted((book for tape in tapes.values() for book in tape), key=lambda book: book.venue_ts_ns)
    looks, orders = 0, set()
    look_s = events[0].venue_ts_ns // NANOS_PER_SECOND + 12 * 3_600
    for book in events:
        while book.venue_ts_ns > look_s * NANOS_PER_SECOND:
            ranking = scanner.ranking(look_s * NANOS_PER_SECOND)
            plain = {f"{coin}/USDC": plain_score(tapes[coin], look_s) for coin in COINS}
            assert {row.pair: row.score for row in ranking} == pytest.approx(plain, abs=1e-3)
            tradeable = [row.pair for row in ranking if row.tradeable]
            assert tradeable == sorted((pair for pair in plain if plain[pair] > 0), key=lambda pair: -plain[pair])
            orders.add(tuple(tradeable))
            looks += 1
            look_s += 12 * 3_600
        scanner.on_book(book)
    assert looks >= 20
    assert len(orders) > 5, "a ranking that never changes compares nothing"
    assert any(len(order) < len(COINS) for order in orders), "nothing was ever below its fees"
