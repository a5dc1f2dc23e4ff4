"""Every process of WildBot with its health, its restarts, its load and its pace, each number with the age of the beat."""

from wildbot.dashboard.view.document import JsonObject, number, rows, text, whole
from wildbot.dashboard.view.health import actor_tone, loop_us
from wildbot.dashboard.view.scanner import spark_shape
from wildbot.dashboard.view.tracks import Track
from wildbot.dashboard.view.wording import (
    NOTHING,
    div,
    escaped,
    fixed,
    microseconds,
    milliseconds,
    panel,
    span,
    table,
    tag,
)

ACTORS_MAX = 24
SPARK_ROWS = 120
_WORDS = {"good": "● well", "warn": "◆ late", "bad": "✕ lost"}


def processes_html(document: JsonObject, pace: Track, *, stale: bool) -> str:
    """Return the table as markup; a stale document does not know how anybody is."""
    found = rows(document, "actors")[:ACTORS_MAX]
    headings = [
        "",
        "actor",
        "state",
        ">pid",
        ">beat",
        ">restarts",
        ">cpu",
        ">memory",
        ">turns/s",
        ">p50",
        ">p99",
        "p99, lately",
    ]
    lines = [_line(actor, pace, stale=stale) for actor in found]
    well = sum(actor_tone(actor) == "good" for actor in found)
    body = div(f"wb-scroll {'stale' if stale else ''}", table(headings, lines, empty="no actor has reported yet"))
    aside = span("", "unknown" if stale else f"{well} of {len(found)} well")
    return panel("Processes", body, css="processes", aside=aside)


def _line(actor: JsonObject, pace: Track, *, stale: bool) -> str:
    tone = "dim" if stale else actor_tone(actor)
    restarts, name = whole(actor, "restarts"), text(actor, "name", NOTHING)
    _, _, values = pace.line(name)
    shape = spark_shape([value for value in values[-SPARK_ROWS:] if value is not None])
    contents = [
        (tone, escaped("○ unknown" if stale else _WORDS[tone])),
        ("wb-strong", escaped(name)),
        ("", escaped(text(actor, "state", NOTHING))),
        ("r dim", escaped(text(actor, "pid", NOTHING))),
        ("r", escaped(milliseconds(number(actor, "heartbeat_age_ms")))),
        ("r warn" if restarts else "r dim", escaped(f"↻ {restarts}" if restarts else "0")),
        ("r", escaped(f"{fixed(number(actor, 'cpu_pct'), 1)} %")),
        ("r", escaped(f"{fixed(number(actor, 'rss_mb'), 0)} MB")),
        ("r", escaped(fixed(number(actor, "messages_per_s"), 0))),
        ("r", escaped(microseconds(loop_us(actor, "p50_us")))),
        ("r", escaped(microseconds(loop_us(actor, "p99_us")))),
        ("", div("wb-spark", style=f"clip-path:{shape}") if shape else div("wb-spark none")),
    ]
    return tag("tr", "", "".join(tag("td", css, markup) for css, markup in contents))
