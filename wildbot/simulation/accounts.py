"""Who owns what: balances, what open orders reserve of them, and where fees go.

Rules: every change of a balance has its opposite in another account, deposits excepted, so the sum over all accounts of an
    asset always equals what was deposited. Fees go to the account FEE_ACCOUNT. Accounts starting with "~" are the
    house's participants: they have unlimited credit, pay no fee, reserve nothing and are told nothing.
Units: 10**-ASSET_DECIMALS of each asset; for the quote currency that is `Money`.
Known limit: each fill's cost and fee are rounded on their own, so many partial fills of one order can cost more than what
    was reserved for it, by at most one cost unit of the pair per fill (one lot, where the fee is in the base asset).
"""

from collections.abc import Mapping
from typing import NamedTuple

from wildbot.model.errors import InvariantError
from wildbot.model.exchange import LedgerEntry
from wildbot.model.instrument import FeeSchedule, Instrument, Money
from wildbot.simulation.fee_tiers import FeeTable, rates
from wildbot.simulation.funds import base_units
from wildbot.simulation.live_order import LiveOrder
from wildbot.simulation.order_history import OrderHistory
from wildbot.simulation.order_rate import RateCounter, Tier

FEE_ACCOUNT = "~fees"


class Change(NamedTuple):
    """One change of one balance: new = old + change - fee."""

    asset: str
    change: int
    fee: int


class Account:
    """One owner of balances and orders. `open` and `by_client` hold its open orders, oldest first. The operator may state
    the fee currency of its new orders whatever they ask for (`fee_in_base`), and the volume its tier follows."""

    def __init__(self, name: str, tier: Tier) -> None:
        self.name = name
        self.is_house = name.startswith("~")
        self.balances: dict[str, int] = {}
        self.holds: dict[str, int] = {}
        self.open: dict[str, LiveOrder] = {}
        self.by_client: dict[str, LiveOrder] = {}
        self.history = OrderHistory()
        self.fee_in_base: bool | None = None
        self.stated_volume: Money | None = None
        self._tier = tier
        self._rates: dict[str, RateCounter] = {}

    def free(self, asset: str) -> int:
        """Return what new orders may still reserve of an asset."""
        return self.balances.get(asset, 0) - self.holds.get(asset, 0)

    def volume(self, now_ns: int) -> Money:
        """Return the 30-day volume that decides its fee tier: the stated one, or that of its trades."""
        return self.history.volume(now_ns) if self.stated_volume is None else self.stated_volume

    def fee_rates(self, table: FeeTable, now_ns: int) -> FeeSchedule:
        """Return what it pays by this table; the house pays nothing."""
        if self.is_house:
            return FeeSchedule(0, 0)
        return rates(table, self.volume(now_ns) if len(table) > 1 else Money(0))

    def rate(self, pair: str) -> RateCounter:
        """Return the order-rate counter of a pair."""
        counter = self._rates.get(pair)
        if counter is None:
            counter = self._rates[pair] = RateCounter(self._tier)
        return counter

    def may_open_another(self, pair: str, replacing: int = 0) -> bool:
        """Whether the tier allows one more open order on the pair, when `replacing` of the open ones make way for it."""
        count = sum(1 for order in self.open.values() if order.request.pair == pair)
        return count - replacing < self._tier.open_orders_max

    def set_hold(self, order: LiveOrder, asset: str, units: int) -> None:
        """Reserve exactly `units` of `asset` for an order, in place of what was reserved for it before."""
        if order.hold:
            self.holds[order.hold_asset] -= order.hold
        order.hold_asset, order.hold = asset, units
        if units:
            self.holds[asset] = self.holds.get(asset, 0) + units

    def open_order(self, order: LiveOrder) -> None:
        """List an order as open."""
        self.open[order.order_id] = order
        if order.request.cl_ord_id:
            self.by_client[order.request.cl_ord_id] = order

    def close_order(self, order: LiveOrder) -> None:
        """Take an order off the open ones and give back what it reserved."""
        self.set_hold(order, order.hold_asset, 0)
        del self.open[order.order_id]
        client_id = order.request.cl_ord_id
        if self.by_client.get(client_id) is order:
            del self.by_client[client_id]

    def find_open(self, order_id: str, cl_ord_id: str) -> LiveOrder | None:
        """Return an open order by its id or, without one, by its client id."""
        if order_id:
            return self.open.get(order_id)
        return self.by_client.get(cl_ord_id) if cl_ord_id else None


class Accounts:
    """Every account of the exchange, and the sums over them. `now_ns` is the exchange's time, which volumes depend on."""

    def __init__(self, tier: Tier) -> None:
        self.now_ns = 0
        self._tier = tier
        self._accounts: dict[str, Account] = {FEE_ACCOUNT: Account(FEE_ACCOUNT, tier)}

    def open(self, name: str) -> None:
        """Open an account; one that exists stays as it is."""
        if name not in self._accounts:
            self._accounts[name] = Account(name, self._tier)

    def get(self, name: str) -> Account:
        """Return an account.

        Raises:
            InvariantError: if it was never opened.
        """
        account = self._accounts.get(name)
        if account is None:
            raise InvariantError(f"account {name!r} was never opened")
        return account

    def apply(self, account: Account, change: Change) -> int:
        """Book one change and its fee; return the new balance."""
        balance = account.balances.get(change.asset, 0) + change.change - change.fee
        account.balances[change.asset] = balance
        if change.fee:
            fees = self._accounts[FEE_ACCOUNT].balances
            fees[change.asset] = fees.get(change.asset, 0) + change.fee
        return balance

    def replace_balances(self, account: Account, balances: Mapping[str, int]) -> None:
        """State an account's balances anew, as after a restart."""
        account.balances = dict(balances)

    def total(self, asset: str) -> int:
        """Return the sum of an asset over all accounts, the house's and the fees' included."""
        return sum(account.balances.get(asset, 0) for account in self._accounts.values())


def trade_changes(order: LiveOrder, instrument: Instrument, lots: int, cost: int, fee: int) -> tuple[Change, Change]:
    """Return what one trade does to its order's owner: the base leg, then the quote leg; one of them carries the fee."""
    sign, in_base = order.request.side.sign, order.request.fee_in_base
    units = base_units(instrument, lots)
    return (
        Change(instrument.base, sign * units, fee if in_base else 0),
        Change(instrument.quote, -sign * cost, 0 if in_base else fee),
    )


def ledger_entry(ids: tuple[str, str], account: str, kind: str, change: Change, balance: int, now_ns: int) -> LedgerEntry:
    """Return the owner's record of a change; `ids` are the entry's own and that of what caused it."""
    return LedgerEntry(
        ledger_id=ids[0],
        ref_id=ids[1],
        account=account,
        asset=change.asset,
        kind=kind,
        change=change.change,
        fee=change.fee,
        balance=balance,
        ts_ns=now_ns,
    )
