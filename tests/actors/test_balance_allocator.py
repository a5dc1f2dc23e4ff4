"""The allocator's shell over real sockets: request, table, acknowledgement, lease, in this order."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.balance_allocator import LINK_NAME, BalanceAllocator
from actors.runtime import Runtime
from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import Hub, Spoke
from wildbot.desk.allocation import CapitalAllocator
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
        self.allocator = BalanceAllocator(self.runtime, CapitalAllocator(slots=3, quote="USDC"))
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
