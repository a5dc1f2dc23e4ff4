"""The tries of a sweep on disk, so that one that was interrupted goes on where it stopped.

Rules: a try is known by everything its result depends on: the recordings (each file's size and time of change), the
    parameters, the account, the settings, the seed, and the WildBot that tried it. A line that is not whole is passed over.
Owns: the file it was given.
"""

import hashlib
from pathlib import Path

import msgspec

from wildbot.adapters.build import this_build
from wildbot.commands.backtest_job import BacktestJob
from wildbot.commands.backtest_tapes import TapeFile
from wildbot.commands.sweep_outcome import Outcome
from wildbot.model.errors import ConfigurationError
from wildbot.simulation.recording_files import PACKED, book_path_of


class _Kept(msgspec.Struct):
    """One line."""

    key: str
    outcome: Outcome


class SweepMemory:
    """Outcomes by job; without a path it remembers nothing."""

    def __init__(self, path: Path | None) -> None:
        """Read what is there. Raises: ConfigurationError when the file cannot be used."""
        self._path = path
        self._known: dict[str, Outcome] = {}
        if path is None:
            return
        try:
            path.touch()
            for line in path.read_bytes().splitlines():
                self._learn(line)
        except OSError as error:
            raise ConfigurationError(f"--resume {str(path)!r} cannot be used: {error.strerror}") from None

    @property
    def size(self) -> int:
        """How many outcomes are known."""
        return len(self._known)

    def outcome(self, job: BacktestJob) -> Outcome | None:
        """Return what a job came to, if it is known."""
        return self._known.get(_key(job)) if self._path is not None else None

    def keep(self, job: BacktestJob, outcome: Outcome) -> None:
        """Write down what a job came to."""
        if self._path is None:
            return
        self._known[_key(job)] = outcome
        with self._path.open("ab") as file:
            file.write(b"\n" + msgspec.json.encode(_Kept(_key(job), outcome)))  # after whatever a torn line left

    def _learn(self, line: bytes) -> None:
        try:
            kept = msgspec.json.decode(line, type=_Kept)
        except msgspec.MsgspecError:
            return
        self._known[kept.key] = kept.outcome


def _key(job: BacktestJob) -> str:
    files = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for tape in job.tapes for path in _files_of(tape)]
    told = (job.tapes, files, job.strategy, sorted(job.parameters.items()), job.model, job.fees, job.capital, job.seed)
    more = (job.latency_ms, job.feed_latency_ms, sorted(job.measured_ns.items()), job.allow_short)
    return hashlib.sha256(f"{this_build()}{told}{more}{job.settings.model_dump_json()}".encode()).hexdigest()


def _files_of(tape: TapeFile) -> list[Path]:
    """Return every file a recording is read from; that of a LOBSTER book may be packed or not."""
    if tape.path.is_dir():
        return sorted(tape.path.rglob("*.parquet"))
    book = book_path_of(str(tape.path))
    beside = {Path(book), Path(book.removesuffix(PACKED)), Path(book + PACKED)} - {tape.path}
    return [tape.path, *sorted(path for path in beside if path.exists()), *tape.continued]
