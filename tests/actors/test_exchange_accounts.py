"""The accounts of the simulated exchange: how they are named, and that a past is kept."""

import random
from pathlib import Path

import pytest

from actors.exchange_accounts import LENT, AccountOption, check_accounts, first_deposit, open_accounts, parse_account
from actors.exchange_memory import Memory
from wildbot.model.errors import ConfigurationError
from wildbot.settings_loading import load
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.venue_pairs import UNIVERSE

SECRET = "bXkgb3duIHNlY3JldA=="


def test_account_is_read_with_all_its_balances() -> None:
    account = parse_account(f"ann:key1:{SECRET}:USDC=100,BTC=0.5")
    assert (account.name, account.key, account.secret) == ("ann", "key1", SECRET)
    assert account.balances == (("USDC", "100"), ("BTC", "0.5"))
    assert SECRET not in repr(account)


@pytest.mark.parametrize("text", ["ann", "ann:key", f"ann::{SECRET}:USDC=1", f"ann:key:{SECRET}:USDC", "a:b:c:d:e"])
def test_account_that_is_not_whole_is_refused_without_its_secret(text: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        parse_account(text)
    assert SECRET not in str(error.value)


def test_accounts_that_cannot_be_told_apart_or_used_are_refused() -> None:
    ann = AccountOption(name="ann", key="k", secret=SECRET)
    for wrong in (
        AccountOption(name="ann", key="k2", secret=SECRET),
        AccountOption(name="bob", key="k", secret=SECRET),
        AccountOption(name="~bob", key="k2", secret=SECRET),
        AccountOption(name="bob", key="k2", secret="no base64!"),
        AccountOption(name="bob", key="k2", secret=SECRET, balances=(("USDC", "-1"),)),
    ):
        with pytest.raises(ConfigurationError):
            check_accounts((ann, wrong))
    check_accounts((ann, AccountOption(name="bob", key="k2", secret=SECRET)))


def test_account_with_a_past_keeps_it_and_gets_no_second_deposit(tmp_path) -> None:  # type: ignore[no-untyped-def]
    accounts = (AccountOption(name="ann", key="k", secret=SECRET, balances=(("USDC", "100"),)),)
    path = tmp_path / "state.jsonl"
    for _ in range(2):
        memory = Memory(path, None)
        exchange = SimulatedExchange([UNIVERSE["BTC/USDC"].instrument], rng=random.Random(1))
        open_accounts(exchange, memory, accounts, 1)
        memory.keep(exchange.drain())
        memory.close()
        assert exchange.balances("ann") == {"USDC": 100 * 10**10}
        assert [entry.kind for entry in exchange.ledger_entries("ann")] == ["deposit"]


def test_an_account_that_may_sell_short_has_coins_to_borrow_and_another_has_none() -> None:
    trading = {"universe": ["AAPL/USD", "USD/CAD"]}
    given = {"capital": {"currency": "USD", "starting": "500"}, "trading": trading}
    cash = load(given, environment={}, env_file=Path("/nonexistent/.env")).settings
    margin = load(given | {"risk": {"allow_short": True}}, environment={}, env_file=Path("/nonexistent/.env")).settings
    assert first_deposit(cash) == (("USD", "500"),)
    assert first_deposit(margin) == (("USD", "500"), ("AAPL", LENT))
