"""The allocator's shell over real sockets: request, table, acknowledgement, lease, in this order."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from actors.balance_allocator import LINK_NAME, BalanceAllocator
from actors.runtime import Runtime
from wildbot.adapters.append_log import AppendLog
from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import Hub, Spoke
from wildbot.desk.allocator_state import state_hash
from wildbot.model.control import EpochEnded
from wildbot.model.desk import AccountState, CapitalLease, LeaseRecall, LeaseRequest, LeaseTable, LeaseTableAck
from wildbot.model.instrument import MONEY_ONE, Money
from wildbot.protocol.bus import FROM_ALLOCATOR, TO_GATEWAY, encode

TURNS_MAX = 400
ACCOUNT = AccountState(Money(15 * MONEY_ONE), Money(0), ())


class Bench:
    """The allocator's loop, with a gateway and one trader at the ends of its sockets."""

    def __init__(self, home: Home) -> None:
        self.runtime = Runtime("balance_allocator", home, linked=False)
        self.gateway = Hub(home.socket("orders"))
        self.log = AppendLog(home.data / "sim.allocator.jsonl")
        self.allocator = BalanceAllocator(self.runtime, self.log, slots=3, quote="USDC")
        self.trader = Spoke(home.socket("capital"), "trader-BTC-USDC")
        self.heard: list[LeaseTable | LeaseRecall] = []

    def next_from_gateway_side(self, kind: type[LeaseTable | LeaseRecall]) -> LeaseTable | LeaseRecall:
        """Turn the loop until the allocator has said something of this kind to the gateway."""
        for _ in range(TURNS_MAX):
            self.runtime.turn(10)
            for _, frame in self.gateway.drain():
                message = TO_GATEWAY.decode(frame)
                if isinstance(message, kind):
                    return message
        raise AssertionError(f"no {kind.__name__}")

    def trader_hears(self) -> list[object]:
        for _ in range(TURNS_MAX):
            self.runtime.turn(10)
            frames = self.trader.drain()
            if frames:
                return [FROM_ALLOCATOR.decode(frame) for frame in frames]
        return []

    def gateway_says(self, message: AccountState | LeaseTableAck) -> None:
        assert self.gateway.send(LINK_NAME.encode(), encode(message))

    def close(self) -> None:
        self.allocator.close()
        self.trader.close()
        self.gateway.close()
        self.runtime.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(Home(tmp_path))
    yield bench
    bench.close()


def test_trader_hears_of_its_lease_after_the_gateway_has_it(bench: Bench) -> None:
    bench.next_from_gateway_side(LeaseRecall)
    bench.gateway_says(ACCOUNT)
    bench.trader.send(encode(LeaseRequest("BTC/USDC", 1, Money(MONEY_ONE))))
    table = bench.next_from_gateway_side(LeaseTable)
    assert isinstance(table, LeaseTable) and [lease.pair for lease in table.leases] == ["BTC/USDC"]
    assert bench.trader.drain() == []
    bench.gateway_says(LeaseTableAck(table.version))
    (lease,) = bench.trader_hears()
    assert isinstance(lease, CapitalLease) and lease.amount == 5 * MONEY_ONE


def test_end_of_an_epoch_takes_its_lease_out_of_the_table(bench: Bench) -> None:
    bench.next_from_gateway_side(LeaseRecall)
    bench.gateway_says(ACCOUNT)
    bench.trader.send(encode(LeaseRequest("BTC/USDC", 1, Money(MONEY_ONE))))
    bench.next_from_gateway_side(LeaseTable)
    bench.runtime.on_command(EpochEnded("BTC/USDC", 1))
    table = bench.next_from_gateway_side(LeaseTable)
    assert isinstance(table, LeaseTable)
    while table.leases:  # the unacknowledged older table may be repeated first
        table = bench.next_from_gateway_side(LeaseTable)
        assert isinstance(table, LeaseTable)


def reborn(bench: Bench, slots: int = 3) -> BalanceAllocator:
    """Another process' allocator over the same log, as after a kill -9: nothing was closed or said."""
    runtime = Runtime("balance_allocator", Home(bench.runtime.home.root / "other"), linked=False)
    return BalanceAllocator(runtime, AppendLog(bench.runtime.home.data / "sim.allocator.jsonl"), slots=slots, quote="USDC")


def to_work(bench: Bench) -> None:
    bench.next_from_gateway_side(LeaseRecall)
    bench.gateway_says(ACCOUNT)
    bench.trader.send(encode(LeaseRequest("BTC/USDC", 1, Money(MONEY_ONE))))
    table = bench.next_from_gateway_side(LeaseTable)
    assert isinstance(table, LeaseTable)
    bench.gateway_says(LeaseTableAck(table.version))
    assert bench.trader_hears()


def test_a_killed_allocator_is_replayed_to_the_same_state(bench: Bench) -> None:
    to_work(bench)
    before = bench.allocator.state
    after = reborn(bench)
    assert state_hash(structs.replace(after.state, is_current=True)) == state_hash(before)
    assert before.is_current and not after.state.is_current, "nothing is granted until the account is heard anew"
    after.close()
    after._runtime.close()


def test_a_log_that_cannot_be_followed_is_begun_anew(bench: Bench) -> None:
    to_work(bench)
    other = reborn(bench, slots=2)
    assert not other.state.leases
    other.close()
    other._runtime.close()


def test_a_log_begins_anew_with_its_state_before_it_grows_too_long(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.balance_allocator.INPUTS_MAX", 5)
    to_work(bench)
    for _ in range(20):
        bench.gateway_says(ACCOUNT)
    for _ in range(2):
        bench.next_from_gateway_side(LeaseRecall)
    assert len(list(bench.log.lines())) <= 6
    after = reborn(bench)
    assert structs.replace(after.state, is_current=True) == bench.allocator.state
    after.close()
    after._runtime.close()
