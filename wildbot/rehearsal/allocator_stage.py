"""The balance allocator on virtual time: `actors.balance_allocator` with planned wires."""

from collections.abc import Iterable

from wildbot.desk.allocation import AllocatorCommand, CapitalAllocator
from wildbot.desk.supervision_words import ALLOCATOR, GATEWAY
from wildbot.model.control import EpochEnded, FromSupervisor
from wildbot.model.desk import AccountState, CapitalLease, LeaseRecall, LeaseRefused, LeaseTable, LeaseTableAck
from wildbot.model.instrument import NANOS_PER_MS
from wildbot.model.status import AllocatorStatus
from wildbot.protocol.bus import FROM_GATEWAY, TO_ALLOCATOR, encode
from wildbot.rehearsal.stage import CAPITAL, ORDERS, Stage
from wildbot.rehearsal.world import World

TIMER_NS = 250 * NANOS_PER_MS


class AllocatorStage(Stage):
    """One life of the allocator."""

    world: World

    def __init__(self, world: World) -> None:
        super().__init__(world, ALLOCATOR)
        self.state = "running"
        self.allocator: CapitalAllocator = world.brains.allocator()
        self._peers: dict[tuple[str, int], str] = {}

    def begin(self) -> None:
        """Ask the gateway what was held last."""
        super().begin()
        self.every(TIMER_NS, self._tick)
        self._tick()

    def ask_to_stop(self) -> None:
        """TERM."""
        self.stop(0)

    def hear(self, channel: str, source: str, frame: bytes) -> None:
        """A frame has arrived."""
        if channel == CAPITAL:
            request = TO_ALLOCATOR.decode(frame)
            self._peers[request.pair, request.epoch] = source
            answers = self.allocator.handle(request, self.now_ns())
            self.reach("alloc.applied")
            self._carry_out(answers)
            self.reach("alloc.replied")
        elif channel == ORDERS:
            message = FROM_GATEWAY.decode(frame)
            if isinstance(message, LeaseTableAck | AccountState):
                self._carry_out(self.allocator.handle(message, self.now_ns()))
        else:
            super().hear(channel, source, frame)

    def on_command(self, command: FromSupervisor) -> None:
        """The supervisor passes on that an epoch has ended."""
        if isinstance(command, EpochEnded):
            self._peers.pop((command.pair, command.epoch), None)
            self._carry_out(self.allocator.handle(command, self.now_ns()))

    def _tick(self) -> None:
        self._carry_out(self.allocator.on_timer(self.now_ns()))

    def _carry_out(self, commands: Iterable[AllocatorCommand]) -> None:
        links = self.world.links
        for command in commands:
            match command:
                case LeaseTable() | LeaseRecall():
                    links.send(ORDERS, self, GATEWAY, encode(command))
                case CapitalLease() | LeaseRefused():
                    peer = self._peers.get((command.pair, command.epoch))
                    if peer is not None:
                        links.send(CAPITAL, self, peer, encode(command))
                case AllocatorStatus():
                    self.report(command)
