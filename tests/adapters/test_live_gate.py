"""Real money needs two confirmations, and this version refuses every real exchange."""

import pytest

from wildbot.adapters.live_gate import CONFIRM_NAME, CONFIRM_WORD, check_live
from wildbot.model.errors import ConfigurationError

CONFIRMED = {CONFIRM_NAME: CONFIRM_WORD}


@pytest.mark.parametrize("surroundings", [{}, {CONFIRM_NAME: ""}, {CONFIRM_NAME: "yes"}])
def test_live_is_refused_without_the_second_confirmation(surroundings: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="needs a second confirmation"):
        check_live(surroundings, "http://127.0.0.1:8765")


@pytest.mark.parametrize("url", ["https://api.kraken.com", "wss://ws-auth.kraken.com/v2", "https://127.0.0.1.example"])
def test_a_real_exchange_is_refused_even_when_confirmed(url: str) -> None:
    with pytest.raises(ConfigurationError, match="is a real exchange"):
        check_live(CONFIRMED, "http://127.0.0.1:8765", url)


def test_live_on_this_machine_passes_when_confirmed() -> None:
    check_live(CONFIRMED, "http://127.0.0.1:8765", "ws://localhost:8765/private/v2")
