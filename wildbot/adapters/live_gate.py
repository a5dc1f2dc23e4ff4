"""What has to be true before a real key is used.

Rules: two independent confirmations, the profile and the word in the environment (`wildbot up --i-understand-live` sets
    it); an account of our own; no failpoint and no exchange of ours in the process; and addresses that are all Kraken's
    own constants, or all on this machine. What a key may do is judged when the exchange has told (`desk/key_rights.py`).
Known limit: an address on this machine is believed to be a simulated exchange or the owner's own tunnel.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from wildbot.adapters.failpoints import FAILPOINTS_NAME
from wildbot.adapters.secrets import LOOPBACK_HOSTS
from wildbot.model.errors import ConfigurationError

CONFIRM_NAME = "WILDBOT_LIVE_CONFIRM"
CONFIRM_WORD = "i-understand-live"

KRAKEN = "kraken"
LOOPBACK = "loopback"
NOWHERE = ""

KRAKEN_ADDRESSES = frozenset({"https://api.kraken.com", "wss://ws-auth.kraken.com/v2", "wss://ws.kraken.com/v2"})
"""Kraken's own: REST, private and public socket. Anything else, and any detail different, is somebody else's."""


def check_live(surroundings: Mapping[str, str], *urls: str, embedded: bool, exclusive: bool) -> None:
    """Let the profile `live` pass, or say in one sentence what is missing.

    `embedded` is whether an exchange of this machine would be started with it, `exclusive` whether the owner says that
    nobody else trades on the account.

    Raises:
        ConfigurationError: the first thing that is not so.
    """
    if surroundings.get(CONFIRM_NAME) != CONFIRM_WORD:
        raise ConfigurationError(
            "profile live trades real money and needs a second confirmation:"
            " `wildbot up --profile live --i-understand-live`"
        )
    if surroundings.get(FAILPOINTS_NAME):
        raise ConfigurationError(f"{FAILPOINTS_NAME} is set: profile live does not start in a build that breaks on purpose")
    if embedded:
        raise ConfigurationError("exchange.embedded is true: profile live never runs beside an exchange of its own")
    if not exclusive:
        raise ConfigurationError(
            "capital.account_exclusive is false: our dead man's switch cancels everybody's orders of the account, so"
            " profile live needs one that nobody else trades on; say so with WILDBOT_CAPITAL__ACCOUNT_EXCLUSIVE=true"
        )
    places = {url: place_of(url) for url in urls}
    for url, place in places.items():
        if place == NOWHERE:
            raise ConfigurationError(
                f"{url} is not on this machine, and none of Kraken's own: {', '.join(sorted(KRAKEN_ADDRESSES))}"
            )
    if len(set(places.values())) > 1:
        raise ConfigurationError(f"some addresses are Kraken's and some on this machine: {', '.join(urls)}")


def check_simulated(*urls: str) -> None:
    """Let a profile without real money pass: its orders go to an exchange of this machine, whatever key it has.

    Raises:
        ConfigurationError: naming the first other address.
    """
    for url in urls:
        if place_of(url) != LOOPBACK:
            raise ConfigurationError(f"{url} is not on this machine; orders go there with profile live only")


def place_of(url: str) -> str:
    """Return where an address leads: KRAKEN, LOOPBACK, or NOWHERE a key may go."""
    if url.rstrip("/") in KRAKEN_ADDRESSES:
        return KRAKEN
    return LOOPBACK if urlsplit(url).hostname in LOOPBACK_HOSTS else NOWHERE
