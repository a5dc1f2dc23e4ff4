"""Real money needs two confirmations, an account of our own, and addresses that are all Kraken's or all here."""

import pytest

from wildbot.adapters.live_gate import (
    CONFIRM_NAME,
    CONFIRM_WORD,
    KRAKEN,
    KRAKEN_ADDRESSES,
    LOOPBACK,
    NOWHERE,
    check_live,
    check_simulated,
    place_of,
)
from wildbot.model.errors import ConfigurationError

CONFIRMED = {CONFIRM_NAME: CONFIRM_WORD}
HERE = ("http://127.0.0.1:8765", "ws://localhost:8765/private/v2", "ws://[::1]:8765/public/v2")
STRANGERS = (
    "https://api.kraken.com.evil.example",
    "http://api.kraken.com",
    "https://evil.example",
    "https://user:word@api.kraken.com",
    "https://api.kraken.com:8443",
    "https://127.0.0.1.example",
    "wss://ws-auth.kraken.com/v1",
    "",
)


def check(*urls: str, surroundings: dict[str, str] = CONFIRMED, embedded: bool = False, exclusive: bool = True) -> None:
    check_live(surroundings, *urls, embedded=embedded, exclusive=exclusive)


@pytest.mark.parametrize("surroundings", [{}, {CONFIRM_NAME: ""}, {CONFIRM_NAME: "yes"}])
def test_live_is_refused_without_the_second_confirmation(surroundings: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="needs a second confirmation"):
        check(*HERE, surroundings=surroundings)


@pytest.mark.parametrize("url", STRANGERS)
def test_a_live_key_goes_to_no_other_address(url: str) -> None:
    assert place_of(url) == NOWHERE
    with pytest.raises(ConfigurationError, match="is not on this machine"):
        check(url)


def test_live_passes_towards_kraken_and_towards_this_machine() -> None:
    check(*KRAKEN_ADDRESSES)
    check(*HERE)
    assert ({place_of(url) for url in KRAKEN_ADDRESSES}, {place_of(url) for url in HERE}) == ({KRAKEN}, {LOOPBACK})


def test_orders_at_kraken_by_a_market_of_this_machine_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"some addresses are Kraken's and some on this machine"):
        check("https://api.kraken.com", "ws://127.0.0.1:8765/public/v2")


def test_live_never_starts_beside_an_exchange_of_its_own() -> None:
    with pytest.raises(ConfigurationError, match=r"exchange\.embedded"):
        check(*HERE, embedded=True)


def test_live_needs_an_account_that_nobody_else_trades_on() -> None:
    with pytest.raises(ConfigurationError, match="ACCOUNT_EXCLUSIVE=true"):
        check(*HERE, exclusive=False)


@pytest.mark.parametrize("url", ["https://api.kraken.com", "wss://ws-auth.kraken.com/v2", *STRANGERS])
def test_a_profile_without_real_money_sends_orders_to_this_machine_only(url: str) -> None:
    check_simulated(*HERE)
    with pytest.raises(ConfigurationError, match="with profile live only"):
        check_simulated(*HERE, url)
