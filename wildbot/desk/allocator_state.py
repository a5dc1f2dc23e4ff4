"""Everything the allocator's answers depend on, as one value: to write down, to compare, to begin from.

Rules: two allocators that took in the same inputs have equal states; `state_hash` says so in one short word. When something
    was last sent is not in it: a question asked again changes nothing.
"""

import hashlib

import msgspec

from wildbot.model.desk import AccountState, CapitalLease, LeaseRequest


class AllocatorState(msgspec.Struct, frozen=True):
    """`leases` and `settling` by pair; `ended`: the last epoch over, by pair; `untold`: which table version a lease waits
    for; `is_current` is False after a restart until the account has been heard anew."""

    slots: int
    leases: dict[str, CapitalLease] = {}
    settling: dict[str, CapitalLease] = {}
    account: AccountState | None = None
    ended: dict[str, int] = {}
    waiting: dict[str, LeaseRequest] = {}
    untold: dict[str, int] = {}
    refused: dict[str, str] = {}
    version: int = 0
    acked: int = 0
    settled_by: int = 0
    is_current: bool = False


def state_hash(state: AllocatorState) -> str:
    """Return a short word that differs when the states do; the order in which pairs came does not matter."""
    return hashlib.sha256(msgspec.json.encode(state, order="deterministic")).hexdigest()[:16]
