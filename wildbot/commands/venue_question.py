"""One question to the exchange from the command line, answered before the command goes on.

Rules: asked through the client that trades (same certificates, same limits, same silence about what failed). A private
    question needs a key that no gateway holds, at a time when no reserved nonce lies ahead of the clock.
"""

import select
import time

from wildbot.adapters.secrets import ApiKey
from wildbot.adapters.venue_client import VenueClient
from wildbot.model.errors import VenueRefusal, VenueSilence
from wildbot.venues.kraken.rest import Params
from wildbot.venues.kraken.rest_calls import NONCE_RESERVE, NonceReserve, RestCall

ANSWER_WAIT_S = 15.0
NOBODY = ApiKey("", "")


def ask_exchange(
    base_url: str, endpoint: str, key: ApiKey = NOBODY, params: Params | None = None
) -> bytes | VenueRefusal | VenueSilence:
    """Return the result as JSON bytes, the exchange's no, or silence; private when a key is given."""
    now_ns = time.time_ns()
    nonces = NonceReserve(0, now_ns)
    nonces.extend(now_ns // 1_000 + NONCE_RESERVE)
    client = VenueClient(base_url, key, nonces)
    try:
        client.submit(RestCall(endpoint, endpoint, params or {}, private=key is not NOBODY))
        poller = select.poll()
        poller.register(client.fileno(), select.POLLIN)
        if not poller.poll(ANSWER_WAIT_S * 1_000):
            return VenueSilence(f"{endpoint}: no answer within {ANSWER_WAIT_S:g} s")
        return client.drain()[0].result
    finally:
        client.close()
