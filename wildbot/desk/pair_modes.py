"""A traded pair that the exchange restricts: said once with what we hold on it, and taken back when it is online again.

Rules: the trader itself pulls its quotes and resumes; nobody is restarted or swapped for it.
"""

from wildbot.desk.supervision_state import SupervisionMemory
from wildbot.desk.supervision_words import PairModeSeen
from wildbot.model.instrument import Money, PairStatus, money_text
from wildbot.model.status import Severity


def on_mode(memory: SupervisionMemory, seen: PairModeSeen) -> None:
    """Alert while a pair that we trade or hold is anything but online."""
    key = f"pair_mode:{seen.pair}"
    positions = () if memory.gateway is None else memory.gateway.account.positions
    cost = next((abs(position.basis) for position in positions if position.pair == seen.pair), 0)
    if seen.mode is PairStatus.ONLINE:
        memory.clear(key)
    elif cost or seen.pair in memory.wanted:
        exposure = f"a position that cost {money_text(Money(cost), 2)} stays exposed" if cost else "nothing is held"
        memory.alert(Severity.WARNING, key, f"{seen.pair} is {seen.mode} at the exchange; {exposure}")
