"""One frozen settings tree: the sections, by their names, and what follows from them.

Rules: sections are named as in the environment (`WILDBOT_<SECTION>__<KEY>`). A strategy's parameters are a section by its
    name, described and checked by the strategy itself. Credentials are not settings: only the order gateway and the
    notifier read those.
See: `settings_sections.py` for every single setting.
"""

import hashlib
from enum import StrEnum
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from wildbot.settings_sections import (
    ApiSection,
    CapitalSection,
    DashboardSection,
    ExchangeSection,
    FeedSection,
    KrakenSection,
    LogSection,
    OrdersSection,
    RecorderSection,
    RiskSection,
    ScannerSection,
    SessionsSection,
    TelegramSection,
    TradingSection,
)


class Profile(StrEnum):
    """Which exchange is behind the same code: ours, ours fed by Kraken's market, or Kraken."""

    SIM = "sim"
    PAPER = "paper"
    LIVE = "live"


class Settings(BaseSettings):
    """The whole tree. Build it with `settings_loading.load`, which merges the sources and names every mistake."""

    model_config = SettingsConfigDict(
        env_prefix="WILDBOT_", env_nested_delimiter="__", extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    profile: Profile = Profile.SIM
    """Which exchange: ours (sim), ours fed by Kraken's market (paper), or Kraken (live)."""
    home: Path = Path("var")
    """Folder of this instance: sockets, logs, journal, reports."""
    kraken: KrakenSection = KrakenSection()
    trading: TradingSection
    capital: CapitalSection = CapitalSection()
    exchange: ExchangeSection = ExchangeSection()
    feed: FeedSection = FeedSection()
    orders: OrdersSection = OrdersSection()
    risk: RiskSection = RiskSection()
    scanner: ScannerSection = ScannerSection()
    dashboard: DashboardSection = DashboardSection()
    api: ApiSection = ApiSection()
    telegram: TelegramSection = TelegramSection()
    sessions: SessionsSection = SessionsSection()
    recorder: RecorderSection = RecorderSection()
    log: LogSection = LogSection()
    strategies: dict[str, dict[str, object]] = Field(default_factory=dict)
    """By strategy: its whole section, checked by the strategy's own struct. The loader fills it, never an owner."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the loader hands in counts: it has merged the sources and knows each value's origin."""
        return (init_settings,)

    @property
    def ws_url(self) -> str:
        """Address of the public market data socket."""
        return self.kraken.ws_url or f"ws://127.0.0.1:{self.exchange.port}/public/v2"

    @property
    def mirrored_ws_url(self) -> str:
        """Address of the market that the exchange on this machine mirrors; empty when it has a market of its own."""
        is_own = self.ws_url == f"ws://127.0.0.1:{self.exchange.port}/public/v2"
        return self.ws_url if self.exchange.embedded and not is_own else ""

    @property
    def ws_auth_url(self) -> str:
        """Address of the private socket."""
        return self.kraken.ws_auth_url or f"ws://127.0.0.1:{self.exchange.port}/private/v2"

    @property
    def rest_url(self) -> str:
        """Base address of REST, without a path."""
        return self.kraken.rest_url or f"http://127.0.0.1:{self.exchange.port}"

    @property
    def fingerprint(self) -> str:
        """A short word that differs when any setting but a secret does: processes under other settings are strangers."""
        secrets: dict[str, set[str]] = {"exchange": {"api_key", "api_secret"}, "dashboard": {"password"}}
        text = self.model_dump_json(exclude=secrets)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def strategy_parameters(self, strategy: str) -> dict[str, object]:
        """Return one strategy's section, ready for its parameter struct; {} for a strategy nobody has."""
        return dict(self.strategies.get(strategy, {}))
