"""Leases under lost, doubled and late messages, crashes of every party, fills and losses: the sum never exceeds capital.

The world below is the real thing in small: a gateway that enforces the table it holds, traders that spend no more than
their lease, an account whose positions and losses the allocator only hears of.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from wildbot.desk.allocation import AllocatorCommand, AllocatorEvent, CapitalAllocator, Reborn
from wildbot.desk.allocator_replay import LoggedInput, LoggedRecord, LoggedState, replay
from wildbot.desk.allocator_state import state_hash
from wildbot.model.control import EpochEnded
from wildbot.model.desk import (
    AccountState,
    CapitalLease,
    LeaseRecall,
    LeaseRefused,
    LeaseRequest,
    LeaseTable,
    LeaseTableAck,
    PositionState,
)
from wildbot.model.instrument import MONEY_ONE, NANOS_PER_SECOND, Money
from wildbot.model.status import AllocatorStatus

PAIRS = ("BTC/USDC", "ETH/USDC", "SOL/USDC")
STARTING = 16 * MONEY_ONE
SLOTS = 2
LOGGED: msgspec.json.Decoder[LoggedRecord] = msgspec.json.Decoder(LoggedRecord)
COPIES = st.sampled_from((1, 1, 1, 0, 2))
PACE_NS = NANOS_PER_SECOND // 4

Message = LeaseTable | LeaseRecall | LeaseTableAck | AccountState | LeaseRequest | EpochEnded


@dataclass
class Gateway:
    """Holds one table on disk; buys only under a lease of that table that has not run out."""

    table: LeaseTable = field(default_factory=lambda: LeaseTable(0, Money(0), ()))
    basis: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PAIRS, 0))
    realised: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PAIRS, 0))
    fenced: int = 0

    @property
    def capital(self) -> int:
        return STARTING + sum(self.realised.values())

    def account(self) -> AccountState:
        positions = tuple(
            PositionState(pair, lots=1, basis=Money(self.basis[pair]), realised=Money(self.realised[pair]))
            for pair in PAIRS
        )
        return AccountState(Money(STARTING), Money(0), positions, self.table.leases)

    def committed(self) -> int:
        leased = {lease.pair: lease.amount for lease in self.table.leases}
        return sum(max(leased.get(pair, 0), self.basis[pair]) for pair in PAIRS)


class Leases(RuleBasedStateMachine):
    """Random orders of everything that can happen."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ns = 1_000 * NANOS_PER_SECOND
        self.gateway = Gateway()
        self.allocator = CapitalAllocator(slots=SLOTS, quote="USDC")
        self._log_from_here()
        self.epochs: dict[str, int] = {}
        self.epoch = 0
        self.to_gateway: list[LeaseTable | LeaseRecall] = []
        self.to_allocator: list[LeaseTableAck | AccountState] = []
        self.lossless = True
        self.in_force: set[tuple[str, int]] = set()

    @initialize(pairs=st.permutations(PAIRS), busy=st.integers(0, SLOTS))
    def some_traders_work_already(self, pairs: list[str], busy: int) -> None:
        for pair in pairs[:busy]:
            self.trader_gets_to_work(pair)

    # --- the two links of the allocator ---

    def _dispatch(self, commands: list[AllocatorCommand]) -> None:
        for command in commands:
            if isinstance(command, LeaseTable):
                assert sum(lease.amount for lease in command.leases) <= command.capital
                assert len({lease.pair for lease in command.leases}) == len(command.leases)
            if isinstance(command, CapitalLease):
                assert (command.pair, command.epoch) in self.in_force, "a trader heard of a lease before the gateway"
            if isinstance(command, LeaseTable | LeaseRecall):
                self.to_gateway.append(command)
            else:
                assert isinstance(command, CapitalLease | LeaseRefused | AllocatorStatus)

    @rule(copies=COPIES)
    def gateway_reads(self, copies: int) -> None:
        if not self.to_gateway:
            return
        message = self.to_gateway.pop(0)
        for _ in range(copies):
            if isinstance(message, LeaseRecall):
                self.to_allocator.append(self.gateway.account())
            else:
                if message.version > self.gateway.table.version:
                    self.gateway.table = message
                    self.in_force |= {(lease.pair, lease.epoch) for lease in message.leases}
                self.to_allocator.append(LeaseTableAck(self.gateway.table.version))

    @rule(copies=COPIES)
    def allocator_reads(self, copies: int) -> None:
        if not self.to_allocator:
            return
        message = self.to_allocator.pop(0)
        for _ in range(copies):
            self._hand_in(message)

    @rule()
    def links_flow_until_quiet(self) -> None:
        for _ in range(20):
            self.gateway_reads(1)
            self.allocator_reads(1)

    @rule(steps=st.integers(1, 60))
    def time_passes(self, steps: int) -> None:
        self.now_ns += steps * PACE_NS
        self._dispatch(self.allocator.on_timer(self.now_ns))

    # --- traders ---

    @rule(pair=st.sampled_from(PAIRS))
    def trader_starts(self, pair: str) -> None:
        """A new start has a new epoch, whether or not the last one has been wound up."""
        if pair not in self.epochs:
            self.epoch += 1
            self.epochs[pair] = self.epoch

    @rule(pair=st.sampled_from(PAIRS), needed=st.integers(1, 7), stale=st.booleans())
    def trader_asks(self, pair: str, needed: int, stale: bool) -> None:
        self.trader_starts(pair)
        epoch = self.epochs[pair] - (1 if stale else 0)
        request = LeaseRequest(pair, epoch, Money(needed * MONEY_ONE))
        self._hand_in(request)

    @rule(pair=st.sampled_from(PAIRS))
    def trader_gets_to_work(self, pair: str) -> None:
        self.time_passes(steps=8)
        self.links_flow_until_quiet()
        self.trader_starts(pair)
        self.trader_asks(pair, needed=1, stale=False)
        self.links_flow_until_quiet()

    @rule(pair=st.sampled_from(PAIRS), part=st.integers(1, 100))
    def trader_buys(self, pair: str, part: int) -> None:
        for lease in self.gateway.table.leases:
            free = lease.amount - self.gateway.basis[pair]
            if lease.pair == pair and lease.expires_ns > self.now_ns and lease.epoch > self.gateway.fenced and free > 0:
                self.gateway.basis[pair] += free * part // 100

    @rule(pair=st.sampled_from(PAIRS), loss_pct=st.integers(-5, 30))
    def position_is_sold(self, pair: str, loss_pct: int) -> None:
        self.lossless = self.lossless and loss_pct <= 0
        self.gateway.realised[pair] -= self.gateway.basis[pair] * loss_pct // 100
        self.gateway.basis[pair] = 0

    @rule(pair=st.sampled_from(PAIRS), told=st.integers(0, 2))
    def trader_dies(self, pair: str, told: int) -> None:
        epoch = self.epochs.pop(pair, None)
        if epoch is None:
            return
        # The gateway fences the epoch before the supervisor can tell of its end; nothing more is bought under it.
        leases = tuple(lease for lease in self.gateway.table.leases if lease.pair != pair)
        frozen = LeaseTable(self.gateway.table.version, self.gateway.table.capital, leases)
        dead = [lease for lease in self.gateway.table.leases if lease.pair == pair]
        self.gateway.table = frozen if not dead else LeaseTable(frozen.version, frozen.capital, (*leases, _spent(dead[0])))
        for _ in range(told):
            self._hand_in(EpochEnded(pair, epoch))

    # --- crashes ---

    @rule(really=st.sampled_from((False, False, False, True)), keeps_log=st.booleans())
    def allocator_dies(self, really: bool, keeps_log: bool = True) -> None:
        """A new process goes on from the log, if the disk kept it."""
        if not really:
            return
        self.to_gateway.clear()
        self.to_allocator.clear()
        if not keeps_log:
            self.allocator = CapitalAllocator(slots=SLOTS, quote="USDC")
            self._log_from_here()
            return
        self.replaying_the_log_gives_the_same_state()
        allocator = replay(self._on_disk(), slots=SLOTS, quote="USDC")
        assert allocator is not None
        self.allocator = allocator
        self._hand_in(Reborn())

    def _hand_in(self, event: AllocatorEvent) -> None:
        """Log, then apply, as the shell does."""
        self.log.append(LoggedInput(self.now_ns, event))
        self._dispatch(self.allocator.handle(event, self.now_ns))

    def _log_from_here(self) -> None:
        self.log: list[LoggedRecord] = [LoggedState(self.allocator.state)]

    @rule()
    def log_begins_anew(self) -> None:
        self._log_from_here()

    @rule()
    def replaying_the_log_gives_the_same_state(self) -> None:
        again = replay(self._on_disk(), slots=SLOTS, quote="USDC")
        assert again is not None and state_hash(again.state) == state_hash(self.allocator.state)

    def _on_disk(self) -> list[LoggedRecord]:
        """The log as bytes and back, so that what cannot be written down is found."""
        return [LOGGED.decode(msgspec.json.encode(record)) for record in self.log]

    @rule(really=st.sampled_from((False, False, False, True)))
    def links_break(self, really: bool) -> None:
        if not really:
            return
        self.to_gateway.clear()
        self.to_allocator.clear()

    # --- what always holds ---

    @invariant()
    def allocator_promises_no_more_than_capital(self) -> None:
        status = self.allocator.status(self.now_ns)
        assert status.granted + status.locked <= status.capital
        assert all(lease.amount >= 0 for lease in status.leases)

    @invariant()
    def gateway_never_holds_more_than_capital_while_nothing_was_lost(self) -> None:
        if self.lossless:
            assert self.gateway.committed() <= self.gateway.capital


