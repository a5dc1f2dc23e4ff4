"""The running WildBot as the pages see it: its newest document, its joined history, its control socket, its files.

Rules: the feed's thread never calls Streamlit; pages get copies under a lock and never wait for the network.
Owns: one StatusFeed and one History per server process, shared by all browser tabs.
"""

import threading
import time
from dataclasses import dataclass

import streamlit as st

from wildbot.adapters.control_client import ControlClient
from wildbot.adapters.home import Home
from wildbot.adapters.journal_reader import JournalReader
from wildbot.adapters.status_feed import StatusFeed
from wildbot.dashboard.view.document import EMPTY, JsonObject, is_stale, traded_pairs
from wildbot.dashboard.view.history import CandleRow, History
from wildbot.dashboard.view.tracks import Track
from wildbot.settings_loading import LoadedSettings, load

FIRST_WAIT_S = 1.5
SNAPSHOT_TIMEOUT_S = 2.0
SNAPSHOT_EVERY_S = 20.0
"""Sparklines come with snapshots alone; so often one is asked for while a page is open."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The newest document (an empty one before the first) and its age; `is_known` tells whether there ever was one."""

    document: JsonObject
    age_s: float
    is_known: bool

    @property
    def stale(self) -> bool:
        """Whether the numbers say nothing about now."""
        return not self.is_known or is_stale(self.age_s)


class Source:
    """Follows one home; `control` sends its commands; `run` is its folder of what lives only while it runs, `logs` and
    `reports` those of its log files and reports; `journal` reads its fills."""

    def __init__(self, loaded: LoadedSettings) -> None:
        settings = loaded.settings
        home = Home(settings.home)
        self.loaded = loaded
        self.settings = settings
        self.run, self.logs, self.reports = home.run, home.log, home.reports
        self.journal = JournalReader(home.data / f"{settings.profile}.sqlite")
        self.control = ControlClient(home.socket("control"))
        self._lock = threading.Lock()
        self._history = History()
        self._traded: frozenset[str] = frozenset()
        self._snapshot: JsonObject | None = None
        self._refreshed_s = time.monotonic()
        self._feed = StatusFeed(home, on_change=self._absorb)
        self._feed.start()  # its thread calls back at once: everything above has to stand

    def close(self) -> None:
        """Stop following."""
        self._feed.close()

    def wait_first(self, seconds: float) -> None:
        """Wait for the first document and its history, at most `seconds`, so that the first picture is a full one."""
        ends_s = time.monotonic() + seconds
        while self._feed.snapshot() is None and (left_s := ends_s - time.monotonic()) > 0:
            self._feed.wait_change(left_s)
        self._absorb()

    def now(self) -> Moment:
        """Return the newest document with its age."""
        document, age_s = self._feed.latest()
        return Moment(EMPTY if document is None else document, age_s, document is not None)

    def candles(self, pair: str) -> list[CandleRow]:
        """Return the candles of one pair, oldest first."""
        with self._lock:
            return self._history.candles(pair)

    def equity(self) -> list[tuple[float, float]]:
        """Return (ts_ns, equity) points, oldest first."""
        with self._lock:
            return self._history.equity()

    def fills(self, pair: str = "") -> list[JsonObject]:
        """Return the known fills of one pair, or of all, oldest first."""
        with self._lock:
            return self._history.fills(pair)

    def mind(self, pair: str) -> Track:
        """Return what the trader of a pair saw over time, each row with the code of its reason."""
        with self._lock:
            return self._history.mind(pair)

    def ranking(self) -> Track:
        """Return every pair's score over time."""
        with self._lock:
            return self._history.ranking()

    def pace(self) -> Track:
        """Return every actor's p99 over time, in microseconds."""
        with self._lock:
            return self._history.pace()

    def sparks(self) -> JsonObject:
        """Return the sparklines of each pair under "sparks", at most about SNAPSHOT_EVERY_S old while somebody looks."""
        document, _ = self._feed.latest()
        with self._lock:
            is_old = time.monotonic() - self._refreshed_s > SNAPSHOT_EVERY_S
            if is_old:
                self._refreshed_s = time.monotonic()
            snapshot = self._snapshot or self._feed.snapshot() or EMPTY
        if is_old:
            threading.Thread(target=self._refresh, name="snapshot", daemon=True).start()
        is_ours = document is not None and snapshot.get("run_id") == document.get("run_id")
        return {"sparks": snapshot.get("sparks")} if is_ours else EMPTY

    def events(self) -> list[JsonObject]:
        """Return the events heard so far, oldest first."""
        return list(self._feed.events())

    def _absorb(self) -> None:
        document, _ = self._feed.latest()
        with self._lock:
            self._history.absorb(document, self._feed.snapshot())
        if document is not None:
            self._fetch_past_of_new_pairs(document)

    def _fetch_past_of_new_pairs(self, document: JsonObject) -> None:
        """Ask for a snapshot when a pair was swapped in: it has a past that no document tells."""
        traded = frozenset(traded_pairs(document))
        newcomers, self._traded = traded - self._traded, traded
        if newcomers and self._feed.snapshot() is not None:
            self._refresh()

    def _refresh(self) -> None:
        reply = self.control.call("snapshot", timeout_s=SNAPSHOT_TIMEOUT_S)
        document, _ = self._feed.latest()
        if reply.ok:
            with self._lock:
                self._snapshot = reply.result
                self._history.absorb(document, reply.result)


@st.cache_resource(show_spinner=False, on_release=Source.close)
def open_source() -> Source:
    """Return the one source of this server process.

    Raises: ConfigurationError when the settings cannot be used.
    """
    source = Source(load())
    source.wait_first(FIRST_WAIT_S)
    return source
