"""What leaves one trader: wishes become approved, numbered, budgeted requests here and nowhere else.

Owns: the ledger, the risk gate, the breakers, the modelled order counter, the order numbers, the last denial and refusal.
"""

from typing import assert_never

from msgspec.structs import replace

from wildbot.market.pair_market import PairMarket
from wildbot.model.desk import OrderRequest
from wildbot.model.executions import (
    Accepted,
    AmendRejected,
    Canceled,
    CancelRejected,
    Denied,
    OrderReport,
    OutcomeUnknown,
    Rejected,
)
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND
from wildbot.model.orders import (
    AmendOrder,
    CancelOrder,
    NewOrder,
    OrderCommand,
    OrderType,
    Side,
    TimeInForce,
    client_order_id,
)
from wildbot.model.status import Severity
from wildbot.trading.breakers import Breakers
from wildbot.trading.limits import EngineLimits
from wildbot.trading.note import Note
from wildbot.trading.order_ledger import OrderLedger, Outstanding
from wildbot.trading.quote_diff import NOTHING, QuotePolicy, QuoteTarget, WantedOrder, diff_quotes
from wildbot.trading.rate_budget import ADD_COST
from wildbot.trading.risk import Denial, RiskFacts, RiskGate
from wildbot.trading.standing import Standing
from wildbot.trading.taker import Pursuit, TakerOrder, inside_collar, taker_ticks

SELL = Side.SELL
ORDER_TTL_NS = NANOS_PER_SECOND
"""An order that reaches the gateway later than this was decided on another market."""
CANCEL_TTL_NS = 60 * NANOS_PER_SECOND

REFUSED_PAUSE_NS = NANOS_PER_SECOND
"""After a refused order no new one is sent for so long."""
FUNDS_PAUSE_NS_MAX = 60 * NANOS_PER_SECOND
"""After the exchange refused an order for lack of funds, each further such refusal doubles the pause up to this: the order
gateway finds out meanwhile what took the money. The size stays what it is."""
CROSSED_PAUSE_NS = NANOS_PER_SECOND // 5
CROSSED_PAUSE_NS_MAX = 27 * CROSSED_PAUSE_NS
"""After a post-only order crossed, the next waits for the book to move on: three times as long after each in a row, up to
this. Exits too, which no breaker holds back; immediate ones do not wait."""


