"""The status document: exact text for money, numbers for ages, nothing that is not known."""

import json
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildbot.analytics.account_sheet import value_account
from wildbot.analytics.history import CANDLE_NS, CANDLES_MAX, FINE_MAX, Candles, EquityHistory
from wildbot.analytics.latency import bucket_of
from wildbot.analytics.status_board import ALERTS_MAX, TRADES_MAX, RunView, StatusBoard
from wildbot.analytics.status_rows import TraderView, average_cost_text, number
from wildbot.model.desk import AccountState, CapitalLease, PositionState
from wildbot.model.instrument import MONEY_ONE, NANOS_PER_SECOND, FeeSchedule, Instrument, Lots, Money, money_from_text
from wildbot.model.market_data import BookSnapshot
from wildbot.model.status import (
    Alert,
    AlertCleared,
    AllocatorStatus,
    GatewayStatus,
    Heartbeat,
    HopLatency,
    InstrumentTable,
    Quote,
    Severity,
    TradeRecord,
    TraderStatus,
)

T0 = 1_000_000 * NANOS_PER_SECOND
SOL = "SOL/USDC"
INSTRUMENT = Instrument(SOL, "SOL", "USDC", "SOLUSDC", 2, 8, 8, 1, 1, Lots(1), Money(1))
RUN = RunView("running", (), (TraderView(SOL, 3, "quoting", 77),), (SOL,), Money(0), Money(0), 50.0)


def usdc(text: str) -> Money:
    return money_from_text(text)


def a_book(bid: int = 10_000, ask: int = 10_001, at: int = T0) -> BookSnapshot:
    return BookSnapshot(SOL, 1, at, at, (bid, bid - 1), (5_000_000, 7), (ask, ask + 1), (6_000_000, 8))


def a_position(lots: int = 10_000_000, basis: str = "10", **rest: object) -> PositionState:
    fields = {"pair": SOL, "lots": lots, "basis": usdc(basis), "fees": usdc("0.04"), "trades": 1} | rest
    return PositionState(**fields)  # type: ignore[arg-type]


def a_gateway(*positions: PositionState, cash_flow: str = "-10.04") -> GatewayStatus:
    account = AccountState(usdc("16"), usdc(cash_flow), positions)
    return GatewayStatus("ready", "", account, 1, 0, 0, {SOL: 0.25}, T0)


def a_board(*positions: PositionState) -> StatusBoard:
    board = StatusBoard(run_id="r1", mode="sim", currency="USDC", started_ns=T0 - 5 * NANOS_PER_SECOND)
    board.on_message(InstrumentTable((INSTRUMENT,), {SOL: FeeSchedule(2_500, 4_000)}), T0)
    board.on_book(a_book())
    board.on_message(a_gateway(*(positions or (a_position(),))), T0)
    return board


def a_trade(number_: int) -> TradeRecord:
    return TradeRecord(T0, SOL, "buy", 10_000, 10_000_000, usdc("0.04"), "maker", Money(0), "quote", f"T{number_}", 3)


def test_document_has_every_field_of_the_contract() -> None:
    document = a_board().document(RUN, T0)
    top = {"schema", "run_id", "mode", "state", "seq", "ts_ns", "uptime_s", "account", "traders", "scanner", "allocator"}
    assert top | {"actors", "trades", "alerts"} <= set(document)
    account = {
        "currency",
        "starting",
        "cash",
        "equity",
        "realised_pnl",
        "unrealised_pnl",
        "fees",
        "return_pct",
        "peak_equity",
    }
    account |= {"drawdown_pct", "max_drawdown_pct", "day_pnl", "trades", "wins", "losses", "win_rate"}
    assert account <= set(document["account"])  # type: ignore[call-overload]
    trader = {"pair", "state", "strategy", "pid", "epoch", "position", "avg_cost", "mark", "equity", "realised_pnl"}
    trader |= {"unrealised_pnl", "fees", "wins", "losses", "bid", "ask", "spread_bps", "data_age_ms", "quotes"}
    trader |= {"open_orders", "indicators", "reason"}
    assert trader <= set(document["traders"][0])  # type: ignore[index]


def test_equity_is_cash_and_positions_at_the_mid_and_equals_start_plus_profit() -> None:
    account = a_board().document(RUN, T0)["account"]
    assert isinstance(account, dict)
    assert account["cash"] == "5.9600000000"
    assert account["equity"] == "15.9605000000"  # 0.1 SOL at 100.005
    parts = [usdc(account[name]) for name in ("starting", "realised_pnl", "unrealised_pnl")]
    assert sum(parts) == usdc(account["equity"])


@given(
    lots=st.integers(-(10**9), 10**9).filter(bool),
    basis=st.integers(0, 10**13),
    realised=st.integers(-(10**12), 10**12),
    fees=st.integers(0, 10**11),
    bid=st.integers(1, 10**7),
)
def test_equity_identity_holds_to_the_last_unit(lots: int, basis: int, realised: int, fees: int, bid: int) -> None:
    signed = basis if lots > 0 else -basis
    position = PositionState(SOL, lots, Money(signed), Money(realised), Money(fees))
    account = AccountState(Money(16 * MONEY_ONE), Money(realised - fees - signed), (position,))
    sheet = value_account(account, {SOL: INSTRUMENT}, {SOL: a_book(bid, bid + 3)})
    assert sheet.is_marked
    assert sheet.equity == sheet.starting + sheet.realised + sheet.unrealised
    value = INSTRUMENT.cost(2 * bid + 3, abs(lots))
    assert sheet.equity == sheet.cash + (value if lots > 0 else -value) // 2


