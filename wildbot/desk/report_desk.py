"""Takes what the venue says of our orders, in any order and any number of times, and tells their owners.

Rules: a fill is booked once, by execution id, whatever the state of its order. An order ends by its own report or by the
    venue's own record of it, never by a refused or answered cancel. Evidence beats belief: an order we held for dead
    that shows up alive is alive, and is taken back at once.
"""

from typing import assert_never

from wildbot.desk.fill_desk import FillDesk
from wildbot.desk.gateway_commands import WriteOrder
from wildbot.desk.gateway_state import GatewayState
from wildbot.desk.intents import Intent
from wildbot.desk.peers import Peers
from wildbot.model.exchange import OrderStatus, OrderView
from wildbot.model.executions import (
    Accepted,
    Amended,
    AmendRejected,
    Canceled,
    CancelRejected,
    Completed,
    Denied,
    Expired,
    Filled,
    NotPlaced,
    OrderReport,
    OutcomeUnknown,
    Rejected,
)
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.orders import OWN_PREFIX
from wildbot.model.status import Severity
from wildbot.trading.order_state import OrderNews, OrderState

RATE_REFUSAL = "EOrder:Rate limit exceeded"
LIMIT_REFUSAL = "EOrder:Orders limit exceeded"
FUNDS_REFUSAL = "EOrder:Insufficient funds"
FUNDS_LOOK_NS = 30 * NANOS_PER_SECOND
"""One look for a row of such refusals: each costs the REST counter more than it forgets meanwhile."""

RULE_REFUSALS = (
    "EOrder:Tick size check failed",
    "EOrder:Order minimum not met",
    "EOrder:Cost minimum not met",
    "EGeneral:Invalid arguments",
)
"""What an order is refused for when the pair's rules are no longer those we know."""

BLOCK_NS = 60 * NANOS_PER_SECOND
SELF_TRADE_REASONS = ("stp", "self trade", "self-trade")
TIMER_REASON = "CancelAllOrdersAfter"
"""How the venue explains the cancels of its dead man's switch."""


