"""After every event of a busy market, a client's book made from the server's windows is the engine's own, checksum included."""

import random

import pytest

from tests.simulation.builders_simulation import ONE, SECOND
from wildbot.model.exchange import BookChange, Kind, PlaceOrder, Tif
from wildbot.model.orders import Side
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.flow import SyntheticMarket
from wildbot.simulation.scenarios import SCENARIOS
from wildbot.simulation.venue_pairs import UNIVERSE
from wildbot.venues.kraken.checksum import checksum_of_levels
from wildbot.venues.kraken.server_book import BookMirror

DEPTHS = (10, 25)


class ClientBook:
    """What a client keeps: the levels it was told, cut to its depth after each message."""

    def __init__(self, depth: int, bids, asks) -> None:
        self.depth = depth
        self.levels = {Side.BUY: dict(bids[:depth]), Side.SELL: dict(asks[:depth])}

    def apply(self, side: Side, effects) -> None:
        for ticks, lots in effects:
            self.levels[side].pop(ticks, None)
            if lots:
                self.levels[side][ticks] = lots
        self.levels[side] = dict(self.top(side))

    def top(self, side: Side):
        return sorted(self.levels[side].items(), reverse=side is Side.BUY)[: self.depth]


def strangers_order(draw: random.Random, exchange: SimulatedExchange, pair: str) -> PlaceOrder:
    """An order of any kind near the touch."""
    bid, ask = exchange.best(pair)
    kind = draw.choice([Kind.LIMIT, Kind.LIMIT, *Kind])
    price = draw.randint(bid - 200, ask + 200)
    return PlaceOrder(
        account="alice",
        pair=pair,
        side=draw.choice(list(Side)),
        kind=kind,
        lots=draw.randint(10_000, 3_000_000),
        ticks=price if "limit" in kind else 0,
        trigger_ticks=draw.randint(bid - 50, ask + 50) if kind not in (Kind.LIMIT, Kind.MARKET) else 0,
        tif=draw.choice([Tif.GTC, Tif.IOC, Tif.FOK]) if kind is Kind.LIMIT else Tif.GTC,
    )


@pytest.mark.parametrize("scenario", ["busy", "crash"])
def test_client_books_equal_the_engines_after_every_event(scenario):
    pair = UNIVERSE["BTC/USDC"]
    name = pair.instrument.pair
    exchange = SimulatedExchange([pair.instrument], rng=random.Random(5))
    market = SyntheticMarket(exchange, [pair], random.Random(5), scenario=SCENARIOS[scenario])
    exchange.open_account("alice")
    exchange.deposit("alice", "USDC", 10**7 * ONE, 0)
    exchange.deposit("alice", "BTC", 10**3 * ONE, 0)
    # In the crash scenario begin with the fall itself.
    start_ns = 0
    market.start(start_ns)
    market.step(120 * SECOND if scenario == "crash" else 0)
    exchange.drain()
    bids, asks = exchange.depth(name, 10_000)
    mirror = BookMirror(bids, asks)
    clients = [ClientBook(depth, bids, asks) for depth in DEPTHS]
    draw, checked = random.Random(6), 0
    while checked < 1_500:
        now_ns = market.next_due_ns()
        if draw.random() < 0.1:
            exchange.place(strangers_order(draw, exchange, name), now_ns)
        else:
            market.step(now_ns)
        stated = None
        for event in exchange.drain():
            if not isinstance(event, BookChange):
                continue
            for side, windows, checksum in mirror.apply(event, DEPTHS):
                stated = checksum
                for depth, effects in windows:
                    clients[DEPTHS.index(depth)].apply(side, effects)
        engine = exchange.depth(name, DEPTHS[-1])
        for client in clients:
            assert (client.top(Side.BUY), client.top(Side.SELL)) == tuple(half[: client.depth] for half in engine)
        if stated is not None:
            assert stated == checksum_of_levels(*engine)
            checked += 1
