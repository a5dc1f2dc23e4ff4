"""The sections of the settings: each knob with its default, its unit and its range.

Rules: a setting is one field here, with a sentence and its unit, and one line in `config/default.toml`. A section knows
    nothing of the others; the tree that they make is in `settings.py`.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from wildbot.model.instrument import PPM_PER_PERCENT, FeeSchedule

PAIR = r"^[A-Z0-9]{1,12}/[A-Z0-9]{2,12}$"
Pair = Annotated[str, Field(pattern=PAIR)]
Port = Annotated[int, Field(ge=1, le=65535)]
Share = Annotated[float, Field(gt=0, le=1)]
Paths = Annotated[
    tuple[str, ...], BeforeValidator(lambda told: ((told,) if told else ()) if isinstance(told, str) else told)
]


class Section(BaseModel):
    """A section: unknown keys are refused, values never change after the start."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


class KrakenSection(Section):
    """Where Kraken's interface is spoken; empty in `sim` means our own exchange on its port."""

    ws_url: str = ""
    """Address of the public market data socket; empty: our own exchange's."""
    ws_auth_url: str = ""
    """Address of the private socket; empty: our own exchange's."""
    rest_url: str = ""
    """Base address of REST, without a path; empty: our own exchange's."""
    tier: Literal["starter", "intermediate", "pro"] = "intermediate"
    """The account's verification tier; it sets the exchange's order-rate counters."""
    rest_calls_per_s: float = Field(1.0, gt=0, le=5)
    """Private REST calls per second, at most."""


class TradingSection(Section):
    """What is traded, by which rule, by how many."""

    universe: tuple[Pair, ...] = Field(min_length=1, max_length=64)
    """The pairs that are watched and rated."""
    pairs: tuple[Pair, ...] = ()
    """Pairs that are always traded; empty: the scanner chooses from the universe."""
    strategy: str = "market_maker"
    """The strategy's name; its parameters are the section of the same name."""
    max_traders: int = Field(3, ge=1, le=3)
    """How many pairs are traded at a time, one process each; the capital is split in so many shares."""
    swap_policy: Literal["flatten", "refuse"] = "flatten"
    """What happens to a held position when its pair is swapped out: sell it, or refuse the swap."""


class CapitalSection(Section):
    """Money WildBot may use, in the quote currency."""

    starting: Decimal = Field(Decimal(16), gt=0, le=Decimal(10_000_000), decimal_places=8)
    """Capital that may be at work, in the quote currency."""
    currency: str = Field("USDC", pattern=r"^[A-Z0-9]{2,12}$")
    """The quote currency."""
    account_exclusive: bool = False
    """Whether nobody else trades on the account, whose dead man's switch cancels everybody's orders. Live demands it."""


class ExchangeSection(Section):
    """The simulated exchange on this machine."""

    embedded: bool = True
    """Whether the exchange of this machine is started."""
    port: Port = 8765
    """Loopback port of the exchange."""
    seed: int = Field(7, ge=0)
    """Seed of the synthetic market; same seed, same market."""
    market: Literal["synthetic", "replay"] = "synthetic"
    """A synthetic market, or the replay of a recording."""
    data: Paths = ()
    """Paths of the recordings to replay, one instrument or several at once."""
    sample_if_missing: bool = False
    """Whether a stock's recording that is not there is replaced by a generated sample."""
    format: Literal["auto", "lobster", "kraken", "binance", "bitstamp", "wildbot"] = "auto"
    """Format of the recording; auto: by its name."""
    scenario: Literal["normal", "calm", "busy", "trend", "crash", "thin", "dead"] = "normal"
    """Which day the synthetic market has."""
    speed: Annotated[float, Field(ge=0.1, le=1000)] | Literal["max"] = 1.0
    """Market time per wall time; max: as fast as it goes."""
    activity: float = Field(1.0, gt=0, le=20)
    """How busy the synthetic market is; 1 is normal."""
    warmup_s: float = Field(600.0, ge=0, le=86_400)
    """Market seconds simulated before the first client."""
    maker_pct: Decimal = Field(Decimal("0.25"), ge=Decimal("-0.1"), le=Decimal(2))
    """Maker fee, percent of the notional; negative: a rebate."""
    taker_pct: Decimal = Field(Decimal("0.40"), ge=0, le=Decimal(2))
    """Taker fee, percent of the notional."""
    latency_ms: float = Field(0.0, ge=0, le=5_000)
    """Milliseconds from an order's receipt to the market."""
    fill_model: Literal["back_of_queue", "queue_position", "touch", "picked_off"] = "queue_position"
    """Which of our queue positions a mirrored market assumes."""
    queue_power: float = Field(1.0, ge=0.125, le=8)
    """How `queue_position` shares cancels between those ahead and those behind, until our own fills exclude it."""
    api_key: str = ""
    """The key of the simulated exchange; it works nowhere else."""
    api_secret: str = Field("", repr=False)
    """Its secret."""

    @property
    def rates(self) -> FeeSchedule:
        """What the exchange of this machine charges."""
        return FeeSchedule(int(self.maker_pct * PPM_PER_PERCENT), int(self.taker_pct * PPM_PER_PERCENT))


class DashboardSection(Section):
    """The cockpit; reachable from elsewhere only with a password."""

    port: Port = 8501
    """Loopback port of the dashboard."""
    address: str = "127.0.0.1"
    """Address the dashboard listens on; other than loopback needs a password."""
    password: str = Field("", repr=False)
    """Password of the dashboard; empty: none, loopback only."""


class ApiSection(Section):
    """The status over HTTP, on loopback."""

    port: Port = 8080
    """Loopback port of the status API."""


