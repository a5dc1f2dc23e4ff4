"""The status document as Prometheus metrics.

Rules: a value that is unknown is left out, never shown as zero, and of an old document nothing is known; names end in
    their unit, which is a base unit (seconds, bytes, ratios; basis points where the trade speaks of them); label values
    are pairs, actor names and our own words alone, which are few. What only grows is a counter and starts again with its
    process.
Source: the Prometheus naming practices; prometheus-client's custom collectors.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from actors.health import DOCUMENT_AGE_S_MAX, reasons_against
from wildbot.analytics.status_view import StatusView

Source = Callable[[], tuple[StatusView | None, float]]
"""Returns the newest document and its age in seconds."""

MILLI, MICRO, PERCENT, MEGA = 1e3, 1e6, 1e2, 1e-6


@dataclass(frozen=True, slots=True)
class Column:
    """How a field of a row becomes a gauge: what it is, the end of its name where that is another than the field's, and
    how many of its units are one base unit."""

    text: str
    name: str = ""
    per_unit: float = 1.0


ACCOUNT = {
    "equity": Column("Cash plus inventory at the mark, quote currency"),
    "peak_equity": Column("Highest equity there was, quote currency"),
    "cash": Column("Free and reserved cash, quote currency"),
    "realised_pnl": Column("Realised profit, quote currency"),
    "unrealised_pnl": Column("Unrealised profit, quote currency"),
    "fees": Column("Fees paid, quote currency"),
    "return_pct": Column("Equity over the starting capital, less one", "return_ratio", PERCENT),
    "drawdown_pct": Column("Loss from the peak equity, as a part of it", "drawdown_ratio", PERCENT),
    "max_drawdown_pct": Column("The drawdown at which everything stops", "max_drawdown_ratio", PERCENT),
    "day_pnl": Column("Profit of this UTC day, quote currency"),
}
TRADER = {
    "position": Column("Inventory, base currency"),
    "equity": Column("Equity of the trader, quote currency"),
    "realised_pnl": Column("Realised profit after fees, quote currency"),
    "unrealised_pnl": Column("Unrealised profit, quote currency"),
    "fees": Column("Fees paid, quote currency"),
    "spread_bps": Column("Spread, basis points"),
    "data_age_ms": Column("Age of its market data", "data_age_seconds", MILLI),
}
SCANNER = {
    "score": Column("Score in the pair scanner's ranking"),
    "spread_bps": Column("Spread, basis points"),
    "volatility_bps": Column("Volatility, basis points"),
    "hurdle_bps": Column("What a round trip costs in fees, basis points"),
    "data_age_ms": Column("Age of its market data", "data_age_seconds", MILLI),
}
ACTOR = {
    "heartbeat_age_ms": Column("Time since its last heartbeat", "heartbeat_age_seconds", MILLI),
    "cpu_pct": Column("Processor time, 1 is one core", "cpu_ratio", PERCENT),
    "rss_mb": Column("Resident memory", "resident_memory_bytes", MEGA),
    "messages_per_s": Column("Messages handled per second", "messages_per_second"),
    "p50_us": Column("Median time of one turn of the loop", "turn_p50_seconds", MICRO),
    "p99_us": Column("99th percentile of the time of one turn of the loop", "turn_p99_seconds", MICRO),
}
GATEWAY = {
    "open_orders": Column("Orders of ours that rest or whose outcome is unknown"),
    "unknown_orders": Column("Orders of ours whose outcome is unknown"),
    "foreign_orders": Column("Orders on the account that are not ours"),
}
CAPITAL = {
    "capital": Column("What may be lent to traders, quote currency"),
    "granted": Column("What is lent to traders, quote currency"),
    "free": Column("What is not lent, quote currency"),
}
HOP_BITS = range(12, 36)
"""Borders of the latency histograms, as powers of two in nanoseconds: 4 us to 34 s."""
UNKNOWN_AGE_S = 5 * DOCUMENT_AGE_S_MAX
"""A document so old says nothing of now: its numbers end, instead of being drawn as a flat line."""

STATES = ("starting", "reconciling", "running", "degraded", "reduce_only", "halted", "stopping")
LEVELS = ("info", "warning", "critical")
REQUESTS = ("placed", "amended", "cancelled", "denied", "rejected")


class StatusCollector(Collector):
    """Makes metrics of the newest document each time it is asked."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; of no document, or an old one, only that nothing is known: not healthy, and its age."""
        status, age_s = self._source()
        healthy = not reasons_against(status, age_s)
        yield GaugeMetricFamily("wildbot_healthy", "1 while /health answers 200", value=float(healthy))
        yield GaugeMetricFamily("wildbot_status_age_seconds", "Age of the status document", value=age_s)
        if status is None or age_s > UNKNOWN_AGE_S:
            return
        yield from _whole(status)
        yield from _families("wildbot_trader", "pair", {row.pair: row for row in status.traders}, TRADER)
        yield from _traders(status)
        yield from _families("wildbot_scanner", "pair", {row.pair: row for row in status.scanner}, SCANNER)
        yield from _families("wildbot_actor", "actor", {row.name: row for row in status.actors}, ACTOR)
        yield _counter("wildbot_actor_restarts", "Restarts since the start of the run", "actor", _restarts(status))
        yield from _gateway(status)
        yield from _truth(status)
        yield _hops(status)