class WorkingOrders:
    """One trader's outgoing side."""

    def __init__(
        self, epoch: int, limits: EngineLimits, policy: QuotePolicy, standing: Standing, market: PairMarket
    ) -> None:
        self.ledger = OrderLedger()
        self.breakers = Breakers(limits.slow_answer_ns)
        self.denial: Denial | None = None
        self._epoch = epoch
        self._gate = RiskGate(limits.risk)
        self._policy = policy
        self._budget = limits.rate_budget()
        self._standing = standing
        self._market = market
        self._pair = standing.instrument.pair
        self._numbered = 0
        self._no_new_until_ns = 0
        self._refusal = ""
        self._funds_pause_ns = 0
        self._no_resting_until_ns = 0
        self._crossed_pause_ns = 0
        self._told = ""

    def rest(self, target: QuoteTarget, now_ns: int) -> list[OrderRequest | Note]:
        """Return the requests that make `target` rest, withdrawals first; a new kind of denial comes as a note."""
        self.denial = None
        changes = diff_quotes(self._payable(target), self.ledger.live, self._policy, self._budget, self._pair, now_ns)
        if not changes:
            return []
        facts = self._standing.facts(self._market, self.ledger, now_ns)
        out: list[OrderRequest | Note] = []
        for change in changes:
            if not isinstance(change, WantedOrder):
                out += self._submit(change, facts)
            elif now_ns >= self._no_new_until_ns and (
                now_ns >= self._no_resting_until_ns or change.order_type is not OrderType.LIMIT
            ):
                out += self._submit(self._new(change), facts)
        return out

    def take(self, order: TakerOrder, now_ns: int) -> list[OrderRequest | Note]:
        """Return the request for an immediate order, when nothing of ours is in the way and no refusal is too recent."""
        facts = self._standing.facts(self._market, self.ledger, now_ns)
        if facts.book is None or not self.ledger.is_empty or now_ns < self._no_new_until_ns:
            return []
        self._numbered += 1
        collar_pct = self._gate.limits.collar_pct(order.purpose)
        far_ticks = taker_ticks(order, facts.book, facts.instrument)
        command = NewOrder(
            cl_ord_id=client_order_id(self._epoch, self._numbered),
            pair=self._pair,
            side=order.side,
            ticks=inside_collar(far_ticks, order.side, facts.book, facts.instrument, collar_pct),
            lots=self._standing.sellable_lots(order.lots) if order.side is Side.SELL else order.lots,
            purpose=order.purpose,
            time_in_force=TimeInForce.IOC,
            post_only=False,
            reason=order.reason,
        )
        return self._submit(command, facts)

    def leave(self, pursuit: Pursuit, now_ns: int) -> tuple[bool, list[OrderRequest | Note]]:
        """Pursue an exit; return whether it is over, and the requests.

        First nothing may rest (it would hold the coins), then one immediate order at a time until nothing is left.
        """
        out = self.rest(NOTHING, now_ns)
        if not self.ledger.is_empty:
            return False, out
        held = self._standing.held_lots
        if pursuit.is_over(held, self._standing.least_lots(self._market)):
            return True, out
        if not self._market.trouble(self._standing.instrument, now_ns):
            order = pursuit.attempt(held, self._standing.instrument.lot_step, now_ns)
            if order is not None:
                out += self.take(order, now_ns)
        return False, out

    def hindrance(self, now_ns: int) -> str:
        """Return as "code: text" why what is wanted does not leave: our own limits, a refusal too recent; or ""."""
        if self.denial is not None:
            return f"{self.denial.code}: {self.denial.text}"
        return self._refusal if now_ns < self._no_new_until_ns else ""

    def _new(self, wanted: WantedOrder) -> NewOrder:
        self._numbered += 1
        return NewOrder(
            cl_ord_id=client_order_id(self._epoch, self._numbered),
            pair=self._pair,
            side=wanted.side,
            ticks=wanted.ticks,
            lots=wanted.lots,
            purpose=wanted.purpose,
            order_type=wanted.order_type,
            post_only=wanted.order_type is OrderType.LIMIT,
            reason=wanted.reason,
        )

    def _submit(self, command: OrderCommand, facts: RiskFacts) -> list[OrderRequest | Note]:
        verdict = self._gate.review(command, facts)
        if isinstance(verdict, Denial):
            self.denial = verdict
            if verdict.code == self._told:
                return []
            self._told = verdict.code
            return [Note(Severity.INFO, "denied", f"{verdict.code}: {verdict.text}")]
        self.denial, self._told = None, ""
        now_ns, approved = facts.now_ns, verdict.command
        self._budget.spend(self._cost(approved, now_ns), now_ns)
        self.ledger.sent(approved, now_ns)
        ttl_ns = CANCEL_TTL_NS if isinstance(approved, CancelOrder) else ORDER_TTL_NS
        return [OrderRequest(self._epoch, approved, now_ns, now_ns + ttl_ns)]

    def _cost(self, command: OrderCommand, now_ns: int) -> int:
        if isinstance(command, NewOrder):
            return ADD_COST
        order = self.ledger.order(command.cl_ord_id)
        assert order is not None, command
        age_s = (now_ns - order.placed_ns) / NANOS_PER_SECOND
        if isinstance(command, AmendOrder):
            return self._budget.cost_of_amend(age_s)
        if isinstance(command, CancelOrder):
            return self._budget.cost_of_cancel(age_s)
        assert_never(command)

    def book_late(self, age_ns: int, now_ns: int) -> Note | None:
        """A book of this age has just come; return what is worth a line about it."""
        if not self.breakers.book_late(now_ns):
            return None
        return Note(Severity.WARNING, "late_books", f"books arrive {age_ns // NANOS_PER_MS} ms old; entries wait")

    # --- what became of it ----------------------------------------------------------------------------------------

    def learn(self, report: OrderReport, now_ns: int) -> tuple[bool, Note | None]:
        """Take in a report; return whether it is news, and what is worth a line about it (fills aside)."""
        order = self.ledger.order(report.cl_ord_id)
        is_answer = isinstance(report, Accepted) and order is not None and order.outstanding is Outstanding.NEW
        took_ns = now_ns - order.sent_ns if order is not None else 0
        if not self.ledger.apply(report):
            return False, None
        if is_answer and self.breakers.order_answered(took_ns, now_ns):
            return True, Note(Severity.WARNING, "slow_orders", f"orders take {took_ns // NANOS_PER_MS} ms; entries wait")
        return True, self._learn_refusal(report, now_ns)

    def _learn_refusal(self, report: OrderReport, now_ns: int) -> Note | None:
        if is_post_only_refusal(report):
            self._crossed_pause_ns = min(max(CROSSED_PAUSE_NS, 3 * self._crossed_pause_ns), CROSSED_PAUSE_NS_MAX)
            self._no_resting_until_ns = now_ns + self._crossed_pause_ns
            if self.breakers.order_rejected(now_ns):
                return Note(Severity.WARNING, "post_only_rejects", "post-only orders keep crossing; entries wait")
            return None
        match report:
            case Accepted():
                self._funds_pause_ns = self._crossed_pause_ns = 0
                return None
            case Rejected() | Denied():
                pause_ns = self._pause_ns(report)
                code = report.code if isinstance(report, Denied) else "rejected"
                self._refusal = f"order_refused: {code}: {report.reason}"
                self._no_new_until_ns = max(self._no_new_until_ns, now_ns + pause_ns)
                if "rate limit" in report.reason.lower():
                    self._budget.exhaust(now_ns)  # the venue knows its counter better than our model
                return Note(Severity.INFO, "order_refused", f"{report.cl_ord_id}: {report.reason}")
            case AmendRejected() | CancelRejected():
                if "rate limit" in report.reason.lower():
                    self._budget.exhaust(now_ns)
                return Note(Severity.INFO, "change_refused", f"{report.cl_ord_id}: {report.reason}")
            case OutcomeUnknown():
                text = f"{report.cl_ord_id} {report.about}: {report.reason}"
                return Note(Severity.WARNING, "outcome_unknown", text)
            case _:
                return None

    def _pause_ns(self, report: Rejected | Denied) -> int:
        if not _is_funds_refusal(report):
            return REFUSED_PAUSE_NS
        self._funds_pause_ns = min(max(REFUSED_PAUSE_NS, 2 * self._funds_pause_ns), FUNDS_PAUSE_NS_MAX)
        return self._funds_pause_ns

    def _payable(self, target: QuoteTarget) -> QuoteTarget:
        ask, stop = target.ask, target.stop
        if ask is None and stop is None:
            return target
        paid_ask, paid_stop = self._paid(ask), self._paid(stop)
        return target if paid_ask is ask and paid_stop is stop else replace(target, ask=paid_ask, stop=paid_stop)

    def _paid(self, wanted: WantedOrder | None) -> WantedOrder | None:
        if wanted is None or wanted.side is not SELL:
            return wanted
        lots = self._standing.sellable_lots(wanted.lots)
        if lots == wanted.lots:
            return wanted if lots > 0 else None
        return replace(wanted, lots=lots) if lots > 0 else None


def _is_funds_refusal(report: Rejected | Denied) -> bool:
    return isinstance(report, Rejected) and "insufficient funds" in report.reason.lower()


def is_post_only_refusal(report: OrderReport) -> bool:
    """Return whether the market had moved through our post-only price; venues say so in three different ways."""
    return isinstance(report, Rejected | AmendRejected | Canceled) and "post only" in report.reason.lower()
