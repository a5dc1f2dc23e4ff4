"""What a strategy sees: views, positions, working orders."""

from tests.trading.builders_trading import EAGER, FEES, PAIR, SOL, START, a_book, money
from wildbot.model.desk import PositionState
from wildbot.model.market_data import BookSnapshot
from wildbot.strategies.base import Decision, Strategy
from wildbot.strategies.market_maker import STRATEGY
from wildbot.strategies.view import TradingView


def a_maker(**parameters: object) -> Strategy:
    return STRATEGY.make({**EAGER, **parameters}, SOL)


def a_view(book: BookSnapshot | None = None, **changes: object) -> TradingView:
    plain: dict[str, object] = {
        "book": book or a_book(),
        "instrument": SOL,
        "fees": FEES,
        "position": PositionState(PAIR),
        "lease": money("16"),
        "max_position": 1.0,
        "allow_short": False,
        "entry_block": "",
        "now_ns": START,
        "venue_now_ns": START,
    }
    return TradingView(**{**plain, **changes})  # type: ignore[arg-type]


def held(lots: int, ticks: int = 15_000, opened: int = START) -> PositionState:
    basis = SOL.cost(ticks, abs(lots)) * (1 if lots > 0 else -1)
    return PositionState(PAIR, lots=lots, basis=money("0") + basis, opened_ns=opened)  # type: ignore[arg-type]


def decide(view: TradingView | None = None, maker: Strategy | None = None, **parameters: object) -> Decision:
    maker, view = maker or a_maker(**parameters), view or a_view()
    maker.on_book(view.book)
    return maker.decide(view)
