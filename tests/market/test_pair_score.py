"""The ranking: what a pair scores, why, and when a better one may take a place."""

import math
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildbot.market.pair_score import PairScanner, PairScore, ScannerRules
from wildbot.market.pair_switch import SwitchRule
from wildbot.model.instrument import MONEY_ONE, NANOS_PER_SECOND, FeeSchedule, Instrument, Lots, Money, PairStatus
from wildbot.model.market_data import BookInvalidated, BookSnapshot
from wildbot.strategies.base import find_strategy

T0 = 1_000 * NANOS_PER_SECOND
BTC, ETH, SOL = "BTC/USDC", "ETH/USDC", "SOL/USDC"


def an_instrument(pair: str = BTC, min_cost: int = 1, status: PairStatus = PairStatus.ONLINE) -> Instrument:
    base, quote = pair.split("/")
    return Instrument(
        pair, base, quote, base + quote, 2, 8, 5, 1, 1, Lots(100), Money(min_cost * MONEY_ONE), status
    )  # fmt: skip


@dataclass
class Tape:
    """Feeds a scanner one book per second whose mid swings by `swing_ticks`."""

    scanner: PairScanner
    now_ns: int = T0
    seq: dict[str, int] = field(default_factory=dict)

    def play(self, pair: str, seconds: int, swing_ticks: int, half_spread: int = 10, mid: int = 100_000) -> None:
        for second in range(seconds):
            ticks = mid + (swing_ticks if second % 2 else 0)
            at = self.now_ns + second * NANOS_PER_SECOND
            self.scanner.on_book(
                BookSnapshot(pair, second + 1, at, at, (ticks - half_spread,), (5,), (ticks + half_spread,), (5,))
            )

    def row(self, pair: str = BTC, at_second: int = 30) -> PairScore:
        return next(r for r in self.scanner.ranking(self.now_ns + at_second * NANOS_PER_SECOND) if r.pair == pair)


def a_tape(policy: str = "require", universe: tuple[str, ...] = (BTC,), maker_ppm: int = 2_500, share: int = 5) -> Tape:
    rules = msgspec.convert({"hurdle_policy": policy, "profile": "sim", "horizon_ns": 100 * NANOS_PER_SECOND}, ScannerRules)
    scanner = PairScanner(rules, universe, "USDC")
    scanner.set_share(Money(share * MONEY_ONE))
    for pair in universe:
        scanner.set_instrument(an_instrument(pair), FeeSchedule(maker_ppm, 4_000))
    return Tape(scanner)


def test_pair_is_cold_before_twenty_samples_and_says_so() -> None:
    tape = a_tape()
    tape.play(BTC, 12, swing_ticks=100)
    row = tape.row(at_second=12)
    assert (row.tradeable, row.volatility_bps, row.score) == (False, None, 0.0)
    assert row.reason.startswith("warming up: 10 of 20")


def test_score_is_volatility_minus_a_tenth_of_the_spread() -> None:
    tape = a_tape()
    tape.play(BTC, 31, swing_ticks=100)  # returns of +-10 bps each second: 100 bps over 100 s
    row = tape.row()
    assert row.tradeable and row.volatility_bps is not None and row.spread_bps is not None
    assert row.volatility_bps == pytest.approx(10 * math.sqrt(100), rel=0.05)
    assert row.score == pytest.approx(row.volatility_bps - 0.1 * row.spread_bps, abs=1e-3)


def test_pair_below_the_fee_hurdle_scores_zero_when_the_hurdle_is_required() -> None:
    tape = a_tape()
    tape.play(BTC, 31, swing_ticks=20)
    row = tape.row()
    assert (row.score, row.tradeable) == (0.0, False)
    assert "below hurdle" in row.reason and "of 50.0 bps" in row.reason


def test_pair_below_the_fee_hurdle_is_traded_in_sim_and_says_so() -> None:
    tape = a_tape("ignore")
    tape.play(BTC, 31, swing_ticks=20)
    row = tape.row()
    assert row.tradeable and row.score > 0
    assert row.reason.startswith("below hurdle") and row.reason.endswith("traded anyway: sim")


def test_hurdle_is_the_account_s_own_rate() -> None:
    tape = a_tape(maker_ppm=0)
    tape.play(BTC, 31, swing_ticks=1)
    assert tape.row().tradeable
    assert tape.row().hurdle_bps == 0.0


def test_pair_whose_smallest_order_does_not_fit_says_what_it_needs() -> None:
    tape = a_tape(share=1)
    tape.play(BTC, 31, swing_ticks=100)
    row = tape.row()
    assert not row.fits and not row.tradeable
    assert row.reason == "the smallest order needs 1.0040 USDC, a share is 1.0000 USDC"


