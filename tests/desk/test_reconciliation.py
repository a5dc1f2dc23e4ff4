"""The books against the balances, and order states against any sequence of news."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.desk.builders_router import (
    FEES,
    LOTS,
    MID,
    SECOND,
    SOL,
    Desk,
    a_fill,
    a_ready_desk,
    a_view,
    an_order,
    balances_after,
)
from wildbot.desk.booking import Books
from wildbot.desk.gateway_commands import AskVenue, WriteFill
from wildbot.desk.gateway_state import Phase
from wildbot.desk.venue_queries import Query, StreamLost, Topic
from wildbot.model.exchange import OrderStatus
from wildbot.model.executions import (
    Accepted,
    Canceled,
    Completed,
    Filled,
    OrderReport,
    OutcomeUnknown,
    Rejected,
)
from wildbot.model.instrument import MONEY_ONE, Money
from wildbot.model.orders import NewOrder

WHOLE = {SOL.pair: SOL}


def booked() -> tuple[Books, dict[str, int]]:
    books = Books(Money(16 * MONEY_ONE), "USDC")
    fill = a_fill()
    books.book(fill, SOL)
    return books, {"USDC": 16 * MONEY_ONE - fill.cost - fill.fee, "SOL": LOTS * 100 + 5 * MONEY_ONE}


def test_baseline_plus_fills_is_the_balance() -> None:
    books, balances = booked()
    assert books.differences({"USDC": 16 * MONEY_ONE, "SOL": 5 * MONEY_ONE}, balances, WHOLE) == []


def test_difference_of_one_lot_is_tolerated_and_of_two_is_told() -> None:
    books, balances = booked()
    baseline = {"USDC": 16 * MONEY_ONE, "SOL": 5 * MONEY_ONE}
    assert books.differences(baseline, {**balances, "SOL": balances["SOL"] + 100}, WHOLE) == []
    told = books.differences(baseline, {**balances, "SOL": balances["SOL"] + 200}, WHOLE)
    assert len(told) == 1
    assert told[0].startswith("SOL")


def test_baseline_taken_later_explains_the_balances_of_that_moment() -> None:
    books, balances = booked()
    assert books.differences(books.baseline_for(balances), balances, WHOLE) == []


def test_look_finds_a_fill_the_stream_never_told_and_stops_trusting_the_stream() -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.hear(Accepted("wb7x1", "O1", desk.now))
    desk.world.open = [a_view()]
    desk.world.fills = [a_fill(lots=LOTS // 2, ts_ns=desk.now)]
    desk.streams = False
    desk.run(45)
    assert desk.router.state.books.position(SOL.pair).lots == LOTS // 2
    assert not desk.router.state.stream_up


def questions(desk: Desk, topic: Topic) -> list[Query]:
    return [each.query for each in desk.done if isinstance(each, AskVenue) and each.query.topic is topic]


def test_trades_that_were_read_completely_are_not_all_read_again() -> None:
    desk = a_ready_desk()
    before = questions(desk, Topic.TRADES)
    desk.run(400)
    later = questions(desk, Topic.TRADES)[len(before) :]
    assert before[0].since_ns == 0 or before[0].since_ns <= desk.now - 600 * SECOND
    assert len(later) >= 10
    gaps = [then.since_ns - first.since_ns for first, then in pairwise(later[-5:])]
    assert all(gap > 0 for gap in gaps), "each reading begins where the last but one ended"
    assert later[-1].since_ns <= desk.now - 100 * SECOND, "and repeats two minutes, since records lag"


def test_closed_orders_are_not_asked_for_while_all_of_ours_are_seen_to_rest() -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    desk.hear(Accepted("wb7x1", "O1", desk.now))
    desk.world.open = [a_view()]
    before = len(questions(desk, Topic.CLOSED_ORDERS))
    desk.run(60)
    assert len(questions(desk, Topic.CLOSED_ORDERS)) == before
    desk.world.open = []
    desk.run(30)
    assert len(questions(desk, Topic.CLOSED_ORDERS)) > before


def test_fill_of_an_order_known_by_its_venue_id_only_is_named_before_it_is_booked() -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    nameless = Filled(**{**{n: getattr(a_fill(), n) for n in Filled.__struct_fields__}, "cl_ord_id": ""})
    desk.world.fills = [nameless]
    desk.world.closed = [a_view(status=OrderStatus.FILLED, filled_lots=LOTS)]
    desk.hear(nameless)
    assert desk.of(WriteFill) == []
    desk.run(4)
    written = desk.of(WriteFill)
    assert [each.fill.cl_ord_id for each in written if isinstance(each, WriteFill)] == ["wb7x1"]


def test_fill_of_a_foreign_order_is_never_booked() -> None:
    desk = a_ready_desk()
    foreign = Filled(**{**{n: getattr(a_fill(), n) for n in Filled.__struct_fields__}, "cl_ord_id": "", "order_id": "OX"})
    desk.world.fills = [foreign]
    view = a_view(status=OrderStatus.FILLED, filled_lots=LOTS)
    desk.world.closed = [
        type(view)(**{**{n: getattr(view, n) for n in view.__struct_fields__}, "cl_ord_id": "", "order_id": "OX"})
    ]
    desk.run(40)
    assert desk.of(WriteFill) == []
    assert desk.router.state.orphans == {}
    assert not desk.router.state.wants_look


def test_fills_of_orders_that_the_journal_has_lost_are_booked_once() -> None:
    desk = Desk()
    desk.world.meta = {"first_start_ns": str(desk.now - 3_600 * SECOND), "baseline/USDC": str(16 * MONEY_ONE)}
    fill = a_fill(ts_ns=desk.now - 60 * SECOND)
    desk.world.fills = [replace(fill, cl_ord_id="")]
    desk.world.closed = [replace(a_view(status=OrderStatus.FILLED, filled_lots=LOTS), opened_ns=desk.now - 90 * SECOND)]
    desk.world.balances = balances_after(fill)
    desk.start()
    assert desk.router.state.phase is Phase.READY, desk.router.state.reason
    desk.run(60)
    written = desk.of(WriteFill)
    assert [(each.fill.cl_ord_id, each.fill.exec_id) for each in written if isinstance(each, WriteFill)] == [
        ("wb7x1", "T1")
    ]
    assert desk.router.state.books.position(SOL.pair).lots == LOTS
    assert not any(desk.router.state.intents.unfinished(SOL.pair))


def test_fills_of_an_earlier_life_of_the_account_do_not_block_the_start() -> None:
    desk = Desk()
    desk.world.fills = [Filled(**{**{n: getattr(a_fill(), n) for n in Filled.__struct_fields__}, "cl_ord_id": ""})]
    desk.world.closed = [a_view(status=OrderStatus.FILLED, filled_lots=LOTS)]
    desk.start()
    assert desk.router.state.phase is Phase.READY
    assert desk.of(WriteFill) == []


def reports(desk: Desk) -> st.SearchStrategy[OrderReport | StreamLost]:
    now = desk.now
    return st.sampled_from(
        [
            Accepted("wb7x1", "O1", now),
            Rejected("wb7x1", "EOrder:Insufficient funds", now),
            a_fill(exec_id="T1", lots=LOTS // 4),
            a_fill(exec_id="T2", lots=LOTS // 4),
            Canceled("wb7x1", LOTS // 4, "User requested", now),
            Completed("wb7x1", LOTS, now),
            OutcomeUnknown("wb7x1", "new", "EService:Busy", now),
        ]
    )


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_sequence_of_news_books_each_execution_once_and_never_sends_twice(data: st.DataObject) -> None:
    desk = a_ready_desk()
    desk.ask(an_order())
    seen: set[str] = set()
    for report in data.draw(st.lists(reports(desk), max_size=12)):
        assert not isinstance(report, StreamLost)
        desk.hear(report)
        if isinstance(report, Filled):
            seen.add(report.exec_id)
    books = desk.router.state.books
    assert books.position(SOL.pair).lots == len(seen) * (LOTS // 4)
    assert len([each for each in desk.sent() if isinstance(each, NewOrder)]) == 1
    numbers = desk.numbers()
    assert numbers == list(range(1, len(numbers) + 1))
    spent = SOL.cost(MID - 10, LOTS // 4)
    assert books.cash_flow == -len(seen) * (spent + SOL.fee(spent, FEES.maker_ppm))
    desk.now += SECOND
