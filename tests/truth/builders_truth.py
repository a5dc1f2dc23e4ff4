"""A quoter of ours in a simulated market with true first-in-first-out queues, and the truth desk that listens to both."""

import random
from decimal import Decimal

from wildbot.model.exchange import (
    AmendPlaced,
    BookChange,
    CancelPlaced,
    ExchangeEvent,
    ExecType,
    Kind,
    OrderEvent,
    Placed,
    PlaceOrder,
    PublicTrade,
)
from wildbot.model.executions import Accepted, Amended, Canceled, Completed, Filled, OrderReport
from wildbot.model.instrument import MONEY_DECIMALS, MONEY_ONE, NANOS_PER_MS, NANOS_PER_SECOND, FeeSchedule
from wildbot.model.market_data import BookSnapshot, InstrumentChanged, MarketEvent, TradePrint
from wildbot.model.orders import NewOrder, Purpose, Side, client_order_id
from wildbot.model.status import InstrumentTable
from wildbot.model.tape import TapeBody, TapeEntry
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.fills import FillModel
from wildbot.simulation.flow import SyntheticMarket
from wildbot.simulation.mirror import MirrorExchange
from wildbot.simulation.venue_pairs import UNIVERSE
from wildbot.truth.truth_desk import TruthDesk, TwinRecord

PAIR = "SOL/USDC"
SOL = UNIVERSE[PAIR].instrument
FEES = FeeSchedule(2_500, 4_000)
START = 1_750_000_000 * NANOS_PER_SECOND
ME = "main"
DEPTH = 10
STEP_NS = 20 * NANOS_PER_MS
REQUOTE_NS = 4 * NANOS_PER_SECOND


class Quoted:
    """One run; `desk` heard everything, `fills` are ours."""

    def __init__(self, seed: int, desk: TruthDesk, *, lots: int = 20_000_000, activity: float = 3.0) -> None:
        rng = random.Random(seed)
        self.desk = desk
        self.venue: SimulatedExchange = SimulatedExchange([SOL], rng=random.Random(rng.getrandbits(64)), fees=FEES)
        self.venue.open_account(ME)
        self.venue.deposit(ME, "USDC", 100_000 * MONEY_ONE, START)
        self.venue.deposit(ME, "SOL", 1_000 * MONEY_ONE, START)
        self.market = SyntheticMarket(self.venue, [UNIVERSE[PAIR]], random.Random(rng.getrandbits(64)), activity=activity)
        self.market.start(START)
        self.venue.drain()
        self.before = dict(self.venue.balances(ME))
        self.fills: list[Filled] = []
        self.lots = lots
        self.now = START
        self._seq = self._counter = self._book_seq = 0
        self._quotes: dict[Side, tuple[str, str, int]] = {}  # (order id, client id, ticks)
        self._quoted_ns = 0
        self.say(InstrumentTable((SOL,), {PAIR: FEES}))

    def say(self, body: TapeBody) -> None:
        self._seq += 1
        self.desk.on_tape(TapeEntry(self._seq, body), self.now)

    def run(self, seconds: float, *, lost: int = 0) -> "Quoted":
        end = self.now + int(seconds * NANOS_PER_SECOND)
        self._seq += lost
        while self.now < end:
            self.now += STEP_NS
            self.market.step(self.now)
            self.hear()
            if self.now - self._quoted_ns >= REQUOTE_NS:
                self._quoted_ns = self.now
                for side in Side:
                    self.quote(side)
                self.hear()
            self.desk.look(self.now)
        return self

    def quote(self, side: Side) -> None:
        bids, asks = self.venue.depth(PAIR, 1)
        best = (bids if side is Side.BUY else asks)[0][0]
        standing = self._quotes.get(side)
        if standing is not None and standing[2] == best:
            return
        if standing is not None:
            self.venue.cancel(CancelPlaced(account=ME, order_id=standing[0]), self.now)
        self._counter += 1
        name = client_order_id(1, self._counter)
        self.say(NewOrder(name, PAIR, side, best, self.lots, Purpose.ENTRY))
        reply = self.venue.place(
            PlaceOrder(
                account=ME,
                pair=PAIR,
                side=side,
                kind=Kind.LIMIT,
                lots=self.lots,
                ticks=best,
                post_only=True,
                cl_ord_id=name,
            ),
            self.now,
        )
        if isinstance(reply, Placed):
            self._quotes[side] = (reply.order_id, name, best)

    def amend(self, side: Side, ticks: int, lots: int) -> None:
        order_id, name, _ = self._quotes[side]
        self.venue.amend(AmendPlaced(account=ME, order_id=order_id, lots=lots, ticks=ticks), self.now)
        self._quotes[side] = (order_id, name, ticks)
        self.hear()

    def hear(self) -> None:
        events = self.venue.drain()
        for event in events:
            for report in self._reports(event):
                self.say(report)
        changed_ns = 0
        for event in events:
            if isinstance(event, PublicTrade):
                trade = TradePrint(PAIR, event.trade_id, event.side, event.ticks, event.lots, event.ts_ns, self.now)
                self.desk.on_market(trade, self.now)
            elif isinstance(event, BookChange):
                changed_ns = event.ts_ns
        if changed_ns:
            self.desk.on_market(self.book(changed_ns, self.venue), self.now)

    def book(self, ts_ns: int, venue: SimulatedExchange) -> BookSnapshot:
        bids, asks = venue.depth(PAIR, DEPTH)
        self._book_seq += 1
        sides = (*zip(*bids, strict=True), *zip(*asks, strict=True))
        return BookSnapshot(PAIR, self._book_seq, ts_ns, self.now, *sides)  # type: ignore[arg-type]

    def _reports(self, event: ExchangeEvent) -> list[OrderReport]:
        if not isinstance(event, OrderEvent) or event.order.account != ME:
            return []
        name, ts_ns, order = event.order.cl_ord_id, event.ts_ns, event.order
        match event.exec_type:
            case ExecType.NEW:
                return [Accepted(name, order.order_id, ts_ns)]
            case ExecType.AMENDED:
                return [Amended(name, order.ticks, order.lots, ts_ns)]
            case ExecType.CANCELED | ExecType.EXPIRED:
                return [Canceled(name, order.filled_lots, "", ts_ns)]
            case ExecType.FILLED:
                return [Completed(name, order.filled_lots, ts_ns)]
            case ExecType.TRADE:
                made = event.execution
                assert made is not None
                fill = Filled(
                    name, made.order_id, made.exec_id, made.trade_id, PAIR, made.side, made.ticks, made.lots,
                    made.cost, made.fee, made.fee_asset, made.liquidity, ts_ns,
                )  # fmt: skip
                self.fills.append(fill)
                for side, (_, quoted, _) in list(self._quotes.items()):
                    if quoted == name and order.filled_lots >= order.lots:
                        del self._quotes[side]
                return [fill]
        return []

    def change(self) -> Decimal:
        """What the account gained since the start, what it holds valued at the desk's last mid; exact."""
        balances = self.venue.balances(ME)
        cash, coins = (balances[asset] - self.before[asset] for asset in ("USDC", "SOL"))
        mid = Decimal(self.desk.ledger.last_mids()[PAIR]).scaleb(-MONEY_DECIMALS) / 2
        return Decimal(cash).scaleb(-MONEY_DECIMALS) + Decimal(coins).scaleb(-MONEY_DECIMALS) * mid