def _spent(lease: CapitalLease) -> CapitalLease:
    return CapitalLease(lease.pair, lease.epoch, lease.amount, expires_ns=0)


TestLeases = Leases.TestCase
TestLeases.settings = settings(max_examples=300, stateful_step_count=30, deadline=None)


@pytest.mark.parametrize("seed", range(30))
def test_leases_stay_within_capital_through_a_long_random_life(seed: int) -> None:
    """The same world driven for hundreds of steps: deep states that short, shrinkable sequences rarely reach."""
    rng, world = Random(seed), Leases()

    def pair() -> str:
        return rng.choice(PAIRS)

    for _ in range(400):
        act: Callable[[], None] = rng.choice(
            (
                lambda: world.gateway_reads(rng.choice((1, 1, 1, 0, 2))),
                lambda: world.allocator_reads(rng.choice((1, 1, 1, 0, 2))),
                lambda: world.time_passes(rng.randint(1, 6)),
                lambda: world.trader_asks(pair(), rng.randint(1, 7), stale=False),
                lambda: world.trader_gets_to_work(pair()),
                lambda: world.trader_buys(pair(), 100),
                lambda: world.trader_dies(pair(), rng.randint(0, 2)),
                lambda: world.position_is_sold(pair(), 0),
                lambda: world.allocator_dies(really=rng.random() < 0.05, keeps_log=rng.random() < 0.5),
                lambda: world.links_break(really=rng.random() < 0.1),
            )
        )
        act()
        world.allocator_promises_no_more_than_capital()
        if len(world.log) > 50:
            world.replaying_the_log_gives_the_same_state()
            world.log_begins_anew()
        world.gateway_never_holds_more_than_capital_while_nothing_was_lost()