def test_smallest_order_that_costs_exactly_the_share_fits() -> None:
    tape = a_tape(maker_ppm=0)
    tape.play(BTC, 31, swing_ticks=100)
    needed = tape.row().needed
    tape.scanner.set_share(needed)
    assert tape.row().fits
    tape.scanner.set_share(Money(needed - 1))
    assert not tape.row().fits


def test_invalid_stale_or_closed_pair_is_not_tradeable() -> None:
    tape = a_tape()
    tape.play(BTC, 31, swing_ticks=100)
    assert "no news for" in tape.row(at_second=60).reason
    tape.scanner.on_invalid(BookInvalidated(BTC, "checksum", T0))
    assert tape.row().reason == "book invalid: checksum"
    tape.scanner.set_instrument(an_instrument(status=PairStatus.CANCEL_ONLY), None)
    assert tape.row().reason == "the exchange has it cancel_only"


def test_spread_counts_on_average_and_beyond_the_limit_of_the_strategy_forbids() -> None:
    tape = a_tape()
    tape.play(BTC, 31, swing_ticks=100, half_spread=90)
    row = tape.row()
    assert not row.tradeable and row.reason == "spread 18.0 bps on average, the strategy enters up to 15 bps"
    calm = a_tape()
    calm.play(BTC, 31, swing_ticks=100)
    at = T0 + 31 * NANOS_PER_SECOND
    calm.scanner.on_book(BookSnapshot(BTC, 99, at, at, (99_000,), (5,), (101_000,), (5,)))  # one wide moment
    assert calm.row(at_second=31).tradeable


def test_best_tradeable_pair_ranks_first() -> None:
    tape = a_tape(universe=(BTC, ETH, SOL))
    tape.play(BTC, 31, swing_ticks=100)
    tape.play(ETH, 31, swing_ticks=200)
    rows = tape.scanner.ranking(T0 + 30 * NANOS_PER_SECOND)
    assert [(row.pair, row.rank) for row in rows] == [(ETH, 1), (BTC, 2), (SOL, 3)]


def test_new_universe_keeps_what_is_known_and_drops_the_rest() -> None:
    tape = a_tape(universe=(BTC, ETH))
    tape.play(BTC, 31, swing_ticks=100)
    tape.scanner.set_universe((BTC, SOL))
    assert {row.pair: row.warm for row in tape.scanner.ranking(T0)} == {BTC: True, SOL: False}


def a_row(pair: str, score: float, tradeable: bool = True) -> PairScore:
    return PairScore(pair, 1, score, score, 1.0, 1.0, Money(1), True, True, tradeable, "", 1.0)


HOUR = 3_600 * NANOS_PER_SECOND
MINUTE = 60 * NANOS_PER_SECOND


def test_swap_is_proposed_after_sixty_seconds_at_one_and_a_half_times() -> None:
    rule, ranking = SwitchRule(1.5, MINUTE), [a_row(ETH, 15), a_row(BTC, 10)]
    assert rule.look(ranking, {BTC}, HOUR) is None
    assert rule.look(ranking, {BTC}, HOUR + MINUTE - 1) is None
    proposal = rule.look(ranking, {BTC}, HOUR + MINUTE)
    assert proposal is not None and (proposal.out, proposal.into) == (BTC, ETH)


def test_one_look_below_the_threshold_starts_the_clock_anew() -> None:
    rule, better = SwitchRule(1.5, MINUTE), [a_row(ETH, 15), a_row(BTC, 10)]
    rule.look(better, {BTC}, HOUR)
    rule.look([a_row(ETH, 14.9), a_row(BTC, 10)], {BTC}, HOUR + 1)
    assert rule.look(better, {BTC}, HOUR + MINUTE) is None


def test_swap_takes_out_the_weakest_and_never_brings_in_what_cannot_be_traded() -> None:
    rule = SwitchRule(1.5, 0)
    ranking = [a_row(SOL, 90, tradeable=False), a_row(ETH, 30), a_row("XRP/USDC", 20), a_row(BTC, 10)]
    proposal = rule.look(ranking, {BTC, "XRP/USDC"}, HOUR)
    assert proposal is not None and (proposal.out, proposal.into) == (BTC, ETH)


# --- dominance ----------------------------------------------------------------------------------------------------


