"""Compares the account's balances with what we booked, and books what others did with the account as theirs.

Rules: only fills move our books. A difference seen twice, the same both times, is a movement from outside: it is written
    down, becomes the owner's baseline, and is never profit or loss. Capital follows downward at once, upward only by
    rearm or restart. Coins of our own inventory that are gone halt us: nothing is traded to repair a difference. On
    start any difference halts, since then it may as well be a lost fill of ours.
Known limit: coins under staking and earning codes count as gone; a transfer during a trade is told after the trade.
"""

from collections.abc import Generator

from wildbot.desk.foreign_holds import settle_foreign_holds
from wildbot.desk.gateway_commands import TellAllocator, WriteMeta
from wildbot.desk.gateway_state import GatewayState
from wildbot.desk.plans import Pause, Plan, Step, ask
from wildbot.desk.reconciliation import LOOKS_APART_NS, Reconciliation, Steps
from wildbot.desk.venue_queries import Answer, BalancesSeen, Query, Topic
from wildbot.model.exchange import ASSET_DECIMALS
from wildbot.model.instrument import scaled_text
from wildbot.model.status import Severity

BASELINE_KEY = "baseline/"


class BalanceWatch:
    """The looks at the balances, as plans and parts of plans."""

    def __init__(self, state: GatewayState, look: Reconciliation) -> None:
        self._state = state
        self._look = look

    def at_start(self) -> Steps:
        """Compare with baseline and fills; the first balances ever become the baseline."""
        state = self._state
        balances = yield from self._balances()
        if state.baseline is None:
            self._accept(balances)
        if self._found(balances):
            # A transfer or a trade of the owner's hand looks the same as a lost fill: a person has to say which.
            yield Pause(LOOKS_APART_NS)
            yield from self._look.trades()
            balances = yield from self._balances()
        self._fit_capital(balances, may_rise=True)
        if found := self._found(balances):
            text = "balances differ from baseline and fills: " + "; ".join(found)
            state.alert(Severity.CRITICAL, "reconciliation", text)
            state.halt(state.now_ns, text)
        else:
            state.clear("reconciliation")

    def while_running(self) -> Plan:
        """Find what others moved; twice the same difference, with our own trades read in between, counts."""
        state, held = self._state, self._state.foreign_seen
        balances = yield from self._balances()
        first = self._strays(balances)
        if not first:
            state.clear("external_movement")
            settle_foreign_holds(state, held)
            return
        yield Pause(LOOKS_APART_NS)
        yield from self._look.trades()
        balances = yield from self._balances()
        steady = {asset: units for asset, units in self._strays(balances).items() if first.get(asset) == units}
        if not steady or state.orphans or state.intents.missing_fills():
            return  # trades of ours are still on their way; the next look compares again
        for asset, units in sorted(steady.items()):
            self._take_note(asset, units, balances.get(asset, 0))
        self._fit_capital(balances, may_rise=False)
        if not self._strays(balances):
            settle_foreign_holds(state, held)

    def accept(self) -> Plan:
        """The owner says that the balances are right: what the fills do not explain becomes baseline."""
        balances = yield from self._balances()
        self._accept(balances)
        self._fit_capital(balances, may_rise=True)
        self._state.clear("reconciliation")

    # --- parts ----------------------------------------------------------------------------------------------------

    def _balances(self) -> Generator[Step, Answer | None, dict[str, int]]:
        answer = yield from ask(Query(Topic.BALANCES), BalancesSeen)
        return answer.balances

    def _strays(self, balances: dict[str, int]) -> dict[str, int]:
        state = self._state
        return state.books.strays(state.baseline or {}, balances, state.instruments)

    def _found(self, balances: dict[str, int]) -> list[str]:
        state = self._state
        return state.books.differences(state.baseline or {}, balances, state.instruments)

    def _take_note(self, asset: str, units: int, left: int) -> None:
        state = self._state
        moved = f"{asset} {scaled_text(units, ASSET_DECIMALS)}"
        ours = state.books.holding(asset, state.instruments)
        if asset != state.books.quote and left < ours:
            text = (
                f"{moved} moved without us: {scaled_text(left, ASSET_DECIMALS)} is left of the"
                f" {scaled_text(ours, ASSET_DECIMALS)} we hold; somebody sold or withdrew our inventory"
            )
            state.note(state.now_ns, "reconciliation", text)
            state.alert(Severity.CRITICAL, "reconciliation", text)
            state.halt(state.now_ns, text)
            return
        baseline = state.baseline if state.baseline is not None else {}
        baseline[asset] = baseline.get(asset, 0) + units
        state.baseline = baseline
        state.do(WriteMeta(BASELINE_KEY + asset, str(baseline[asset])))
        state.note(state.now_ns, "external_movement", moved)
        state.clear("external_movement")  # each movement is news, also one on the heels of another
        text = f"{moved} moved without us, {scaled_text(left, ASSET_DECIMALS)} is left; it is not booked as profit or loss"
        state.alert(Severity.WARNING, "external_movement", text)

    def _fit_capital(self, balances: dict[str, int], *, may_rise: bool) -> None:
        state, books = self._state, self._state.books
        short = max(0, books.starting + books.cash_flow - balances.get(books.quote, 0))
        withdrawn = short if may_rise or short > state.withdrawn else state.withdrawn
        if withdrawn <= books.quote_tolerance:
            withdrawn = 0
        if withdrawn == state.withdrawn:
            return
        state.withdrawn = withdrawn
        state.note(state.now_ns, "capital", f"{books.quote} {scaled_text(withdrawn, ASSET_DECIMALS)} of it is not there")
        state.do(TellAllocator(state.account_for_leases()))

    def _accept(self, balances: dict[str, int]) -> None:
        state = self._state
        state.baseline = state.books.baseline_for(balances)
        for asset, units in sorted(state.baseline.items()):
            state.do(WriteMeta(BASELINE_KEY + asset, str(units)))
        state.note(state.now_ns, "baseline", f"{len(state.baseline)} assets")
