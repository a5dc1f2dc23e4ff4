"""The balance allocator: the shell around `CapitalAllocator`, between the traders and the order gateway.

Rules: decides nothing. A trader is answered on the connection it asked from; an answer to a trader that is gone is lost,
    and its successor asks anew. Every input is logged before it is applied, and a new start begins where the log ends. A
    disk that refuses the log stops nobody: what is granted is in the order gateway's journal.
Owns: the `capital` socket, the link to the gateway, who asked from where, the log of its inputs.
"""

from collections.abc import Iterable, Sequence

import msgspec

from actors.runtime import Runtime
from actors.spec import ActorSpec
from wildbot.adapters import failpoints
from wildbot.adapters.append_log import AppendLog
from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import Hub, Spoke
from wildbot.desk.allocation import AllocatorCommand, AllocatorEvent, CapitalAllocator, Reborn
from wildbot.desk.allocator_replay import LoggedInput, LoggedRecord, LoggedState, replay
from wildbot.desk.allocator_state import AllocatorState, state_hash
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
from wildbot.model.errors import InvariantError
from wildbot.model.status import AllocatorStatus, Severity
from wildbot.protocol.bus import FROM_GATEWAY, TO_ALLOCATOR, encode
from wildbot.settings_loading import load

NAME = "balance_allocator"
LINK_NAME = "allocator"
"""What the order gateway calls this actor on its socket."""

TIMER_S = 0.25
PEERS_MAX = 64
INPUTS_MAX = 2_000
"""After so many inputs the log begins anew with the state they led to."""

LOG_KEY = "allocator_log"
LOGGED: msgspec.json.Decoder[LoggedRecord] = msgspec.json.Decoder(LoggedRecord)


class BalanceAllocator:
    """One allocator on a given loop."""

    def __init__(self, runtime: Runtime, log: AppendLog, *, slots: int, quote: str) -> None:
        self._runtime = runtime
        self._log = log
        self._logged = INPUTS_MAX  # a log that does not go on begins anew with the next input
        self._allocator = self._resume(slots, quote)
        self._peers: dict[tuple[str, int], bytes] = {}
        self._traders = Hub(runtime.home.socket("capital"))
        self._gateway = Spoke(runtime.home.socket("orders"), LINK_NAME)
        runtime.watch(self._traders.socket, self._hear_traders)
        runtime.guard("capital")
        runtime.watch(self._gateway.socket, self._hear_gateway)
        runtime.on_command = self._on_command
        runtime.every(TIMER_S, self._tick)
        runtime.state = "running"
        self._tick()

    def close(self) -> None:
        """Close the sockets."""
        self._traders.close()
        self._gateway.close()
        self._log.close()

    @property
    def state(self) -> AllocatorState:
        """The allocator's whole state."""
        return self._allocator.state

    def _resume(self, slots: int, quote: str) -> CapitalAllocator:
        """Return the allocator that the log leads to; a new one when there is no log that can be followed."""
        log = self._runtime.log
        try:
            records = [LOGGED.decode(line) for line in self._log.lines()]
            allocator = replay(records, slots=slots, quote=quote)
        except (OSError, msgspec.DecodeError, InvariantError) as error:
            log.error("the log of inputs cannot be followed, capital is recalled from the gateway alone: {}", error)
            allocator = None
        if allocator is None:
            return CapitalAllocator(slots=slots, quote=quote)
        log.info("replayed {} inputs; the state is {}", len(records) - 1, state_hash(allocator.state))
        allocator.handle(Reborn(), self._runtime.now_ns())
        return allocator

    def _apply(self, event: AllocatorEvent) -> list[AllocatorCommand]:
        """Log an input, then take it in."""
        now_ns = self._runtime.now_ns()
        try:
            if self._logged >= INPUTS_MAX:
                self._log.begin(msgspec.json.encode(LoggedState(self._allocator.state)))
                self._logged = 0
                self._runtime.clear(LOG_KEY)
            self._log.append(msgspec.json.encode(LoggedInput(now_ns, event)))
            self._logged += 1
        except OSError as error:
            self._logged = INPUTS_MAX  # a log with a gap would be replayed wrongly
            self._runtime.alert(Severity.WARNING, LOG_KEY, f"the allocator's inputs cannot be logged: {error.strerror}")
        return self._allocator.handle(event, now_ns)

    def _hear_traders(self) -> None:
        for peer, frame in self._traders.drain():
            request = TO_ALLOCATOR.decode(frame)
            self._remember(request, peer)
            answers = self._apply(request)
            failpoints.reach("alloc.applied")
            self._carry_out(answers)
            failpoints.reach("alloc.replied")

    def _hear_gateway(self) -> None:
        for frame in self._gateway.drain():
            message = FROM_GATEWAY.decode(frame)
            if isinstance(message, LeaseTableAck | AccountState):
                self._carry_out(self._apply(message))

    def _on_command(self, command: FromSupervisor) -> None:
        if isinstance(command, EpochEnded):
            self._runtime.log.info("epoch {} of {} has ended", command.epoch, command.pair)
            self._peers.pop((command.pair, command.epoch), None)
            self._carry_out(self._apply(command))

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
    runtime = Runtime(NAME, Home(settings.home), level=settings.log.level, settings=settings.fingerprint)
    shell = BalanceAllocator(
        runtime,
        AppendLog(runtime.home.data / f"{settings.profile}.allocator.jsonl"),
        slots=settings.trading.max_traders,
        quote=settings.capital.currency,
    )
    code = runtime.run()
    shell.close()
    return code


ACTOR = ActorSpec(NAME, "shares the capital out between the traders", run)
