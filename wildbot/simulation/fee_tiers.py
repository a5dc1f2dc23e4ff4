"""The exchange's fee table: which rates an account has by its volume of the last 30 days.

Rules: a table is rates by rising volume, the first from 0 on; an account is in the last tier whose volume it has reached.
Source: Kraken AssetPairs `fees` and `fees_maker`, July 2025 and March 2026, the same for all USDC pairs of the universe.
"""

from wildbot.model.errors import InvariantError
from wildbot.model.exchange import FeeTier
from wildbot.model.instrument import MONEY_ONE, FeeSchedule, Money

FeeTable = tuple[FeeTier, ...]


def _tier(volume: int, taker_ppm: int, maker_ppm: int) -> FeeTier:
    return FeeTier(Money(volume * MONEY_ONE), maker_ppm, taker_ppm)


STANDARD_TABLE: FeeTable = (
    _tier(0, 4000, 2500),
    _tier(10_000, 3500, 2000),
    _tier(50_000, 2400, 1400),
    _tier(100_000, 2200, 1200),
    _tier(250_000, 2000, 1000),
    _tier(500_000, 1800, 800),
    _tier(1_000_000, 1600, 600),
    _tier(2_500_000, 1400, 400),
    _tier(5_000_000, 1200, 200),
    _tier(10_000_000, 1000, 0),
)

STABLE_TABLE: FeeTable = (
    _tier(0, 2000, 2000),
    _tier(50_000, 1600, 1600),
    _tier(100_000, 1200, 1200),
    _tier(250_000, 800, 800),
    _tier(500_000, 400, 400),
    _tier(1_000_000, 200, 200),
    _tier(10_000_000, 100, 100),
    _tier(100_000_000, 10, 10),
)
"""Pairs between stable coins, and of those with state currencies."""

MEASURED_FIRST_TIER = _tier(0, 8000, 4000)
"""What one new account was measured to pay in September 2026, twice the published rates."""

STABLE_BASES = frozenset({"USDC", "USDT", "DAI", "EUR", "GBP"})


def published_table(base: str, *, first_tier_measured: bool = False) -> FeeTable:
    """Return the table of the pairs with this base."""
    if base in STABLE_BASES:
        return STABLE_TABLE
    return (MEASURED_FIRST_TIER, *STANDARD_TABLE[1:]) if first_tier_measured else STANDARD_TABLE


def fixed_table(fees: FeeSchedule) -> FeeTable:
    """Return a table with one tier."""
    return (FeeTier(Money(0), fees.maker_ppm, fees.taker_ppm),)


def tier_index(table: FeeTable, volume: Money) -> int:
    """Return which tier a volume has reached.

    Raises:
        InvariantError: if the table does not begin at 0.
    """
    if not table or table[0].volume:
        raise InvariantError("a fee table must begin at volume 0")
    reached = 0
    for index, tier in enumerate(table):
        if tier.volume <= volume:
            reached = index
    return reached


def rates(table: FeeTable, volume: Money) -> FeeSchedule:
    """Return the rates of an account with this 30-day volume."""
    tier = table[tier_index(table, volume)]
    return FeeSchedule(tier.maker_ppm, tier.taker_ppm)
