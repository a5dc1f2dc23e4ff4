"""Only the strongest may be entered: one grant at a time, whatever books, traders and lost messages do."""

from dataclasses import dataclass, field

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from wildbot.desk.entry_slot import GRANT_NS, PASS_NS, UNUSED_NS, DayCount, EntrySlotDesk
from wildbot.market.dominance import Contest, EntrySignal, strongest_first
from wildbot.model.control import EntrySlot
from wildbot.model.desk import PositionState
from wildbot.model.instrument import NANOS_PER_MS, Money
from wildbot.model.market_data import BookInvalidated, BookSnapshot, InstrumentChanged, SessionHours
from wildbot.model.orders import Side
from wildbot.model.status import Quote, TraderStatus
from wildbot.simulation.lobster import stock

START = 1_700_000_000 * 10**9
STEP = 100 * NANOS_PER_MS
PAIRS = ("AAPL/USD", "AMZN/USD", "GOOG/USD")
A, B, C = PAIRS
AN_ORDER = Quote("x", "buy", 1, 1, 0, "pending", 0.0)


class BidShare:
    """A watch whose signal is the share of the best bid: buy from 70 percent, sell below 30."""

    def __init__(self) -> None:
        self.dominance: float | None = None
        self.signal: EntrySignal | None = None

    def on_book(self, book: BookSnapshot) -> None:
        share = 100 * book.bid_lots[0] / (book.bid_lots[0] + book.ask_lots[0])
        self.dominance = max(share, 100 - share)
        side = Side.BUY if share >= 70 else Side.SELL if share <= 30 else None
        self.signal = EntrySignal(side, self.dominance, self.dominance) if side is not None else None

    def on_gap(self) -> None:
        self.dominance = self.signal = None


