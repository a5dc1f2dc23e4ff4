"""Builders for the mirror's tests: a true market outside, what its feed says, and an exchange that mirrors it."""

import random
from typing import Any

from hypothesis import strategies as st

from tests.simulation.builders_simulation import FEES, ONE, PAIR, SECOND, btc
from wildbot.model.exchange import CancelPlaced, Kind, Placed, PlaceOrder, PublicTrade, Tif
from wildbot.model.instrument import Instrument, Lots, Money
from wildbot.model.market_data import BookSnapshot, MarketEvent, TradePrint
from wildbot.model.orders import Side
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.fills import FILL_MODELS
from wildbot.simulation.mirror import MirrorExchange
from wildbot.simulation.mirror_book import WINDOW_LEVELS

PLAIN = btc(min_lots=Lots(1), min_cost=Money(0))
"""BTC/USDC without minimums."""

Action = tuple[str, Side, int, int, int]
"""(what, side, ticks, lots, pick): one thing that somebody does in the outside market."""

actions: "st.SearchStrategy[Action]" = st.tuples(
    st.sampled_from(["rest", "rest", "rest", "take", "cancel", "cancel"]),
    st.sampled_from(list(Side)),
    st.integers(96, 104),
    st.integers(1, 50),
    st.integers(0, 999),
)


def book(bids: dict[int, int], asks: dict[int, int], ts_ns: int = 1, pair: str = PAIR) -> BookSnapshot:
    """A verified book; prices to sizes."""
    bid_ticks, ask_ticks = sorted(bids, reverse=True)[:WINDOW_LEVELS], sorted(asks)[:WINDOW_LEVELS]
    return BookSnapshot(
        pair=pair,
        seq=1,
        venue_ts_ns=ts_ns,
        recv_ts_ns=ts_ns,
        bid_ticks=tuple(bid_ticks),
        bid_lots=tuple(bids[ticks] for ticks in bid_ticks),
        ask_ticks=tuple(ask_ticks),
        ask_lots=tuple(asks[ticks] for ticks in ask_ticks),
    )


def sold(ticks: int, lots: int, ts_ns: int, trade_id: int = 1) -> TradePrint:
    """Somebody sold into a bid."""
    return TradePrint(PAIR, trade_id, Side.SELL, ticks, lots, ts_ns, ts_ns)


def bought(ticks: int, lots: int, ts_ns: int, trade_id: int = 1) -> TradePrint:
    """Somebody lifted an offer."""
    return TradePrint(PAIR, trade_id, Side.BUY, ticks, lots, ts_ns, ts_ns)


def mirror(model: str = "queue_position", *, instrument: Instrument = PLAIN, **options: Any) -> MirrorExchange:
    """An exchange that mirrors one pair; alice has 100 000 USDC and 10 BTC."""
    values: dict[str, Any] = {"model": FILL_MODELS[model], "rng": random.Random(1), "fees": FEES}
    made = MirrorExchange([instrument], **(values | options))
    made.open_account("alice")
    made.deposit("alice", "USDC", 100_000 * ONE, 0)
    made.deposit("alice", "BTC", 10 * ONE, 0)
    made.drain()
    return made


class Outside:
    """A market with true queues, whose participants do what the test says, one thing a second."""

    def __init__(self) -> None:
        self.exchange = SimulatedExchange([PLAIN], rng=random.Random(2))
        self.exchange.open_account("~makers")
        self.exchange.open_account("~takers")
        self.now_ns = 0
        self._resting: list[str] = []

    def act(self, action: Action) -> None:
        """Let somebody place, take or cancel."""
        what, side, ticks, lots, pick = action
        self.now_ns += SECOND
        if what == "cancel":
            if self._resting:
                order_id = self._resting.pop(pick % len(self._resting))
                self.exchange.cancel(CancelPlaced(account="~makers", order_id=order_id), self.now_ns)
            return
        resting = what == "rest"
        request = PlaceOrder(
            account="~makers" if resting else "~takers",
            pair=PAIR,
            side=side,
            kind=Kind.LIMIT,
            lots=lots,
            ticks=ticks,
            tif=Tif.GTC if resting else Tif.IOC,
            post_only=resting,
        )
        reply = self.exchange.place(request, self.now_ns)
        if resting and isinstance(reply, Placed) and self.exchange.open_lots("~makers", reply.order_id):
            self._resting.append(reply.order_id)

    def news(self, *, trades_first: bool) -> list[MarketEvent]:
        """Return what the feed says of what happened since the last call."""
        prints: list[MarketEvent] = [
            TradePrint(PAIR, event.trade_id, event.side, event.ticks, event.lots, event.ts_ns, event.ts_ns)
            for event in self.exchange.drain()
            if isinstance(event, PublicTrade)
        ]
        bids, asks = self.exchange.depth(PAIR, WINDOW_LEVELS)
        shown = [book(dict(bids), dict(asks), self.now_ns)]
        return [*prints, *shown] if trades_first else [*shown, *prints]

    def queue(self, side: Side, ticks: int) -> dict[str, int]:
        """Return the lots of each order at one price, by id."""
        return {order_id: lots for _, order_id, lots in self.exchange.queue(PAIR, side, ticks)}