class TelegramSection(Section):
    """What the owner is told by Telegram, and who may command there. The bot's token and the chat are no settings."""

    enabled: bool = True
    """Whether the notifier runs when `TELEGRAM_BOT_TOKEN` is set."""
    api_url: str = "https://api.telegram.org"
    """Address of the Bot API: https, or a server of this machine."""
    allowed_users: tuple[Annotated[int, Field(gt=0)], ...] = Field((), max_length=16)
    """User ids that may command, in a private chat; empty: nobody."""
    profit_every_s: float = Field(60.0, ge=60, le=86_400)
    """Seconds between two messages about profit and loss, at least."""
    digest_every_h: float = Field(12.0, ge=0, le=168)
    """Hours between two messages that all is well; 0: none."""


class FeedSection(Section):
    """Market data: how deep, and how old it may be."""

    depth: Literal[10, 25, 100, 500, 1000] = 10
    """Book levels per side that are subscribed."""
    silence_max_s: float = Field(2.0, gt=0, le=60)
    """Seconds without a word from the exchange after which quotes are withdrawn."""
    tick_age_max_ms: int = Field(500, ge=50, le=10_000)
    """An order needs market data at most so many milliseconds old."""
    late_book_ms: int = Field(500, ge=1, le=10_000)
    """No entries for a while when books keep arriving at a trader so many milliseconds after they were read."""


class OrdersSection(Section):
    """The life of our orders."""

    stale_order_ms: int = Field(500, ge=50, le=600_000)
    """Milliseconds after which a resting order is looked at again."""
    stale_order_policy: Literal["reevaluate", "cancel"] = "reevaluate"
    """What happens then: keep it while it is still wanted, or cancel it in any case."""
    fill_cooldown_ms: int = Field(200, ge=0, le=60_000)
    """Milliseconds between two fills that are acted on, at least."""
    deadline_ms: int = Field(5_000, ge=500, le=60_000)
    """Milliseconds after which the exchange must refuse an order that arrives late."""
    rate_reserve: Share = 0.4
    """Share of the exchange's order-rate counter kept for withdrawals."""
    slow_answer_ms: int = Field(1_000, ge=10, le=60_000)
    """No entries for a while when orders keep taking so many milliseconds to be acknowledged."""


class RiskSection(Section):
    """Limits, checked in the trader and again in the order gateway."""

    max_position: Share = 1.0
    """Largest position, as a share of the pair's lease."""
    max_order_notional: Decimal = Field(Decimal(100), gt=0)
    """Largest single order, in the quote currency."""
    max_orders_per_s: float = Field(5.0, gt=0, le=100)
    """New orders and amends of one trader per second, at most."""
    max_open_orders: int = Field(24, ge=1, le=1_000)
    """Resting orders of all pairs together, at most."""
    max_daily_turnovers: int = Field(10_000, ge=1, le=1_000_000)
    """Halt when the fills of a UTC day cost more than so many times the starting capital."""
    max_drawdown_pct: float = Field(50.0, gt=0, le=100)
    """Halt when equity is so many percent below the account's peak."""
    max_daily_loss_pct: float = Field(0.0, ge=0, le=100)
    """No entries for the rest of the UTC day once so many percent of the day's first equity are lost; 0: no such limit."""
    max_daily_loss: Decimal = Field(Decimal(0), ge=0)
    """The same as an amount in the quote currency; 0: no such limit. The tighter of the two counts."""
    entry_collar_pct: float = Field(1.0, gt=0, le=10)
    """An entry may be priced so many percent from the mid, at most."""
    exit_collar_pct: float = Field(3.0, gt=0, le=20)
    """An exit may be priced so many percent from the mid, at most."""
    allow_short: bool = False
    """Sell what is not owned: simulated and margin accounts only."""


class ScannerSection(Section):
    """Which pair deserves a trader."""

    switch_threshold: float = Field(1.5, ge=1, le=100)
    """A challenger must score so many times as high as a traded pair to replace it."""
    hysteresis_seconds: float = Field(60.0, ge=0, le=86_400)
    """For so many seconds without a break."""
    spread_penalty: float = Field(0.1, ge=0, le=10)
    """Weight of the spread in a pair's score."""
    horizon_seconds: float = Field(300.0, gt=0, le=86_400)
    """Seconds over which a pair must be able to earn its fees."""
    warm_samples: int = Field(20, ge=2, le=10_000)
    """Volatility samples before a pair has a score."""


class SessionsSection(Section):
    """When instruments trade: by the calendar of an exchange, or always."""

    default: str = "24/7"
    """Code of the exchange whose calendar holds, such as XNYS or XNSE; 24/7: always open."""
    instruments: tuple[Annotated[str, Field(pattern=PAIR[:-1] + r"=\S+$")], ...] = ()
    """Other calendars of single instruments, such as AAPL/USD=XNYS."""
    entry_hours: tuple[Annotated[str, Field(pattern=r"^\d\d:\d\d-\d\d:\d\d$")], ...] = ()
    """Local hours of the exchange in which positions may be opened, such as 09:45-11:30; none: the whole session."""


class RecorderSection(Section):
    """The market on disk, written down while WildBot runs."""

    enabled: bool = False
    """Whether the recorder runs."""
    cap_mb: int = Field(2_000, ge=1, le=1_000_000)
    """Megabytes of recordings to keep; the oldest hours go first."""
    folder: str = Field("recordings", min_length=1)
    """Folder of the recordings, below the home's data."""


class LogSection(Section):
    """How much the log files say."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """How much the log files say."""
