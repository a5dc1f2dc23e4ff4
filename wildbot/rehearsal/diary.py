"""What happened, line by line: the hash that two runs of one seed must share, and the trace of a run that failed.

Rules: every byte that passed between two parties and every blow of fate is a line; lines are formatted only when somebody
    reads along.
"""

import hashlib
from collections.abc import Callable


class Diary:
    """Collects the event log's hash; `trace` gets each line as text."""

    def __init__(self, trace: Callable[[str], None] | None = None) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        self._trace = trace
        self.lines = 0

    def note(self, now_ns: int, what: str, data: bytes = b"", reader: Callable[[bytes], object] | None = None) -> None:
        """Add one line; `reader` makes the bytes readable for the trace."""
        self.lines += 1
        self._hash.update(b"%d %s " % (now_ns, what.encode()))
        self._hash.update(data)
        if self._trace is not None:
            shown = reader(data) if reader is not None else data.decode(errors="replace")
            self._trace(f"{now_ns / 1e9:.6f} {what} {shown}")

    @property
    def digest(self) -> str:
        """The hash of everything so far."""
        return self._hash.hexdigest()
