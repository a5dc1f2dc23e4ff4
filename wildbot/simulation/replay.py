"""A recorded day of one stock, replayed order by order through our exchange.

Every recorded order is placed, reduced and cancelled as recorded; a recorded execution becomes a taker order of that size,
so that our own orders are filled in their turn, by price and time.

Rules: our fills do not bend the tape. Shares that one of our orders took from a recorded order's execution are taken off
    that recorded order as well, so the recorded part of the book stays as it was. What rested before the recording
    starts comes from the seed row as one nameless order per level; messages about orders never seen reduce it.
Known limit: a recording of L levels does not tell what rests deeper. With the book file given, a level that comes into the
    window is filled up from it; without, it is missing until its orders are named.
Source: LOBSTER sample files; seeding as in their read-me: row k is the book right after message k.
"""

from collections.abc import Iterable, Iterator

import msgspec

from wildbot.model.exchange import AmendPlaced, CancelPlaced, Kind, Placed, PlaceOrder, SelfTrade, Tif
from wildbot.model.instrument import Instrument, PairStatus
from wildbot.model.orders import Side
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.lobster import BookRow, LobsterMessage, MessageType, nearest_ticks, ticks_of
from wildbot.simulation.pace import Pace

MAKERS = "~tape-makers"
TAKERS = "~tape-takers"

_LOOK_AHEAD_LEVELS = 10
"""How many levels are searched for recorded orders that should be gone."""

_WINDOW_LEVELS_MAX = 50
"""How many of our levels are compared with the book file's window."""

_STATUS_OF_HALT = {-1: PairStatus.CANCEL_ONLY, 0: PairStatus.POST_ONLY, 1: PairStatus.ONLINE}
"""Type 7 says in its price column: halted, quoting resumes, trading resumes."""

_Name = int | tuple[Side, int]


class ReplayCounts(msgspec.Struct):
    """What became of the messages. `unknown`: about orders that neither the tape nor the seed holds; `requeued`: recorded
    orders found ahead of one that was executed first, and moved back; `phantoms`: recorded orders at a better price
    than an execution, hence long gone, and cancelled; `displaced_lots`: taken off recorded orders because others' orders
    were ahead of them; `revealed`: levels restated from the book file when they came into its window."""

    applied: int = 0
    unknown: int = 0
    refused: int = 0
    requeued: int = 0
    phantoms: int = 0
    displaced_lots: int = 0
    revealed: int = 0


class _TapeOrder:
    """One of the recorded orders; `name` is its number on the tape, or its (side, ticks) when it comes from a seed."""

    __slots__ = ("left", "name", "order_id", "total")

    def __init__(self, name: _Name, order_id: str, lots: int) -> None:
        self.name = name
        self.order_id = order_id
        self.total = lots
        self.left = lots


