"""A program of supervisord.conf that lives until it is told to stop; the supervisor also shows a status and fills."""

import os
import signal
import sys
import threading
from pathlib import Path

import msgspec

from tests.commands.builders_commands import FakeSupervisor, a_document, a_fill, a_trader
from wildbot.adapters.home import Home

FILL_EVERY_S = 0.2
LAST_WORDS_S = 0.5

stop = threading.Event()
signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
name = sys.argv[1]
if name == "crash_watch":
    sys.stdout.write("READY\n")
    sys.stdout.flush()
if name == "supervisor":
    home = Home(Path(os.environ["WILDBOT_HOME"]))
    traders = [a_trader(pair) for pair in ("BTC/USDC", "SOL/USDC", "XRP/USDC")]
    with FakeSupervisor(home) as supervisor:
        supervisor.shows(a_document(traders=traders))
        while not stop.wait(FILL_EVERY_S):
            supervisor.says(b"event", msgspec.json.encode(a_fill()))
        gateway = {"state": "stopping", "open_orders": 0, "unknown_orders": 0}
        supervisor.shows(a_document(state="stopping", seq=2, traders=[], gateway=gateway))
        threading.Event().wait(LAST_WORDS_S)
else:
    stop.wait()
