"""A small record on disk that is either the old one or the new one, never half of one: the supervisor's memory.

Rules: written beside, flushed to the disk, renamed over, and the folder flushed too; when `save` returns the record
    survives a power cut. A file that cannot be read is an error, never an empty record: it may have said "halted".
Owns: one file, mode 0600, and nothing else in its folder.
"""

import os
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from wildbot.model.errors import ConfigurationError

T = TypeVar("T", bound=msgspec.Struct)

FILE_MODE = 0o600


class DurableRecord(Generic[T]):
    """One value of type `kind` in the JSON file at `path`."""

    def __init__(self, path: Path, kind: type[T]) -> None:
        self._path = path
        self._kind = kind

    def load(self) -> T | None:
        """Return the record, or None when there was never one. Raises: ConfigurationError when it cannot be read."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=self._kind)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise ConfigurationError(
                f"{self._path} cannot be read ({error}); it may hold a halt: look at it, then move it away to start anew"
            ) from None

    def save(self, record: T) -> None:
        """Replace the record; it is on the disk when this returns. Raises: OSError when the disk refuses."""
        fresh = self._path.with_name(self._path.name + ".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        try:
            os.write(descriptor, msgspec.json.format(msgspec.json.encode(record), indent=1))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        fresh.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
