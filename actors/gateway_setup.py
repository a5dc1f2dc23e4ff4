"""What the order gateway takes from the settings: its limits in the units of the desk, and the key pair of the profile."""

import os
from decimal import Decimal

from actors.limit_texts import limit_texts
from wildbot.adapters import log
from wildbot.adapters.hardening import forbid_dumps
from wildbot.adapters.key_hold import KeyHold
from wildbot.adapters.live_gate import KRAKEN, check_live, check_simulated, place_of
from wildbot.adapters.secrets import ApiKey, check_kraken_key, read_api_key
from wildbot.desk.gateway_state import GatewaySetup
from wildbot.desk.order_checks import GatewayLimits
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND, Money, money_from_text
from wildbot.settings import Profile, Settings

FALLBACK_NAME = "WILDBOT_LIVE_FALLBACK"
"""Says why a live start became a paper start; the gateway tells it on every channel."""


def gateway_setup(settings: Settings, run: str = "") -> GatewaySetup:
    """Return the settings in the units of the desk; `run` names the run for the journal."""
    risk = settings.risk
    limits = GatewayLimits(
        order_notional_max=_money(risk.max_order_notional),
        orders_per_s=risk.max_orders_per_s,
        entry_collar_ppm=round(risk.entry_collar_pct * 10_000),
        exit_collar_ppm=round(risk.exit_collar_pct * 10_000),
        data_silence_ns_max=round(settings.feed.silence_max_s * NANOS_PER_SECOND),
        cancel_reserve=settings.orders.rate_reserve,
        request_age_ns_max=settings.feed.tick_age_max_ms * NANOS_PER_MS,
        open_orders_max=risk.max_open_orders,
        daily_turnover_max=Money(_money(settings.capital.starting) * risk.max_daily_turnovers),
        allow_short=risk.allow_short and settings.profile is not Profile.LIVE,
    )
    return GatewaySetup(
        universe=settings.trading.universe,
        quote=settings.capital.currency,
        starting=_money(settings.capital.starting),
        limits=limits,
        tier=settings.kraken.tier,
        deadline_ns=settings.orders.deadline_ms * NANOS_PER_MS,
        live=settings.profile is Profile.LIVE,
        limit_texts=limit_texts(settings),
        session=f"run={run} mode={settings.profile.value} strategy={settings.trading.strategy}" if run else "",
    )


def take_key(settings: Settings) -> tuple[ApiKey, KeyHold]:
    """Return the key pair and our hold of it; no memory dump and no log line will show it.

    Raises: ConfigurationError when it may not be used, AlreadyRunningError when another process of this machine has it.
    """
    forbid_dumps()  # before there is a secret in this memory
    key = find_key(settings)
    for secret in (key.key, key.secret):
        log.blank(secret)
    return key, KeyHold(key, settings.rest_url)


def find_key(settings: Settings) -> ApiKey:
    """Return the key pair of this profile. Raises: ConfigurationError when there is none, or it may not be used."""
    key = read_api_key(os.environ)
    if settings.profile is Profile.LIVE:
        open_live_gate(settings)
        if key is None:
            raise ConfigurationError("profile live needs KRAKEN_API_KEY and KRAKEN_API_SECRET (or their _FILE forms)")
        if place_of(settings.rest_url) == KRAKEN:
            check_kraken_key(key)
        return key
    check_simulated(settings.rest_url, settings.ws_auth_url)
    if settings.exchange.api_key and settings.exchange.embedded:
        return ApiKey(settings.exchange.api_key, settings.exchange.api_secret)
    if key is None:
        raise ConfigurationError("KRAKEN_API_KEY and KRAKEN_API_SECRET are missing, and exchange.api_key is empty")
    return key


def open_live_gate(settings: Settings) -> None:
    """Let profile live pass. Raises: ConfigurationError with the first thing that is missing."""
    check_live(
        os.environ,
        settings.rest_url,
        settings.ws_auth_url,
        settings.ws_url,
        embedded=settings.exchange.embedded,
        exclusive=settings.capital.account_exclusive,
    )


def _money(amount: Decimal) -> Money:
    return money_from_text(str(amount))
