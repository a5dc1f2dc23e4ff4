"""Traders and the allocator as the gateway knows them: epochs, inheritances, numbered reports, leases.

Rules: an epoch is the current one of its pair from its `TraderHello` until it is ended or a higher one says hello; an
    order of any other epoch is fenced. A trader inherits only when nothing of its pair rests, is unknown, or has
    executed without us having the fills. A lease table is on disk before it is acknowledged and before it counts.
Owns: the report numbers; who waits for an inheritance; which epochs are being ended.
Source: fencing tokens.
"""

from wildbot.desk.gateway_commands import (
    TellAllocator,
    TellSupervisor,
    TellTrader,
    WriteLeases,
    WriteMeta,
)
from wildbot.desk.gateway_state import GatewayState, Phase
from wildbot.model.control import EndEpoch, EpochEnded
from wildbot.model.desk import (
    CapitalLease,
    CountQuestion,
    FeesChanged,
    Inheritance,
    LeaseTable,
    LeaseTableAck,
    Report,
    ReportCount,
    TraderHello,
)
from wildbot.model.executions import Denied, OrderReport
from wildbot.model.instrument import FeeSchedule

ENDED_KEY = "epoch_ended/"
"""Prefix of the journal's memory of the highest ended epoch per pair."""

NUMBER_LOST = 2**53
"""A report number that no trader can have counted to."""


