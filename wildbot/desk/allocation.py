"""Who may have how much capital at work: leases, granted from one account to at most `slots` traders.

Rules: a lease goes to the order gateway as part of a whole `LeaseTable` first; its trader hears of it only when the gateway
    has acknowledged that table, so the gateway never sees an order without its lease. A lease that ran out is frozen:
    still counted, until `EpochEnded` says that nothing of its epoch rests, or until its own trader renews it. What an
    ended epoch had is free again only when the account, asked after its end, has said what position it left.
Owns: the version of the table, the requests that wait for capital, what is not yet told. `CapitalLedger` holds the sums.
    Its state is one value (`state`), and follows from its inputs alone.
Source: two-phase reservation; leases after Gray and Cheriton (1989); fencing by epoch.
Known limit: a realised loss is known here only with the next `AccountState`, up to `RECALL_EVERY_NS` after it happened.
"""

from typing import assert_never

import msgspec

from wildbot.desk.allocator_state import AllocatorState
from wildbot.desk.capital_ledger import CapitalLedger
from wildbot.model.control import EpochEnded
from wildbot.model.desk import (
    AccountState,
    CapitalLease,
    LeaseRecall,
    LeaseRefused,
    LeaseRequest,
    LeaseTable,
    LeaseTableAck,
)
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND, Money, money_text
from wildbot.model.status import AllocatorStatus

LEASE_NS = 10 * NANOS_PER_SECOND
"""How long a lease holds; traders renew every two seconds, so four renewals in a row may be lost."""

RENEW_NS_MIN = NANOS_PER_SECOND
"""A renewal sooner than this after the last one changes nothing: the lease in force is told again."""

RECALL_EVERY_NS = 500 * NANOS_PER_MS
RESEND_NS = 500 * NANOS_PER_MS
STATUS_EVERY_NS = 500 * NANOS_PER_MS
MONEY_SHOWN_DECIMALS = 2


class Reborn(msgspec.Struct, frozen=True, array_like=True, tag="reborn"):
    """The process began anew from what was logged: what is known of the account may be old."""


AllocatorEvent = LeaseRequest | LeaseTableAck | AccountState | EpochEnded | Reborn
AllocatorCommand = LeaseTable | LeaseRecall | CapitalLease | LeaseRefused | AllocatorStatus
"""To the gateway: the first two. To the trader of `(pair, epoch)`: the next two. To the supervisor: the last."""


