"""Our orders as the order gateway knows them: one intent is one order at the venue, sent once and never again.

Rules: states change only by `trading.order_state`. A client order id is used once for ever: a second request with the same
    id is a repetition. What an order has executed is the sum of booked fills; what the venue says it has executed may
    run ahead of that, and the difference stays reserved until the fills are here.
Owns: every live intent, and the last `CLOSED_KEPT_MAX` closed ones for late news.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from wildbot.model.exchange import OrderView
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.orders import AmendOrder, NewOrder, Purpose, Side, epoch_of
from wildbot.trading.order_state import LIVE_STATES, OrderNews, OrderState, next_state

UNKNOWN = OrderState.UNKNOWN
CLOSED_KEPT_MAX = 5_000
LOST = "lost"
"""The reason of an order whose own one is lost."""


@dataclass(slots=True)
class Intent:
    """One order of ours. `ticks` and `lots` are what the venue last confirmed; `amend` is what we asked for since.

    Times: `created_ns` and `changed_ns` (placing or last amend) are when we sent; `answer_due_ns` is when silence about
    the last request becomes an unknown outcome (0: nothing asked); `settled_ns` is from when a look for an unknown
    order counts as proof of absence; `ended_ns` is when this run learned that it ended.
    """

    order: NewOrder
    epoch: int
    created_ns: int
    changed_ns: int
    ticks: int
    lots: int
    state: OrderState = OrderState.PENDING
    order_id: str = ""
    filled_lots: int = 0
    venue_filled_lots: int = 0
    amend: AmendOrder | None = None
    answer_due_ns: int = 0
    settled_ns: int = 0
    absent_looks: int = 0
    absent_since_ns: int = 0
    cancel_wanted: bool = False
    cancel_asked_ns: int = 0
    cancel_tries: int = 0
    end_told: bool = False
    ended_ns: int = 0
    reason: str = ""
    fee_in_base: bool | None = None

    @property
    def cl_ord_id(self) -> str:
        """The client order id, as long as the world lasts."""
        return self.order.cl_ord_id

    @property
    def pair(self) -> str:
        """The pair it trades."""
        return self.order.pair

    @property
    def side(self) -> Side:
        """Its direction."""
        return self.order.side

    @property
    def is_live(self) -> bool:
        """Whether it rests, may rest or may yet come to rest."""
        return self.state.is_live

    @property
    def is_entry(self) -> bool:
        """Whether it was meant to open or grow a position."""
        return self.order.purpose is Purpose.ENTRY

    @property
    def exposed_lots(self) -> int:
        """What may still change the position: the open rest, and fills the venue counted that are not booked yet."""
        unbooked = max(0, self.venue_filled_lots - self.filled_lots)
        if not self.is_live:
            return unbooked
        target = max(self.lots, self.amend.lots) if self.amend is not None else self.lots
        return max(unbooked, target - self.filled_lots)

    @property
    def exposed_ticks(self) -> int:
        """The dearest price it may trade at, for what a buy can cost."""
        return max(self.ticks, self.amend.ticks) if self.amend is not None else self.ticks

    def age_s(self, now_ns: int) -> float:
        """Return seconds since it was placed or last amended: what the venue prices cancels and amends by."""
        return max(0, now_ns - self.changed_ns) / NANOS_PER_SECOND

    def learn(self, news: OrderNews) -> OrderState:
        """Move to the state after `news` and return it."""
        self.state = next_state(self.state, news)
        return self.state

    def settle_unknown(self) -> None:
        """The venue showed that it holds the order: no longer pending or unknown."""
        self.absent_looks = 0
        if self.amend is None:
            self.answer_due_ns = 0
        self.learn(OrderNews.ACCEPTED)
        self.learn_filled(self.filled_lots)

    def learn_filled(self, lots: int) -> OrderState:
        """The cumulative size is at least `lots`: full when it reaches the order's size, else partial if any."""
        self.venue_filled_lots = max(self.venue_filled_lots, lots)
        size = max(self.lots, self.amend.lots) if self.amend is not None else self.lots
        if self.venue_filled_lots >= size > 0:
            return self.learn(OrderNews.FILLED_FULL)
        return self.learn(OrderNews.FILLED_PART) if self.venue_filled_lots else self.state


