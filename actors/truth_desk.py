"""The truth desk: what our fills were worth, and what paper would have made of the same orders.

Rules: it only listens: to the market, to the order gateway's tape, and to the journal, which it reads in short looks. It
    sits beside the order path in a process of its own; when it fails, trading goes on and the status tells by silence.
Owns: `data/<profile>.marks.jsonl` (the mids around each fill) and `data/<profile>.truth.json` (tallies of the twins).
Source of truth for what is reckoned: `wildbot/truth/`.
"""

from collections.abc import Sequence

import msgspec

from actors.gateway_tape import SOCKET as TAPE_SOCKET
from actors.runtime import Runtime
from actors.spec import EXIT_DONE, ActorSpec
from actors.truth_files import believed_power, marks_file, read_marks, twin_record
from wildbot.adapters.append_log import AppendLog
from wildbot.adapters.home import Home
from wildbot.adapters.journal_reader import JournalReader, JournalUnreadableError, Wanted, as_filled
from wildbot.adapters.zmq_bus import Subscriber
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.status import Severity, TruthStatus
from wildbot.protocol.bus import TAPE, read_market_frame
from wildbot.settings import Profile, Settings
from wildbot.settings_loading import load
from wildbot.simulation.fills import fill_models
from wildbot.truth.truth_desk import TruthDesk, TwinRecord

NAME = "truth_desk"
LOOK_S = 0.25
STATUS_S = 1.0
SAVE_S = 30.0
CATCH_UP_S = 60.0
UNTOLD_NS = 10 * NANOS_PER_SECOND
"""A fill in the journal so old is not on its way over the tape any more."""

READ_BACK_NS = 3_600 * NANOS_PER_SECOND


class TruthActor:
    """The shell around a `TruthDesk`."""

    def __init__(self, runtime: Runtime, settings: Settings) -> None:
        self._runtime = runtime
        home, profile = runtime.home, settings.profile.value
        self._journal = JournalReader(home.data / f"{profile}.sqlite")
        self._record = twin_record(home, profile)
        self._marks = AppendLog(marks_file(home, profile))
        self._desk = TruthDesk(
            self._recall(),
            read_marks(marks_file(home, profile)),
            window=settings.feed.depth,
            # Paper's orders rest on an exchange of their own: the public feed does not know of them.
            shows_own=settings.profile is not Profile.PAPER,
            models=tuple(fill_models(believed_power(home, settings)).values()),
        )
        self._market = Subscriber(home.socket("market"))
        self._tape = Subscriber(home.socket(TAPE_SOCKET))
        self._caught_up_ns = 0
        self._is_begun = False

    def open(self) -> None:
        """Hook everything to the loop and begin with what the journal knows."""
        runtime = self._runtime
        runtime.watch(self._market.socket, self._hear_market)
        runtime.watch(self._tape.socket, self._hear_tape)
        self._catch_up()
        self._save()
        runtime.every(LOOK_S, self._look)
        runtime.every(STATUS_S, lambda: runtime.report(self.status()))
        runtime.every(SAVE_S, self._save)
        runtime.every(CATCH_UP_S, self._catch_up)
        runtime.on_stop = self._stop
        runtime.state = "running"

    def status(self) -> TruthStatus:
        """Return what is known now."""
        return self._desk.status(self._runtime.now_ns())

    def close(self) -> None:
        """Close everything."""
        self._market.close()
        self._tape.close()
        self._marks.close()

    def _recall(self) -> TwinRecord:
        try:
            return self._record.load() or TwinRecord()
        except ConfigurationError as error:
            self._runtime.log.warning("the tallies begin anew: {}", error)
            return TwinRecord()

    # --- ears -----------------------------------------------------------------------------------------------------

    def _hear_market(self) -> None:
        frames = self._market.drain()
        self._runtime.vitals.handled(len(frames))
        for frame in frames:
            self._desk.on_market(read_market_frame(frame), self._runtime.now_ns())

    def _hear_tape(self) -> None:
        for frame in self._tape.drain():
            self._desk.on_tape(TAPE.decode(frame), self._runtime.now_ns())

    def _catch_up(self) -> None:
        """Learn of fills that the tape did not tell: those of earlier runs, and whatever was missed since."""
        if not self._journal.path.is_file():
            return
        try:
            rows = self._journal.fills(Wanted(since_ns=self._caught_up_ns))
            until_ns = self._runtime.now_ns() - UNTOLD_NS
            self._desk.catch_up([as_filled(row) for row in reversed(rows) if row.ts_ns < until_ns])
        except JournalUnreadableError as error:
            self._runtime.log.warning("the journal cannot be read now: {}", error)
            return
        self._caught_up_ns = max(0, until_ns - READ_BACK_NS)

    # --- time -----------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        self._desk.look(self._runtime.now_ns())

    def _save(self, *, ending: bool = False) -> None:
        try:
            self._write_marks(ending=ending)
            self._record.save(self._desk.record(self._runtime.now_ns()))
        except OSError as error:
            self._runtime.alert(Severity.WARNING, "truth_disk", f"what fills were worth cannot be written: {error}")
        else:
            self._runtime.clear("truth_disk")

    def _write_marks(self, *, ending: bool) -> None:
        marks = self._desk.ledger.take_marks(ending=ending or not self._is_begun)
        lines = [msgspec.json.encode(mark) for mark in marks]
        if not self._is_begun:
            self._is_begun = True
            self._marks.begin(b"\n".join(lines))  # one line a fill: what stood there twice stands there once
            return
        for line in lines:
            self._marks.append(line)

    def _stop(self) -> None:
        now_ns = self._runtime.now_ns()
        self._desk.finish(now_ns)
        self._save(ending=True)
        self._runtime.stop(EXIT_DONE)


def run(words: Sequence[str]) -> int:
    """Run the truth desk until it is asked to end."""
    del words
    settings = load().settings
    runtime = Runtime(NAME, Home(settings.home), level=settings.log.level, settings=settings.fingerprint)
    actor = TruthActor(runtime, settings)
    actor.open()
    try:
        return runtime.run()
    finally:
        actor.close()


ACTOR = ActorSpec(NAME, "says what fills were worth, and what paper would have made of the same orders", run)
