"""The account's rates: what the exchange states, what executions were charged, and which of them we reckon with.

Rules: every execution is compared with the stated rate. One that was charged otherwise is an alarm at once, and the
    exchange is asked again; where it was charged more, that rate counts from this fill on until the exchange states as
    much or charges less. Cheaper executions lower nothing: only the exchange's own word does. Fees in the traded coin
    are compared by size as fees in quote are by cost.
Owns: the stated rates, the rates charged that differ from them, and with both `GatewayState.fees`.
Source: Kraken TradeVolume (rates by pair of this account) beside the fee of each execution.
"""

from collections.abc import Mapping

import msgspec

from wildbot.desk.gateway_commands import TellSupervisor
from wildbot.desk.gateway_state import GatewayState
from wildbot.desk.peers import Peers
from wildbot.model.exchange import ASSET_DECIMALS
from wildbot.model.executions import Filled
from wildbot.model.instrument import MONEY_DECIMALS, PPM, FeeSchedule, Instrument, Liquidity
from wildbot.model.status import Severity

FEE_TOLERANCE_UNITS = 2
"""The venue may round a fee one unit the other way than we do."""

PPM_PER_PERCENT = 10_000


class _Charge(msgspec.Struct, frozen=True):
    """A rate that an execution was charged, exact to `slack_ppm`, since fees are rounded."""

    rate_ppm: int
    slack_ppm: int

    def agrees(self, rate_ppm: int) -> bool:
        return abs(rate_ppm - self.rate_ppm) <= self.slack_ppm


class FeeWatch:
    """Fed with statements and fills."""

    def __init__(self, state: GatewayState, peers: Peers) -> None:
        self._state = state
        self._peers = peers
        self._stated: dict[str, FeeSchedule] = {}
        self._charged: dict[tuple[str, Liquidity], _Charge] = {}

    def stated(self, fees: Mapping[str, FeeSchedule]) -> None:
        """The exchange states the account's rates."""
        self._stated.update(fees)
        for (pair, liquidity), charge in list(self._charged.items()):
            if charge.agrees(self._stated[pair].rate_ppm(liquidity)):
                self._explained(pair, liquidity)
        for pair in fees:
            self._reckon(pair)

    def charged(self, fill: Filled, instrument: Instrument) -> None:
        """An execution of ours says what it cost."""
        stated = self._stated.get(fill.pair)
        charge = _charge(fill, instrument, self._state.books.quote)
        if stated is None or charge is None:
            return
        rate_ppm, liquidity = stated.rate_ppm(fill.liquidity), fill.liquidity
        if charge.agrees(rate_ppm):
            self._explained(fill.pair, liquidity)
        else:
            self._charged[fill.pair, liquidity] = charge
            self._state.wants_fees = True
            text = (
                f"{fill.pair}: {fill.exec_id} was charged {_percent(charge.rate_ppm)} as {liquidity}, the exchange stated"
                f" {_percent(rate_ppm)}; the dearer one counts until it states otherwise"
            )
            self._state.alert(Severity.WARNING, f"fee/{fill.pair}/{liquidity}", text)
        self._reckon(fill.pair)

    def _explained(self, pair: str, liquidity: Liquidity) -> None:
        if self._charged.pop((pair, liquidity), None) is not None:
            self._state.clear(f"fee/{pair}/{liquidity}")

    def _reckon(self, pair: str) -> None:
        """Reckon with the dearer of what was stated and what was charged, and tell whoever must know."""
        state, stated = self._state, self._stated[pair]
        maker_ppm, taker_ppm = (
            max(stated.rate_ppm(each), charge.rate_ppm if (charge := self._charged.get((pair, each))) else -PPM)
            for each in (Liquidity.MAKER, Liquidity.TAKER)
        )
        fees, before = FeeSchedule(maker_ppm, taker_ppm), state.fees.get(pair)
        if fees == before or pair not in state.instruments:
            return
        state.fees[pair] = fees
        if before is not None:
            self._peers.fees_changed(pair, fees)
            state.note(state.now_ns, "fees_changed", f"{fees.maker_ppm}/{fees.taker_ppm} ppm", pair)
            state.do(TellSupervisor(state.instrument_table()))


def _charge(fill: Filled, instrument: Instrument, quote: str) -> _Charge | None:
    """Return the rate an execution was charged; None where its fee is in an asset that says nothing of the rate."""
    if fill.fee_asset == quote or not fill.fee:
        whole, decimals = int(fill.cost), min(instrument.cost_decimals, MONEY_DECIMALS)
        unit = 10 ** (MONEY_DECIMALS - decimals)
    elif fill.fee_asset == instrument.base:
        whole = fill.lots * 10 ** (ASSET_DECIMALS - instrument.lot_decimals)
        unit = 10 ** (ASSET_DECIMALS - instrument.lot_decimals)
    else:
        return None
    if whole <= 0:
        return None
    return _Charge(-(-fill.fee * PPM // whole), 1 + FEE_TOLERANCE_UNITS * unit * PPM // whole)


def _percent(rate_ppm: int) -> str:
    return f"{rate_ppm / PPM_PER_PERCENT:g} %"