class IntentBook:
    """All intents, by either id."""

    def __init__(self) -> None:
        self._by_client: dict[str, Intent] = {}
        self._client_of: dict[str, str] = {}
        self._open: dict[str, Intent] = {}
        self._closed: dict[str, None] = {}

    def add(self, intent: Intent) -> None:
        """Take a new intent in."""
        assert intent.cl_ord_id not in self._by_client, intent.cl_ord_id
        self._by_client[intent.cl_ord_id] = intent
        self._open[intent.cl_ord_id] = intent
        if intent.order_id:
            self._client_of[intent.order_id] = intent.cl_ord_id

    def by_client(self, cl_ord_id: str) -> Intent | None:
        """Return the intent of a client order id."""
        return self._by_client.get(cl_ord_id)

    def by_order(self, order_id: str) -> Intent | None:
        """Return the intent of the venue's order id, once both are known together."""
        return self._by_client.get(self._client_of.get(order_id, ""))

    def find(self, cl_ord_id: str, order_id: str) -> Intent | None:
        """Return the intent by whichever id is known."""
        return self.by_client(cl_ord_id) if cl_ord_id else self.by_order(order_id)

    def bind(self, intent: Intent, order_id: str) -> None:
        """The venue's id of an intent became known."""
        if order_id and intent.order_id != order_id:
            intent.order_id = order_id
            self._client_of[order_id] = intent.cl_ord_id

    def live(self, pair: str = "", epoch_max: int | None = None) -> Iterator[Intent]:
        """Yield live intents, of one pair and up to one epoch where given; the book may change meanwhile."""
        for intent in list(self._open.values()):
            if intent.is_live and (not pair or intent.pair == pair) and (epoch_max is None or intent.epoch <= epoch_max):
                yield intent

    def unfinished(self, pair: str) -> Iterator[Intent]:
        """Yield intents of a pair that are live or whose counted fills are not all booked."""
        for intent in self._open.values():
            if intent.pair == pair and (intent.is_live or intent.exposed_lots):
                yield intent

    def missing_fills(self) -> list[Intent]:
        """Return closed intents whose counted fills are not all booked."""
        return [each for each in self._open.values() if not each.is_live and each.exposed_lots]

    @property
    def has_loose_ends(self) -> bool:
        """Whether the outcome of a request is awaited, an order should end, or counted fills are not all booked."""
        for each in self._open.values():
            if each.state in LIVE_STATES:
                if each.answer_due_ns or each.cancel_wanted or each.amend is not None or each.state is UNKNOWN:
                    return True
            elif each.exposed_lots:
                return True
        return False

    def reopen(self, intent: Intent) -> None:
        """There is news of an intent: it counts again until it is put aside anew."""
        self._open[intent.cl_ord_id] = intent
        self._closed.pop(intent.cl_ord_id, None)

    def close_when_ended(self, intent: Intent) -> None:
        """Put an intent aside once nothing of it is open or owed; the oldest beyond `CLOSED_KEPT_MAX` are forgotten."""
        if intent.is_live or intent.exposed_lots:
            return
        self._open.pop(intent.cl_ord_id, None)
        self._closed[intent.cl_ord_id] = None
        while len(self._closed) > CLOSED_KEPT_MAX:
            oldest = next(iter(self._closed))
            del self._closed[oldest]
            gone = self._by_client.pop(oldest)
            self._client_of.pop(gone.order_id, None)


def new_intent(order: NewOrder, *, now_ns: int, answer_due_ns: int, settled_ns: int) -> Intent:
    """Return the intent of an order about to be sent."""
    return Intent(
        order=order,
        epoch=epoch_of(order.cl_ord_id) or 0,
        created_ns=now_ns,
        changed_ns=now_ns,
        ticks=order.ticks,
        lots=order.lots,
        answer_due_ns=answer_due_ns,
        settled_ns=settled_ns,
    )


def lost_intent(view: OrderView) -> Intent:
    """Return the intent of an order of ours that only the venue remembers."""
    purpose = Purpose.ENTRY if view.side is Side.BUY else Purpose.EXIT
    order = NewOrder(
        view.cl_ord_id, view.pair, view.side, view.ticks, view.lots, purpose, post_only=view.post_only, reason=LOST
    )
    intent = new_intent(order, now_ns=view.opened_ns, answer_due_ns=0, settled_ns=0)
    intent.order_id, intent.cancel_wanted = view.order_id, True
    intent.learn(OrderNews.ACCEPTED)
    return intent