class LobsterMarket:
    """One recording on one exchange.

    `seed` is the book before the first of `messages`; `rows`, when given, are the book rows after each of them. Times are
    the recording's, shifted so that the first message is due at `start`'s time.
    """

    def __init__(
        self,
        exchange: SimulatedExchange,
        instrument: Instrument,
        messages: Iterable[LobsterMessage],
        seed: BookRow,
        *,
        rows: Iterable[BookRow] | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.counts = ReplayCounts()
        self._exchange = exchange
        self._instrument = instrument
        self._pair = instrument.pair
        self._messages = iter(messages)
        self._next: LobsterMessage | None = next(self._messages, None)
        self._rows: Iterator[BookRow] | None = iter(rows) if rows is not None else None
        self._row = seed
        self._pace = pace or Pace()
        self._shift_ns, self._is_seeded = 0, False
        self._orders: dict[_Name, _TapeOrder] = {}
        self._names: dict[str, _Name] = {}
        for account in (MAKERS, TAKERS):
            exchange.open_account(account)

    @property
    def begins_ns(self) -> int | None:
        """The recording's own time of its next message; None when it is over."""
        return self._next.ts_ns if self._next is not None else None

    def start(self, now_ns: int) -> None:
        """Seed the book and tie the recording's time to the exchange's: the first message is due now."""
        self.tie(now_ns - (self.begins_ns or now_ns))
        self._seed(now_ns)

    def tie(self, shift_ns: int) -> None:
        """State by how much the exchange's time is ahead of the recording's; the first `step` seeds the book."""
        self._shift_ns = shift_ns

    def _seed(self, now_ns: int) -> None:
        self._is_seeded = True
        for side, levels in ((Side.BUY, self._row.bids), (Side.SELL, self._row.asks)):
            for price, size in levels:
                self._restate(side, ticks_of(self._instrument, price), size, now_ns)

    def next_due_ns(self) -> int | None:
        """Return when the next message is due; None when the tape is over."""
        return self._next.ts_ns + self._shift_ns if self._next is not None else None

    def step(self, now_ns: int) -> None:
        """Apply every message due at or before `now_ns`."""
        if not self._is_seeded:
            self._seed(now_ns)
        while (due_ns := self.next_due_ns()) is not None and due_ns <= now_ns:
            self.apply_next()

    def apply_next(self) -> LobsterMessage | None:
        """Apply the next message at its own time and return it; None when the tape is over."""
        message = self._next
        if message is None:
            return None
        now_ns = self._pace.exchange_ns(message.ts_ns + self._shift_ns)
        self._next = next(self._messages, None)
        self._apply(message, now_ns)
        self.counts.applied += 1
        if self._rows is not None and (row := next(self._rows, None)) is not None:
            self._reveal(row, now_ns)
        return message

    def _apply(self, message: LobsterMessage, now_ns: int) -> None:
        match message.kind:
            case MessageType.NEW:
                ticks = ticks_of(self._instrument, message.price)
                self._place(message.order_id, message.side, ticks, message.size, now_ns)
            case MessageType.PARTIAL_CANCEL | MessageType.DELETE:
                self._less(message, now_ns)
            case MessageType.EXECUTION:
                self._execute(message, now_ns)
            case MessageType.HIDDEN_EXECUTION | MessageType.CROSS_TRADE:
                ticks = nearest_ticks(self._instrument, message.price)
                self._exchange.print_hidden(self._pair, message.side.opposite, ticks, message.size, now_ns)
            case MessageType.HALT:
                status = _STATUS_OF_HALT.get(message.price, PairStatus.CANCEL_ONLY)
                self._exchange.set_pair_status(self._pair, status, now_ns)

    def _less(self, message: LobsterMessage, now_ns: int) -> None:
        order = self._named(message, now_ns)
        if order is None:
            self.counts.unknown += 1
            return
        deleted = message.kind is MessageType.DELETE and order.name == message.order_id
        self._trim(order, 0 if deleted else self._left(order) - message.size, now_ns)

    def _execute(self, message: LobsterMessage, now_ns: int) -> None:
        order = self._named(message, now_ns)
        side = message.side
        ticks = ticks_of(self._instrument, message.price)
        if order is None:
            self.counts.unknown += 1
            self._exchange.print_hidden(self._pair, side.opposite, ticks, message.size, now_ns)
            return
        self._clear_the_way(order, side, ticks, now_ns)
        left = self._left(order) - message.size
        self._exchange.place(
            PlaceOrder(
                account=TAKERS,
                pair=self._pair,
                side=side.opposite,
                kind=Kind.LIMIT,
                lots=message.size,
                ticks=ticks,
                tif=Tif.IOC,
            ),
            now_ns,
        )
        self.counts.displaced_lots += max(0, self._left(order) - max(0, left))
        self._trim(order, left, now_ns)

    def _clear_the_way(self, order: _TapeOrder, side: Side, ticks: int, now_ns: int) -> None:
        """Make `order` the first of the recorded orders. Recorded executions happen at the best price, so recorded orders
        at better prices are gone; those before it in its own queue have their place from the order of lines that
        carry the same time, which says nothing, and go to the back."""
        while (better := self._best_beyond(side, ticks)) is not None:
            self.counts.phantoms += 1
            self._trim(better, 0, now_ns)
        for account, order_id, lots in self._exchange.queue(self._pair, side, ticks):
            if order_id == order.order_id:
                return
            if account == MAKERS:
                ahead = self._orders[self._names[order_id]]
                self.counts.requeued += 1
                self._trim(ahead, 0, now_ns)
                self._place(ahead.name, side, ticks, lots, now_ns)

    def _best_beyond(self, side: Side, ticks: int) -> _TapeOrder | None:
        bids, asks = self._exchange.depth(self._pair, _LOOK_AHEAD_LEVELS)
        for level, _ in bids if side is Side.BUY else asks:
            if side.sign * (level - ticks) <= 0:
                return None
            for account, order_id, _ in self._exchange.queue(self._pair, side, level):
                if account == MAKERS:
                    return self._orders[self._names[order_id]]
        return None

    def _named(self, message: LobsterMessage, now_ns: int) -> _TapeOrder | None:
        order = self._orders.get(message.order_id)
        if order is not None:
            return order
        ticks = ticks_of(self._instrument, message.price)
        return self._orders.get((message.side, ticks)) or self._stand_in(message, ticks, now_ns)

    def _stand_in(self, message: LobsterMessage, ticks: int, now_ns: int) -> _TapeOrder | None:
        # With the book file the level's size is known to be right, so an unknown order there came in place of one of
        # ours while the level was out of the window. Without it the unknown order may simply be missing.
        if self._rows is None:
            return None
        queue = self._exchange.queue(self._pair, message.side, ticks)
        ours = [(order_id, lots) for account, order_id, lots in queue if account == MAKERS]
        for order_id, lots in ours:
            if lots >= message.size:
                return self._orders[self._names[order_id]]
        self._restate(message.side, ticks, sum(lots for _, lots in ours), now_ns)
        return self._orders.get((message.side, ticks))

    def _left(self, order: _TapeOrder) -> int:
        return self._exchange.open_lots(MAKERS, order.order_id)

    def _trim(self, order: _TapeOrder, left: int, now_ns: int) -> None:
        """Leave at most `left` lots of a recorded order; at nothing left it is forgotten."""
        surplus = self._left(order) - max(0, left)
        if left <= 0:
            del self._orders[order.name], self._names[order.order_id]
            if surplus > 0:
                self._exchange.cancel(CancelPlaced(account=MAKERS, order_id=order.order_id), now_ns)
        elif surplus > 0:
            order.total -= surplus
            self._exchange.amend(AmendPlaced(account=MAKERS, order_id=order.order_id, lots=order.total), now_ns)

    def _place(self, name: _Name, side: Side, ticks: int, lots: int, now_ns: int) -> None:
        # Two recorded orders never trade without a message saying so: a new one that meets an old one proves the old
        # one gone, which CANCEL_OLDEST makes true.
        request = PlaceOrder(
            account=MAKERS,
            pair=self._pair,
            side=side,
            kind=Kind.LIMIT,
            lots=lots,
            ticks=ticks,
            stp=SelfTrade.CANCEL_OLDEST,
        )
        reply = self._exchange.place(request, now_ns)
        if isinstance(reply, Placed):
            self._orders[name] = _TapeOrder(name, reply.order_id, lots)
            self._names[reply.order_id] = name
        else:
            self.counts.refused += 1

    def _restate(self, side: Side, ticks: int, lots: int, now_ns: int) -> None:
        for account, order_id, _ in self._exchange.queue(self._pair, side, ticks):
            if account == MAKERS:
                self._trim(self._orders[self._names[order_id]], 0, now_ns)
        if (gone := self._orders.get((side, ticks))) is not None:
            self._trim(gone, 0, now_ns)
        if lots:
            self._place((side, ticks), side, ticks, lots, now_ns)

    def _reveal(self, row: BookRow, now_ns: int) -> None:
        for side, levels, before in ((Side.BUY, row.bids, self._row.bids), (Side.SELL, row.asks, self._row.asks)):
            if levels and (not before or side.sign * (levels[-1][0] - before[-1][0]) < 0):
                edge = ticks_of(self._instrument, before[-1][0]) if before else None
                self._reveal_side(side, {ticks_of(self._instrument, price): size for price, size in levels}, edge, now_ns)
        self._row = row

    def _reveal_side(self, side: Side, recorded: dict[int, int], edge: int | None, now_ns: int) -> None:
        """Restate what differs beyond `edge`, the old end of the window, down to its new end."""
        end = min(recorded) if side is Side.BUY else max(recorded)
        bids, asks = self._exchange.depth(self._pair, _WINDOW_LEVELS_MAX)
        ours = [ticks for ticks, _ in (bids if side is Side.BUY else asks)]
        for ticks in sorted({*ours, *recorded}):
            beyond_edge = edge is None or side.sign * (ticks - edge) < 0
            if not beyond_edge or side.sign * (ticks - end) < 0:
                continue
            queue = self._exchange.queue(self._pair, side, ticks)
            size = recorded.get(ticks, 0)
            if sum(lots for account, _, lots in queue if account == MAKERS) != size:
                self.counts.revealed += 1
                self._restate(side, ticks, size, now_ns)
