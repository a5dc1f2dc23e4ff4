"""What the order gateway takes from the settings: its limits in the units of the desk, and the key pair of the profile."""

import os
from decimal import Decimal

from wildbot.adapters.live_gate import check_live
from wildbot.adapters.secrets import ApiKey, check_hosts, read_api_key
from wildbot.desk.gateway_state import GatewaySetup
from wildbot.desk.order_checks import GatewayLimits
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import NANOS_PER_MS, NANOS_PER_SECOND, Money, money_from_text
from wildbot.settings import Profile, Settings


def gateway_setup(settings: Settings) -> GatewaySetup:
    """Return the settings in the units of the desk."""
    risk = settings.risk
    limits = GatewayLimits(
        order_notional_max=_money(risk.max_order_notional),
        orders_per_s=risk.max_orders_per_s,
        entry_collar_ppm=round(risk.entry_collar_pct * 10_000),
        exit_collar_ppm=round(risk.exit_collar_pct * 10_000),
        data_silence_ns_max=round(settings.feed.silence_max_s * NANOS_PER_SECOND),
        cancel_reserve=settings.orders.rate_reserve,
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
    )


def find_key(settings: Settings) -> ApiKey:
    """Return the key pair of this profile. Raises: ConfigurationError when there is none, or it may not be used."""
    key = read_api_key(os.environ)
    if settings.profile is Profile.LIVE:
        check_live(os.environ, settings.rest_url, settings.ws_auth_url)
        if key is None:
            raise ConfigurationError("profile live needs KRAKEN_API_KEY and KRAKEN_API_SECRET (or their _FILE forms)")
        check_hosts(settings.rest_url, settings.ws_auth_url)
        return key
    if settings.exchange.api_key and settings.exchange.embedded:
        return ApiKey(settings.exchange.api_key, settings.exchange.api_secret)
    if key is None:
        raise ConfigurationError("KRAKEN_API_KEY and KRAKEN_API_SECRET are missing, and exchange.api_key is empty")
    check_hosts(settings.rest_url, settings.ws_auth_url)
    return key


def _money(amount: Decimal) -> Money:
    return money_from_text(str(amount))
