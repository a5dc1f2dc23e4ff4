"""Looks at the venue's own records and merges them: open orders, closed orders, trades.

Rules: merging twice changes nothing. An unknown order counts as not placed only after two looks, at least three seconds
    apart and both begun after its deadline, found it neither open nor closed nor traded. One that the venue had accepted
    and shows nowhere any more needs `VANISHED_LOOKS` such looks over `VANISHED_NS`, since records are known to lag. An
    order of ours that rests though we hold it for ended is taken back.
Source: Kraken "Spot Client Order Identifiers": ids are unique among open orders only, so nothing is ever sent twice.
"""

from collections.abc import Generator

from wildbot.desk.fill_desk import FillDesk
from wildbot.desk.foreign_holds import count_foreign_holds
from wildbot.desk.gateway_state import GatewayState
from wildbot.desk.intents import Intent
from wildbot.desk.plans import Step, ask
from wildbot.desk.report_desk import ReportDesk
from wildbot.desk.venue_queries import CANCEL_IDS_MAX, Answer, OrdersSeen, Query, Topic, TradesSeen
from wildbot.model.exchange import OrderView
from wildbot.model.executions import Canceled, Filled
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.orders import OWN_PREFIX
from wildbot.model.status import Severity
from wildbot.trading.order_state import OrderState

LOOKS_APART_NS = 3 * NANOS_PER_SECOND
HISTORY_MARGIN_NS = 600 * NANOS_PER_SECOND
"""At first trades are read back this far before the last one booked: clocks and commits may differ by far less."""

READ_MARGIN_NS = 120 * NANOS_PER_SECOND
"""This run's own complete reading is repeated so far back: records have been seen to lag by ten seconds."""

CLOSED_MARGIN_NS = 60 * NANOS_PER_SECOND
PAGES_MAX = 200
FOREIGN_IDS_MAX = 10_000
IDS_PER_QUERY = 50
LATE_FILL_NS = 5 * NANOS_PER_SECOND
"""A fill that the stream has not told so long after it happened: the stream is not to be trusted."""

VANISHED_LOOKS = 3
VANISHED_NS = 30 * NANOS_PER_SECOND
GHOST_NS = 5 * NANOS_PER_SECOND
"""An order that rests so long after its end, as the venue itself had told it, does rest."""

Steps = Generator[Step, Answer | None, None]


