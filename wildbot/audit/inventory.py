"""Positions, average cost and realised profit recomputed from fills: the checker's own arithmetic.

Rules: a partial close takes its share of the cost rounded half up to the books' unit, as the books promise. Fees are apart.
"""

from collections import defaultdict
from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal

from wildbot.audit.trail import ZERO, number

MONEY_UNIT = Decimal("1e-10")
"""The books count money in whole numbers of this."""

HALF = Decimal("0.5")


class Inventory:
    """Every pair's position; `realised_net` is profit minus fees over all of them, `cash_flow` what came in minus out."""

    def __init__(self) -> None:
        self._qty: dict[str, Decimal] = defaultdict(lambda: ZERO)
        self._basis: dict[str, Decimal] = defaultdict(lambda: ZERO)
        self.realised_net = ZERO
        self.cash_flow = ZERO

    @property
    def pairs(self) -> list[str]:
        """The pairs that were traded."""
        return list(self._qty)

    def qty(self, pair: str) -> Decimal:
        """Return what is held of a pair."""
        return self._qty[pair]

    def basis(self, pair: str) -> Decimal:
        """Return what the position of a pair has cost, without fees."""
        return self._basis[pair]

    def book_row(self, row: Mapping[str, object]) -> Decimal:
        """Book a row of the journal; return the profit before fees."""
        pair = str(row["pair"])
        fee = number(row["fee"]) if row["fee_asset"] == pair.partition("/")[2] else ZERO
        return self.book(pair, str(row["side"]), number(row["qty"]), number(row["cost"]), fee)

    def book(self, pair: str, side: str, qty: Decimal, cost: Decimal, fee: Decimal) -> Decimal:
        """Book one fill; return the profit before fees that it realised."""
        sign, held = (1 if side == "buy" else -1), self._qty[pair]
        closed = min(abs(held), qty) if held * sign < 0 else ZERO
        closing_cost = _rounded(cost * closed / qty) if closed else ZERO
        released = _rounded(self._basis[pair] * closed / abs(held)) if closed else ZERO
        realised = -sign * closing_cost - released if closed else ZERO
        self._basis[pair] += sign * (cost - closing_cost) - released
        self._qty[pair] += sign * qty
        self.realised_net += realised - fee
        self.cash_flow -= sign * cost + fee
        return realised


def _rounded(money: Decimal) -> Decimal:
    """Round half up, towards plus infinity, to the books' unit."""
    return (money / MONEY_UNIT + HALF).to_integral_value(ROUND_FLOOR) * MONEY_UNIT