class ReportDesk:
    """The door for reports."""

    def __init__(self, state: GatewayState, peers: Peers, fills: FillDesk) -> None:
        self._state = state
        self._peers = peers
        self._fills = fills
        self._funds_ns = 0

    def report(self, report: OrderReport, now_ns: int) -> None:
        """Handle one report from the stream."""
        if isinstance(report, Filled):
            self._fills.fill(report, now_ns)
            return
        order_id = report.order_id if isinstance(report, Accepted) else ""
        intent = self._state.intents.find(report.cl_ord_id, order_id)
        if intent is None:
            if report.cl_ord_id.startswith(OWN_PREFIX):
                self._state.wants_look = True  # one of ours that we do not know: the look takes it back
            return
        self._state.intents.reopen(intent)
        if not intent.is_live and isinstance(report, Accepted) and intent.state in _REVIVABLE:
            self._revive(intent, now_ns)
        self._learn(intent, report, now_ns)
        self._state.intents.close_when_ended(intent)
        self._state.do(WriteOrder(intent, now_ns))
        self._peers.settle(now_ns)

    def _learn(self, intent: Intent, report: OrderReport, now_ns: int) -> None:
        if isinstance(report, Rejected | AmendRejected | CancelRejected):
            self._state.requests["rejected"] += 1
        match report:
            case Accepted():
                self._accepted(intent, report)
            case Rejected():
                self._rejected(intent, report, now_ns)
            case Amended():
                self._amended(intent, report)
            case AmendRejected():
                self._note_rate(intent, report.reason, now_ns)
                self._answered(intent)
                self._tell(intent, report)
            case CancelRejected():
                self._note_rate(intent, report.reason, now_ns)
                # Usually it has ended already, and its last report was missed; what is unknown is looked for anyway.
                self._state.wants_look |= intent.state is not OrderState.UNKNOWN
                self._tell(intent, report)
            case Canceled() | Expired():
                news = OrderNews.CANCELED if isinstance(report, Canceled) else OrderNews.EXPIRED
                if intent.is_live and report.reason.startswith(TIMER_REASON):
                    # From this moment nothing may rest: the switch that guarded it is spent, and must be confirmed anew.
                    self._state.timer_fired, self._state.timer_until_ns = True, 0
                self._note_self_trade(intent, report.reason)
                self._ended(intent, report, news, report.filled_lots, report.reason)
            case Completed():
                filled_lots = report.filled_lots or intent.lots
                self._ended(intent, report, OrderNews.FILLED_FULL, filled_lots, "")
            case OutcomeUnknown():
                self.unknown(intent, report.about, report.reason, now_ns)
            case Filled() | Denied() | NotPlaced():
                pass  # fills come another way; the other two are ours and never come from the venue
            case _:
                assert_never(report)

    # --- evidence -------------------------------------------------------------------------------------------------

    def view(self, view: OrderView, now_ns: int, *, stated_ns: int) -> None:
        """Take the venue's own record of one order, as of `stated_ns` (when it was asked for)."""
        state = self._state
        intent = state.intents.find(view.cl_ord_id, view.order_id)
        if intent is None or not view.pair:
            return
        state.intents.reopen(intent)
        state.intents.bind(intent, view.order_id)
        intent.absent_looks = 0
        intent.fee_in_base = view.fee_in_base
        intent.venue_filled_lots = max(intent.venue_filled_lots, view.filled_lots)
        match view.status:
            case OrderStatus.PENDING_NEW | OrderStatus.NEW | OrderStatus.PARTIALLY_FILLED:
                self._resting(intent, view, now_ns, stated_ns)
            case OrderStatus.FILLED:
                self._learn(intent, Completed(intent.cl_ord_id, view.filled_lots, now_ns), now_ns)
            case OrderStatus.CANCELED:
                self._learn(intent, Canceled(intent.cl_ord_id, view.filled_lots, view.reason, now_ns), now_ns)
            case OrderStatus.EXPIRED:
                self._learn(intent, Expired(intent.cl_ord_id, view.filled_lots, view.reason, now_ns), now_ns)
        state.intents.close_when_ended(intent)
        state.do(WriteOrder(intent, now_ns))
        self._peers.settle(now_ns)

    def _resting(self, intent: Intent, view: OrderView, now_ns: int, stated_ns: int) -> None:
        if not intent.is_live:
            if intent.state in _REVIVABLE:
                self._revive(intent, now_ns)
            else:
                return  # the record is older than the end we already know
        if stated_ns < intent.changed_ns:
            return  # asked before our last request: it says nothing about that
        unknown = intent.state in (OrderState.UNKNOWN, OrderState.PENDING)
        if unknown:
            self._accepted(intent, Accepted(intent.cl_ord_id, view.order_id, now_ns))
        amend = intent.amend
        if amend is not None and (view.ticks, view.lots) == (amend.ticks, amend.lots):
            self._learn(intent, Amended(intent.cl_ord_id, view.ticks, view.lots, now_ns), now_ns)
        elif amend is not None and stated_ns >= intent.settled_ns:
            self._learn(intent, AmendRejected(intent.cl_ord_id, "the venue did not apply it", now_ns), now_ns)
        elif amend is None and (view.ticks, view.lots) != (intent.ticks, intent.lots):
            self._learn(intent, Amended(intent.cl_ord_id, view.ticks, view.lots, now_ns), now_ns)

    def unknown(self, intent: Intent, about: str, reason: str, now_ns: int) -> None:
        """A request about this order got no usable answer."""
        if not intent.is_live or about == "cancel":
            self._state.wants_look = True
            return
        intent.answer_due_ns = 0
        intent.absent_looks = 0
        intent.learn(OrderNews.OUTCOME_UNKNOWN)
        self._state.wants_glance = True
        self._state.note(now_ns, "outcome_unknown", f"{intent.cl_ord_id} {about}: {reason}", intent.pair)
        self._tell(intent, OutcomeUnknown(intent.cl_ord_id, about, reason, now_ns))

    def amend_not_sent(self, intent: Intent, reason: str, now_ns: int) -> None:
        """An amend did not leave this machine: the order stands as it was."""
        self._learn(intent, AmendRejected(intent.cl_ord_id, reason, now_ns), now_ns)

    def not_placed(self, intent: Intent, now_ns: int) -> None:
        """Proof that the order never reached the book."""
        intent.learn(OrderNews.NOT_PLACED)
        self._answered(intent)
        self._state.note(now_ns, "not_placed", intent.cl_ord_id, intent.pair)
        self._state.do(WriteOrder(intent, now_ns))
        self._tell(intent, NotPlaced(intent.cl_ord_id, now_ns))
        self._state.intents.close_when_ended(intent)
        self._peers.settle(now_ns)

    # --- steps ----------------------------------------------------------------------------------------------------

    def _accepted(self, intent: Intent, report: Accepted) -> None:
        first = intent.order_id == "" or intent.state in (OrderState.UNKNOWN, OrderState.PENDING)
        self._state.intents.bind(intent, report.order_id)
        if intent.is_live and intent.amend is None:
            intent.settle_unknown()
            if first:
                self._tell(intent, Accepted(intent.cl_ord_id, report.order_id, report.ts_ns))

    def _answered(self, intent: Intent) -> None:
        intent.amend = None
        intent.answer_due_ns = 0
        if intent.state is OrderState.UNKNOWN:
            intent.settle_unknown()
        elif intent.is_live:
            intent.learn_filled(intent.venue_filled_lots)

    def _amended(self, intent: Intent, report: Amended) -> None:
        if not intent.is_live:
            return
        amend = intent.amend
        news = amend is not None or (intent.ticks, intent.lots) != (report.ticks, report.lots)
        intent.ticks, intent.lots = report.ticks, report.lots
        # The event of an earlier amend may arrive after we sent the next one; only its own answer answers that.
        if amend is None or (amend.ticks, amend.lots) == (report.ticks, report.lots):
            self._answered(intent)
        if news:
            self._tell(intent, report)

    def _rejected(self, intent: Intent, report: Rejected, now_ns: int) -> None:
        self._note_refusal(intent, report.reason, now_ns)
        if intent.venue_filled_lots or not intent.is_live:
            return  # it executed: whatever was refused, it was not this order
        intent.reason = report.reason
        intent.learn(OrderNews.REJECTED)
        intent.answer_due_ns = 0
        self._tell(intent, report)
        self._state.intents.close_when_ended(intent)

    def _ended(
        self, intent: Intent, report: Canceled | Expired | Completed, news: OrderNews, filled_lots: int, reason: str
    ) -> None:
        intent.venue_filled_lots = max(intent.venue_filled_lots, filled_lots)
        intent.amend, intent.answer_due_ns = None, 0
        if intent.is_live or intent.state in _REVIVABLE:
            if intent.state in _REVIVABLE:
                intent.learn(OrderNews.ACCEPTED)
            intent.learn(news)
            intent.reason = intent.reason or reason
        intent.ended_ns = intent.ended_ns or self._state.now_ns
        if not intent.end_told:
            intent.end_told = True
            self._tell(intent, report)
        self._state.intents.close_when_ended(intent)

    def _revive(self, intent: Intent, now_ns: int) -> None:
        text = f"{intent.cl_ord_id} was held for {intent.state} and rests at the venue; taking it back"
        intent.learn(OrderNews.ACCEPTED)
        intent.cancel_wanted, intent.reason = True, "held for dead"
        self._state.note(now_ns, "revived", text, intent.pair)
        self._state.alert(Severity.CRITICAL, f"revived/{intent.cl_ord_id}", text)

    def _note_rate(self, intent: Intent, reason: str, now_ns: int) -> None:
        if reason.startswith(RATE_REFUSAL):
            self._state.budget(intent.pair).exhaust(now_ns)

    def _note_refusal(self, intent: Intent, reason: str, now_ns: int) -> None:
        state = self._state
        self._note_rate(intent, reason, now_ns)
        if reason.startswith(LIMIT_REFUSAL):
            state.blocked_until_ns[intent.pair] = now_ns + BLOCK_NS
            text = f"{intent.pair}: the exchange takes no more open orders; none is sent for a minute"
            state.alert(Severity.WARNING, f"orders_limit/{intent.pair}", text)
        elif reason.startswith(FUNDS_REFUSAL) and now_ns - self._funds_ns >= FUNDS_LOOK_NS:
            self._funds_ns = now_ns
            state.wants_look = True  # the first copy of something we hold for unsent may have taken the money
        elif reason.startswith(RULE_REFUSALS):
            state.wants_rules = True

    def _note_self_trade(self, intent: Intent, reason: str) -> None:
        if reason.lower().startswith(SELF_TRADE_REASONS):
            text = f"{intent.cl_ord_id} on {intent.pair} would have met an order of our own: two traders on one pair?"
            self._state.note(self._state.now_ns, "self_trade", text, intent.pair)
            self._state.alert(Severity.CRITICAL, f"self_trade/{intent.pair}", text)

    def _tell(self, intent: Intent, body: OrderReport) -> None:
        self._peers.report(intent.pair, intent.epoch, body)


_REVIVABLE = (OrderState.REJECTED, OrderState.NOT_PLACED)
