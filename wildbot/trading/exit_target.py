"""How much to ask of a position, and for how long: full at first, less with time, then out.

Rules: fees and volatility in, basis points from average cost out; the same for long and short.
Source: STRATEGIES rule S1.7.
"""

import msgspec

FULL_UNTIL = 0.4
MAKER_FEE_AT = 0.75
LAST_TARGET_BPS = 3.0


class ExitPlan(msgspec.Struct, frozen=True):
    """The owner's part of the rule: minimum profit, how volatility raises the target, and the hold times in seconds."""

    min_profit_bps: float
    volatility_multiplier: float
    base_hold_s: float
    min_hold_s: float
    max_hold_scaling: float

    def full_target_bps(self, maker_fee_bps: float, volatility_bps: float | None) -> float:
        """Return the target of a fresh position: fees and profit, or what volatility promises if that is more."""
        return max(self.least_target_bps(maker_fee_bps), (volatility_bps or 0.0) * self.volatility_multiplier)

    def least_target_bps(self, maker_fee_bps: float) -> float:
        """Return what a round trip must earn to pay two maker fees and the minimum profit."""
        return 2 * maker_fee_bps + self.min_profit_bps

    def hold_limit_s(self, maker_fee_bps: float, full_target_bps: float) -> float:
        """Return the longest time to hold: a higher target is given proportionally more time, within limits."""
        least = self.least_target_bps(maker_fee_bps)
        scaling = full_target_bps / least if least > 0 else self.max_hold_scaling
        return min(max(self.base_hold_s * scaling, self.min_hold_s), self.base_hold_s * self.max_hold_scaling)

    def target_bps(self, maker_fee_bps: float, full_target_bps: float, hold_fraction: float) -> float:
        """Return the target after `hold_fraction` of the hold limit (1 or more: the time stop is due).

        Full until 0.4, falling to one maker fee at 0.75, then to 3 bps (or to the maker fee where that is lower).
        """
        if hold_fraction <= FULL_UNTIL:
            return full_target_bps
        if hold_fraction <= MAKER_FEE_AT:
            done = (hold_fraction - FULL_UNTIL) / (MAKER_FEE_AT - FULL_UNTIL)
            return full_target_bps + (maker_fee_bps - full_target_bps) * done
        done = min(1.0, (hold_fraction - MAKER_FEE_AT) / (1.0 - MAKER_FEE_AT))
        return maker_fee_bps + (min(LAST_TARGET_BPS, maker_fee_bps) - maker_fee_bps) * done
