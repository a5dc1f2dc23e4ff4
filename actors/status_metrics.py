"""The status document as Prometheus metrics.

Rules: a value that is unknown is left out, never shown as zero; names end in their unit; label values are pairs and actor
    names alone, which are few.
Source: the Prometheus naming practices; prometheus-client's custom collectors.
"""

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from wildbot.analytics.status_view import ActorView, StatusView, TraderView

Source = Callable[[], tuple[StatusView | None, float]]
"""Returns the newest document and its age in seconds."""

ACCOUNT = {
    "equity": "Cash plus inventory at the mark, quote currency",
    "cash": "Free and reserved cash, quote currency",
    "realised_pnl": "Realised profit, quote currency",
    "unrealised_pnl": "Unrealised profit, quote currency",
    "fees": "Fees paid, quote currency",
    "drawdown_pct": "Loss from the peak equity, percent",
    "day_pnl": "Profit of this UTC day, quote currency",
}
TRADER = {
    "position": "Inventory, base currency",
    "equity": "Equity of the trader, quote currency",
    "unrealised_pnl": "Unrealised profit, quote currency",
    "spread_bps": "Spread, basis points",
    "data_age_ms": "Age of its market data, milliseconds",
}
ACTOR = {
    "heartbeat_age_ms": "Time since its last heartbeat, milliseconds",
    "restarts": "Restarts since the start of the run",
    "cpu_pct": "Processor time, percent of one core",
    "rss_mb": "Resident memory, megabytes",
    "messages_per_s": "Messages handled per second",
    "p50_us": "Median time of one turn of the loop, microseconds",
    "p99_us": "99th percentile of the time of one turn, microseconds",
}
HOP_BITS = range(12, 36)
"""Borders of the latency histograms, as powers of two in nanoseconds: 4 us to 34 s."""
STATES = ("starting", "reconciling", "running", "degraded", "reduce_only", "halted", "stopping")


class StatusCollector(Collector):
    """Makes metrics of the newest document each time it is asked."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; without a document only its age, which is then infinite."""
        status, age_s = self._source()
        yield GaugeMetricFamily("wildbot_status_age_seconds", "Age of the status document", value=age_s)
        if status is None:
            return
        yield _state(status)
        yield GaugeMetricFamily("wildbot_uptime_seconds", "Time since the start of the run", value=status.uptime_s)
        for name, text in ACCOUNT.items():
            if (value := _number(getattr(status.account, name))) is not None:
                yield GaugeMetricFamily(f"wildbot_account_{name}", text, value=value)
        yield CounterMetricFamily("wildbot_fills", "Booked fills of this account", value=status.account.trades)
        yield _alerts(status)
        yield _quotes(status)
        for name, text in TRADER.items():
            yield _family(f"wildbot_trader_{name}", text, "pair", status.traders, name)
        for name, text in ACTOR.items():
            yield _family(f"wildbot_actor_{name}", text, "actor", status.actors, name)
        yield _hops(status)


def _state(status: StatusView) -> Metric:
    family = GaugeMetricFamily("wildbot_state", "1 for the state the system is in", labels=["state", "mode"])
    for state in STATES:
        family.add_metric([state, status.mode], float(state == status.state))
    return family


def _hops(status: StatusView) -> Metric:
    text = "Time of one hop on the way from the market to an order and its acknowledgement"
    family = HistogramMetricFamily("wildbot_hop_latency_seconds", text, labels=["actor", "hop"])
    for actor in status.actors:
        for name, hop in actor.hops.items():
            buckets = [(f"{2**bits / 1e9:.9f}", sum(n for k, n in hop.octaves.items() if k <= bits)) for bits in HOP_BITS]
            family.add_metric([actor.name, name], [*buckets, ("+Inf", hop.count)], hop.total_s)
    return family


def _alerts(status: StatusView) -> Metric:
    family = GaugeMetricFamily("wildbot_alerts", "Alerts among the last 50, by level", labels=["level"])
    for level in ("info", "warning", "critical"):
        family.add_metric([level], sum(alert.level == level for alert in status.alerts))
    return family


def _quotes(status: StatusView) -> Metric:
    family = GaugeMetricFamily("wildbot_trader_open_orders", "Resting orders of ours", labels=["pair"])
    for trader in status.traders:
        family.add_metric([trader.pair], len(trader.open_orders))
    return family


def _family(name: str, text: str, label: str, rows: "list[TraderView] | list[ActorView]", field: str) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for row in rows:
        if (value := _number(getattr(row, field))) is not None:
            family.add_metric([row.pair if isinstance(row, TraderView) else row.name], value)
    return family


def _number(value: str | float | None) -> float | None:
    """Return decimal text or a number as a float; metrics are for drawing, not for accounts."""
    try:
        return None if value is None else float(value)
    except ValueError:
        return None