def by_dominance(bids: dict[str, int], maker_ppm: int = 2_500) -> PairScanner:
    """A scanner of a contest whose pairs show so many of a hundred lots on the bid side, five levels of them."""
    parameters: dict[str, object] = {"gradient_enabled": False, "footprint_enabled": False}
    scanner = PairScanner(ScannerRules(), tuple(bids), "USDC", find_strategy("order_flow_imbalance").contest_of(parameters))
    scanner.set_share(Money(5 * MONEY_ONE))
    for pair, bid in bids.items():
        scanner.set_instrument(an_instrument(pair), FeeSchedule(maker_ppm, 4_000))
        prices = range(5)
        scanner.on_book(
            BookSnapshot(
                pair, 1, T0, T0, tuple(99 - n for n in prices), (bid,) * 5, tuple(101 + n for n in prices), (100 - bid,) * 5
            )
        )
    return scanner


def test_a_contest_is_ranked_by_dominance_in_percent_whatever_the_fees() -> None:
    rows = by_dominance({BTC: 60, ETH: 10, SOL: 80}).ranking(T0)
    assert [(row.pair, row.score, row.rank) for row in rows] == [(ETH, 90.0, 1), (SOL, 80.0, 2), (BTC, 60.0, 3)]
    assert all(row.tradeable and row.warm for row in rows)
    assert [row.reason for row in rows] == [
        "dominance 90.0 %, sell signal of score 90.0",
        "dominance 80.0 %, buy signal of score 80.0",
        "dominance 60.0 %, no signal",
    ]


@given(st.lists(st.integers(1, 99), min_size=3, max_size=3))
def test_dominance_is_within_fifty_and_a_hundred_and_the_ranking_is_a_plain_sort(bids: list[int]) -> None:
    shares = dict(zip((BTC, ETH, SOL), bids, strict=True))
    rows = by_dominance(shares).ranking(T0)
    assert [row.pair for row in rows] == sorted(shares, key=lambda pair: (-max(shares[pair], 100 - shares[pair]), pair))
    assert all(50 <= row.score <= 100 for row in rows)


def test_a_void_book_has_no_dominance_and_a_share_too_small_is_told() -> None:
    scanner = by_dominance({BTC: 80})
    scanner.set_share(Money(1))
    (row,) = scanner.ranking(T0)
    assert (row.score, row.tradeable) == (0.0, False) and "smallest order needs" in row.reason
    scanner.on_invalid(BookInvalidated(BTC, "gap", T0))
    (row,) = scanner.ranking(T0)
    assert not row.warm and "book invalid" in row.reason


def test_the_switch_rule_of_a_contest_is_the_same() -> None:
    scanner, rule = by_dominance({BTC: 50, ETH: 90}), SwitchRule(1.5, 0)
    proposal = rule.look(scanner.ranking(T0), {BTC}, T0)
    assert proposal is not None and (proposal.out, proposal.into) == (BTC, ETH)


def past_swing(seconds: int, swing_ticks: int = 100, half_spread: int = 10) -> list[tuple[int, int, int]]:
    """The touch of each second before T0, as `Tape.play` would have played it."""
    mids = [100_000 + (swing_ticks if second % 2 else 0) for second in range(seconds)]
    begins = T0 - seconds * NANOS_PER_SECOND
    return [(begins + n * NANOS_PER_SECOND, mid - half_spread, mid + half_spread) for n, mid in enumerate(mids)]


def test_the_past_warms_a_cold_pair_to_the_same_volatility_as_having_listened() -> None:
    told, listened = a_tape(), a_tape()
    told.play(BTC, 1, swing_ticks=0)
    since = [(T0 + n * NANOS_PER_SECOND, 50_000, 50_002) for n in range(1, 5)]  # of what we hear ourselves it tells nothing
    told.scanner.on_past(BTC, past_swing(30) + since)
    listened.now_ns = T0 - 30 * NANOS_PER_SECOND
    listened.play(BTC, 30, swing_ticks=100)
    listened.now_ns = T0
    listened.play(BTC, 1, swing_ticks=0)
    assert told.row(at_second=0).warm
    assert told.row(at_second=0).volatility_bps == listened.row(at_second=0).volatility_bps


def test_the_past_never_replaces_what_was_seen() -> None:
    tape = a_tape()
    tape.play(BTC, 30, swing_ticks=10)
    before = tape.row()
    tape.scanner.on_past(BTC, past_swing(60, swing_ticks=900))
    assert tape.row() == before


@pytest.mark.parametrize("quotes", [[], [(T0 + 10**18, 1, 2)], [(0, 5, 7)], [(-5, 5, 7), (T0, 99_990, 100_010)]])
def test_a_past_that_says_nothing_leaves_the_pair_cold(quotes: list[tuple[int, int, int]]) -> None:
    tape = a_tape()
    tape.scanner.on_past(BTC, past_swing(30))  # before its first book, and of nobody's pair
    tape.scanner.on_past("NOPE/USDC", past_swing(30))
    tape.play(BTC, 1, swing_ticks=0)
    tape.scanner.on_past(BTC, quotes)
    assert not tape.row(at_second=0).warm
