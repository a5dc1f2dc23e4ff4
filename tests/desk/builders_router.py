"""Builders for the order router: a ready one, the venue's answers, orders, books."""

from collections.abc import Callable

from wildbot.desk import gateway_commands as commands
from wildbot.desk.gateway_commands import AskVenue, GatewayCommand, OpenStream, Send, TellTrader
from wildbot.desk.gateway_state import GatewaySetup, Phase
from wildbot.desk.order_checks import GatewayLimits
from wildbot.desk.order_router import OrderRouter
from wildbot.desk.venue_queries import (
    Answer,
    BalancesSeen,
    CancelTaken,
    ClockSeen,
    DeadManArmed,
    FeesSeen,
    InstrumentsSeen,
    JournalSeen,
    OrdersSeen,
    Query,
    StreamVerified,
    SystemSeen,
    TimerTaken,
    TokenSeen,
    Topic,
    TradesSeen,
)
from wildbot.desk.watch import Tick
from wildbot.model.desk import CapitalLease, LeaseTable, OrderRequest, Report, TraderHello
from wildbot.model.exchange import Kind, OrderStatus, OrderView, Tif
from wildbot.model.executions import Accepted, Denied, Filled, OrderReport
from wildbot.model.instrument import MONEY_ONE, FeeSchedule, Instrument, Liquidity, Lots, Money
from wildbot.model.market_data import BookSnapshot, FeedBeat, SystemStatus
from wildbot.model.orders import NewOrder, OrderCommand, Purpose, Side, client_order_id

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
PAIR = "SOL/USDC"
EPOCH = 7
MID = 10_000  # 100.00 USDC
LOTS = 4_000_000  # 0.04 SOL, 4 USDC

