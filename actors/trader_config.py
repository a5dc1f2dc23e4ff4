"""What a trader is told at its start: everything it needs, in one JSON text, so that it never loads the settings tree.

The supervisor writes it into the child's environment as `WILDBOT_TRADER`; it holds no secret.
"""

import os

import msgspec

from wildbot.model.errors import ConfigurationError

ENVIRONMENT_NAME = "WILDBOT_TRADER"


class TraderLimits(msgspec.Struct, frozen=True):
    """The trader's own limits; the names and units are those of the settings sections `orders`, `risk` and `feed`."""

    max_position: float
    max_order_notional: str
    max_orders_per_s: float
    entry_collar_pct: float
    exit_collar_pct: float
    allow_short: bool
    stale_order_ms: int
    stale_order_policy: str
    fill_cooldown_ms: int
    rate_reserve: float
    tick_age_max_ms: int
    silence_max_s: float
    tier: str
    late_book_ms: int
    slow_answer_ms: int


class TraderConfig(msgspec.Struct, frozen=True):
    """One start of one trader. `parameters` are the strategy's, by the names of its settings section;
    `fingerprint` is that of the supervisor's settings; `has_sessions`: the instrument does not always trade;
    `feed_shows_own`: market data come from where our orders stand; `only_leaves`: no strategy runs, what the pair holds
    is left."""

    home: str
    pair: str
    epoch: int
    strategy: str
    parameters: dict[str, object]
    limits: TraderLimits
    log_level: str
    fingerprint: str = ""
    has_sessions: bool = False
    feed_shows_own: bool = False
    only_leaves: bool = False

    def to_environment(self) -> str:
        """Return the JSON text for `ENVIRONMENT_NAME`."""
        return msgspec.json.encode(self).decode()


def from_environment() -> TraderConfig:
    """Return this process' own configuration. Raises: ConfigurationError when it was not started by the supervisor."""
    text = os.environ.get(ENVIRONMENT_NAME)
    if not text:
        raise ConfigurationError(f"a trader is started by the supervisor, which sets {ENVIRONMENT_NAME}")
    try:
        return msgspec.json.decode(text, type=TraderConfig)
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"{ENVIRONMENT_NAME} cannot be read: {error}") from None


def actor_name(pair: str) -> str:
    """Return the name of the trader of a pair, as in log files and the actor table: "trader-BTC-USDC"."""
    return "trader-" + pair.replace("/", "-")
