"""What one try of a sweep came to."""

from dataclasses import dataclass

from wildbot.analytics.believable import has_one_sign
from wildbot.analytics.deflated_sharpe import SampleMoments


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one backtest came to; `refusal` says why it was none, `skipped` what of the recordings could not be used."""

    net_pnl: float = 0.0
    fees: float = 0.0
    fills: int = 0
    round_trips: int = 0
    sharpe: float | None = None
    max_drawdown_pct: float = 0.0
    moments: SampleMoments | None = None
    refusal: str = ""
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bracket:
    """The range of net profit over the fill models, and whether these agree on its sign."""

    low: float
    high: float
    sign_stable: bool


def bracket_over(nets: list[float]) -> Bracket:
    """Return the range of these results."""
    return Bracket(min(nets), max(nets), has_one_sign(min(nets), max(nets)))