def test_position_without_a_mark_is_carried_at_cost_and_says_so() -> None:
    board = StatusBoard(run_id="r1", mode="sim", currency="USDC", started_ns=T0)
    board.on_message(a_gateway(a_position()), T0)
    sheet = board.sheet()
    assert sheet is not None and not sheet.is_marked and sheet.equity == usdc("15.96")
    assert board.document(RUN, T0)["traders"][0]["unrealised_pnl"] is None  # type: ignore[index]


def test_drawdown_counts_from_the_saved_peak_and_day_from_its_open() -> None:
    run = msgspec.structs.replace(RUN, peak=usdc("20"), day_open=usdc("15.9"))
    account = a_board().document(run, T0)["account"]
    assert isinstance(account, dict)
    assert account["peak_equity"] == "20.0000000000" and account["drawdown_pct"] == pytest.approx(20.1975)
    assert account["day_pnl"] == "0.0605000000"


def test_win_rate_counts_round_trips() -> None:
    account = a_board(a_position(0, "0", wins=3, losses=1)).document(RUN, T0)["account"]
    assert isinstance(account, dict)
    assert (account["wins"], account["losses"], account["win_rate"]) == (3, 1, 75.0)


def test_trader_row_shows_quotes_orders_and_indicators() -> None:
    board = a_board()
    orders = (
        Quote("wb3x1", "buy", 9_990, 5_000_000, 1_000_000, "open", 12.5),
        Quote("wb3x2", "sell", 10_010, 1, 0, "open", 1.0),
    )
    indicators = {"momentum_bps": 1.25, "ema": float("nan"), "hurdle_bps": None}
    board.on_message(
        TraderStatus(
            SOL, 3, "quoting", "market_maker", "quote: ok", a_position(), usdc("5"), 1, 2, 3.0, orders, indicators, T0
        ),
        T0,
    )
    (row,) = board.document(RUN, T0 + NANOS_PER_SECOND)["traders"]  # type: ignore[misc]
    assert row["quotes"] == {
        "bid": {"price": "99.90", "qty": "0.04000000"},
        "ask": {"price": "100.10", "qty": "0.00000001"},
    }
    assert row["indicators"] == {"momentum_bps": 1.25, "ema": None, "hurdle_bps": None}
    assert (row["bid"], row["ask"], row["mark"], row["avg_cost"]) == ("100.00", "100.01", "100.005", "100.0000")
    assert row["data_age_ms"] == 1_000.0 and row["position"] == "0.10000000"


def test_row_of_an_older_epoch_does_not_speak_for_the_new_trader() -> None:
    board = a_board()
    old = TraderStatus(SOL, 2, "quoting", "market_maker", "", PositionState(SOL, 5), usdc("5"), 1, 2, 3.0, (), {}, T0)
    board.on_message(old, T0)
    (row,) = board.document(RUN, T0)["traders"]  # type: ignore[misc]
    assert row["position"] == "0.10000000" and row["strategy"] == ""


def test_document_is_json_without_nan_and_within_its_bound_when_every_list_is_full() -> None:
    board = a_board()
    for count in range(2 * TRADES_MAX):
        board.on_message(a_trade(count), T0)
        board.on_alert(Alert(T0, Severity.WARNING, "a", f"k{count}", "x" * 200))
        board.on_message(AlertCleared(T0, "a", f"k{count}"), T0)
    text = json.dumps(board.document(RUN, T0), allow_nan=False)
    document = json.loads(text)
    assert len(document["trades"]) == TRADES_MAX and len(document["alerts"]) == ALERTS_MAX
    assert len(text) < 64 * 1024


def test_condition_is_told_once_until_it_clears() -> None:
    board = a_board()
    alert = Alert(T0, Severity.CRITICAL, "feed", "lost", "gone")
    assert board.on_alert(alert) is not None
    assert board.on_alert(alert) is None
    board.on_message(AlertCleared(T0, "feed", "lost"), T0)
    assert board.on_alert(alert) is not None


def beat(actor: str, pid: int) -> Heartbeat:
    return Heartbeat(actor, pid, 0, "ready", 5, 0.0, 1.0, 30.0, 9.0, 50.0, float("inf"))


def standing(board: StatusBoard) -> list[tuple[str, str]]:
    return [(row["actor"], row["key"]) for row in board.document(RUN, T0)["standing"]]  # type: ignore[attr-defined]


