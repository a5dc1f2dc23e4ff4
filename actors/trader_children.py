"""The trader processes of the supervisor: what each is told, and how it is started.

Rules: a trader gets its whole configuration in one variable and no credential; it dies with the supervisor.
"""

from pathlib import Path

from actors.session_guest import calendar_code
from actors.trader_config import ENVIRONMENT_NAME, TraderConfig, TraderLimits
from wildbot.adapters.processes import ChildProcesses
from wildbot.settings import Settings

TraderKey = tuple[str, int]
"""(pair, epoch)."""


def trader_config(settings: Settings, home: Path, pair: str, epoch: int, *, only_leaves: bool = False) -> TraderConfig:
    """Return everything one start of one trader has to know."""
    risk, orders, feed = settings.risk, settings.orders, settings.feed
    limits = TraderLimits(
        max_position=risk.max_position,
        max_order_notional=str(risk.max_order_notional),
        max_orders_per_s=risk.max_orders_per_s,
        entry_collar_pct=risk.entry_collar_pct,
        exit_collar_pct=risk.exit_collar_pct,
        allow_short=risk.allow_short,
        stale_order_ms=orders.stale_order_ms,
        stale_order_policy=orders.stale_order_policy,
        fill_cooldown_ms=orders.fill_cooldown_ms,
        rate_reserve=orders.rate_reserve,
        tick_age_max_ms=feed.tick_age_max_ms,
        silence_max_s=feed.silence_max_s,
        tier=settings.kraken.tier,
        late_book_ms=feed.late_book_ms,
        slow_answer_ms=orders.slow_answer_ms,
    )
    strategy = settings.trading.strategy
    return TraderConfig(
        home=str(home),
        pair=pair,
        epoch=epoch,
        strategy=strategy,
        parameters=settings.strategy_parameters(strategy),
        limits=limits,
        log_level=settings.log.level,
        fingerprint=settings.fingerprint,
        has_sessions=bool(calendar_code(settings, pair)),
        feed_shows_own=not settings.mirrored_ws_url,
        only_leaves=only_leaves,
    )


class TraderChildren:
    """Starts, signals and reaps traders."""

    def __init__(self, settings: Settings, home: Path) -> None:
        self._settings = settings
        self._home = home
        self._children: ChildProcesses[TraderKey] = ChildProcesses()

    def spawn(self, pair: str, epoch: int, *, only_leaves: bool = False) -> int:
        """Start a trader and return its process id."""
        config = trader_config(self._settings, self._home, pair, epoch, only_leaves=only_leaves)
        words = ["-m", "actors", "trader", "--pair", pair, "--epoch", str(epoch)]
        # The home is in the configuration too; by its name in the environment an owner finds every process of an instance.
        surroundings = {ENVIRONMENT_NAME: config.to_environment(), "WILDBOT_HOME": str(self._home)}
        return self._children.spawn((pair, epoch), words, surroundings)

    def signal(self, pair: str, epoch: int, number: int) -> bool:
        """Send a signal to one trader; False when it is gone."""
        return self._children.signal((pair, epoch), number)

    def reap(self) -> list[tuple[TraderKey, int]]:
        """Return the traders that ended since the last call, with their exit codes."""
        return self._children.reap()
