"""A file of lines that only grows, and begins anew when it is told to: inputs, logged before they are applied.

Rules: a line is with the operating system when `append` returns, so it survives the process, though not a power cut. A last
    line that was cut off in the middle is dropped. Beginning anew replaces the file in one step.
Owns: one file, mode 0600.
"""

import os
from collections.abc import Iterator
from pathlib import Path

FILE_MODE = 0o600


class AppendLog:
    """The lines of one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def lines(self) -> Iterator[bytes]:
        """Yield every whole line, oldest first; nothing when there is no file."""
        try:
            *whole, _ = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return
        yield from whole

    def begin(self, first: bytes) -> None:
        """Start the file anew with one line. Raises: OSError when the disk refuses."""
        fresh = self._path.with_name(self._path.name + ".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, FILE_MODE)
        os.write(descriptor, first + b"\n")
        fresh.replace(self._path)
        self.close()
        self._descriptor = descriptor

    def append(self, line: bytes) -> None:
        """Add one line; `begin` comes before. Raises: OSError when the disk refuses."""
        os.write(self._descriptor, line + b"\n")

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