class Peers:
    """The gateway's side of the desk protocol."""

    def __init__(self, state: GatewayState) -> None:
        self._state = state
        self._numbers: dict[int, int] = {}
        self._hellos: dict[str, TraderHello] = {}
        self._ending: dict[str, int] = {}

    # --- traders --------------------------------------------------------------------------------------------------

    def hello(self, message: TraderHello, now_ns: int) -> None:
        """A trader asks for its inheritance; older epochs of its pair end here."""
        state, pair = self._state, message.pair
        if pair not in state.setup.universe:
            state.note(now_ns, "hello_refused", f"epoch {message.epoch}: {pair} is not in the universe", pair)
            return
        if message.epoch <= state.ended.get(pair, 0) or message.epoch < state.epochs.get(pair, 0):
            state.note(now_ns, "hello_refused", f"epoch {message.epoch} is fenced", pair)
            return
        former = state.epochs.get(pair, 0)
        if former and former < message.epoch:
            self._fence(pair, former)
        state.want_cancel_all("inheritance", pair)
        self._hellos[pair] = message
        self.settle(now_ns)

    def count(self, question: CountQuestion) -> None:
        """A trader asks whether it has heard everything; one that has no inheritance here learns that it has not.

        What the wire or this gateway's predecessor lost would else stay unknown to a trader that wants nothing.
        """
        state, pair, epoch = self._state, question.pair, question.epoch
        if state.phase is Phase.STARTING or pair in self._hellos or epoch <= state.ended.get(pair, 0):
            return  # it cannot be said yet, is about to be said, or concerns nobody any more
        is_known = state.epochs.get(pair) == epoch
        state.do(TellTrader(epoch, ReportCount(epoch, self._numbers.get(epoch, NUMBER_LOST) if is_known else NUMBER_LOST)))

    def end_epoch(self, message: EndEpoch, now_ns: int) -> None:
        """The supervisor says that this trader start is over."""
        self._fence(message.pair, message.epoch)
        if message.pair in self._hellos and self._hellos[message.pair].epoch <= message.epoch:
            del self._hellos[message.pair]
        self._state.want_cancel_all("epoch ended", message.pair, message.epoch)
        self._ending[message.pair] = max(message.epoch, self._ending.get(message.pair, 0))
        self._state.note(now_ns, "epoch_ending", f"epoch {message.epoch}", message.pair)
        self.settle(now_ns)

    def settle(self, now_ns: int) -> None:
        """Answer whoever waited for orders to be gone, where they are."""
        state = self._state
        if state.phase is Phase.STARTING:
            return
        for pair, epoch in list(self._ending.items()):
            if any(each.epoch <= epoch for each in state.intents.unfinished(pair)):
                continue
            del self._ending[pair]
            state.note(now_ns, "epoch_ended", f"epoch {epoch}", pair)
            state.do(TellSupervisor(EpochEnded(pair, epoch)))
        if state.phase is not Phase.READY and state.phase is not Phase.HALTED:
            return
        for pair, hello in list(self._hellos.items()):
            if pair in self._ending or any(state.intents.unfinished(pair)):
                continue
            del self._hellos[pair]
            self._inherit(hello, now_ns)

    def is_current(self, pair: str, epoch: int) -> bool:
        """Whether orders of this epoch may pass."""
        return state_epoch(self._state, pair) == epoch and pair not in self._hellos

    def report(self, pair: str, epoch: int, body: OrderReport) -> None:
        """Number a report and send it to its owner, if that epoch is still the pair's."""
        if self._state.epochs.get(pair) != epoch or epoch not in self._numbers:
            return
        self._numbers[epoch] += 1
        self._state.do(TellTrader(epoch, Report(epoch, self._numbers[epoch], body)))

    def deny(self, pair: str, epoch: int, body: Denied) -> None:
        """Tell whoever asked, current or not.

        A trader that outlived this gateway's predecessor has no inheritance here: a number far ahead of its count makes it
        say hello. A fenced one hears number 0, which asks for nothing.
        """
        state = self._state
        state.requests["denied"] += 1
        if state.epochs.get(pair) == epoch and epoch in self._numbers:
            self.report(pair, epoch, body)
            return
        hello = self._hellos.get(pair)
        newest = max(state.epochs.get(pair, 0), hello.epoch if hello is not None else 0)
        fenced = epoch <= state.ended.get(pair, 0) or epoch < newest
        state.do(TellTrader(epoch, Report(epoch, 0 if fenced else NUMBER_LOST, body)))

    def fees_changed(self, pair: str, fees: FeeSchedule) -> None:
        """Tell the pair's trader its new rates."""
        epoch = state_epoch(self._state, pair)
        if epoch:
            self._state.do(TellTrader(epoch, FeesChanged(pair, fees)))

    def _inherit(self, hello: TraderHello, now_ns: int) -> None:
        state, pair, epoch = self._state, hello.pair, hello.epoch
        state.epochs[pair] = epoch
        self._numbers[epoch] = 0
        state.note(now_ns, "inheritance", f"epoch {epoch}, {state.books.position(pair).lots} lots", pair)
        position, fees = state.books.position(pair), state.fees[pair]
        told = Inheritance(epoch, state.instruments[pair], fees, position, hello.number, state.rate_max)
        state.do(TellTrader(epoch, told))

    def _fence(self, pair: str, epoch: int) -> None:
        state = self._state
        state.ended[pair] = max(epoch, state.ended.get(pair, 0))
        state.do(WriteMeta(ENDED_KEY + pair, str(state.ended[pair])))
        if state.epochs.get(pair, epoch + 1) <= epoch:
            self._numbers.pop(state.epochs.pop(pair), None)

    # --- the allocator --------------------------------------------------------------------------------------------

    def lease_table(self, table: LeaseTable, now_ns: int) -> None:
        """Put a table into force; the acknowledgement leaves after the row is on disk."""
        state = self._state
        total = sum(lease.amount for lease in table.leases)
        if total > table.capital or any(lease.amount < 0 for lease in table.leases):
            state.halt(now_ns, f"lease table {table.version} grants {total} of capital {table.capital}")
            return
        state.leases = {lease.pair: lease for lease in table.leases}
        state.lease_version = table.version
        state.do(WriteLeases(table), TellAllocator(LeaseTableAck(table.version)))

    def recall(self) -> None:
        """Tell the allocator what the account is and which leases were in force last."""
        if self._state.phase is not Phase.STARTING:
            self._state.do(TellAllocator(self._state.account_for_leases()))

    def lease_of(self, pair: str, epoch: int) -> CapitalLease | None:
        """Return the lease of exactly this epoch."""
        lease = self._state.leases.get(pair)
        return lease if lease is not None and lease.epoch == epoch else None


def state_epoch(state: GatewayState, pair: str) -> int:
    """Return the current epoch of a pair, 0 when there is none."""
    return state.epochs.get(pair, 0)