@dataclass
class World:
    """A desk, its clock, and what the traders hold; every trader speaks before every look."""

    limit: int = 10
    short: bool = True
    count: DayCount | None = None
    now_ns: int = START
    positions: dict[str, PositionState] = field(default_factory=lambda: {pair: PositionState(pair) for pair in PAIRS})
    orders: dict[str, tuple[Quote, ...]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    states: dict[str, str] = field(default_factory=dict)
    held_until: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.desk = EntrySlotDesk(Contest(BidShare, self.limit), allow_short=self.short, count=self.count)
        for pair in PAIRS:
            self.desk.on_market(InstrumentChanged(stock(pair.partition("/")[0])))

    def book(self, pair: str, bid: int) -> None:
        self.desk.on_market(BookSnapshot(pair, 1, self.now_ns, self.now_ns, (100,), (bid,), (101,), (100 - bid,)))

    def look(self, seconds: float = 0.1, *, deaf: bool = False) -> list[EntrySlot]:
        said: list[EntrySlot] = []
        for _ in range(round(seconds * 10)):
            self.now_ns += STEP
            for pair in PAIRS:
                if pair not in self.silent:
                    self.desk.on_trader(self.status(pair))
            news = list(self.desk.look(self.now_ns))
            for slot in () if deaf else news:
                self.held_until[slot.pair] = slot.until_ns
            said += news
        return said

    def status(self, pair: str) -> TraderStatus:
        position, orders = self.positions[pair], self.orders.get(pair, ())
        state = self.states.get(pair, "trading")
        return TraderStatus(pair, 1, state, "s", "", position, Money(0), 0, 0, 0.0, orders, {}, self.now_ns)

    def trade(self, pair: str, lots: int) -> None:
        before = self.positions[pair]
        closed = before.lots != 0 and lots == 0
        self.positions[pair] = msgspec.structs.replace(
            before, lots=lots, trades=before.trades + 1, wins=before.wins + closed
        )

    def holders(self) -> list[str]:
        """The pairs whose trader believes that it may enter now."""
        return [pair for pair, until_ns in self.held_until.items() if until_ns > self.now_ns]


def test_the_strongest_signal_gets_the_slot() -> None:
    world = World()
    world.book(A, 75)
    world.book(B, 90)
    world.book(C, 50)
    assert [slot.pair for slot in world.look()] == [B]


def test_without_a_signal_nobody_is_told_anything() -> None:
    world = World()
    for pair in PAIRS:
        world.book(pair, 50)
    assert world.look(5) == []


def test_a_grant_ends_by_itself_and_is_renewed_while_it_stands() -> None:
    world = World()
    world.book(A, 90)
    said = world.look(1.5)
    assert len(said) == 3 and {slot.pair for slot in said} == {A}
    assert world.holders() == [A]
    assert all(slot.until_ns - START <= 1.5 * 10**9 + GRANT_NS for slot in said)


def test_a_signal_that_ends_takes_the_slot_back() -> None:
    world = World()
    world.book(A, 90)
    world.look()
    world.book(A, 50)
    assert world.look() == [EntrySlot(A, 0)]
    assert world.look(5) == []


def test_the_next_grant_waits_until_the_last_holder_says_after_its_end_that_nothing_is_on_its_way() -> None:
    world = World()
    world.book(A, 90)
    world.look()
    world.orders[A] = (AN_ORDER,)
    world.book(B, 95)
    assert world.look(3) == [EntrySlot(A, 0)]
    world.orders[A] = ()
    assert [slot.pair for slot in world.look()] == [B]


def test_a_silent_holder_keeps_everybody_out_until_its_epoch_has_ended() -> None:
    world = World()
    world.book(A, 90)
    world.look()
    world.silent.add(A)
    world.book(B, 95)
    assert world.look(10) == [EntrySlot(A, 0)]
    world.desk.on_ended(A, 0)
    assert world.look(1) == [], "an epoch before its own says nothing about it"
    world.desk.on_ended(A, 1)
    assert [slot.pair for slot in world.look()] == [B]


def test_while_one_holds_a_position_none_may_enter() -> None:
    world = World()
    world.book(A, 90)
    world.look()
    world.trade(A, 10)
    world.book(B, 95)
    assert world.look(10) == [EntrySlot(A, 0)]
    world.trade(A, 0)
    assert [slot.pair for slot in world.look()] == [B]


def test_a_position_that_only_the_gateway_knows_of_counts() -> None:
    world = World()
    world.silent.add(C)
    world.desk.on_position(PositionState(C, lots=5, trades=3))
    world.book(A, 90)
    assert world.look(3) == []


def test_an_older_word_about_a_position_changes_nothing() -> None:
    world = World()
    world.trade(A, 5)
    world.look()
    world.desk.on_position(PositionState(A))
    world.silent.add(A)
    world.book(B, 90)
    assert world.look() == []


def test_a_grant_nobody_could_use_goes_to_the_next_and_comes_back_later() -> None:
    world = World()
    world.book(A, 95)
    world.book(B, 90)
    said = world.look((2 * UNUSED_NS + PASS_NS + 2 * GRANT_NS) / 10**9)
    order = [
        slot.pair for number, slot in enumerate(said) if slot.until_ns and (not number or said[number - 1].until_ns == 0)
    ]
    assert order[:3] == [A, B, A]


def test_a_short_signal_is_passed_over_where_shorts_are_not_allowed() -> None:
    world = World(short=False)
    world.book(A, 1)
    world.book(B, 80)
    assert [slot.pair for slot in world.look()] == [B]


def test_a_trader_that_is_paused_or_a_book_that_is_void_is_not_granted() -> None:
    world = World(states={A: "paused"})
    world.book(A, 95)
    world.book(B, 90)
    world.desk.on_market(BookInvalidated(B, "gap", world.now_ns))
    assert world.look(2) == []


def test_outside_the_session_nothing_is_granted_and_the_next_best_is() -> None:
    world = World()
    world.desk.on_market(SessionHours(A, START + 3 * 10**9, START + 10**13, 20231114))
    world.book(A, 95)
    assert world.look(2) == []
    assert [slot.pair for slot in world.look(1.1)][:1] == [A]


def test_the_limit_of_the_day_counts_all_pairs_and_outlives_a_restart() -> None:
    world = World(limit=2)
    world.book(A, 95)
    world.book(B, 90)
    world.look()
    world.trade(A, 1)
    world.look(2)
    world.trade(A, 0)
    world.book(A, 50)
    world.look(2)
    world.trade(B, 1)
    world.look(2)
    world.trade(B, 0)
    assert world.look(3) == []
    again = World(limit=2, count=world.desk.count, positions=world.positions, now_ns=world.now_ns)
    again.book(A, 95)
    assert again.look(3) == []
    again.now_ns += 86_400 * 10**9
    again.book(A, 95)
    assert [slot.pair for slot in again.look()] == [A]


def test_calendars_of_different_exchanges_do_not_begin_the_count_anew() -> None:
    world = World(limit=1)
    session = SessionHours(B, START - 10**9, START + 10**15, 20231114)
    world.desk.on_market(session)
    world.book(A, 90)
    world.look(2)
    world.trade(A, 1)
    world.look(2)
    world.trade(A, 0)
    world.look(2)
    world.book(B, 95)  # of another calendar, and the strongest now
    assert world.look(30) == []
    world.desk.on_market(msgspec.structs.replace(session, day=20231115))
    assert world.look(2) == [], "the entry was on the other one's day, which is not over"


def test_a_crumb_below_the_exchange_s_minimum_is_no_position() -> None:
    world = World()
    whole = msgspec.structs.replace(stock("AAPL"), min_lots=10)
    world.desk.on_market(InstrumentChanged(whole))
    world.book(A, 50)
    world.book(B, 90)
    world.trade(A, 9)
    assert [slot.pair for slot in world.look()] == [B]


# --- properties ---------------------------------------------------------------------------------------------------

STEPS = st.one_of(
    st.tuples(st.just("book"), st.sampled_from(PAIRS), st.integers(0, 100).filter(lambda n: n not in (0, 100))),
    st.tuples(st.just("enter"), st.sampled_from(PAIRS), st.just(0)),
    st.tuples(st.just("leave"), st.sampled_from(PAIRS), st.just(0)),
    st.tuples(st.just("send"), st.sampled_from(PAIRS), st.just(0)),
    st.tuples(st.just("hush"), st.sampled_from(PAIRS), st.just(0)),
    st.tuples(st.just("speak"), st.sampled_from(PAIRS), st.just(0)),
    st.tuples(st.just("look"), st.sampled_from(PAIRS), st.integers(1, 30)),
    st.tuples(st.just("deaf"), st.sampled_from(PAIRS), st.integers(1, 30)),
)


@given(st.lists(STEPS, max_size=60))
@settings(max_examples=300, deadline=None)
def test_there_are_never_two_who_may_enter_nor_two_positions(steps: list[tuple[str, str, int]]) -> None:
    world = World()
    for kind, pair, number in steps:
        may_enter = pair in world.holders()
        if kind == "book":
            world.book(pair, number)
        elif kind == "send" and may_enter:
            world.orders[pair] = (AN_ORDER,)
        elif kind == "enter" and (may_enter or world.orders.get(pair)) and not world.positions[pair].lots:
            world.orders[pair] = ()
            world.trade(pair, 1)
        elif kind == "leave" and world.positions[pair].lots:
            world.trade(pair, 0)
        elif kind == "hush":
            world.silent.add(pair)
        elif kind == "speak":
            world.silent.discard(pair)
        elif kind in ("look", "deaf"):
            for _ in range(number):
                world.look(deaf=kind == "deaf")
                assert len(world.holders()) <= 1
        about_to = {p for p in PAIRS if world.orders.get(p)} | {p for p in PAIRS if world.positions[p].lots}
        assert len(about_to) <= 1, about_to
        assert len(set(world.holders()) | about_to) <= 1 or not set(world.holders()) - about_to


@given(st.lists(st.tuples(st.floats(50, 100), st.floats(0, 200)), max_size=20))
def test_the_ranking_is_a_plain_sort(values: list[tuple[float, float]]) -> None:
    signals = [(f"P{number}", EntrySignal(Side.BUY, dominance, score)) for number, (dominance, score) in enumerate(values)]
    ranked = strongest_first(signals)
    assert ranked == sorted(sorted(sorted(signals), key=lambda s: s[1].score, reverse=True), key=lambda s: s[1].dominance,
                            reverse=True)  # fmt: skip
    assert strongest_first(reversed(signals)) == ranked
