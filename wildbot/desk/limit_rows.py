"""The limits in force, kept in the journal: a start that changes one leaves a row of history that says what it was.

Rules: the supervisor tells the owner; these rows are what remains. What was never written is no change.
"""

from collections.abc import Mapping

from wildbot.desk.gateway_commands import WriteMeta
from wildbot.desk.gateway_state import GatewayState
from wildbot.desk.limit_changes import is_looser

LIMIT_KEY = "limit/"
"""Prefix of the journal's memory of each limit."""


def note_limits(state: GatewayState, meta: Mapping[str, str]) -> None:
    """Compare the limits of this start with the journal's, write the changes as rows and the new values down."""
    for name, text in state.setup.limit_texts:
        before = meta.get(LIMIT_KEY + name)
        if before == text:
            continue
        state.do(WriteMeta(LIMIT_KEY + name, text))
        if before is not None:
            word = "loosened" if is_looser(name, before, text) else "tightened"
            state.note(state.now_ns, f"limit_{word}", f"{name} from {before} to {text}")
