"""One frozen settings tree: every knob with its default, its unit and its range.

Rules: a setting is one field here and one line in `config/`; sections are named as in the environment
    (`WILDBOT_<SECTION>__<KEY>`). Credentials are not settings: only the order gateway and the notifier read those.
"""

from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

PAIR = r"^[A-Z0-9]{1,12}/[A-Z0-9]{2,12}$"
Pair = Annotated[str, Field(pattern=PAIR)]
Port = Annotated[int, Field(ge=1, le=65535)]
Share = Annotated[float, Field(gt=0, le=1)]


class Profile(StrEnum):
    """Which exchange is behind the same code: ours, ours fed by Kraken's market, or Kraken."""

    SIM = "sim"
    PAPER = "paper"
    LIVE = "live"


class Section(BaseModel):
    """A section: unknown keys are refused, values never change after the start."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class KrakenSection(Section):
    """Where Kraken's interface is spoken; empty in `sim` means our own exchange on its port."""

    ws_url: str = ""
    ws_auth_url: str = ""
    rest_url: str = ""
    tier: Literal["starter", "intermediate", "pro"] = "intermediate"
    rest_calls_per_s: float = Field(1.0, gt=0, le=5)


class TradingSection(Section):
    """What is traded, by which rule, by how many."""

    universe: tuple[Pair, ...] = Field(min_length=1, max_length=64)
    pairs: tuple[Pair, ...] = ()
    strategy: str = "market_maker"
    max_traders: int = Field(3, ge=1, le=3)
    swap_policy: Literal["flatten", "refuse"] = "flatten"


class CapitalSection(Section):
    """Money WildBot may use, in the quote currency."""

    starting: Decimal = Field(Decimal(16), gt=0, le=Decimal(10_000_000), decimal_places=8)
    currency: str = Field("USDC", pattern=r"^[A-Z0-9]{2,12}$")


class ExchangeSection(Section):
    """The simulated exchange on this machine."""

    embedded: bool = True
    port: Port = 8765
    seed: int = Field(7, ge=0)
    market: Literal["synthetic", "replay"] = "synthetic"
    data: str = ""
    format: Literal["auto", "lobster", "kraken", "binance", "bitstamp"] = "auto"
    scenario: Literal["normal", "calm", "busy", "trend", "crash", "thin", "dead"] = "normal"
    speed: Annotated[float, Field(ge=0.1, le=1000)] | Literal["max"] = 1.0
    activity: float = Field(1.0, gt=0, le=20)
    warmup_s: float = Field(600.0, ge=0, le=86_400)
    maker_pct: Decimal = Field(Decimal("0.25"), ge=Decimal("-0.1"), le=Decimal(2))
    taker_pct: Decimal = Field(Decimal("0.40"), ge=0, le=Decimal(2))
    latency_ms: float = Field(0.0, ge=0, le=5_000)
    fill_model: Literal["back_of_queue", "queue_position", "touch"] = "queue_position"
    api_key: str = ""
    api_secret: str = Field("", repr=False)


class DashboardSection(Section):
    """The cockpit; reachable from elsewhere only with a password."""

    port: Port = 8501
    address: str = "127.0.0.1"
    password: str = Field("", repr=False)


class ApiSection(Section):
    """The status over HTTP, on loopback."""

    port: Port = 8080


class FeedSection(Section):
    """Market data: how deep, and how old it may be."""

    depth: Literal[10, 25, 100, 500, 1000] = 10
    silence_max_s: float = Field(2.0, gt=0, le=60)
    tick_age_max_ms: int = Field(500, ge=50, le=10_000)


class OrdersSection(Section):
    """The life of our orders."""

    stale_order_ms: int = Field(500, ge=50, le=600_000)
    stale_order_policy: Literal["reevaluate", "cancel"] = "reevaluate"
    fill_cooldown_ms: int = Field(200, ge=0, le=60_000)
    deadline_ms: int = Field(5_000, ge=500, le=60_000)
    rate_reserve: Share = 0.4


