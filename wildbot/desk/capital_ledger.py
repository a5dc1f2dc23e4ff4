"""How much of an account is spoken for: leases, leases being settled, and positions beyond both.

Rules: a pair takes the larger of what is leased to it and what its position cost, so that an inherited position is counted
    once. The sum over all pairs is never above capital; when capital shrinks the leases shrink in the same step. A short
    position ties up its cost like a long one.
Owns: the last known account, the leases by pair, the amounts still being settled.
"""

from collections.abc import Sequence

import msgspec

from wildbot.model.desk import AccountState, CapitalLease, PositionState
from wildbot.model.errors import InvariantError
from wildbot.model.instrument import Money


class CapitalLedger:
    """The arithmetic of one account split over `slots` equal parts."""

    def __init__(self, slots: int) -> None:
        assert slots >= 1, slots
        self.slots = slots
        self.leases: dict[str, CapitalLease] = {}
        """By pair; at most one epoch of a pair holds a lease."""
        self.settling: dict[str, CapitalLease] = {}
        """By pair: over, but the position they left behind is not known yet, so they still count."""
        self._account: AccountState | None = None
        self._costs: dict[str, int] = {}
        self._capital = Money(0)

    @property
    def account(self) -> AccountState | None:
        """The last account state; None before the first, and then there is nothing to grant."""
        return self._account

    @property
    def capital(self) -> Money:
        """What may be at work in all: the starting sum plus the realised result; 0 before the account is known."""
        return self._capital

    @property
    def granted(self) -> Money:
        """The sum of all leases, frozen and settling ones included."""
        return Money(sum(lease.amount for lease in (*self.leases.values(), *self.settling.values())))

    @property
    def locked(self) -> Money:
        """What positions tie up, at cost, beyond the leases of their pairs.

        At most what the leases leave: an account that holds more than its capital (margin) is a fact, not a promise.
        """
        beyond = sum(max(0, cost - self._leased(pair)) for pair, cost in self._costs.items())
        return Money(min(beyond, max(0, self.capital - self.granted)) if self._is_overdrawn() else beyond)

    def set_account(self, account: AccountState) -> set[str]:
        """Take over a newer state of the account; return the pairs whose leases had to be cut to fit."""
        self._account = account
        self._capital = Money(max(0, account.starting + account.realised_net))
        self._costs = {position.pair: _cost(position) for position in account.positions if position.basis}
        return self._fit()

    def cost_of(self, pair: str) -> Money:
        """Return what the position on `pair` cost; 0 when there is none."""
        return Money(self._costs.get(pair, 0))

    def share_of(self, pair: str) -> Money:
        """Return one slot's equal part of the capital that no position without a lease ties up; its own does not count."""
        unleased = sum(cost for other, cost in self._costs.items() if other != pair and other not in self.leases)
        return Money(max(0, self.capital - unleased) // self.slots)

    def available_to(self, pair: str) -> Money:
        """Return the capital that no other pair's lease or position takes, and no lease being settled."""
        others = (set(self._costs) | set(self.leases) | set(self.settling)) - {pair}
        taken = sum(max(self._leased(other), self._costs.get(other, 0)) for other in others)
        if pair in self.settling:
            taken += self.settling[pair].amount
        return Money(max(0, self.capital - taken))

    def check(self) -> None:
        """Raises: InvariantError when more is promised than there is."""
        if self._account is not None and self.granted + self.locked > self.capital:
            raise InvariantError(f"leases {self.granted} and locked {self.locked} exceed capital {self.capital}")

    def _fit(self) -> set[str]:
        """Cut until everything fits: what no position uses first, leases before what is being settled."""
        if self._claimed() <= self._capital:
            return set()
        before = dict(self.leases)
        for keeps_cost in (True, False):
            for book, other in ((self.leases, self.settling), (self.settling, self.leases)):
                for pair, lease in book.items():
                    # Below its cost a cut frees nothing, it only turns leased into locked; so that comes last.
                    surplus = (self._claimed() if keeps_cost else self.granted) - self.capital
                    elsewhere = other[pair].amount if pair in other else 0
                    floor = min(lease.amount, max(0, self.cost_of(pair) - elsewhere)) if keeps_cost else 0
                    amount = Money(max(floor, lease.amount - max(0, surplus)))
                    book[pair] = msgspec.structs.replace(lease, amount=amount)
        return {pair for pair, lease in self.leases.items() if lease.amount != before[pair].amount}

    def _claimed(self) -> int:
        return sum(max(self._leased(pair), self._costs.get(pair, 0)) for pair in self._pairs())

    def _is_overdrawn(self) -> bool:
        return sum(self._costs.values()) > self.capital

    def _pairs(self) -> Sequence[str]:
        return sorted(set(self._costs) | set(self.leases) | set(self.settling))

    def _leased(self, pair: str) -> int:
        return sum(book[pair].amount for book in (self.leases, self.settling) if pair in book)


def _cost(position: PositionState) -> int:
    return abs(position.basis)
