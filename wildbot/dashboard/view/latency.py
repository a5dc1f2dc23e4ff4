"""How long everything takes: each hop from the exchange's frame to its acknowledgement, each actor's loop, now and lately.

Rules: a hop is shown by its name and its actor in the order of the path; one that nobody measures is simply not there.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from wildbot.dashboard.view.chart import ChartOption, lines_option, spans_option, spread_lines_option, value_axis
from wildbot.dashboard.view.document import JsonObject, number, rows, section, text, whole
from wildbot.dashboard.view.health import loop_us
from wildbot.dashboard.view.tracks import Track
from wildbot.dashboard.view.wording import cells, div, fixed, microseconds, milliseconds, panel, span, table

PATH = {
    "decode": "frame read → published",
    "bus": "frame read → at the trader",
    "decide": "received → orders sent",
    "request": "sent → at the gateway",
    "commit": "in the journal",
    "send": "received → bytes left",
    "venue": "bytes left → acknowledged",
    "tick_to_order": "frame read → order's bytes left",
}
"""The hops in the order a tick becomes an order, each with what it spans."""

HOPS_MAX = 24
OCTAVE_MAX = 50
ACTORS_MAX = 24


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop of one actor; percentiles in microseconds; `octaves`: how many took less than 2^k ns, not half of that."""

    name: str
    actor: str
    count: int
    p50_us: float
    p99_us: float
    octaves: Mapping[int, int]

    @property
    def label(self) -> str:
        """The hop and whose it is."""
        return f"{self.name} · {self.actor}"


def hops(document: JsonObject) -> list[Hop]:
    """Return every measured hop in the order of the path, at most HOPS_MAX."""
    found: list[Hop] = []
    for actor in rows(document, "actors"):
        told = section(actor, "hops")
        for name in told:
            row = section(told, name)
            p50, p99 = number(row, "p50_us"), number(row, "p99_us")
            if p50 is not None and p99 is not None:
                found.append(
                    Hop(name, text(actor, "name"), whole(row, "count"), p50, p99, _octaves(section(row, "octaves")))
                )
    order = list(PATH)
    found.sort(key=lambda hop: (order.index(hop.name) if hop.name in PATH else len(order), hop.actor))
    return found[:HOPS_MAX]


def hops_option(found: list[Hop]) -> ChartOption:
    """Return the chart of the hops."""
    return spans_option([hop.label for hop in found], {hop.label: (hop.p50_us, hop.p99_us) for hop in found})


def _octaves(told: JsonObject) -> dict[int, int]:
    """Return what can be an octave: from a nanosecond to some days."""
    return {int(name): whole(told, name) for name in told if name.isdecimal() and len(name) < 3 and int(name) <= OCTAVE_MAX}


def spread_option(found: list[Hop]) -> ChartOption:
    """Return how the samples of each hop are spread over the octaves of time, in percent, since the run began."""
    summed: dict[str, Counter[int]] = {}
    for hop in found:
        summed.setdefault(hop.name, Counter()).update(hop.octaves)
    known = {name: octaves for name, octaves in summed.items() if octaves.total() > 0}
    places = sorted({place for octaves in known.values() for place in octaves})
    steps = list(range(places[0], places[-1] + 1)) if places else []
    shares = {name: [round(100 * octaves[step] / octaves.total(), 2) for step in steps] for name, octaves in known.items()}
    return spread_lines_option([f"to {microseconds(2**step / 1_000)}" for step in steps], shares)


def hops_html(found: list[Hop], *, stale: bool) -> str:
    """Return the hops as a table."""
    lines = [
        cells(
            ("wb-strong", hop.name),
            ("dim", PATH.get(hop.name, "")),
            ("", hop.actor),
            ("r", f"{hop.count:,}"),
            ("r", microseconds(hop.p50_us)),
            ("r", microseconds(hop.p99_us)),
        )
        for hop in found
    ]
    headings = ["hop", "from → to", "actor", ">count", ">p50", ">p99"]
    drawn = table(headings, lines, empty="no actor reports its hops yet")
    return panel("Each hop", div(f"wb-scroll {'stale' if stale else ''}", drawn), css="tall")


def pace_option(pace: Track) -> ChartOption:
    """Return every actor's p99 over time, on an axis of powers of ten."""
    lines = [
        (name, moments, [_above_nought(value) for value in values])
        for name, moments, values in map(pace.line, pace.names())
    ]
    return lines_option(lines, axis=value_axis(type="log"))


def _above_nought(value: float | None) -> float | None:
    return None if value is None else max(1.0, value)


def pace_html(document: JsonObject, *, stale: bool) -> str:
    """Return each actor's pace as a table."""
    lines = [
        cells(
            ("wb-strong", text(actor, "name")),
            ("r", microseconds(loop_us(actor, "p50_us"))),
            ("r", microseconds(loop_us(actor, "p99_us"))),
            ("r", milliseconds(number(actor, "loop_lag_ms"))),
            ("r", fixed(number(actor, "messages_per_s"), 0)),
            ("r", milliseconds(number(actor, "heartbeat_age_ms"))),
        )
        for actor in rows(document, "actors")[:ACTORS_MAX]
    ]
    headings = ["actor", ">p50", ">p99", ">timer late", ">turns/s", ">measured"]
    drawn = table(headings, lines, empty="no actor has reported yet")
    aside = span("", "since the last heartbeat")
    return panel("Actors", div(f"wb-scroll {'stale' if stale else ''}", drawn), css="taller", aside=aside)
