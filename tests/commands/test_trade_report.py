"""The trade report: exact sums whatever the fills, and a page that no text of the journal can break."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.builders_journal import a_fill_row
from wildbot.adapters.journal_reader import JournalUnreadableError
from wildbot.commands.report_page import page
from wildbot.commands.trade_report import TradeReport, summarise
from wildbot.model.journal import FillRow

DAY_NS = 86_400 * 10**9
CENT = Decimal("0.01")


def a_fill(number: int = 1, **changes: object) -> FillRow:
    row = {"pair": "BTC/USDC", "price": "100", "qty": "1", "fee": "0", "ts_ns": 1_800_000_000_000_000_000 + number}
    return a_fill_row(f"T{number}", **row | changes)  # type: ignore[arg-type]


def a_report(*fills: FillRow) -> TradeReport:
    return summarise(Path("sim.sqlite"), fills)


def test_a_round_trip_is_won_when_it_pays_its_fees_and_lost_when_not() -> None:
    won = a_report(a_fill(1, fee="0.4"), a_fill(2, side="sell", price="101", fee="0.4")).total
    lost = a_report(a_fill(1, fee="0.6"), a_fill(2, side="sell", price="101", fee="0.6")).total
    assert (won.wins, won.losses, won.net) == (1, 0, "0.20000000")
    assert (lost.wins, lost.losses, lost.net) == (0, 1, "-0.20000000")


def test_pairs_and_days_are_kept_apart_and_an_open_position_is_shown() -> None:
    tomorrow = 1_800_000_000_000_000_000 + DAY_NS
    report = a_report(a_fill(1), a_fill(2, pair="SOL/USDC", qty="2.50"), a_fill(3, side="sell", ts_ns=tomorrow))
    assert [(row.name, row.fills, row.position) for row in report.pairs] == [("BTC/USDC", 2, "0"), ("SOL/USDC", 1, "2.5")]
    assert [row.fills for row in report.days] == [2, 1]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["buy", "sell"]),
            st.decimals("0.01", "1000", places=2),
            st.decimals("0.01", "10", places=2),
            st.decimals("0", "5", places=2),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_profit_is_cash_once_the_position_is_flat(rows: list[tuple[str, Decimal, Decimal, Decimal]]) -> None:
    """Whatever came before: close what is left, and realised less fees is exactly the money that came in."""
    held = sum(qty if side == "buy" else -qty for side, _, qty, _ in rows)
    if held:
        rows = [*rows, ("sell" if held > 0 else "buy", Decimal(50), abs(held), CENT)]
    cash = sum((price * qty if side == "sell" else -price * qty) - fee for side, price, qty, fee in rows)
    fills = [
        a_fill(number, side=side, price=str(price), qty=str(qty), fee=str(fee))
        for number, (side, price, qty, fee) in enumerate(rows)
    ]
    assert Decimal(a_report(*fills).total.net) == cash


def test_a_fill_that_cannot_be_read_is_named() -> None:
    with pytest.raises(JournalUnreadableError, match="T7"):
        a_report(a_fill(7, side="hold"))


def test_no_text_of_the_journal_becomes_markup() -> None:
    hostile = "<script>alert(1)</script>"
    written = page(a_report(a_fill(1, pair=hostile), a_fill(2, pair=hostile)))
    assert "<script" not in written and "&lt;script&gt;" in written
