"""What the notifier remembers, between its words and the file.

Rules: what the disk refused is kept and written with the next; nothing is told twice for want of a fact that can be read.
"""

from pathlib import Path
from typing import TypeVar

import msgspec

from wildbot.adapters.notice_store import NoticeStore, NoticeStoreError
from wildbot.messenger.messenger import Recall, Save
from wildbot.messenger.notices import Memory
from wildbot.model.messaging import Note

T = TypeVar("T")
MEMORY, UPDATES, QUIET = "memory", "updates", "quiet_until_ns"


class NoticeMemory:
    """The file at `path`, in the brain's words."""

    def __init__(self, path: Path) -> None:
        self._store = NoticeStore(path)
        self.damaged = self._store.damaged
        self._kept: dict[int, Note] = {}
        self._dropped: set[int] = set()
        self._facts: dict[str, str] = {}

    def recall(self) -> Recall:
        """Return what an earlier life wrote down; a fact that cannot be read is as if it had not been written."""
        return Recall(
            notes=self._store.notes(),
            memory=self._fact(MEMORY, Memory, Memory()),
            updates=self._fact(UPDATES, tuple[int, ...], ()),
            quiet_until_ns=self._fact(QUIET, int, 0),
        )

    def save(self, command: Save) -> str:
        """Write everything that is not on disk yet; return "" or why the disk refused."""
        if command.notes is not None:
            self._kept |= {note.id: note for note in command.notes.kept}
            self._dropped |= set(command.notes.dropped)
        if command.memory is not None:
            self._facts[MEMORY] = msgspec.json.encode(command.memory).decode()
        if command.updates is not None:
            self._facts[UPDATES] = msgspec.json.encode(command.updates).decode()
        self._facts[QUIET] = str(command.quiet_until_ns)
        try:
            self._store.save(self._kept.values(), self._dropped, self._facts)
        except NoticeStoreError as error:
            return str(error)
        self._kept, self._dropped, self._facts = {}, set(), {}
        return ""

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def _fact(self, name: str, kind: type[T], otherwise: T) -> T:
        text = self._store.fact(name)
        try:
            return otherwise if text is None else msgspec.json.decode(text, type=kind)
        except msgspec.DecodeError:
            return otherwise
