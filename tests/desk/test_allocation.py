"""Leases: what one trader gets, when it is told, and what is still counted."""

from wildbot.desk.allocation import LEASE_NS, RECALL_EVERY_NS, RESEND_NS, AllocatorCommand, CapitalAllocator, Reborn
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

T0 = 1_000 * NANOS_PER_SECOND
BTC, ETH, SOL, XRP = "BTC/USDC", "ETH/USDC", "SOL/USDC", "XRP/USDC"


def usdc(amount: float) -> Money:
    return Money(round(amount * MONEY_ONE))


def an_account(starting: float = 15, *positions: PositionState, leases: tuple[CapitalLease, ...] = ()) -> AccountState:
    return AccountState(usdc(starting), Money(0), positions, leases)


def an_allocator(account: AccountState | None = None, slots: int = 3) -> CapitalAllocator:
    allocator = CapitalAllocator(slots=slots, quote="USDC")
    allocator.handle(account if account is not None else an_account(), T0)
    return allocator


def the_table(commands: list[AllocatorCommand]) -> LeaseTable:
    (table,) = [command for command in commands if isinstance(command, LeaseTable)]
    return table


def granted(allocator: CapitalAllocator, pair: str, epoch: int, now_ns: int = T0) -> CapitalLease:
    table = the_table(allocator.handle(LeaseRequest(pair, epoch, usdc(1)), now_ns))
    (told,) = allocator.handle(LeaseTableAck(table.version), now_ns)
    assert isinstance(told, CapitalLease)
    return told


def end(allocator: CapitalAllocator, pair: str, epoch: int, account: AccountState, now_ns: int = T0) -> None:
    """An epoch ends, the gateway acknowledges the table without it and says what position it left."""
    table = the_table(allocator.handle(EpochEnded(pair, epoch), now_ns))
    allocator.handle(LeaseTableAck(table.version), now_ns)
    allocator.handle(account, now_ns)


def test_first_trader_gets_one_equal_share() -> None:
    lease = granted(an_allocator(), BTC, 1)
    assert lease == CapitalLease(BTC, 1, usdc(5), T0 + LEASE_NS)


def test_trader_is_told_only_after_gateway_acknowledged_the_table() -> None:
    allocator = an_allocator()
    first = allocator.handle(LeaseRequest(BTC, 1, usdc(1)), T0)
    assert [type(command) for command in first] == [LeaseTable]
    again = allocator.handle(LeaseRequest(BTC, 1, usdc(1)), T0 + 1)
    assert again == []
    older = allocator.handle(LeaseTableAck(the_table(first).version - 1), T0 + 2)
    assert older == []
    assert [type(command) for command in allocator.handle(LeaseTableAck(the_table(first).version), T0 + 3)] == [
        CapitalLease
    ]


def test_ack_of_a_future_version_proves_nothing() -> None:
    allocator = an_allocator()
    table = the_table(allocator.handle(LeaseRequest(BTC, 1, usdc(1)), T0))
    assert allocator.handle(LeaseTableAck(table.version + 1), T0) == []


def test_three_equal_leases_use_the_whole_capital_and_the_fourth_waits() -> None:
    allocator = an_allocator()
    for epoch, pair in enumerate((BTC, ETH, SOL), start=1):
        granted(allocator, pair, epoch)
    assert allocator.status(T0).granted == usdc(15)
    (refused,) = allocator.handle(LeaseRequest(XRP, 4, usdc(1)), T0)
    assert isinstance(refused, LeaseRefused) and "only 0.00 USDC is free" in refused.reason


def test_waiting_request_is_granted_when_a_lease_has_ended_and_settled() -> None:
    allocator = an_allocator()
    for epoch, pair in enumerate((BTC, ETH, SOL), start=1):
        granted(allocator, pair, epoch)
    allocator.handle(LeaseRequest(XRP, 4, usdc(1)), T0)
    gone = the_table(allocator.handle(EpochEnded(BTC, 1), T0))
    assert [lease.pair for lease in gone.leases] == [ETH, SOL]
    assert allocator.handle(an_account(), T0) == [], "an account from before the acknowledgement frees nothing"
    assert allocator.handle(LeaseTableAck(gone.version), T0) == [LeaseRecall()]
    table = the_table(allocator.handle(an_account(), T0))
    assert {lease.pair for lease in table.leases} == {ETH, SOL, XRP}


