"""The views against the document the real status board writes, not a pretend one."""

import msgspec

from tests.dashboard.builders_dashboard import Json
from wildbot.analytics.status_board import RunView, StatusBoard
from wildbot.analytics.status_rows import TraderView
from wildbot.dashboard.view.document import trader_of
from wildbot.dashboard.view.health import log_lines
from wildbot.dashboard.view.history import History
from wildbot.dashboard.view.kpis import kpis
from wildbot.dashboard.view.ladder import ladder
from wildbot.dashboard.view.price_chart import price_option
from wildbot.dashboard.view.scanner import scanner_rows
from wildbot.dashboard.view.strategy import bars
from wildbot.dashboard.view.traders import net_pnl
from wildbot.market.pair_score import PairScore
from wildbot.model.desk import AccountState, PositionState
from wildbot.model.instrument import NANOS_PER_SECOND, FeeSchedule, Instrument, Lots, Money, money_from_text
from wildbot.model.market_data import BookSnapshot
from wildbot.model.status import GatewayStatus, InstrumentTable, Quote, TradeRecord, TraderStatus

SOL = "SOL/USDC"
T0 = 1_000_000 * NANOS_PER_SECOND
INSTRUMENT = Instrument(SOL, "SOL", "USDC", "SOLUSDC", 2, 8, 8, 1, 1, Lots(1), Money(1))
RUN = RunView("running", (), (TraderView(SOL, 3, "quoting", 77),), (SOL,), Money(0), Money(0), 50.0)
POSITION = PositionState(SOL, 10_000_000, money_from_text("10"), fees=money_from_text("0.04"), trades=1)


def a_board() -> StatusBoard:
    """A board that has heard everybody once: 0.1 SOL bought at 100, one bid resting."""
    board = StatusBoard(run_id="r1", mode="sim", currency="USDC", started_ns=T0 - 60 * NANOS_PER_SECOND)
    board.on_message(InstrumentTable((INSTRUMENT,), {SOL: FeeSchedule(2_500, 4_000)}), T0)
    for second in range(60):
        at = T0 - (60 - second) * NANOS_PER_SECOND
        board.on_book(BookSnapshot(SOL, second, at, at, (10_000 + second, 9_990), (50, 7), (10_101, 10_102), (60, 8)))
    account = AccountState(money_from_text("16"), money_from_text("-10.04"), (POSITION,))
    board.on_message(GatewayStatus("ready", "", account, 1, 0, 0, {}, T0), T0)
    order = Quote("w1", "buy", 10_059, 20_000_000, 5_000_000, "open", 812.0)
    indicators = {"momentum_bps": 5.0, "inventory_ratio": 0.5, "ema": 100.2, "microprice": None}
    why = "quoting: joins the touch"
    board.on_message(
        TraderStatus(SOL, 3, "trading", "market_maker", why, POSITION, Money(0), 10_059, 10_101, 9.0, (order,), indicators, T0), T0
    )  # fmt: skip
    fill = TradeRecord(T0 - NANOS_PER_SECOND, SOL, "buy", 10_050, 10_000_000, Money(0), "maker", Money(0), "entry", "E1", 3)
    board.on_message(fill, T0)
    board.on_ranking((PairScore(SOL, 1, 22.5, 24.0, 1.5, 50.0, Money(0), True, True, True, "pays", 80.0),), T0)
    return board


def over_the_wire(row: dict[str, object]) -> Json:
    return msgspec.json.decode(msgspec.json.encode(row), type=Json)


def test_every_panel_finds_what_it_shows_in_the_real_document() -> None:
    document = over_the_wire(a_board().document(RUN, T0))
    boxes = {box.label: box.value for box in kpis(document, pair=SOL, drawdown_limit_pct=50.0)}
    assert boxes["Position"] == "LONG 0.10000000"
    assert boxes["Last price"] == "100.800"
    assert boxes["Equity USDC"] == "16.0400"
    book = ladder(document, SOL)
    assert [level.ours for level in book.bids] == [True, False]
    assert str(book.mid) == "100.80"
    assert str(net_pnl(trader_of(document, SOL))) == "0.0400000000"
    assert [bar.label for bar in bars(trader_of(document, SOL)["indicators"])] == ["momentum", "inventory"]  # type: ignore[arg-type]
    assert scanner_rows(document)[0].share == 1.0
    (line,) = log_lines(document["events"], document["alerts"])
    assert line.words == "buy 0.10000000 SOL/USDC at 100.50"


def test_the_real_snapshot_fills_the_charts_of_a_late_joiner() -> None:
    board = a_board()
    document, snapshot = over_the_wire(board.document(RUN, T0)), over_the_wire(board.snapshot(RUN, T0))
    history = History()
    history.absorb(document, snapshot)
    assert len(history.candles(SOL)) == 12
    assert len(history.fills(SOL)) == 1, "the snapshot and the document tell of the same fill"
    assert history.equity()[-1] == (float(T0), 16.04)
    option = price_option(history.candles(SOL), history.fills(SOL), trader_of(document, SOL))
    price, buys, _ = msgspec.convert(option["series"], list[Json])
    assert len(price["data"]) == 12
    assert [marker["value"] for marker in buys["data"]] == [[11, 100.5]]
    assert scanner_rows({**document, "sparks": snapshot["sparks"]})[0].shape.startswith("polygon(")


def test_the_real_snapshot_tells_what_a_trader_saw_and_how_pairs_ranked() -> None:
    board = a_board()
    document, snapshot = over_the_wire(board.document(RUN, T0)), over_the_wire(board.snapshot(RUN, T0))
    history = History()
    history.absorb(document, snapshot)
    mind = history.mind(SOL)
    assert mind.words() == [(T0, "quoting")]
    assert mind.line("momentum_bps")[2] == [5.0] and mind.line("microprice")[2] == [None]
    assert history.ranking().line(SOL) == (SOL, [T0], [22.5])
    later = document | {"ts_ns": T0 + 2 * NANOS_PER_SECOND, "seq": 9}
    history.absorb(later, snapshot)
    assert len(history.mind(SOL).rows) == len(history.ranking().rows) == 2
    history.absorb(later | {"run_id": "another"}, snapshot)
    assert len(history.mind(SOL).rows) == 1, "another run brings none of the past of this one"
