"""One whole WildBot in a temporary home on free ports, driven from outside as its owner would.

Rules: the real `wildbot up`, nothing of it replaced. `close` always leaves nothing behind: no process that carries this
    home's name, no file unless the home was given. Its own processes alone are ever signalled.
Owns: the home, the ports, the processes started for it, the evidence gathered about it.
"""

import contextlib
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil
import zmq

from wildbot.audit.evidence import Evidence, JournalTables, read_journal
from wildbot.drill.exchange_door import ExchangeDoor, Line
from wildbot.drill.failure import DrillError
from wildbot.drill.processes import actor_of, kill_all, processes_of
from wildbot.drill.proxy import Wires
from wildbot.drill.status_tap import Document, StatusTap
from wildbot.drill.surroundings import free_port, surroundings
from wildbot.settings_loading import load

ROOT = Path(__file__).resolve().parents[2]
START_S = 90.0
UP_OUTPUT = "up.txt"
EXCHANGE_OUTPUTS = "exchange"
"""What the exchange prints is named so: among it the keys it gives out, so it is no evidence against the bot."""

STOP_S = 120.0
ANSWER_MS = 20_000
LOOK_EVERY_S = 0.2


class Whole:
    """A home, its ports, and the processes that carry its name; `close` ends whatever is left.

    `wired` puts a proxy (`wires`) between the bot and an exchange that runs beside it; else the bot's own supervisord
    runs the exchange. `keep` is a folder to run in that outlives the drill.
    """

    def __init__(self, environment: Mapping[str, str], *, wired: bool = False, keep: Path | None = None) -> None:
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
        self._kept = keep is not None
        self.home = keep.resolve() if keep is not None else Path(tempfile.mkdtemp(prefix="wb-"))
        self.exchange_port, self.dashboard_port, self.api_port = free_port(), free_port(), free_port()
        ports = {"EXCHANGE": self.exchange_port, "DASHBOARD": self.dashboard_port, "API": self.api_port}
        self.environment = surroundings(self.home, ports, environment)
        self.launched: subprocess.Popen[str] | None = None
        self.exchange = ExchangeDoor(self.exchange_port)
        self._simulated = load({"profile": "sim"}, environment={}).settings.exchange
        self._wires = Wires(self.exchange_port) if wired else None
        self._exchange_process: subprocess.Popen[str] | None = None
        self._outputs: list[Path] = []
        self._tap = StatusTap(self.home / "run" / "status.ipc")

    # --- start and end --------------------------------------------------------------------------------------------

    @property
    def wires(self) -> Wires:
        """The proxy between bot and exchange. Raises: DrillError when this instance has none."""
        if self._wires is None:
            raise DrillError("this instance has no proxy between bot and exchange")
        return self._wires

    def wildbot(self, *words: str, timeout_s: float = 60) -> "subprocess.CompletedProcess[str]":
        """Run one command of this home to its end."""
        return subprocess.run(  # noqa: S603 - our own words
            [sys.executable, "-m", "wildbot.cli", *words],
            env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def up(self) -> None:
        """Start `wildbot up` (and before it the exchange, when that runs beside it); return at once."""
        if self._wires is not None and self._exchange_process is None:
            self._exchange_process = self._spawn(f"{EXCHANGE_OUTPUTS}.txt", "exchange", "--fees", "0.25,0.40")
            self.exchange.wait_until_up(START_S)
            self.trade_elsewhere(self._wires.environment())
        self.launched = self._spawn(UP_OUTPUT, "up")

    def trade_elsewhere(self, addresses: Mapping[str, str]) -> None:
        """Have the next start use these addresses instead of an exchange of its own, with the simulated key pair."""
        keys = {"KRAKEN_API_KEY": self._simulated.api_key, "KRAKEN_API_SECRET": self._simulated.api_secret}
        self.environment |= {"WILDBOT_EXCHANGE__EMBEDDED": "false", **keys, **addresses}

    def start(self) -> Document:
        """Start and wait until it trades; return the status document that says so. Raises: DrillError when it does not."""
        self.up()
        until_s = time.monotonic() + START_S
        while True:
            document = self._tap.after(self._tap.count, 1.0)
            if document is not None and is_trading(document):
                return document
            if self.process_ended():
                raise DrillError(f"`wildbot up` ended: {self._why()}")
            if time.monotonic() > until_s:
                state = f"{document['state']} {document.get('reasons', '')}" if document is not None else "no status at all"
                raise DrillError(f"no trading within {START_S:g} s of the start: {state}")

    def process_ended(self) -> bool:
        """Whether `wildbot up` was started and has ended."""
        return self.launched is not None and self.launched.poll() is not None

    def _why(self) -> str:
        """Return the last line of `wildbot up` that says why it ended."""
        lines = self.outputs().get(UP_OUTPUT, "").splitlines()
        return next((line.strip() for line in reversed(lines) if line and not line.startswith("stopp")), "it said nothing")

    def interrupt(self, timeout_s: float = STOP_S) -> int:
        """Press Ctrl-C and wait for the end; return the exit code."""
        if self.launched is None:
            raise DrillError("nothing was started")
        self.launched.send_signal(signal.SIGINT)
        try:
            return self.launched.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise DrillError(f"the ordered stop did not end within {timeout_s:g} s") from None

    stop = interrupt

    def close(self) -> None:
        """End every process of this home, hard, and remove its files."""
        kill_all(self.home)
        for child in (self.launched, self._exchange_process):
            if child is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(10)
        kill_all(self.home)  # what a dying supervisord started meanwhile
        self._tap.close()
        self.exchange.close()
        if self._wires is not None:
            self._wires.close()
        if not self._kept:
            shutil.rmtree(self.home, ignore_errors=True)

    # --- what it says ---------------------------------------------------------------------------------------------

    def status(self, timeout_s: float = 10) -> Document:
        """Return the next status document that arrives. Raises: DrillError when none does."""
        document = self._tap.after(self._tap.count, timeout_s)
        if document is None:
            raise DrillError(f"no status within {timeout_s:g} s; {self.last_words()}")
        return document

    def wait(self, condition: Callable[[Document], bool], what: str, timeout_s: float = 60) -> Document:
        """Return the first status document that meets the condition. Raises: DrillError naming `what` when none does."""
        until_s = time.monotonic() + timeout_s
        while True:
            document = self.status(max(1.0, until_s - time.monotonic()))
            if condition(document):
                return document
            if time.monotonic() > until_s:
                reasons = ", ".join(str(reason) for reason in document.get("reasons", ()))
                raise DrillError(f"not within {timeout_s:g} s: {what}; state {document['state']} {reasons}")

    def patiently(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Whether the condition comes true in time; for when nobody tells a status."""
        until_s = time.monotonic() + timeout_s
        while not (met := condition()) and time.monotonic() < until_s:
            time.sleep(LOOK_EVERY_S)
        return met

    def control(self, verb: str, **arguments: object) -> Document:
        """Say one control verb and return the answer. Raises: DrillError when there is none."""
        asker: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.REQ)
        asker.linger = 0
        try:
            asker.connect(f"ipc://{self.home / 'run' / 'control.ipc'}")
            asker.send(json.dumps({"id": "drill", "verb": verb, "args": arguments}).encode())
            if not asker.poll(ANSWER_MS):
                raise DrillError(f"no answer to the command {verb}")
            answer: Document = json.loads(asker.recv())
        finally:
            asker.close()
        return answer

    def rows(self, query: str, *values: object) -> list[Document]:
        """Return the rows a SELECT finds in the journal, read-only; none while the journal cannot be read."""
        path = self.home / "data" / "sim.sqlite"
        try:
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=2)) as journal:
                journal.row_factory = sqlite3.Row
                return [dict(row) for row in journal.execute(query, values)]
        except sqlite3.Error:
            return []

    # --- the exchange ---------------------------------------------------------------------------------------------

    def faults(self, script: Sequence[Mapping[str, object]]) -> None:
        """Arm faults at the exchange."""
        self.exchange.faults(script)

    def clear_faults(self) -> None:
        """Disarm everything at the exchange and heal the wires."""
        self.exchange.clear_faults()
        if self._wires is not None:
            self._wires.heal()

    def others_order(self, pair: str, side: str, price: str, qty: str) -> None:
        """Let another participant take everything up to a price."""
        self.exchange.others_order(pair, side, price, qty)

    def ledger(self) -> list[Line]:
        """Return the exchange's ground truth."""
        return self.exchange.ledger()

    # --- processes ------------------------------------------------------------------------------------------------

    def processes(self) -> list[psutil.Process]:
        """Return every process whose environment names this home, except the one that asks."""
        return processes_of(self.home)

    def process(self, actor: str) -> psutil.Process:
        """Return the live process of an actor: its program's name, or for a trader "trader-BTC-USDC".

        Raises: DrillError when there is none.
        """
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                if actor_of(process) == actor:
                    return process
        raise DrillError(f"there is no process {actor}")

    def kill(self, actor: str) -> int:
        """Kill an actor as `kill -9` does; return the process id it had."""
        return self._signal(actor, signal.SIGKILL, "killed")

    def freeze(self, actor: str) -> int:
        """Stop an actor where it stands; `thaw` lets it go on."""
        return self._signal(actor, signal.SIGSTOP, "stopped")

    def thaw(self, actor: str, pid: int = 0) -> int:
        """Let a frozen actor go on: the one named `pid`, or whoever has the name now."""
        return self._signal(actor, signal.SIGCONT, "continued", pid)

    def note(self, actor: str, what: str, detail: str = "at a failpoint") -> None:
        """Write down, for the checker, what a process did to itself, or what befell it with others."""
        self._tap.note(actor, what, detail)

    def _signal(self, actor: str, number: signal.Signals, what: str, pid: int = 0) -> int:
        process = psutil.Process(pid) if pid else self.process(actor)
        process.send_signal(number)
        self._tap.note(actor, what, f"process {process.pid}")
        return process.pid

    # --- what is left ---------------------------------------------------------------------------------------------

    def last_words(self) -> str:
        """Return the ends of all logs, for a failure."""
        texts = []
        for name, text in self.outputs().items():
            texts.append(f"--- {name}\n" + "\n".join(text.splitlines()[-12:]))
        return "\n".join(texts)

    def outputs(self) -> dict[str, str]:
        """Return what the processes wrote, by file name."""
        paths = [*self._outputs, *(self.home / "log").glob("*")]
        return {path.name: path.read_text(errors="replace") for path in sorted(set(paths)) if path.is_file()}

    def evidence(self) -> Evidence:
        """Return everything that was seen, for the independent checker; best asked for after the stop."""
        journal = self.home / "data" / "sim.sqlite"
        return Evidence(
            ledger=self.exchange.read_lines(),
            journal=read_journal(journal) if journal.exists() else JournalTables(),
            statuses=self._tap.documents(),
            processes=self._tap.notes(),
            outputs={name: text for name, text in self.outputs().items() if not name.startswith(EXCHANGE_OUTPUTS)},
            secrets=(self._simulated.api_secret,),
            quote=self.environment.get("WILDBOT_CAPITAL__CURRENCY", "USDC"),
            capital=self.environment.get("WILDBOT_CAPITAL__STARTING", "16"),
        )

    def _spawn(self, output: str, *words: str) -> "subprocess.Popen[str]":
        path = self.home / output
        self._outputs.append(path)
        with path.open("a") as sink:
            return subprocess.Popen(  # noqa: S603 - our own words
                [sys.executable, "-m", "wildbot.cli", *words],
                env=self.environment, cwd=ROOT, stdout=sink, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL,
            )  # fmt: skip


def is_trading(document: Document) -> bool:
    """Whether the status says running, and every trader has something resting."""
    traders = document["traders"]
    return document["state"] == "running" and bool(traders) and all(row["open_orders"] for row in traders)