SOL = Instrument(PAIR, "SOL", "USDC", "SOLUSDC", 2, 8, 6, 1, 1, Lots(2_000_000), Money(MONEY_ONE // 2))
FEES = FeeSchedule(2500, 4000)
LIMITS = GatewayLimits(order_notional_max=Money(100 * MONEY_ONE))


class World:
    """A venue of plain values: what it answers can be changed before the router asks."""

    def __init__(self) -> None:
        self.open: list[OrderView] = []
        self.foreign_holds: dict[str, int] = {}
        self.closed: list[OrderView] = []
        self.fills: list[Filled] = []
        self.balances = {"USDC": 16 * MONEY_ONE}
        self.journal_intents: tuple[object, ...] = ()
        self.meta: dict[str, str] = {}
        self.silent: set[Topic] = set()
        self.refuse: Callable[[Query], Answer | None] = lambda query: None

    def answer(self, query: Query, now_ns: int) -> Answer | None:
        if query.topic in self.silent:
            return None
        refusal = self.refuse(query)
        if refusal is not None:
            return refusal
        match query.topic:
            case Topic.SYSTEM:
                return SystemSeen(query, SystemStatus.ONLINE)
            case Topic.CLOCK:
                return ClockSeen(query, now_ns // SECOND * SECOND)
            case Topic.INSTRUMENTS:
                return InstrumentsSeen(query, (SOL,))
            case Topic.FEES:
                return FeesSeen(query, {PAIR: FEES})
            case Topic.BALANCES:
                return BalancesSeen(query, dict(self.balances))
            case Topic.OPEN_ORDERS:
                return OrdersSeen(query, tuple(self.open), len(self.open), dict(self.foreign_holds))
            case Topic.CLOSED_ORDERS:
                return OrdersSeen(query, tuple(self.closed), len(self.closed))
            case Topic.ORDERS:
                found = tuple(each for each in self.open + self.closed if each.order_id in query.ids)
                return OrdersSeen(query, found, len(found))
            case Topic.TRADES:
                return TradesSeen(query, tuple(self.fills), len(self.fills), len(self.fills))
            case Topic.CANCEL:
                return CancelTaken(query, 1)
            case Topic.TIMER:
                return TimerTaken(query)
            case Topic.TOKEN:
                return TokenSeen(query, "token")
            case Topic.JOURNAL:
                return JournalSeen(query, (), self.journal_intents, (), self.meta)  # type: ignore[arg-type]
            case _:
                return None


class Desk:
    """A router, its world and a clock; `done` collects every command."""

    def __init__(self) -> None:
        self.world = World()
        self.router = OrderRouter(GatewaySetup((PAIR,), "USDC", Money(16 * MONEY_ONE), LIMITS))
        self.now = START
        self.done: list[GatewayCommand] = []
        self.supervisor_silence_ns = 0
        self.streams = True

    def take(self, batch: list[GatewayCommand]) -> None:
        self.done += batch
        for command in batch:
            if isinstance(command, AskVenue):
                answer = self.world.answer(command.query, self.now)
                if answer is not None:
                    self.take(self.router.on_answer(answer, self.now))
            elif isinstance(command, OpenStream) and self.streams:
                self.take(self.router.on_stream(StreamVerified(125.0), self.now))
            elif isinstance(command, commands.ArmTimer) and self.streams:
                self.take(self.router.on_stream(DeadManArmed(self.now, command.timeout_s), self.now))

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.now += SECOND // 10
            self.see()
            self.take(self.router.on_shell(Tick(self.supervisor_silence_ns), self.now))

    def see(self, mid: int = MID) -> None:
        book = BookSnapshot(PAIR, 1, self.now, self.now, (mid - 1,), (10**9,), (mid + 1,), (10**9,))
        self.router.on_market(book, self.now)
        self.router.on_market(FeedBeat(self.now, self.now, True, {PAIR: 1}), self.now)

    def start(self) -> "Desk":
        self.take(self.router.begin(self.now))
        self.run(5)
        return self

    def trade(self, epoch: int = EPOCH, lease: int = 16) -> "Desk":
        grant = CapitalLease(PAIR, epoch, Money(lease * MONEY_ONE), self.now + 3_600 * SECOND)
        self.take(self.router.on_peer(LeaseTable(1, Money(lease * MONEY_ONE), (grant,)), self.now))
        self.take(self.router.on_peer(TraderHello(PAIR, epoch), self.now))
        self.run(0.2)
        return self

    def ask(self, command: OrderCommand, epoch: int = EPOCH, not_after_ns: int = 0) -> None:
        late = not_after_ns or self.now + SECOND
        self.take(self.router.on_peer(OrderRequest(epoch, command, self.now, late), self.now))

    def hear(self, report: OrderReport) -> None:
        self.take(self.router.on_report(report, self.now))

    def sent(self) -> list[OrderCommand]:
        return [each.command for each in self.done if isinstance(each, Send)]

    def told(self, kind: type[OrderReport]) -> list[OrderReport]:
        reports = [each.message for each in self.done if isinstance(each, TellTrader) and isinstance(each.message, Report)]
        return [each.body for each in reports if isinstance(each.body, kind)]

    def numbers(self) -> list[int]:
        messages = [each.message for each in self.done if isinstance(each, TellTrader)]
        return [each.seq for each in messages if isinstance(each, Report)]

    def of(self, kind: type[GatewayCommand]) -> list[GatewayCommand]:
        return [each for each in self.done if isinstance(each, kind)]


def a_ready_desk() -> Desk:
    desk = Desk().start().trade()
    assert desk.router.state.phase is Phase.READY, desk.router.state.reason
    return desk


def a_resting_desk() -> Desk:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.hear(Accepted("wb7x1", "O1", desk.now))
    return desk


def codes(desk: Desk) -> list[str]:
    return [each.code for each in desk.told(Denied) if isinstance(each, Denied)]


def an_order(counter: int = 1, *, side: Side = Side.BUY, ticks: int = MID - 10, lots: int = LOTS) -> NewOrder:
    purpose = Purpose.ENTRY if side is Side.BUY else Purpose.EXIT
    return NewOrder(client_order_id(EPOCH, counter), PAIR, side, ticks, lots, purpose)


def a_fill(counter: int = 1, *, exec_id: str = "T1", lots: int = LOTS, side: Side = Side.BUY, ts_ns: int = START) -> Filled:
    cost = SOL.cost(MID - 10, lots)
    fee = SOL.fee(cost, FEES.maker_ppm)
    cl_ord_id = client_order_id(EPOCH, counter)
    liquidity = Liquidity.MAKER
    return Filled(cl_ord_id, f"O{counter}", exec_id, 1, PAIR, side, MID - 10, lots, cost, fee, "USDC", liquidity, ts_ns)


def balances_after(*fills: Filled) -> dict[str, int]:
    """What the venue holds for us when these fills are all that ever happened to sixteen USDC."""
    balances = {"USDC": 16 * MONEY_ONE, "SOL": 0}
    for fill in fills:
        balances["SOL"] += fill.side.sign * fill.lots * 100
        balances["USDC"] -= fill.side.sign * fill.cost
        balances[fill.fee_asset] -= fill.fee
    return balances


def a_view(
    counter: int = 1,
    *,
    status: OrderStatus = OrderStatus.NEW,
    filled_lots: int = 0,
    lots: int = LOTS,
    ticks: int = MID - 10,
) -> OrderView:
    return OrderView(
        order_id=f"O{counter}",
        account="",
        pair=PAIR,
        side=Side.BUY,
        kind=Kind.LIMIT,
        lots=lots,
        ticks=ticks,
        trigger_ticks=0,
        tif=Tif.GTC,
        post_only=True,
        reduce_only=False,
        cl_ord_id=client_order_id(EPOCH, counter),
        userref=0,
        status=status,
        filled_lots=filled_lots,
        cost=Money(0),
        fee=Money(0),
        opened_ns=0,
        closed_ns=0,
        expire_ns=0,
        triggered=False,
        reason="",
        exec_ids=(),
    )
