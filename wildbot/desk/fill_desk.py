"""Books fills: each execution once, into the journal, the position, and the ears of owner and supervisor.

Rules: a fill counts whatever the state of its order, once it is known what its fee was paid in (see `fee_asset`). One
    without a client order id (the venue's REST does not say it) is named by its order id; when even that is unknown it
    waits among the orphans until a look has found its order.
"""

from msgspec.structs import replace

from wildbot.desk.fee_asset import asset_of_fee
from wildbot.desk.fee_watch import FeeWatch
from wildbot.desk.gateway_commands import TellSupervisor, WriteFill, WriteOrder
from wildbot.desk.gateway_state import GatewayState
from wildbot.desk.intents import Intent
from wildbot.desk.peers import Peers
from wildbot.model.executions import Filled
from wildbot.model.orders import OWN_PREFIX
from wildbot.model.status import Severity, TradeRecord
from wildbot.trading.order_state import OrderState
from wildbot.trading.position import FillOutcome

ORPHANS_MAX = 1_000


class FillDesk:
    """The door for fills."""

    def __init__(self, state: GatewayState, peers: Peers, fees: FeeWatch) -> None:
        self._state = state
        self._peers = peers
        self._fees = fees

    def fill(self, fill: Filled, now_ns: int) -> None:
        """Book a fill of ours, once."""
        state = self._state
        if state.books.has(fill.exec_id) or fill.pair not in state.instruments:
            return
        intent = state.intents.find(fill.cl_ord_id, fill.order_id)
        if intent is None:
            self._keep(fill)
            return
        instrument = state.instruments[fill.pair]
        asset = fill.fee_asset or asset_of_fee(fill, instrument, state.fees.get(fill.pair), in_base=intent.fee_in_base)
        if not asset:
            self._keep(fill)
            text = f"{fill.pair}: it cannot be told what the fee of {fill.exec_id} was paid in; waiting for evidence"
            state.alert(Severity.WARNING, "fee_unexplained", text)
            return
        state.orphans.pop(fill.exec_id, None)
        state.intents.reopen(intent)
        named = replace(fill, cl_ord_id=intent.cl_ord_id, fee_asset=asset)
        outcome = state.books.book(named, instrument)
        intent.filled_lots += fill.lots
        state.intents.bind(intent, fill.order_id)
        if intent.state in (OrderState.UNKNOWN, OrderState.PENDING):
            intent.settle_unknown()
        intent.learn_filled(intent.filled_lots)
        state.do(
            WriteFill(named, intent.epoch, intent.order.reason, outcome.realised),
            WriteOrder(intent, now_ns),
            TellSupervisor(_record(named, intent, outcome)),
        )
        self._peers.report(intent.pair, intent.epoch, named)
        state.intents.close_when_ended(intent)
        if intent.filled_lots > intent.lots and (intent.amend is None or intent.filled_lots > intent.amend.lots):
            state.halt(now_ns, f"{intent.cl_ord_id} executed {intent.filled_lots} lots of {intent.lots}")
        if asset != state.books.quote:
            state.alert(Severity.WARNING, "fee_asset", f"{fill.pair}: a fee was charged in {asset}")
        self._fees.charged(named, instrument)
        self._peers.settle(now_ns)

    def claim_orphans(self, now_ns: int) -> None:
        """Book the orphans whose order is known by now."""
        for fill in list(self._state.orphans.values()):
            self.fill(fill, now_ns)

    def _keep(self, fill: Filled) -> None:
        if fill.cl_ord_id and not fill.cl_ord_id.startswith(OWN_PREFIX):
            return
        if fill.order_id in self._state.foreign_ids:
            return
        orphans = self._state.orphans
        if fill.exec_id not in orphans and len(orphans) < ORPHANS_MAX:
            orphans[fill.exec_id] = fill
            self._state.wants_look = True


def _record(fill: Filled, intent: Intent, outcome: FillOutcome) -> TradeRecord:
    return TradeRecord(
        ts_ns=fill.ts_ns,
        pair=fill.pair,
        side=fill.side.value,
        ticks=fill.ticks,
        lots=fill.lots,
        fee=outcome.fee,
        liquidity=fill.liquidity.value,
        pnl=outcome.realised,
        reason=intent.order.reason,
        exec_id=fill.exec_id,
        epoch=intent.epoch,
    )
