"""The balance allocator: the shell around `CapitalAllocator`, between the traders and the order gateway.

Rules: decides nothing. A trader is answered on the connection it asked from; an answer to a trader that is gone is lost,
    and its successor asks anew.
Owns: the `capital` socket, the link to the gateway, who asked from where.
"""

from collections.abc import Iterable, Sequence

from actors.runtime import Runtime
from actors.spec import ActorSpec
from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import Hub, Spoke
from wildbot.desk.allocation import AllocatorCommand, CapitalAllocator
from wildbot.model.control import EpochEnded, FromSupervisor
from wildbot.model.desk import (
    AccountState,
    CapitalLease,
    LeaseRecall,
    LeaseRefused,
    LeaseRequest,
    LeaseTable,
    LeaseTableAck,
)
from wildbot.model.status import AllocatorStatus
from wildbot.protocol.bus import FROM_GATEWAY, TO_ALLOCATOR, encode
from wildbot.settings_loading import load

NAME = "balance_allocator"
LINK_NAME = "allocator"
"""What the order gateway calls this actor on its socket."""

TIMER_S = 0.25
PEERS_MAX = 64


class BalanceAllocator:
    """One allocator on a given loop."""

    def __init__(self, runtime: Runtime, allocator: CapitalAllocator) -> None:
        self._runtime = runtime
        self._allocator = allocator
        self._peers: dict[tuple[str, int], bytes] = {}
        self._traders = Hub(runtime.home.socket("capital"))
        self._gateway = Spoke(runtime.home.socket("orders"), LINK_NAME)
        runtime.watch(self._traders.socket, self._hear_traders)
        runtime.watch(self._gateway.socket, self._hear_gateway)
        runtime.on_command = self._on_command
        runtime.every(TIMER_S, self._tick)
        runtime.state = "running"
        self._tick()

    def close(self) -> None:
        """Close the sockets."""
        self._traders.close()
        self._gateway.close()

    def _hear_traders(self) -> None:
        for peer, frame in self._traders.drain():
            request = TO_ALLOCATOR.decode(frame)
            self._remember(request, peer)
            self._carry_out(self._allocator.handle(request, self._runtime.now_ns()))

    def _hear_gateway(self) -> None:
        for frame in self._gateway.drain():
            message = FROM_GATEWAY.decode(frame)
            if isinstance(message, LeaseTableAck | AccountState):
                self._carry_out(self._allocator.handle(message, self._runtime.now_ns()))

    def _on_command(self, command: FromSupervisor) -> None:
        if isinstance(command, EpochEnded):
            self._runtime.log.info("epoch {} of {} has ended", command.epoch, command.pair)
            self._peers.pop((command.pair, command.epoch), None)
            self._carry_out(self._allocator.handle(command, self._runtime.now_ns()))

    def _tick(self) -> None:
        self._carry_out(self._allocator.on_timer(self._runtime.now_ns()))

    def _remember(self, request: LeaseRequest, peer: bytes) -> None:
        if len(self._peers) >= PEERS_MAX:
            del self._peers[next(iter(self._peers))]  # the oldest: epochs that nobody ended properly
        self._peers[request.pair, request.epoch] = peer

    def _carry_out(self, commands: Iterable[AllocatorCommand]) -> None:
        log = self._runtime.log
        for command in commands:
            match command:
                case LeaseTable():
                    log.debug("table {} of {} leases, capital {}", command.version, command.leases, command.capital)
                    self._gateway.send(encode(command))
                case LeaseRecall():
                    self._gateway.send(encode(command))
                case CapitalLease():
                    log.debug("{} may use {} until {}", command.pair, command.amount, command.expires_ns)
                    self._tell(command)
                case LeaseRefused():
                    log.info("{} epoch {} gets no lease: {}", command.pair, command.epoch, command.reason)
                    self._tell(command)
                case AllocatorStatus():
                    self._runtime.report(command)

    def _tell(self, answer: CapitalLease | LeaseRefused) -> None:
        peer = self._peers.get((answer.pair, answer.epoch))
        if peer is not None:
            self._traders.send(peer, encode(answer))


def run(words: Sequence[str]) -> int:
    """Run the allocator of this home until it is asked to stop."""
    del words
    settings = load().settings
    runtime = Runtime(NAME, Home(settings.home), level=settings.log.level)
    allocator = CapitalAllocator(slots=settings.trading.max_traders, quote=settings.capital.currency)
    shell = BalanceAllocator(runtime, allocator)
    code = runtime.run()
    shell.close()
    return code


ACTOR = ActorSpec(NAME, "shares the capital out between the traders", run)