def test_what_a_process_said_stands_ends_with_it_and_is_told_again_by_the_next() -> None:
    board = a_board()
    board.on_message(beat("order_gateway", 10), T0)
    for actor in ("order_gateway", "trader-SOL-USDC"):
        board.on_alert(Alert(T0, Severity.WARNING, actor, "stream", "lost"))
    board.on_message(beat("order_gateway", 10), T0)
    assert len(standing(board)) == 2
    board.on_message(beat("order_gateway", 11), T0)
    assert standing(board) == [("trader-SOL-USDC", "stream")]
    assert board.on_alert(Alert(T0 + 1, Severity.WARNING, "order_gateway", "stream", "lost")) is not None
    board.forget_actor("trader-SOL-USDC")
    assert standing(board) == [("order_gateway", "stream")]


def test_a_program_that_was_given_up_on_stands_although_who_said_so_is_another_process_now() -> None:
    board = a_board()
    board.on_message(beat("crash_watch", 10), T0)
    board.on_alert(Alert(T0, Severity.CRITICAL, "crash_watch", "given_up:dashboard", "given up"))
    board.on_message(beat("crash_watch", 11), T0)
    assert standing(board) == [("crash_watch", "given_up:dashboard")]


def test_no_text_of_an_alert_or_event_makes_the_document_too_large() -> None:
    board = a_board()
    for count in range(2 * ALERTS_MAX):
        board.on_message(Alert(T0, Severity.WARNING, "order_gateway", f"k{count}", "x" * 20_000), T0)
        board.on_event("state", "y" * 20_000, T0)
    assert len(json.dumps(board.document(RUN, T0))) < 128 * 1024, "what is left to cut is cut by the status desk"


def test_fill_makes_one_event_however_often_it_is_reported() -> None:
    board = a_board()
    row = board.on_message(a_trade(1), T0)
    assert row is not None and row["kind"] == "fill" and row["price"] == "100.00"
    assert board.on_message(a_trade(1), T0) is None


def test_actor_ages_count_from_receipt_and_a_new_process_counts_as_restart() -> None:
    board = a_board()
    for pid in (10, 10, 11):
        board.on_message(Heartbeat("order_gateway", pid, 0, "ready", 5, 0.0, 1.0, 30.0, 9.0, 50.0, float("inf")), T0)
    (row,) = board.document(RUN, T0 + NANOS_PER_SECOND)["actors"]  # type: ignore[misc]
    assert (row["pid"], row["restarts"], row["heartbeat_age_ms"], row["p99_us"]) == (11, 1, 1_000.0, None)


def test_hops_of_heartbeats_add_up_in_the_actors_row() -> None:
    board = a_board()
    for _ in range(3):
        hop = HopLatency("bus", 40_000, {bucket_of(20_000): 2})
        beat = Heartbeat("trader-SOL-USDC", 10, 1, "trading", 5, 0.0, 1.0, 30.0, 9.0, 50.0, 90.0, "", (hop,))
        board.on_message(beat, T0)
    (row,) = board.document(RUN, T0)["actors"]  # type: ignore[misc]
    assert row["hops"]["bus"]["count"] == 6
    assert row["hops"]["bus"]["p50_us"] == pytest.approx(20, rel=0.07)


def test_allocator_free_is_what_is_neither_granted_nor_locked() -> None:
    board = a_board()
    lease = CapitalLease(SOL, 3, usdc("5"), T0 + NANOS_PER_SECOND)
    board.on_message(AllocatorStatus(usdc("16"), usdc("5"), usdc("1"), (lease,), {}, T0), T0)
    row = board.document(RUN, T0)["allocator"]
    assert isinstance(row, dict) and row["free"] == "10.0000000000"
    assert row["leases"] == [{"pair": SOL, "epoch": 3, "amount": "5.0000000000", "expires_in_s": 1.0}]


def test_snapshot_adds_history_without_using_up_a_number() -> None:
    board = a_board()
    assert board.document(RUN, T0)["seq"] == 1
    snapshot = board.snapshot(RUN, T0)
    assert {"equity", "candles", "fills", "sparks"} <= set(snapshot)
    assert board.document(RUN, T0)["seq"] == 2


def test_candles_hold_open_high_low_close_of_the_mid_and_are_bounded() -> None:
    candles = Candles(INSTRUMENT)
    for bid, ask in ((100, 102), (108, 111), (90, 92), (99, 102)):
        candles.add(a_book(bid, ask))
    assert candles.rows() == [[T0 // CANDLE_NS * CANDLE_NS, "1.010", "1.095", "0.910", "1.005"]]
    for count in range(2 * CANDLES_MAX):
        candles.add(a_book(at=T0 + count * CANDLE_NS))
    assert len(candles.rows()) == CANDLES_MAX


def test_equity_history_is_fine_for_ten_minutes_and_coarse_before() -> None:
    history = EquityHistory()
    for second in range(4 * FINE_MAX):
        history.add(T0 + second * NANOS_PER_SECOND, Money(second))
    points = history.points()
    assert len(points) == FINE_MAX + 3 * FINE_MAX // 60
    assert points == sorted(points)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
def test_what_is_not_finite_becomes_null(value: float | None) -> None:
    assert number(value) is None


def test_average_cost_of_a_short_position_is_positive() -> None:
    assert average_cost_text(PositionState(SOL, -10_000_000, usdc("-10")), INSTRUMENT) == "100.0000"