class Reconciliation:
    """The look-ups, as parts of plans."""

    def __init__(self, state: GatewayState, reports: ReportDesk, fills: FillDesk) -> None:
        self._state = state
        self._reports = reports
        self._fills = fills
        self.late_fills = 0
        self.ours_resting = 0
        self._read_to_ns = 0

    def is_needed(self) -> bool:
        """Whether something is unexplained that a look could explain now.

        An unknown order is looked for at once, and then not before a look can prove its absence: each takes of the few
        calls that the proof will need.
        """
        state = self._state
        unexplained = any(
            each.state is OrderState.UNKNOWN or (each.amend is not None and each.answer_due_ns == 0)
            for each in state.intents.live()
            if state.now_ns >= each.settled_ns
        )
        return state.wants_look or unexplained or bool(state.orphans) or bool(state.intents.missing_fills())

    def look(self) -> Steps:
        """One look: open orders, closed orders, trades, and by id whatever is still unexplained."""
        state, asked_ns = self._state, self._state.now_ns
        state.wants_look = False
        seen = yield from self.open_orders()
        seen |= yield from self._closed_orders(seen)
        yield from self.trades()
        missing = [
            each.order_id
            for each in state.intents.live()
            if each.order_id and each.cl_ord_id not in seen and each.changed_ns < asked_ns
        ]
        strangers = {fill.order_id for fill in state.orphans.values()}
        ids = (missing + sorted(strangers))[:IDS_PER_QUERY]
        if ids:
            answer = yield from ask(Query(Topic.ORDERS, ids=tuple(ids)), OrdersSeen)
            self._merge(answer.orders, asked_ns)
            self._drop_foreign_orphans(answer.orders)
            seen |= {view.cl_ord_id for view in answer.orders}
        self._fills.claim_orphans(state.now_ns)
        self._count_absent(seen, asked_ns)

    def open_orders(self) -> Generator[Step, Answer | None, set[str]]:
        """Merge the open orders; take back those of ours that nobody here wants. Returns our client order ids."""
        state, asked_ns = self._state, self._state.now_ns
        answer = yield from ask(Query(Topic.OPEN_ORDERS), OrdersSeen)
        state.foreign_orders = sum(not view.cl_ord_id.startswith(OWN_PREFIX) for view in answer.orders)
        count_foreign_holds(state, answer.foreign_holds.get(state.books.quote, 0))
        self._merge(answer.orders, asked_ns)
        ours = {view.cl_ord_id: view for view in answer.orders if view.cl_ord_id.startswith(OWN_PREFIX)}
        self.ours_resting = len(ours)
        strays = [view for view in ours.values() if self._is_stray(view, asked_ns)]
        for view in strays:
            state.note(state.now_ns, "stray_order", f"{view.cl_ord_id} {view.order_id}", view.pair)
        ids = tuple(view.order_id for view in strays)
        for start in range(0, len(ids), CANCEL_IDS_MAX):
            state.ask(Query(Topic.CANCEL, ids=ids[start : start + CANCEL_IDS_MAX], urgent=True))
        return set(ours)

    def _closed_orders(self, resting: set[str]) -> Generator[Step, Answer | None, set[str]]:
        state, asked_ns = self._state, self._state.now_ns
        since = [each.created_ns for each in state.intents.live() if each.cl_ord_id not in resting]
        since += [each.created_ns for each in state.intents.missing_fills()]
        since += [fill.ts_ns for fill in state.orphans.values()]
        if not since:
            return set()
        seen: set[str] = set()
        offset = 0
        for _ in range(PAGES_MAX):
            query = Query(Topic.CLOSED_ORDERS, since_ns=min(since) - CLOSED_MARGIN_NS, offset=offset)
            answer = yield from ask(query, OrdersSeen)
            self._merge(answer.orders, asked_ns)
            seen |= {view.cl_ord_id for view in answer.orders}
            offset += len(answer.orders)
            if not answer.orders or offset >= answer.total:
                break
        return seen

    def trades(self) -> Steps:
        """Read executions back to well before the last one booked, and book what is new."""
        state, asked_ns = self._state, self._state.now_ns
        since_ns = max(state.books.last_fill_ns, state.first_start_ns) - HISTORY_MARGIN_NS
        since_ns = max(since_ns, self._read_to_ns - READ_MARGIN_NS)
        offset, before = 0, state.books.fills
        found: list[Filled] = []
        for _ in range(PAGES_MAX):
            answer = yield from ask(Query(Topic.TRADES, since_ns=since_ns, offset=offset), TradesSeen)
            found += answer.fills
            offset += answer.received
            if not answer.received or offset >= answer.total:
                break
        self._read_to_ns = asked_ns
        # Pages come newest first, but nothing is booked before the oldest is here: a catch-up that is cut off halfway
        # must not move the time that the next one reads back to.
        for fill in sorted(found, key=lambda each: each.ts_ns):
            booked = state.books.fills
            self._fills.fill(fill, state.now_ns)
            if state.books.fills > booked and state.now_ns - fill.ts_ns > LATE_FILL_NS:
                self.late_fills += 1
        if state.books.fills > before:
            state.note(state.now_ns, "caught_up", f"{state.books.fills - before} fills from the venue's history")

    # --- parts ----------------------------------------------------------------------------------------------------

    def _is_stray(self, view: OrderView, asked_ns: int) -> bool:
        intent = self._state.intents.by_client(view.cl_ord_id)
        if intent is None:
            return True
        return not intent.is_live and 0 < intent.ended_ns < asked_ns - GHOST_NS

    def _merge(self, views: tuple[OrderView, ...], asked_ns: int) -> None:
        for view in views:
            if view.cl_ord_id.startswith(OWN_PREFIX):
                self._reports.view(view, self._state.now_ns, stated_ns=asked_ns)

    def _drop_foreign_orphans(self, views: tuple[OrderView, ...]) -> None:
        # Orders with our prefix that this journal never wrote belong to an earlier life of the account: they are in the
        # baseline, or else the comparison of balances halts us.
        state = self._state
        foreign = {view.order_id for view in views if state.intents.by_client(view.cl_ord_id) is None}
        for fill in list(state.orphans.values()):
            if fill.order_id in foreign:
                del state.orphans[fill.exec_id]
                state.note(state.now_ns, "foreign_fill", f"{fill.exec_id} of {fill.order_id}", fill.pair)
        for order_id in foreign:
            state.foreign_ids[order_id] = None
        while len(state.foreign_ids) > FOREIGN_IDS_MAX:
            del state.foreign_ids[next(iter(state.foreign_ids))]

    def _count_absent(self, seen: set[str], asked_ns: int) -> None:
        for intent in self._state.intents.live():
            in_doubt = intent.state is OrderState.UNKNOWN or (intent.order_id and intent.changed_ns < asked_ns)
            if in_doubt and intent.cl_ord_id not in seen and asked_ns >= intent.settled_ns:
                self._absent(intent, asked_ns)

    def _absent(self, intent: Intent, asked_ns: int) -> None:
        if intent.absent_looks == 0:
            intent.absent_since_ns = asked_ns
        intent.absent_looks += 1
        since_ns, now_ns = asked_ns - intent.absent_since_ns, self._state.now_ns
        if not intent.order_id:
            if intent.absent_looks >= 2 and since_ns >= LOOKS_APART_NS:
                self._reports.not_placed(intent, now_ns)
        elif intent.absent_looks >= VANISHED_LOOKS and since_ns >= VANISHED_NS:
            # It was accepted, and asked for by its own id the venue does not know it: it cannot rest.
            text = f"the venue accepted {intent.cl_ord_id} as {intent.order_id} and has no record of it now"
            self._state.alert(Severity.CRITICAL, f"vanished/{intent.cl_ord_id}", text)
            self._reports.report(Canceled(intent.cl_ord_id, intent.filled_lots, "no record at the venue", now_ns), now_ns)