def test_position_without_lease_is_locked_at_cost_and_shrinks_every_share() -> None:
    allocator = an_allocator(an_account(15, PositionState(ETH, lots=10, basis=usdc(6))))
    assert allocator.status(T0).locked == usdc(6)
    assert granted(allocator, BTC, 1).amount == usdc(3)


def test_heir_of_a_position_gets_at_least_its_cost_when_that_is_free() -> None:
    allocator = an_allocator(an_account(15, PositionState(ETH, lots=10, basis=usdc(6))))
    assert granted(allocator, ETH, 1).amount == usdc(6)
    assert allocator.status(T0).locked == 0


def test_holder_of_a_position_is_never_refused_for_a_small_share() -> None:
    allocator = an_allocator(an_account(15, PositionState(ETH, lots=10, basis=usdc(2))))
    table = the_table(allocator.handle(LeaseRequest(ETH, 1, usdc(9)), T0))
    assert table.leases[0].amount == usdc(5)


def test_pair_whose_smallest_order_does_not_fit_is_refused_with_the_capital_needed() -> None:
    (refused,) = an_allocator().handle(LeaseRequest(BTC, 1, usdc(6)), T0)
    assert isinstance(refused, LeaseRefused)
    assert "needs 6.00 USDC" in refused.reason and "5.00 USDC" in refused.reason and "18.00 USDC" in refused.reason


def test_smallest_order_of_exactly_the_share_fits() -> None:
    assert the_table(an_allocator().handle(LeaseRequest(BTC, 1, usdc(5)), T0)).leases[0].amount == usdc(5)


def test_renewal_extends_the_expiry_and_changes_nothing_within_a_second() -> None:
    allocator = an_allocator()
    lease = granted(allocator, BTC, 1)
    assert allocator.handle(LeaseRequest(BTC, 1, usdc(1)), T0 + 1) == [lease]
    later = T0 + 2 * NANOS_PER_SECOND
    assert granted(allocator, BTC, 1, later).expires_ns == later + LEASE_NS


def test_expired_lease_still_counts_until_its_epoch_has_ended() -> None:
    allocator = an_allocator(slots=1)
    granted(allocator, BTC, 1)
    late = T0 + 10 * LEASE_NS
    assert allocator.status(late).granted == usdc(15)
    (refused,) = allocator.handle(LeaseRequest(ETH, 2, usdc(1)), late)
    assert isinstance(refused, LeaseRefused)
    end(allocator, BTC, 1, an_account(), late)
    assert allocator.status(late).leases[0].pair == ETH


def test_new_epoch_of_a_pair_waits_for_the_end_of_the_old() -> None:
    allocator = an_allocator()
    granted(allocator, BTC, 1)
    assert allocator.handle(LeaseRequest(BTC, 2, usdc(1)), T0) == []
    end(allocator, BTC, 1, an_account())
    assert allocator.status(T0).leases[0].epoch == 2


def test_ended_epoch_never_gets_a_lease_again() -> None:
    allocator = an_allocator()
    allocator.handle(EpochEnded(BTC, 7), T0)
    (refused,) = allocator.handle(LeaseRequest(BTC, 7, usdc(1)), T0)
    assert isinstance(refused, LeaseRefused) and "over" in refused.reason


def test_loss_cuts_the_leases_in_the_step_that_tells_of_it() -> None:
    allocator = an_allocator()
    for epoch, pair in enumerate((BTC, ETH, SOL), start=1):
        granted(allocator, pair, epoch)
    table = the_table(allocator.handle(an_account(15, PositionState(BTC, realised=usdc(-4))), T0))
    assert table.capital == usdc(11)
    assert sum(lease.amount for lease in table.leases) == usdc(11)


def test_profit_after_fees_adds_to_the_capital() -> None:
    allocator = an_allocator(an_account(15, PositionState(BTC, realised=usdc(4), fees=usdc(1))))
    assert allocator.status(T0).capital == usdc(18)


