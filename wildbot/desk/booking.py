"""The account's books: every fill once, positions and cash from fills alone, and the comparison with the balances.

Rules: only an execution id moves anything. Holdings that were there at the first start (the baseline) are never ours.
Owns: positions by pair, the execution ids seen, the sum of all quote legs.
Known limit: one quote currency; a fee in a third asset is taken from that asset's balance only.
"""

from collections.abc import Iterable, Mapping

from wildbot.model.desk import AccountState, CapitalLease, PositionState
from wildbot.model.exchange import ASSET_DECIMALS
from wildbot.model.executions import Filled
from wildbot.model.instrument import MONEY_DECIMALS, NANOS_PER_SECOND, Instrument, Money, scaled_text
from wildbot.trading.position import FillOutcome, Position

EXEC_IDS_MAX = 200_000
"""Execution ids remembered; catch-up reads back far fewer trades than this."""

DAY_NS = 86_400 * NANOS_PER_SECOND

QUOTE_TOLERANCE: int = 10 ** (ASSET_DECIMALS - 4)
"""The venue rounds some balances to four decimals."""


class Books:
    """Positions and cash of one account."""

    def __init__(self, starting: Money, quote: str) -> None:
        self.starting = starting
        self.quote = quote
        self.cash_flow = Money(0)
        self.last_fill_ns = 0
        self.fills = 0
        self._positions: dict[str, Position] = {}
        self._seen: dict[str, None] = {}
        self._moved: dict[str, int] = {}
        self._day = 0
        self._turnover = Money(0)

    def has(self, exec_id: str) -> bool:
        """Whether this execution is booked."""
        return exec_id in self._seen

    def book(self, fill: Filled, instrument: Instrument) -> FillOutcome:
        """Book a fill that `has` did not know; return what it did."""
        assert fill.exec_id not in self._seen, fill.exec_id
        self._seen[fill.exec_id] = None
        if len(self._seen) > EXEC_IDS_MAX:
            del self._seen[next(iter(self._seen))]
        position = self._positions.setdefault(fill.pair, Position(PositionState(fill.pair)))
        outcome = position.apply(fill, instrument.lot_decimals)
        fee = fill.fee if fill.fee_asset == self.quote else Money(0)
        self.cash_flow = Money(self.cash_flow - fill.side.sign * fill.cost - fee)
        self.last_fill_ns = max(self.last_fill_ns, fill.ts_ns)
        self.fills += 1
        if fill.ts_ns // DAY_NS > self._day:
            self._day, self._turnover = fill.ts_ns // DAY_NS, Money(0)
        if fill.ts_ns // DAY_NS == self._day:
            self._turnover = Money(self._turnover + fill.cost)
        self._move(instrument.base, fill.side.sign * fill.lots * 10 ** (ASSET_DECIMALS - instrument.lot_decimals))
        self._move(self.quote, _asset_units(-fill.side.sign * fill.cost))
        self._move(fill.fee_asset, -_asset_units(fill.fee))
        return outcome

    def turnover(self, now_ns: int) -> Money:
        """Return the cost of all fills of this UTC day."""
        return self._turnover if now_ns // DAY_NS == self._day else Money(0)

    def position(self, pair: str) -> PositionState:
        """Return a pair's position; flat when it was never traded."""
        held = self._positions.get(pair)
        return held.state if held is not None else PositionState(pair)

    def account(self, leases: Iterable[CapitalLease] = ()) -> AccountState:
        """Return what the journal says the account is."""
        positions = tuple(position.state for _, position in sorted(self._positions.items()))
        return AccountState(self.starting, self.cash_flow, positions, tuple(leases))

    def differences(
        self, baseline: Mapping[str, int], balances: Mapping[str, int], instruments: Mapping[str, Instrument]
    ) -> list[str]:
        """Return, in words, every asset of ours whose balance is not baseline plus fills; [] when all agree.

        Amounts are units of 10**-ASSET_DECIMALS. A base asset may be off by less than one lot.
        """
        found: list[str] = []
        for asset, difference in sorted(self.strays(baseline, balances, instruments).items()):
            actual = balances.get(asset, 0)
            found.append(
                f"{asset}: the venue has {_text(actual)}, baseline and fills say {_text(actual - difference)},"
                f" difference {_text(difference)}"
            )
        return found

    def strays(
        self, baseline: Mapping[str, int], balances: Mapping[str, int], instruments: Mapping[str, Instrument]
    ) -> dict[str, int]:
        """Return what each asset of ours has more (or less) than baseline plus fills, beyond its tolerance."""
        found: dict[str, int] = {}
        for asset, tolerance in self._tolerances(instruments).items():
            difference = balances.get(asset, 0) - baseline.get(asset, 0) - self._moved.get(asset, 0)
            if not abs(difference) <= tolerance:
                found[asset] = difference
        return found

    def holding(self, asset: str, instruments: Mapping[str, Instrument]) -> int:
        """Return what our positions hold of a base asset, in units of 10**-ASSET_DECIMALS."""
        units = 0
        for each in instruments.values():
            if each.base == asset:
                units += self.position(each.pair).lots * 10 ** (ASSET_DECIMALS - each.lot_decimals)
        return units

    @property
    def quote_tolerance(self) -> int:
        """How far the quote balance may be off: the venue rounds some balances to four decimals."""
        return QUOTE_TOLERANCE

    def baseline_for(self, balances: Mapping[str, int]) -> dict[str, int]:
        """Return the baseline under which `balances` agree with the fills booked so far."""
        assets = balances.keys() | self._moved.keys()
        return {asset: balances.get(asset, 0) - self._moved.get(asset, 0) for asset in assets}

    def _tolerances(self, instruments: Mapping[str, Instrument]) -> dict[str, int]:
        tolerances = {each.base: 10 ** (ASSET_DECIMALS - each.lot_decimals) for each in instruments.values()}
        return {**tolerances, self.quote: QUOTE_TOLERANCE}

    def _move(self, asset: str, units: int) -> None:
        self._moved[asset] = self._moved.get(asset, 0) + units


def _asset_units(money: int) -> int:
    assert MONEY_DECIMALS == ASSET_DECIMALS
    return money


def _text(units: int) -> str:
    return scaled_text(units, ASSET_DECIMALS)