class CapitalAllocator:
    """Splits one account's capital over `slots` traders; a pure state machine, bounded by the number of pairs."""

    def __init__(self, *, slots: int, quote: str) -> None:
        self._quote = quote
        self._ledger = CapitalLedger(slots)
        self._ended: dict[str, int] = {}  # by pair: every epoch up to this one is over
        self._waiting: dict[str, LeaseRequest] = {}  # by pair: cannot be answered well yet
        self._untold: dict[str, int] = {}  # by pair: the table version its trader's lease waits for
        self._changed: set[str] = set()  # pairs whose lease the next table changes
        self._refused: dict[str, str] = {}
        self._version = 0
        self._acked = 0
        self._settled_by = 0  # the table version that took the settling leases out
        self._is_current = False  # whether the account was heard since the birth of this process
        self._sent_ns = 0
        self._recalled_ns = 0
        self._reported_ns = 0

    @classmethod
    def from_state(cls, state: AllocatorState, *, quote: str) -> "CapitalAllocator":
        """Return an allocator in a given state."""
        allocator = cls(slots=state.slots, quote=quote)
        if state.account is not None:
            allocator._ledger.set_account(state.account)
        allocator._ledger.leases, allocator._ledger.settling = dict(state.leases), dict(state.settling)
        allocator._ended, allocator._waiting = dict(state.ended), dict(state.waiting)
        allocator._untold, allocator._refused = dict(state.untold), dict(state.refused)
        allocator._version, allocator._acked = state.version, state.acked
        allocator._settled_by, allocator._is_current = state.settled_by, state.is_current
        return allocator

    @property
    def state(self) -> AllocatorState:
        """Everything that answers depend on."""
        ledger = self._ledger
        return AllocatorState(
            slots=ledger.slots,
            leases=dict(ledger.leases),
            settling=dict(ledger.settling),
            account=ledger.account,
            ended=dict(self._ended),
            waiting=dict(self._waiting),
            untold=dict(self._untold),
            refused=dict(self._refused),
            version=self._version,
            acked=self._acked,
            settled_by=self._settled_by,
            is_current=self._is_current,
        )

    @property
    def is_settled(self) -> bool:
        """Whether hearing the account again, as it was told last, would change nothing."""
        return self._is_current and not self._waiting and not self._ledger.settling and self._acked >= self._settled_by

    def handle(self, event: AllocatorEvent, now_ns: int) -> list[AllocatorCommand]:
        """Return what to send after one message; any message may come late, twice or never."""
        match event:
            case LeaseRequest():
                commands = self._on_request(event, now_ns)
            case LeaseTableAck():
                commands = self._on_ack(event, now_ns)
            case AccountState():
                commands = self._on_account(event, now_ns)
            case EpochEnded():
                self._on_epoch_ended(event)
                commands = []
            case Reborn():
                self._is_current = False
                commands = []
            case _:
                assert_never(event)
        self._ledger.check()
        return self._publish(now_ns) + commands

    def on_timer(self, now_ns: int) -> list[AllocatorCommand]:
        """Return what is due by time alone: the account question, an unacknowledged table once more, the status row."""
        commands: list[AllocatorCommand] = []
        if now_ns - self._recalled_ns >= (RECALL_EVERY_NS if self._is_current else RESEND_NS):
            commands.append(self._recall(now_ns))
        if self._acked < self._version and now_ns - self._sent_ns >= RESEND_NS:
            commands.append(self._table(now_ns))
        if now_ns - self._reported_ns >= STATUS_EVERY_NS:
            self._reported_ns = now_ns
            commands.append(self.status(now_ns))
        return commands

    def status(self, now_ns: int) -> AllocatorStatus:
        """Return the allocator's part of the status document; `granted` includes what is being settled."""
        ledger = self._ledger
        leases = tuple(ledger.leases.values())
        return AllocatorStatus(ledger.capital, ledger.granted, ledger.locked, leases, dict(self._refused), now_ns)

    # --- events ---------------------------------------------------------------------------------------------------

    def _on_request(self, request: LeaseRequest, now_ns: int) -> list[AllocatorCommand]:
        pair = request.pair
        lease = self._ledger.leases.get(pair)
        if request.epoch <= self._ended.get(pair, 0) or (lease is not None and request.epoch < lease.epoch):
            return [LeaseRefused(pair, request.epoch, request.needed, f"epoch {request.epoch} of {pair} is over")]
        if not self._is_current or (lease is not None and lease.epoch != request.epoch):
            self._waiting[pair] = request  # answered when the account is known, or when the older epoch has ended
            return []
        if lease is not None and lease.expires_ns - LEASE_NS + RENEW_NS_MIN > now_ns:
            return [] if pair in self._untold else [lease]
        return self._decide(request, now_ns)

    def _on_ack(self, ack: LeaseTableAck, now_ns: int) -> list[AllocatorCommand]:
        if ack.version > self._version:
            return []  # from another life of this actor, under a clock ahead of ours: proves nothing about our table
        before, self._acked = self._acked, max(self._acked, ack.version)
        commands: list[AllocatorCommand] = []
        for pair in [pair for pair, version in self._untold.items() if version <= self._acked]:
            del self._untold[pair]
            commands.append(self._ledger.leases[pair])
        if self._ledger.settling and before < self._settled_by <= self._acked:
            commands.append(self._recall(now_ns))
        return commands

    def _on_account(self, account: AccountState, now_ns: int) -> list[AllocatorCommand]:
        if not self._is_current:
            self._is_current = True
            self._take_over(account)
        elif self._acked >= self._settled_by:
            # The gateway, which took the ended leases out before it answered, says what they left behind.
            listed = {(lease.pair, lease.epoch) for lease in account.leases}
            for pair in [p for p, lease in self._ledger.settling.items() if (p, lease.epoch) not in listed]:
                del self._ledger.settling[pair]
        self._changed |= self._ledger.set_account(account)
        commands: list[AllocatorCommand] = []
        for request in list(self._waiting.values()):
            lease = self._ledger.leases.get(request.pair)
            if lease is None or lease.epoch == request.epoch:
                told = self._refused.get(request.pair)
                answers = self._decide(request, now_ns)
                commands += answers if self._refused.get(request.pair) != told else []
        return commands

    def _on_epoch_ended(self, ended: EpochEnded) -> None:
        pair = ended.pair
        self._ended[pair] = max(self._ended.get(pair, 0), ended.epoch)
        waiting = self._waiting.get(pair)
        if waiting is not None and waiting.epoch <= ended.epoch:
            del self._waiting[pair]
        lease = self._ledger.leases.get(pair)
        if lease is not None and lease.epoch <= ended.epoch:
            self._ledger.settling[pair] = self._ledger.leases.pop(pair)
            self._untold.pop(pair, None)
            self._changed.add(pair)

    # --- decisions ------------------------------------------------------------------------------------------------

    def _decide(self, request: LeaseRequest, now_ns: int) -> list[AllocatorCommand]:
        """Grant, renew or refuse; a pair that holds a position is never refused, since it has to be able to leave."""
        pair, ledger = request.pair, self._ledger
        may_refuse = ledger.cost_of(pair) == 0 and pair not in ledger.leases
        share = ledger.share_of(pair)
        wanted = max(share, ledger.cost_of(pair), ledger.leases[pair].amount if pair in ledger.leases else 0)
        amount = Money(min(wanted, ledger.available_to(pair)))
        if may_refuse and request.needed > share:
            self._waiting.pop(pair, None)
            return self._refuse(request, self._too_small(request, share))
        if may_refuse and (amount < request.needed or amount == 0):
            self._waiting[pair] = request
            return self._refuse(request, f"only {self._text(amount)} is free until another lease has ended")
        self._waiting.pop(pair, None)
        self._refused.pop(pair, None)
        ledger.leases[pair] = CapitalLease(pair, request.epoch, amount, now_ns + LEASE_NS)
        self._changed.add(pair)
        return []

    def _refuse(self, request: LeaseRequest, reason: str) -> list[AllocatorCommand]:
        self._refused[request.pair] = reason
        return [LeaseRefused(request.pair, request.epoch, request.needed, reason)]

    def _too_small(self, request: LeaseRequest, share: Money) -> str:
        slots, needed = self._ledger.slots, request.needed
        return (
            f"{request.pair} needs {self._text(needed)} for its smallest order, but its share is {self._text(share)}, one"
            f" of {slots} parts of {self._text(self._ledger.capital)}: it takes a capital of"
            f" {self._text(Money(needed * slots))}, or fewer traders"
        )

    def _take_over(self, account: AccountState) -> None:
        """Take over what the gateway held when this process was born, as far as it is news; what has ended meanwhile still
        has to be settled. What we hold besides goes into the next table, in case the last one was lost."""
        ledger = self._ledger
        self._changed |= set(ledger.leases) | set(ledger.settling)
        for lease in account.leases:
            pair = lease.pair
            known = max((book[pair].epoch for book in (ledger.leases, ledger.settling) if pair in book), default=0)
            if lease.epoch <= known:
                continue
            is_over = lease.epoch <= self._ended.get(pair, 0)
            if not is_over and pair in ledger.leases:
                ledger.settling[pair] = ledger.leases.pop(pair)
            (ledger.settling if is_over else ledger.leases)[pair] = lease
            if is_over:
                self._changed.add(pair)

    # --- sending --------------------------------------------------------------------------------------------------

    def _publish(self, now_ns: int) -> list[AllocatorCommand]:
        """Return one table with everything that changed in this step, or nothing."""
        if not self._changed:
            return []
        # The clock makes versions rise across restarts of this actor without a file of its own.
        self._version = max(self._version + 1, now_ns)
        if self._changed & set(self._ledger.settling):
            self._settled_by = self._version
        self._untold |= {pair: self._version for pair in self._ledger.leases if pair in self._changed}
        self._changed.clear()
        return [self._table(now_ns)]

    def _table(self, now_ns: int) -> LeaseTable:
        self._sent_ns = now_ns
        return LeaseTable(self._version, self._ledger.capital, tuple(self._ledger.leases.values()))

    def _recall(self, now_ns: int) -> LeaseRecall:
        self._recalled_ns = now_ns
        return LeaseRecall()

    def _text(self, money: Money) -> str:
        return f"{money_text(money, MONEY_SHOWN_DECIMALS)} {self._quote}"