def test_start_takes_over_what_the_gateway_held() -> None:
    held = CapitalLease(BTC, 3, usdc(5), T0 + 1)
    allocator = CapitalAllocator(slots=3, quote="USDC")
    assert LeaseRecall() in allocator.on_timer(T0)
    assert allocator.handle(LeaseRequest(ETH, 4, usdc(1)), T0) == []
    table = the_table(allocator.handle(an_account(15, leases=(held,)), T0))
    assert {lease.pair: lease.epoch for lease in table.leases} == {BTC: 3, ETH: 4}


def test_unacknowledged_table_is_sent_again() -> None:
    allocator = an_allocator()
    table = the_table(allocator.handle(LeaseRequest(BTC, 1, usdc(1)), T0))
    assert table in allocator.on_timer(T0 + RESEND_NS)
    allocator.handle(LeaseTableAck(table.version), T0 + RESEND_NS)
    assert not [c for c in allocator.on_timer(T0 + 3 * RESEND_NS) if isinstance(c, LeaseTable)]


def test_account_is_asked_for_and_status_said_twice_a_second() -> None:
    allocator = an_allocator()
    allocator.on_timer(T0)
    seen = [c for step in range(1, 9) for c in allocator.on_timer(T0 + step * RECALL_EVERY_NS // 4)]
    assert sum(isinstance(command, LeaseRecall) for command in seen) == 2
    assert sum(isinstance(command, AllocatorStatus) for command in seen) == 2


# --- restarts from the log ---


def restarted(allocator: CapitalAllocator) -> CapitalAllocator:
    return CapitalAllocator.from_state(allocator.state, quote="USDC")


def test_a_lease_that_waits_for_its_acknowledgement_is_told_after_a_restart() -> None:
    allocator = an_allocator()
    table = the_table(allocator.handle(LeaseRequest(BTC, 1, usdc(1)), T0))
    (told,) = restarted(allocator).handle(LeaseTableAck(table.version), T0 + 1)
    assert isinstance(told, CapitalLease) and told.amount == usdc(5)


def test_what_is_being_settled_still_waits_for_its_table_after_a_restart() -> None:
    allocator = an_allocator()
    granted(allocator, BTC, 1)
    allocator.handle(EpochEnded(BTC, 1), T0)
    again = restarted(allocator)
    again.handle(an_account(), T0 + 1)
    assert again.status(T0 + 1).granted == usdc(5), "the gateway has not taken it out yet"


def test_after_a_restart_nothing_is_granted_before_the_account_is_heard_anew() -> None:
    allocator = restarted(an_allocator())
    allocator.handle(Reborn(), T0)
    assert allocator.handle(LeaseRequest(BTC, 1, usdc(1)), T0) == []
    smaller = an_account(9)
    assert the_table(allocator.handle(smaller, T0 + 1)).leases[0].amount == usdc(3)


def test_after_a_restart_the_newer_of_log_and_gateway_counts() -> None:
    allocator = an_allocator()
    granted(allocator, BTC, 2)
    granted(allocator, ETH, 3)
    again = restarted(allocator)
    again.handle(Reborn(), T0)
    # The gateway missed the last table on BTC and, so a log that lost its end, knows a later epoch of ETH.
    theirs = (CapitalLease(BTC, 2, usdc(1), T0), CapitalLease(ETH, 4, usdc(4), T0 + LEASE_NS))
    table = the_table(again.handle(an_account(leases=theirs), T0 + 1))
    assert {(lease.pair, lease.epoch, lease.amount) for lease in table.leases} == {
        (BTC, 2, usdc(5)),
        (ETH, 4, usdc(4)),
    }
    assert again.status(T0 + 1).granted == usdc(14), "the older epoch of ETH is settled, not forgotten"


def test_leases_cut_together_are_told_in_the_order_of_the_table() -> None:
    """The order of a set's members depends on this process's hashes: one seed would be two stories."""
    pairs = [f"P{number}/USDC" for number in range(6)]
    allocator = an_allocator(slots=len(pairs))
    for epoch, pair in enumerate(pairs, 1):
        granted(allocator, pair, epoch)
    table = the_table(allocator.handle(an_account(1), T0))
    told = allocator.handle(LeaseTableAck(table.version), T0)
    assert [lease.pair for lease in told if isinstance(lease, CapitalLease)] == pairs
