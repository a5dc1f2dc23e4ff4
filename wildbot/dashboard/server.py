"""The cockpit's server process: Streamlit, with its pages loaded and the desk followed before the first visitor comes.

Rules: `python -m wildbot.dashboard.server run ...` takes the words of `streamlit run ...`. What the first visit would
    import is imported before the port opens; what it would open is opened beside it.
"""

import logging
import threading
from contextlib import suppress

from streamlit.web import cli

from wildbot.dashboard.app import PAGES
from wildbot.dashboard.source import open_source
from wildbot.model.errors import ConfigurationError

_OUTSIDE_A_VISIT = "streamlit.runtime.scriptrunner_utils.script_run_context"
"""Who warns that the source is opened by no visit; that is what is meant to happen."""


def warm_up() -> None:
    """Open the source that all visits share; what the settings complain of is shown by the page itself."""
    warner = logging.getLogger(_OUTSIDE_A_VISIT)
    warner.disabled = True
    try:
        with suppress(ConfigurationError):
            open_source()
    finally:
        warner.disabled = False


if __name__ == "__main__":
    assert PAGES, "the pages are imported here, not in the first visit"
    threading.Thread(target=warm_up, name="warm_up", daemon=True).start()
    cli.main(prog_name="streamlit")
