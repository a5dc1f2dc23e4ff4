"""One actor's log records, newest first; everything in them is foreign text."""

from collections.abc import Sequence

from wildbot.adapters.log_tail import LogRecord
from wildbot.dashboard.view.wording import div, panel, span

TONES = {"CRITICAL": "bad", "ERROR": "bad", "WARNING": "warn", "DEBUG": "dim", "TRACE": "dim"}
MESSAGE_MAX = 4_000


def records_html(actor: str, records: Sequence[LogRecord]) -> str:
    """Return the records as markup."""
    lines = [
        div(
            f"wb-record {TONES.get(record.level, '')}",
            span("dim", record.time, title=f"{record.day} {record.time} UTC"),
            span("wb-level-word", record.level),
            span("wb-actor", record.pair),
            span("wb-message", record.message[:MESSAGE_MAX]),
        )
        for record in reversed(records)
    ]
    empty = span("dim", "no record matches" if actor else "nothing has been logged yet")
    aside = span("", f"{len(records)} records, newest first · UTC")
    return panel(f"Log of {actor}" if actor else "Log", div("wb-log whole", *(lines or [empty])), css="log", aside=aside)
