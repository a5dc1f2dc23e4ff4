"""Positions, average cost and realised profit recomputed from fills: the checker's own arithmetic.

Rules: a partial close takes its share of the cost rounded to the books' unit, halves away from zero. Fees are apart.
    A fee in the traded coin is coins of the fill that were sold at its price to pay it; books count whole lots, so what is
    left of the last lot waits for the next such fee.
"""

from collections import defaultdict
from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from wildbot.audit.trail import ZERO, number

MONEY_UNIT = Decimal("1e-10")
"""The books count money in whole numbers of this."""

SMALLEST_LOT = Decimal("1e-10")
"""The lot of a pair whose rules were not seen."""


class Inventory:
    """Every pair's position; `realised_net` is profit minus fees over all of them, `cash_flow` what came in minus out.
    `lots` has the smallest size of each pair."""

    def __init__(self, lots: Mapping[str, Decimal]) -> None:
        self._lots = lots
        self._left: dict[str, Decimal] = defaultdict(lambda: ZERO)
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
        qty, cost, fee = number(row["qty"]), number(row["cost"]), number(row["fee"])
        return self.book_fill(str(row["pair"]), str(row["side"]), qty, cost, fee, str(row["fee_asset"]))

    def book_fill(self, pair: str, side: str, qty: Decimal, cost: Decimal, fee: Decimal, fee_asset: str) -> Decimal:
        """Book one fill, whatever its fee was paid in; return the profit before fees that it realised."""
        base, _, quote = pair.partition("/")
        if fee_asset == base and fee:
            return self._book_paid_in_coins(pair, side, qty, cost, fee)
        return self.book(pair, side, qty, cost, fee if fee_asset == quote else ZERO)

    def _book_paid_in_coins(self, pair: str, side: str, qty: Decimal, cost: Decimal, fee: Decimal) -> Decimal:
        lot, sign = self._lots.get(pair, SMALLEST_LOT), 1 if side == "buy" else -1
        sold = max(ZERO, ((fee - self._left[pair]) / lot).to_integral_value(ROUND_CEILING) * lot)
        self._left[pair] += sold - fee
        value = _rounded(cost * fee / qty)
        if qty == sign * sold:  # the fee took the whole fill
            self.realised_net -= cost
            self.cash_flow -= cost
            return value - cost
        return self.book(pair, side, qty - sign * sold, cost - sign * value, value)

    def book(self, pair: str, side: str, qty: Decimal, cost: Decimal, fee: Decimal) -> Decimal:
        """Book one fill with its fee in quote; return the profit before fees that it realised."""
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
    """Round to the books' unit, halves away from zero."""
    return (money / MONEY_UNIT).to_integral_value(ROUND_HALF_UP) * MONEY_UNIT
