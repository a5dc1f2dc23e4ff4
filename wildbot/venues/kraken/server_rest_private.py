"""REST account calls of the simulated exchange: money, orders and trades, and the key itself.

Source: Kraken REST account pages and recorded answers.
"""

import random

from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.venues.kraken.server_exchange import Exchange
from wildbot.venues.kraken.server_frames import Params
from wildbot.venues.kraken.server_keys import TOKEN_TTL_S, ApiKey
from wildbot.venues.kraken.server_names import PairNames
from wildbot.venues.kraken.server_rest_history import RestHistory
from wildbot.venues.kraken.server_rest_money import RestMoney
from wildbot.venues.kraken.server_unconfirmed import DEFAULTS, Unconfirmed

Result = dict[str, object]


class RestAccount:
    """One method per endpoint, called by name."""

    def __init__(self, exchange: Exchange, names: PairNames, rng: random.Random, assume: Unconfirmed = DEFAULTS) -> None:
        self._rng = rng
        self._assume = assume
        self.endpoints = {
            **RestMoney(exchange, names, assume).endpoints,
            **RestHistory(exchange, names).endpoints,
            "GetWebSocketsToken": self._token,
            "GetApiKeyInfo": self._key_info,
        }

    def _token(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        return {"token": key.new_token(self._rng, now_ns), "expires": TOKEN_TTL_S}

    def _key_info(self, body: Params, key: ApiKey, now_ns: int) -> Result:
        fields: Result = {
            "api_key_name": key.account,
            "api_key": key.key,
            "nonce": str(key.nonces.last),
            "nonce_window": str(key.nonces.window),
            "permissions": key.rights,
            "iban": "",
            "valid_until": str(key.terms.valid_until_s),
            "query_from": "0",
            "query_to": "0",
            "created_time": "0",
            "modified_time": "0",
            "ip_allowlist": key.terms.ip_allowlist,
            "last_used": str(key.last_used_ns // NANOS_PER_SECOND),
        }
        return {_camel(name): value for name, value in fields.items()} if self._assume.key_info == "camel" else fields


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
