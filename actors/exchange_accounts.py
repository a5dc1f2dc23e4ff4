"""The accounts of the simulated exchange: who they are, what they own at the start, what they did before.

Rules: the first account is "main"; the others come from `--account NAME:KEY:SECRET:ASSET=AMOUNT,...`. An account that has
    a past keeps it and gets no deposit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from actors.exchange_memory import Memory
from wildbot.model.errors import ConfigurationError, ProtocolError
from wildbot.model.exchange import ASSET_DECIMALS
from wildbot.model.instrument import parse_scaled, scaled_text
from wildbot.settings import Settings
from wildbot.simulation.engine_rules import EngineRules
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.venues.kraken.server_admin import SCRIPT_ACCOUNTS
from wildbot.venues.kraken.server_unconfirmed import Unconfirmed
from wildbot.venues.kraken.signing import secret_bytes

LENT = "1000000"
"""Coins of each kind that a margin account may borrow; they are lent for nothing."""

ACCOUNTS_MAX = 64

Balances = tuple[tuple[str, str], ...]
"""(asset, decimal text)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOption:
    """One account with one API key."""

    name: str
    key: str
    secret: str = field(repr=False)
    balances: Balances = ()


def parse_account(text: str) -> AccountOption:
    """Return the account in "NAME:KEY:SECRET:ASSET=AMOUNT,...". Raises: ConfigurationError, without the secret."""
    parts = text.split(":")
    if len(parts) != 4 or not all(parts[:3]):
        raise ConfigurationError(
            f"--account {parts[0]!r} must be NAME:KEY:SECRET:ASSET=AMOUNT, such as ann:key1:c2VjcmV0:USDC=100,BTC=0.01"
        )
    name, key, secret, balances = parts
    return AccountOption(
        name=name,
        key=key,
        secret=secret,
        balances=tuple(parse_balance("--account", word) for word in balances.split(",") if word),
    )


def parse_balance(option: str, text: str) -> tuple[str, str]:
    """Return "ASSET=AMOUNT" in two. Raises: ConfigurationError naming the option."""
    asset, separator, amount = text.partition("=")
    if not asset or not separator or not amount:
        raise ConfigurationError(f"{option} has {text!r} but must have ASSET=AMOUNT, such as USDC=1000")
    return asset, amount


def check_accounts(accounts: Sequence[AccountOption]) -> None:
    """Refuse accounts that could not be told apart or used. Raises: ConfigurationError."""
    if len(accounts) > ACCOUNTS_MAX:
        raise ConfigurationError(f"{len(accounts)} accounts; the simulated exchange has at most {ACCOUNTS_MAX}")
    for what, seen in (("name", [each.name for each in accounts]), ("key", [each.key for each in accounts])):
        if len(set(seen)) < len(seen):
            raise ConfigurationError(f"two accounts of the simulated exchange have the same {what}")
    for account in accounts:
        if not account.key:
            raise ConfigurationError("exchange.api_key is empty, so nobody could use the simulated exchange")
        if account.name.startswith("~"):
            raise ConfigurationError(f"account {account.name!r}: names with ~ belong to the house")
        secret_bytes(account.secret)
        for asset, amount in account.balances:
            units_of(asset, amount)


def open_accounts(exchange: SimulatedExchange, memory: Memory, accounts: Sequence[AccountOption], started_ns: int) -> None:
    """Open every account, with its past or with its first deposit."""
    for house in SCRIPT_ACCOUNTS.values():
        exchange.open_account(house)
    known = exchange.instruments
    for account in accounts:
        exchange.open_account(account.name)
        past = memory.past(account.name)
        if past is None:
            for asset, amount in account.balances:
                exchange.deposit(account.name, asset, units_of(asset, amount), started_ns)
            continue
        exchange.restore(
            account.name,
            past.balances,
            [execution for execution in past.executions if execution.pair in known],
            [order for order in past.closed if order.pair in known],
            past.entries,
        )


def first_deposit(settings: Settings) -> Balances:
    """Return what the settings' own account begins with: its capital, and where it may sell short, coins lent to it."""
    capital = (settings.capital.currency, str(settings.capital.starting))
    bases = dict.fromkeys(pair.partition("/")[0] for pair in settings.trading.universe) if settings.risk.allow_short else ()
    return (capital, *((base, LENT) for base in bases if base != capital[0]))


def balance_texts(exchange: SimulatedExchange, account: str) -> dict[str, str]:
    """Return an account's balances as decimal text by asset."""
    return {asset: scaled_text(units, ASSET_DECIMALS) for asset, units in exchange.balances(account).items()}


def units_of(asset: str, amount: str) -> int:
    """Return an amount in 10**-ASSET_DECIMALS. Raises: ConfigurationError."""
    try:
        units = parse_scaled(amount, ASSET_DECIMALS)
    except ProtocolError as error:
        raise ConfigurationError(f"balance {asset}={amount} cannot be read: {error}") from None
    if units < 0:
        raise ConfigurationError(f"balance {asset}={amount} is negative")
    return units


def engine_rules(assume: Unconfirmed) -> EngineRules:
    """Return what the engine must know of the readings that were chosen."""
    return EngineRules(
        post_only_refuses=assume.post_only == "refuse",
        remainder_expires=assume.remainder == "expired",
        edit_counts_fills=assume.edit_size == "total",
        protection_ppm=assume.protection_ppm,
        decay_by_second=assume.counter_decay == "per_second",
        first_tier_measured=assume.first_tier == "measured",
        any_client_id=assume.cl_ord_id == "ascii",
        self_trade_reason=assume.self_trade_reason,
        remainder_reason=assume.remainder_reason,
        kill_reason=assume.kill_reason,
        amend_post_only=assume.amend_post_only,
    )