def _whole(status: StatusView) -> Iterator[Metric]:
    state = GaugeMetricFamily("wildbot_state", "1 for the state the system is in", labels=["state", "mode"])
    for name in STATES:
        state.add_metric([name, status.mode], float(name == status.state))
    yield state
    yield GaugeMetricFamily("wildbot_uptime_seconds", "Time since the start of the run", value=status.uptime_s)
    yield from _values("wildbot_account", status.account, ACCOUNT)
    yield CounterMetricFamily("wildbot_fills", "Booked fills of this account", value=status.account.trades)
    trips = {"won": status.account.wins, "lost": status.account.losses}
    yield _counter("wildbot_round_trips", "Positions back to flat, by how they ended", "outcome", trips)
    standing = GaugeMetricFamily("wildbot_alerts_standing", "Alerts that have not cleared, by level", labels=["level"])
    for level in LEVELS:
        standing.add_metric([level], sum(alert.level == level for alert in status.standing))
    yield standing
    yield from _values("wildbot_allocator", status.allocator, CAPITAL)


def _traders(status: StatusView) -> Iterator[Metric]:
    resting = GaugeMetricFamily("wildbot_trader_open_orders", "Resting orders of ours", labels=["pair"])
    quoting = GaugeMetricFamily("wildbot_trader_quoting", "1 while an order of ours rests", labels=["pair"])
    for trader in status.traders:
        resting.add_metric([trader.pair], len(trader.open_orders))
        quoting.add_metric([trader.pair], float(trader.is_quoting))
    yield resting
    yield quoting


def _gateway(status: StatusView) -> Iterator[Metric]:
    gateway = status.gateway
    yield from _values("wildbot_gateway", gateway, GATEWAY)
    requests = dict.fromkeys(REQUESTS, 0) | gateway.requests if gateway.requests else {}
    yield _counter("wildbot_order_requests", "Order requests by what became of them", "outcome", requests)
    used = GaugeMetricFamily("wildbot_rate_budget_used_ratio", "Order counter over its threshold", labels=["pair"])
    for pair, share in gateway.budget_used.items():
        if share is not None:
            used.add_metric([pair], share)
    yield used


def _hops(status: StatusView) -> Metric:
    text = "Time of one hop on the way from the market to an order and its acknowledgement"
    family = HistogramMetricFamily("wildbot_hop_latency_seconds", text, labels=["actor", "hop"])
    for actor in status.actors:
        for name, hop in actor.hops.items():
            buckets = [(f"{2**bits / 1e9:.9f}", sum(n for k, n in hop.octaves.items() if k <= bits)) for bits in HOP_BITS]
            family.add_metric([actor.name, name], [*buckets, ("+Inf", hop.count)], hop.total_s)
    return family


def _truth(status: StatusView) -> Iterator[Metric]:
    truth = status.truth
    net = "Net result of the orders sent, over the fill models, quote currency"
    yield _known("wildbot_truth_net_pnl", net, "bound", truth.bracket)
    if truth.sign_stable is not None:
        told = "1 while all fill models agree on the sign of the result"
        yield GaugeMetricFamily("wildbot_truth_sign_stable", told, value=float(truth.sign_stable))
    markouts = {f"{each.horizon_s:g}": each.mean_bps for each in truth.markouts}
    worth = "What fills were worth after so many seconds, basis points of their price"
    yield _known("wildbot_truth_markout_bps", worth, "horizon_s", markouts)
    yield _known("wildbot_truth_split", "Where the result came from, quote currency", "part", truth.split)


def _known(name: str, text: str, label: str, values: Mapping[str, str | float | None]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for word, value in values.items():
        if (number := _number(value)) is not None:
            family.add_metric([word], number)
    return family


def _restarts(status: StatusView) -> Mapping[str, int]:
    return {actor.name: actor.restarts for actor in status.actors}


def _values(prefix: str, row: object, fields: Mapping[str, Column]) -> Iterator[Metric]:
    """Yield one gauge for each known field of one row."""
    for field, column in fields.items():
        if (value := _number(getattr(row, field))) is not None:
            yield GaugeMetricFamily(f"{prefix}_{column.name or field}", column.text, value=value / column.per_unit)


def _families(prefix: str, label: str, rows: Mapping[str, object], fields: Mapping[str, Column]) -> Iterator[Metric]:
    """Yield one gauge for each field, with a value for each row that knows it."""
    for field, column in fields.items():
        family = GaugeMetricFamily(f"{prefix}_{column.name or field}", column.text, labels=[label])
        for name, row in rows.items():
            if (value := _number(getattr(row, field))) is not None:
                family.add_metric([name], value / column.per_unit)
        yield family


def _counter(name: str, text: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for word, count in counts.items():
        family.add_metric([word], count)
    return family


def _number(value: str | float | None) -> float | None:
    """Return decimal text or a number as a float; metrics are for drawing, not for accounts."""
    try:
        return None if value is None else float(value)
    except ValueError:
        return None
