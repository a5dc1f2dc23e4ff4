"""Where the supervisor's memory of a profile lies, and what others may read in it.

Rules: the supervisor alone writes it.
"""

import contextlib

from wildbot.adapters.home import Home
from wildbot.adapters.supervisor_state import DurableRecord
from wildbot.desk.supervision_words import SupervisorState
from wildbot.model.errors import ConfigurationError
from wildbot.settings import Settings


def run_record(settings: Settings) -> DurableRecord[SupervisorState]:
    """Return the record of the settings' home and profile."""
    return DurableRecord(Home(settings.home).data / f"{settings.profile}.supervisor.json", SupervisorState)


def halt_on_disk(settings: Settings) -> str:
    """Return why the last run of this profile is halted; "" when it is not, or cannot be known."""
    saved = _saved(settings)
    return saved.halt_reason if saved is not None and saved.halted else ""


def chosen_universe(settings: Settings) -> tuple[str, ...]:
    """Return the pairs that `set_universe` put in place of the configured ones; () when the settings count."""
    saved = _saved(settings)
    return saved.universe if saved is not None and saved.universe_of == settings.trading.universe else ()


def _saved(settings: Settings) -> SupervisorState | None:
    with contextlib.suppress(ConfigurationError):
        return run_record(settings).load()
    return None
