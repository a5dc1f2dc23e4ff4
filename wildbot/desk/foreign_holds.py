"""Keeps out of the lendable capital what orders of somebody else's hand hold of the quote currency.

Rules: what is newly held counts with the very look that saw it. What is held no longer counts on until balances asked
    after that look agree with our books: the order may have been filled instead of taken back, and then its money is gone.
    Orders of ours hold nothing here, their pairs' leases pay for them. The owner's own part of the balance pays first.
Owns: `foreign_seen` and `foreign_held` of the gateway's state.
Known limit: fees that foreign orders may cost are not held back, nor is inventory that a foreign sell holds.
"""

from wildbot.desk.gateway_commands import TellAllocator
from wildbot.desk.gateway_state import GatewayState
from wildbot.model.exchange import ASSET_DECIMALS
from wildbot.model.instrument import scaled_text


def count_foreign_holds(state: GatewayState, units: int) -> None:
    """Take over what a look at the open orders has just seen held, in units of 10**-ASSET_DECIMALS of quote."""
    state.foreign_seen = units
    _set(state, max(state.foreign_held, units))


def settle_foreign_holds(state: GatewayState, seen_before: int) -> None:
    """Let go of what is held no longer; `seen_before` is `foreign_seen` when the balances that now agree were asked."""
    _set(state, max(seen_before, state.foreign_seen))


def _set(state: GatewayState, units: int) -> None:
    if units == state.foreign_held:
        return
    state.foreign_held = units
    held = f"{state.books.quote} {scaled_text(units, ASSET_DECIMALS)}"
    state.note(state.now_ns, "foreign_holds", f"{held} is held by orders that are not ours")
    state.do(TellAllocator(state.account_for_leases()))
