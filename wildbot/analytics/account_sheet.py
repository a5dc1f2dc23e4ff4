"""What the account is worth: cash, positions at the mid, profit after fees, drawdown from the peak.

Rules: equity = cash + positions at their marks = starting + realised (after fees) + unrealised, to the last unit. A held
    pair without any mark is carried at its cost and `is_marked` says so; nothing is ever NaN.
Source: Statistics section of the strategy specification.
"""

from collections.abc import Mapping

import msgspec

from wildbot.model.desk import AccountState, PositionState
from wildbot.model.instrument import Instrument, Money
from wildbot.model.market_data import BookSnapshot


class AccountSheet(msgspec.Struct, frozen=True):
    """One valuation. `is_marked`: every held pair has a mark."""

    starting: Money
    cash: Money
    equity: Money
    realised: Money
    unrealised: Money
    fees: Money
    trades: int
    wins: int
    losses: int
    is_marked: bool


def position_value(position: PositionState, instrument: Instrument, book: BookSnapshot) -> Money:
    """Return what the position is worth at the middle of a two-sided book; negative for a short one."""
    both = instrument.cost(book.bid_ticks[0] + book.ask_ticks[0], abs(position.lots))
    return Money((both if position.lots > 0 else -both) // 2)


def unrealised(position: PositionState, instrument: Instrument | None, book: BookSnapshot | None) -> Money | None:
    """Return the profit of closing at the mid before fees; 0 when flat, None without a mark."""
    if position.lots == 0:
        return Money(0)
    if instrument is None or book is None:
        return None
    return Money(position_value(position, instrument, book) - position.basis)


def value_account(
    account: AccountState, instruments: Mapping[str, Instrument], books: Mapping[str, BookSnapshot]
) -> AccountSheet:
    """Return the account at the mids of `books` (two-sided ones only)."""
    open_profits = [unrealised(p, instruments.get(p.pair), books.get(p.pair)) for p in account.positions]
    open_profit = Money(sum(profit for profit in open_profits if profit is not None))
    basis = sum(position.basis for position in account.positions)
    cash = Money(account.starting + account.cash_flow)
    return AccountSheet(
        starting=account.starting,
        cash=cash,
        equity=Money(cash + basis + open_profit),
        realised=account.realised_net,
        unrealised=open_profit,
        fees=Money(sum(position.fees for position in account.positions)),
        trades=sum(position.trades for position in account.positions),
        wins=sum(position.wins for position in account.positions),
        losses=sum(position.losses for position in account.positions),
        is_marked=None not in open_profits,
    )


def percent(part: float, whole: float) -> float:
    """Return part of whole in percent, 0.0 of nothing; four decimals, which is a hundredth of a basis point."""
    return round(part / whole * 100, 4) if whole else 0.0