class RiskSection(Section):
    """Limits, checked in the trader and again in the order gateway."""

    max_position: Share = 1.0
    max_order_notional: Decimal = Field(Decimal(100), gt=0)
    max_orders_per_s: float = Field(5.0, gt=0, le=100)
    max_drawdown_pct: float = Field(50.0, gt=0, le=100)
    entry_collar_pct: float = Field(1.0, gt=0, le=10)
    exit_collar_pct: float = Field(3.0, gt=0, le=20)
    allow_short: bool = False


class ScannerSection(Section):
    """Which pair deserves a trader."""

    switch_threshold: float = Field(1.5, ge=1, le=100)
    hysteresis_seconds: float = Field(60.0, ge=0, le=86_400)
    spread_penalty: float = Field(0.1, ge=0, le=10)
    horizon_seconds: float = Field(300.0, gt=0, le=86_400)
    warm_samples: int = Field(20, ge=2, le=10_000)


class MarketMakerSection(Section):
    """S1: quotes around the microprice, leaned by inventory."""

    ema_window: int = Field(50, ge=1, le=100_000)
    momentum_filter_enabled: bool = True
    momentum_threshold_bps: float = Field(2.0, ge=0, le=1_000)
    volatility_sample_s: float = Field(1.0, gt=0, le=60)
    volatility_window: int = Field(100, ge=2, le=100_000)
    min_volatility_bps: float = Field(8.0, ge=0, le=10_000)
    max_spread_bps: float = Field(15.0, gt=0, le=10_000)
    edge_policy: Literal["require", "ignore"] = "require"
    min_profit_bps: float = Field(2.0, ge=0, le=1_000)
    skew_factor: float = Field(0.5, ge=0, le=10)
    min_half_spread_ticks: int = Field(0, ge=0, le=100_000)
    requote_ticks: int = Field(1, ge=1, le=100_000)
    requote_threshold_bps: float = Field(0.0, ge=0, le=1_000)
    volatility_exit_multiplier: float = Field(1.2, ge=0, le=100)
    base_hold_seconds: float = Field(300.0, gt=0, le=86_400)
    min_hold_seconds: float = Field(30.0, gt=0, le=86_400)
    max_hold_scaling: float = Field(3.0, ge=1, le=100)
    stop_loss_bps: float = Field(35.0, gt=0, le=10_000)
    order_fraction: Share = 0.8
    order_qty: str = Field("", pattern=r"^(\d+(\.\d+)?)?$")
    inventory_mode: Literal["cash", "balanced", "margin"] = "cash"


class LogSection(Section):
    """How much the log files say."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class Settings(BaseSettings):
    """The whole tree. Build it with `settings_loading.load`, which merges the sources and names every mistake."""

    model_config = SettingsConfigDict(env_prefix="WILDBOT_", env_nested_delimiter="__", extra="forbid", frozen=True)

    profile: Profile = Profile.SIM
    home: Path = Path("var")
    kraken: KrakenSection = KrakenSection()
    trading: TradingSection
    capital: CapitalSection = CapitalSection()
    exchange: ExchangeSection = ExchangeSection()
    feed: FeedSection = FeedSection()
    orders: OrdersSection = OrdersSection()
    risk: RiskSection = RiskSection()
    scanner: ScannerSection = ScannerSection()
    market_maker: MarketMakerSection = MarketMakerSection()
    dashboard: DashboardSection = DashboardSection()
    api: ApiSection = ApiSection()
    log: LogSection = LogSection()

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
        own = f"ws://127.0.0.1:{self.exchange.port}/public/v2"
        return self.ws_url if self.exchange.embedded and self.ws_url != own else ""

    @property
    def ws_auth_url(self) -> str:
        """Address of the private socket."""
        return self.kraken.ws_auth_url or f"ws://127.0.0.1:{self.exchange.port}/private/v2"

    @property
    def rest_url(self) -> str:
        """Base address of REST, without a path."""
        return self.kraken.rest_url or f"http://127.0.0.1:{self.exchange.port}"

    def strategy_parameters(self, strategy: str) -> dict[str, object]:
        """Return the settings of one strategy's section, ready for its parameter struct; {} when it has none."""
        section = getattr(self, strategy, None)
        return section.model_dump(mode="json") if isinstance(section, Section) else {}
