"""Looks at the venue's own records and merges them: open orders, closed orders, trades.

Rules: merging twice changes nothing. A look for unknown orders asks the cheapest evidence first: the open orders explain
    most, the closed ones most of the rest, and executions are read where they complete a proof. An unknown order counts
    as not placed only after two looks, at least three seconds apart, both begun after its deadline, the last one later
    than records lag, found it neither open nor closed nor traded. One that the venue had accepted and shows nowhere any
    more needs `VANISHED_LOOKS` such looks over `VANISHED_NS`. An order of ours that rests though we hold it for ended is
    taken back.
Source: Kraken "Spot Client Order Identifiers": ids are unique among open orders only, so nothing is ever sent twice.
"""

from collections.abc import Generator

from wildbot.desk.fill_desk import FillDesk
from wildbot.desk.foreign_holds import count_foreign_holds
from wildbot.desk.gateway_state import GatewayState
from wildbot.desk.intents import Intent, lost_intent
from wildbot.desk.plans import Step, ask
from wildbot.desk.report_desk import ReportDesk
from wildbot.desk.venue_queries import CANCEL_IDS_MAX, Answer, OrdersSeen, Query, Topic, TradesSeen
from wildbot.model.exchange import OrderView
from wildbot.model.executions import Canceled, Filled
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND
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

RECORDS_LAG_NS = 10_500 * NANOS_PER_MS
"""Records have been seen to lag by ten seconds: what they do not show any sooner is no proof of absence."""

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
        self.whole_ns = 0
        self._read_to_ns = 0

    def is_needed(self) -> bool:
        """Whether something is unexplained that a look could explain now."""
        return self._needs_whole() or self._may_find()

    def _needs_whole(self) -> bool:
        """Whether what is unexplained is more than the outcome of a request."""
        state = self._state
        return state.wants_look or bool(state.orphans) or bool(state.intents.missing_fills())

    def _may_find(self) -> bool:
        """Whether a look for unknown orders could explain one now.

        Each is looked for once among the open orders at once, and then not before a look can count towards the proof of
        its absence: each takes of the few calls that the proof will need.
        """
        state = self._state
        return state.wants_glance or any(
            state.now_ns >= self._next_look_ns(each) for each in state.intents.live() if _is_unexplained(each)
        )

    def has_unexplained(self) -> bool:
        """Whether the outcome of a request about an order is unknown, so that calls are needed to find it out."""
        return any(_is_unexplained(each) for each in self._state.intents.live())

    def look(self) -> Steps:
        """One whole look: open orders, closed orders, trades, and by id whatever is still unexplained."""
        self._state.wants_look = False
        yield from self._look(whole=True)

    def explain(self) -> Steps:
        """One look, whole if it has to be; one for unknown orders ends as soon as nothing is in doubt any more."""
        if self._needs_whole():
            yield from self.look()
        else:
            yield from self._look(whole=False)

    def _look(self, *, whole: bool) -> Steps:
        state, asked_ns = self._state, self._state.now_ns
        state.wants_glance = False
        self.whole_ns = asked_ns if whole else self.whole_ns
        seen = yield from self.open_orders()
        if not whole and not self._in_doubt(seen, asked_ns):
            return
        seen |= yield from self._closed_orders(seen)
        owed = state.orphans or state.intents.missing_fills()
        if whole or owed or any(self._would_prove(each, asked_ns) for each in self._in_doubt(seen, asked_ns)):
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
            for view in answer.orders:
                self._adopt(view)
            self._merge(answer.orders, asked_ns)
            self._drop_foreign_orphans(answer.orders)
            seen |= {view.cl_ord_id for view in answer.orders}
        self._fills.claim_orphans(state.now_ns)
        for intent in self._in_doubt(seen, asked_ns):
            if asked_ns >= intent.settled_ns:
                self._absent(intent, asked_ns)

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

    def _adopt(self, view: OrderView) -> None:
        # Executed in this journal's life and of our making, but its row is lost: the journal is an older copy of itself.
        state = self._state
        is_ours = view.cl_ord_id.startswith(OWN_PREFIX) and bool(view.pair) and view.opened_ns > state.first_start_ns
        if is_ours and state.intents.by_client(view.cl_ord_id) is None:
            state.intents.add(lost_intent(view))
            state.note(state.now_ns, "adopted", f"{view.cl_ord_id} {view.order_id}", view.pair)
            text = "the journal lacks orders that were executed, as an older copy does; they are booked from the exchange"
            state.alert(Severity.WARNING, "adopted", text)

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

    def _in_doubt(self, seen: set[str], asked_ns: int) -> list[Intent]:
        """Return the orders whose absence from the records `seen`, asked for at `asked_ns`, means something."""
        return [
            each
            for each in self._state.intents.live()
            if each.cl_ord_id not in seen
            and (each.changed_ns < asked_ns if each.order_id else each.state is OrderState.UNKNOWN)
            and (each.order_id or asked_ns >= each.settled_ns)
        ]

    def _next_look_ns(self, intent: Intent) -> int:
        if intent.order_id or not intent.absent_looks:
            return intent.settled_ns
        return max(intent.absent_since_ns + LOOKS_APART_NS, intent.changed_ns + RECORDS_LAG_NS)

    def _would_prove(self, intent: Intent, asked_ns: int) -> bool:
        return not intent.order_id and intent.absent_looks > 0 and asked_ns >= self._next_look_ns(intent)

    def _absent(self, intent: Intent, asked_ns: int) -> None:
        proved = self._would_prove(intent, asked_ns)
        if intent.absent_looks == 0:
            intent.absent_since_ns = asked_ns
        intent.absent_looks += 1
        since_ns, now_ns = asked_ns - intent.absent_since_ns, self._state.now_ns
        if not intent.order_id:
            if proved:
                self._reports.not_placed(intent, now_ns)
        elif intent.absent_looks >= VANISHED_LOOKS and since_ns >= VANISHED_NS:
            # It was accepted, and asked for by its own id the venue does not know it: it cannot rest.
            text = f"the venue accepted {intent.cl_ord_id} as {intent.order_id} and has no record of it now"
            self._state.alert(Severity.CRITICAL, f"vanished/{intent.cl_ord_id}", text)
            self._reports.report(Canceled(intent.cl_ord_id, intent.filled_lots, "no record at the venue", now_ns), now_ns)


def _is_unexplained(intent: Intent) -> bool:
    return intent.state is OrderState.UNKNOWN or (intent.amend is not None and intent.answer_due_ns == 0)
