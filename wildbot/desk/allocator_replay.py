"""The allocator's inputs as they are logged, and the allocator that results from them.

Rules: an input is logged before it is applied, with its time; replaying a log gives the state its allocator had. A log
    begins with a whole state. The log is no authority over money: what is granted is in the order gateway's journal, and
    after a restart nothing is granted until the account has been heard anew.
Source: state machine replication; double-entry systems that log before they apply.
"""

from collections.abc import Iterable

import msgspec

from wildbot.desk.allocation import AllocatorEvent, CapitalAllocator
from wildbot.desk.allocator_state import AllocatorState
from wildbot.model.errors import InvariantError


class LoggedState(msgspec.Struct, frozen=True, array_like=True, tag="state"):
    """Where a log begins."""

    state: AllocatorState


class LoggedInput(msgspec.Struct, frozen=True, array_like=True, tag="input"):
    """One input and when it was taken in."""

    now_ns: int
    event: AllocatorEvent


LoggedRecord = LoggedState | LoggedInput


def replay(records: Iterable[LoggedRecord], *, slots: int, quote: str) -> CapitalAllocator | None:
    """Return the allocator that took in these records; None when they do not begin with a state of as many slots.

    Raises: InvariantError when they lead to a state that cannot be.
    """
    allocator: CapitalAllocator | None = None
    for record in records:
        match record:
            case LoggedState(state):
                if allocator is not None:
                    raise InvariantError("a second state in one log of the allocator's inputs")
                if state.slots != slots:
                    return None
                allocator = CapitalAllocator.from_state(state, quote=quote)
            case LoggedInput(now_ns, event):
                if allocator is None:
                    return None
                allocator.handle(event, now_ns)
    return allocator
