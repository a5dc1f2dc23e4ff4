"""How far beyond the range over the fill models a result is to be believed.

Rules: the range says what a queue may have done to a result. It does not say what else parts paper from the market: other
    delays, the place we take from somebody, whoever is lured by our price. A range that reaches further on both sides by
    `MARGIN_BPS` of the turnover held the real profit in more than 95 % of the simulated markets in which paper was
    compared with a real participant. It is stated here once and shown wherever the range is.
Source: `wildbot truth`, docs/truth.md; learned on seeds that are judged by nobody (decision 15).
Known limit: learned in simulated markets of 90 s. Over longer runs errors partly cancel, so that it is rather too wide; a
    real market may differ from a simulated one by more than this.
"""

from decimal import Decimal

MARGIN_BPS = Decimal(5)
_BPS = 10_000


def has_one_sign(low: float | Decimal, high: float | Decimal) -> bool:
    """Whether a range of results is all gain or all loss; one that touches zero is neither."""
    return low > 0 or high < 0


def margin(turnover: Decimal) -> Decimal:
    """Return by how much a range is widened on both sides, in the unit of `turnover`, the money that changed hands."""
    return turnover * MARGIN_BPS / _BPS
