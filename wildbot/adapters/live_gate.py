"""What has to be true before a real key is used: two independent confirmations, and a host that may be spoken to.

Rules: the profile is one confirmation, the word in the environment (`wildbot up --i-understand-live` sets it) the other.
Known limit: Kraken itself is refused in this version. The fault drill that live trading is to pass does not exist yet, so
    the profile `live` runs against loopback addresses only.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from wildbot.adapters.secrets import LOOPBACK_HOSTS
from wildbot.model.errors import ConfigurationError

CONFIRM_NAME = "WILDBOT_LIVE_CONFIRM"
CONFIRM_WORD = "i-understand-live"


def check_live(surroundings: Mapping[str, str], *urls: str) -> None:
    """Let the profile `live` pass, or say in one sentence what is missing.

    Raises:
        ConfigurationError: without the second confirmation, or for any host but this machine.
    """
    if surroundings.get(CONFIRM_NAME) != CONFIRM_WORD:
        raise ConfigurationError(
            "profile live trades real money and needs a second confirmation:"
            " `wildbot up --profile live --i-understand-live`"
        )
    for url in urls:
        host = urlsplit(url).hostname or ""
        if host not in LOOPBACK_HOSTS:
            raise ConfigurationError(
                f"{host} is a real exchange, and this version does not trade there yet: its live checks are not complete;"
                " use profile sim"
            )