def a_desk(*, shows_own: bool = True) -> TruthDesk:
    return TruthDesk(TwinRecord(), {}, window=DEPTH, shows_own=shows_own)


class Mirrored(Quoted):
    """Paper: the market is outside and does not know of us; our orders rest on a mirror of it that fills by a model."""

    def __init__(self, seed: int, desk: TruthDesk, model: FillModel) -> None:
        super().__init__(seed, desk)
        self.outside = self.venue
        self.venue = MirrorExchange([SOL], model=model, rng=random.Random(seed), fees=FEES, windows={SOL.pair: DEPTH})
        self.venue.open_account(ME)
        self.venue.deposit(ME, "USDC", 100_000 * MONEY_ONE, START)
        self.venue.deposit(ME, "SOL", 1_000 * MONEY_ONE, START)
        self.venue.hear(InstrumentChanged(SOL), START)
        self.venue.hear(self.book(START, self.outside), START)
        self.venue.drain()

    def hear(self) -> None:
        assert isinstance(self.venue, MirrorExchange)
        changed_ns, news = 0, list[MarketEvent]()
        for event in self.outside.drain():
            if isinstance(event, PublicTrade):
                news.append(TradePrint(PAIR, event.trade_id, event.side, event.ticks, event.lots, event.ts_ns, self.now))
            elif isinstance(event, BookChange):
                changed_ns = event.ts_ns
        if changed_ns:
            news.append(self.book(changed_ns, self.outside))
        for each in news:
            self.venue.hear(each, self.now)
            self.desk.on_market(each, self.now)
        self.venue.settle(self.now)
        for event in self.venue.drain():
            for report in self._reports(event):
                self.say(report)
