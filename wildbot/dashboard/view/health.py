"""The actors' health tiles and the event log."""

from collections.abc import Sequence
from dataclasses import dataclass

from wildbot.dashboard.view.document import JsonObject, number, rows, text, whole
from wildbot.dashboard.view.wording import NOTHING, clock, date_clock, div, fixed, microseconds, milliseconds, panel, span

BEAT_LATE_MS = 1_500
BEAT_LOST_MS = 3_000
"""Actors beat twice a second: three missed beats are late, six are lost."""

LOG_LINES_MAX = 60
_BAD_STATES = {"failed", "fatal", "exited", "dead", "crashed", "quarantined", "backoff"}

_AT_WORK = {"running", "ready", "trading"}
"""States that go without saying."""

_LOUDNESS = {"critical": "bad", "error": "bad", "warning": "warn", "debug": "dim"}


def actor_tone(actor: JsonObject) -> str:
    """Return the colour class of one actor from its state and the age of its last heartbeat; no heartbeat is bad news."""
    beat = number(actor, "heartbeat_age_ms")
    if text(actor, "state").lower() in _BAD_STATES or beat is None or beat > BEAT_LOST_MS:
        return "bad"
    return "warn" if beat > BEAT_LATE_MS else "good"


def loop_us(actor: JsonObject, percentile: str) -> float | None:
    """Return a percentile ("p50_us", "p99_us") of an actor's loop; a loop that made no turn has none."""
    return number(actor, percentile) if number(actor, "messages_per_s") else None


def actors_html(document: JsonObject, *, stale: bool) -> str:
    """Return one tile per actor as markup."""
    actors = rows(document, "actors")
    tiles = [_tile(actor) for actor in actors] or [span("dim", "no actor has reported yet")]
    well = sum(1 for actor in actors if actor_tone(actor) == "good")
    body = div(f"wb-tiles {'stale' if stale else ''}", *tiles)
    return panel("Actors", body, css="low", aside=span("", "unknown" if stale else f"{well} of {len(actors)} well"))


def _tile(actor: JsonObject) -> str:
    restarts, state = whole(actor, "restarts"), text(actor, "state", NOTHING)
    pace = f"p99 {microseconds(loop_us(actor, 'p99_us'))}" if state in _AT_WORK else state
    beat = f"beat {milliseconds(number(actor, 'heartbeat_age_ms'))} · {pace}"
    load = f"{fixed(number(actor, 'cpu_pct'), 1)} % of a core, {fixed(number(actor, 'rss_mb'), 0)} MB"
    name = text(actor, "name", NOTHING)
    return div(
        f"wb-tile {actor_tone(actor)}",
        div(
            "wb-card-line",
            span("wb-strong", name.removeprefix("trader-") if name.startswith("trader-") else name.replace("_", " ")),
            span("warn", f"↻ {restarts}") if restarts else "",
        ),
        div("", span("", beat)),
        title=f"{name}: {state}, pid {text(actor, 'pid', NOTHING)}, restarts {restarts}, {load}",
    )


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the event log; `tone` is a colour class or empty."""

    ts_ns: int
    time: str
    level: str
    actor: str
    words: str
    tone: str


def log_lines(events: Sequence[JsonObject], alerts: Sequence[JsonObject]) -> list[LogLine]:
    """Return events and alerts, newest first, at most LOG_LINES_MAX; one that came both ways is shown once."""
    lines = {(line.ts_ns, line.words): line for line in map(_log_line, [*events, *alerts])}
    return sorted(lines.values(), key=lambda line: line.ts_ns, reverse=True)[:LOG_LINES_MAX]


def _log_line(row: JsonObject) -> LogLine:
    level = text(row, "level") or "info"
    kind = text(row, "kind") or text(row, "event") or text(row, "type")
    return LogLine(
        ts_ns=whole(row, "ts_ns"),
        time=clock(number(row, "ts_ns")),
        level=level.upper(),
        actor=text(row, "actor") or text(row, "pair") or kind,
        words=text(row, "text") or text(row, "message") or _spelled(row, kind),
        tone=_LOUDNESS.get(level.lower(), ""),
    )


def _spelled(row: JsonObject, kind: str) -> str:
    """An event without a text: its kind and its plain fields."""
    fields = [
        f"{name} {text(row, name)}" for name in row if name not in {"ts_ns", "kind", "event", "type", "level", "actor"}
    ]
    return f"{kind} {', '.join(field for field in fields if not field.endswith(' '))}".strip()


def log_html(lines: list[LogLine]) -> str:
    """Return the event log as markup."""
    body = [
        div(
            f"wb-logline {line.tone}",
            span("dim", line.time, title=f"{date_clock(line.ts_ns)} UTC"),
            span("wb-level-word", line.level),
            span("wb-actor", line.actor),
            span("wb-words", line.words, title=line.words),
        )
        for line in lines
    ]
    return panel("Event log", div("wb-log", *(body or [span("dim", "nothing has happened yet")])), css="low")
