"""`python -m actors NAME [words]`: start one actor in this process.

The file `actors/NAME.py` is loaded by name, so that a lean actor never imports what a heavy one needs.
"""

import importlib
import os
import signal
import sys
import time
from pathlib import Path

import msgspec

from actors.spec import EXIT_CONFIGURATION, EXIT_USAGE, ActorSpec
from wildbot.adapters.processes import end_with_parent
from wildbot.model.errors import ConfigurationError

UNDER_SUPERVISORD = "SUPERVISOR_ENABLED"
"""supervisord sets it for its programs: should it be killed, they stop in order instead of trading on unwatched."""

LAST_TO_GO = "exchange_simulator"
"""It stays when supervisord is killed: the order gateway has to withdraw its orders there first."""

HOLDS_NOTHING = "dashboard"
"""It becomes Streamlit, which does not always heed the kernel's TERM, and has nothing to put in order."""

LONGEST_STARTSECS = 3.0
"""The longest `startsecs` in supervisord.conf; a test holds the two together."""


def main(words: list[str]) -> int:
    """Run the actor named by the first word and return its exit code."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if "\nACTOR = ActorSpec(" in path.read_text())
    if not words or words[0] not in names:
        sys.stderr.write(f"usage: python -m actors NAME, where NAME is one of: {', '.join(names)}\n")
        return EXIT_USAGE
    actor = importlib.import_module(f"actors.{words[0]}").ACTOR
    assert isinstance(actor, ActorSpec)
    if UNDER_SUPERVISORD in os.environ and words[0] != LAST_TO_GO:
        end_with_parent(signal.SIGKILL if words[0] == HOLDS_NOTHING else signal.SIGTERM)
    try:
        return actor.run(words[1:])
    except ConfigurationError as error:
        if "--json" in words:
            told = {"ok": False, "error": {"code": "configuration", "message": str(error)}}
            sys.stdout.write(f"{msgspec.json.encode(told).decode()}\n")
            sys.stdout.flush()
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
        if UNDER_SUPERVISORD in os.environ:
            # supervisord forgets the code of a program that ends within its startsecs and tries it again; ended later, the
            # code counts: 78 is not restarted, and `wildbot up` can tell what has to be changed.
            time.sleep(LONGEST_STARTSECS + 0.5)
        return EXIT_CONFIGURATION


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
