"""What goes into and comes out of the supervisor's brain: the rules from the settings, the feed's health, the run's row.

Rules: conversions only; nothing here remembers anything.
"""

from actors.limit_texts import limit_texts
from wildbot.analytics.status_board import RunView
from wildbot.analytics.status_rows import TraderView
from wildbot.desk.supervision import Supervision
from wildbot.desk.supervision_state import SupervisionRules
from wildbot.desk.supervision_words import FeedHealth
from wildbot.model.instrument import money_from_text
from wildbot.protocol.schema import build_word
from wildbot.settings import Settings
from wildbot.venues.kraken.market_feed import FeedStatus


def supervision_rules(settings: Settings) -> SupervisionRules:
    """Return what the supervisor's brain has to know of the settings."""
    trading, risk = settings.trading, settings.risk
    return SupervisionRules(
        trading.max_traders,
        trading.pairs,
        trading.swap_policy,
        risk.max_drawdown_pct,
        max_daily_loss_pct=risk.max_daily_loss_pct,
        max_daily_loss=money_from_text(str(risk.max_daily_loss)),
        universe=trading.universe,
        limits=limit_texts(settings),
        build=build_word(settings.fingerprint),
    )


def feed_health(feed: FeedStatus, silence_max_s: float) -> FeedHealth:
    """Return whether market data flows, and what is wrong when it does not."""
    if not feed.connected:
        return FeedHealth(ok=False, reason="no connection to the market data")
    if feed.silent_ms is None or feed.silent_ms > silence_max_s * 1_000:
        return FeedHealth(ok=False, reason="the market data is silent")
    if not any(pair.is_fresh for pair in feed.pairs.values()):
        return FeedHealth(ok=False, reason="no pair has a verified book")
    return FeedHealth(ok=True)


def run_view(brain: Supervision, max_drawdown_pct: float) -> RunView:
    """Return the run's part of the status document."""
    rows = [TraderView(each.pair, each.epoch, each.state.value, each.pid) for each in brain.traders]
    rows += [TraderView(pair, 0, "quarantined", 0, "its trader died too often") for pair in sorted(brain.quarantined)]
    return RunView(
        state=brain.run_state.value,
        reasons=brain.reasons,
        traders=tuple(rows),
        traded=brain.traded,
        peak=brain.saved.peak,
        day_open=brain.saved.day_open,
        max_drawdown_pct=max_drawdown_pct,
    )
