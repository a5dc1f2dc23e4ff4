"""Who may ask: API keys with their secret, nonce, REST rate counter and WebSocket tokens.

Owns: everything the simulated exchange remembers per key.
Source: Kraken "Spot REST Authentication", "Rate limits", "GetWebSocketsToken".
Known limit: no second factor. Lockouts are in `server_lockout`.
"""

import random
import string
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from wildbot.model.errors import VenueRefusal
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.venues.kraken.server_rights import INVALID_KEY, LOOPBACK, PERMISSION_DENIED, KeyTerms, check_right
from wildbot.venues.kraken.server_unconfirmed import DEFAULTS, Unconfirmed
from wildbot.venues.kraken.signing import NonceGuard

TOKEN_TTL_S = 900
TOKEN_CHARACTERS = 43
TOKENS_MAX = 64
"""Tokens remembered per key; a client that asks for more loses its oldest."""


@dataclass(frozen=True, slots=True)
class TierLimits:
    """Rate limits of one verification level: the engine's threshold per pair, the REST counter per key."""

    engine_max: int
    rest_max: float
    rest_decay_per_s: float


TIERS = {
    "starter": TierLimits(60, 15, 0.33),
    "intermediate": TierLimits(125, 20, 0.5),
    "pro": TierLimits(180, 20, 1.0),
}

HISTORY_CALLS = frozenset({"TradesHistory", "QueryTrades", "ClosedOrders", "Ledgers", "QueryLedgers"})
"""Calls that cost more than one."""

REST_COSTS = {
    "AddOrder": 0,
    "AddOrderBatch": 0,
    "AmendOrder": 0,
    "EditOrder": 0,
    "CancelOrder": 0,
    "CancelOrderBatch": 0,
    "CancelAll": 0,
    "CancelAllOrdersAfter": 0,
}
"""What a call adds to the counter; 1 when it is not named. The order calls count in the engine instead."""


STANDARD_TERMS = KeyTerms()


class ApiKey:
    """One key pair of one account."""

    def __init__(
        self,
        account: str,
        key: str,
        secret_b64: str,
        tier: TierLimits,
        assume: Unconfirmed = DEFAULTS,
        terms: KeyTerms = STANDARD_TERMS,
    ) -> None:
        self.account = account
        self.key = key
        self.secret_b64 = secret_b64
        self.tier = tier
        self.terms = terms
        self.rights = terms.rights
        self.nonces = NonceGuard(assume.nonce_window if terms.nonce_window is None else terms.nonce_window)
        self._history_cost = assume.history_cost
        self.last_used_ns = 0
        self._counter = 0.0
        self._counted_ns = 0
        self._tokens: OrderedDict[str, int] = OrderedDict()

    def check(self, call: str, now_ns: int) -> None:
        """Refuse a REST call, WebSocket method or private channel that this key may not make now. Raises: VenueRefusal."""
        terms = self.terms
        if terms.valid_until_s and now_ns >= terms.valid_until_s * NANOS_PER_SECOND:
            raise VenueRefusal(INVALID_KEY)
        if terms.ip_allowlist and LOOPBACK not in terms.ip_allowlist:
            raise VenueRefusal(PERMISSION_DENIED)
        check_right(self.rights, call)

    def may_call(self, endpoint: str, now_ns: int) -> bool:
        """Count one REST call; False when the counter is full (the refused call is not counted)."""
        elapsed_s = max(0, now_ns - self._counted_ns) / NANOS_PER_SECOND
        self._counter = max(0.0, self._counter - elapsed_s * self.tier.rest_decay_per_s)
        self._counted_ns = now_ns
        cost = self._history_cost if endpoint in HISTORY_CALLS else REST_COSTS.get(endpoint, 1)
        if cost and self._counter + cost > self.tier.rest_max:
            return False
        self._counter += cost
        return True

    def new_token(self, rng: random.Random, now_ns: int) -> str:
        """Return a fresh WebSocket token, good for `TOKEN_TTL_S`."""
        token = "".join(rng.choices(string.ascii_letters + string.digits, k=TOKEN_CHARACTERS))
        self._tokens[token] = now_ns + TOKEN_TTL_S * NANOS_PER_SECOND
        if len(self._tokens) > TOKENS_MAX:
            self._tokens.popitem(last=False)
        return token

    def knows_token(self, token: str, now_ns: int) -> bool:
        """Whether the token is of this key and not expired."""
        return self._tokens.get(token, 0) > now_ns

    def forget_tokens(self) -> None:
        """Every token issued so far is void."""
        self._tokens.clear()

    def set_counter(self, value: float, now_ns: int) -> None:
        """Set the REST rate counter."""
        self._counter, self._counted_ns = float(value), now_ns


class KeyRing:
    """All keys of the exchange."""

    def __init__(self) -> None:
        self._keys: dict[str, ApiKey] = {}
        self.revoked_accounts: list[str] = []

    def add(self, key: ApiKey) -> None:
        """Register one key."""
        self._keys[key.key] = key

    def revoke(self, key: ApiKey) -> None:
        """Forget one key; its account stays."""
        if self._keys.pop(key.key, None) is not None:
            self.revoked_accounts.append(key.account)

    def __contains__(self, key: ApiKey) -> bool:
        return self._keys.get(key.key) is key

    def by_key(self, key: str) -> ApiKey | None:
        """Return the key of that public name."""
        return self._keys.get(key)

    def by_token(self, token: str, now_ns: int) -> ApiKey | None:
        """Return the key that was given this token, while the token is good."""
        return next((key for key in self._keys.values() if key.knows_token(token, now_ns)), None)

    def __iter__(self) -> Iterator[ApiKey]:
        return iter(self._keys.values())
