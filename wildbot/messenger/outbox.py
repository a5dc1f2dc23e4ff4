"""The notes on their way to the owner: which goes next and when, and what a refusal changes.

Rules: critical first. Two messages are `SPACING_NS` apart, answers `ANSWER_SPACING_NS`; what the messenger asks us to wait
    is waited. A lasting note leaves only when it was delivered: a note that is refused waits and lets the others pass, and
    its last form is the plainest. A condition that comes about again before it was told is told once, with its count.
Owns: the notes; `changes` says what of them has to be written down.
Known limit: an outcome that is not known is a failure here, so that a note may be told twice, never not at all.
"""

from collections.abc import Iterable

import msgspec

from wildbot.messenger.texts import UNITS_MAX, fitted, plainest, units
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.messaging import LASTING, MessengerTrouble, Note, NoteKind, Trouble

SPACING_NS = 5 * NANOS_PER_SECOND
ANSWER_SPACING_NS = 1 * NANOS_PER_SECOND
ANSWER_LIFE_NS = 120 * NANOS_PER_SECOND
WARNING_AGAIN_NS = 60 * NANOS_PER_SECOND
"""A warning that comes and goes is told at most so often."""

BACKOFF_NS_MIN = 1 * NANOS_PER_SECOND
BACKOFF_NS_MAX = 60 * NANOS_PER_SECOND
LIMITED_S_MAX = 3_600
LIMITED_NS_MAX = LIMITED_S_MAX * NANOS_PER_SECOND
REFUSED_NS_MAX = 600 * NANOS_PER_SECOND
STRIKES_PLAIN = 2
NOTES_MAX = 1_000
OVERFLOW = "overflow"
OVERFLOW_TEXT = "more happened than can be told here; the status and the logs have it"
JOINED = frozenset({NoteKind.CRITICAL, NoteKind.WARNING, NoteKind.NEWS})
"""Kinds of which all that wait go in one message."""


class Parcel(msgspec.Struct, frozen=True):
    """One message: its text and the notes it holds."""

    text: str
    ids: tuple[int, ...]


class Changes(msgspec.Struct, frozen=True):
    """What has to be written down since the last time: notes as they are now, and ids of those that are gone."""

    kept: tuple[Note, ...]
    dropped: tuple[int, ...]


class Outbox:
    """The queue; `quiet_until_ns` is what an earlier life was asked to wait."""

    def __init__(self, notes: Iterable[Note] = (), *, quiet_until_ns: int = 0, profit_every_ns: int, now_ns: int) -> None:
        self._notes = {note.id: note for note in notes}
        self._next_id = max(self._notes, default=0) + 1
        self._due_ns: dict[int, int] = {}
        self._strikes: dict[int, int] = {}
        self._told_ns: dict[str, int] = {}
        self._in_flight: Parcel | None = None
        self._kept: set[int] = set()
        self._dropped: set[int] = set()
        self.quiet_until_ns = min(quiet_until_ns, now_ns + LIMITED_NS_MAX)
        self._backoff_ns = 0
        self._sent_ns = self._told_any_ns = 0
        self._profit_every_ns = profit_every_ns
        self._profit_ns = now_ns
        self.failing_since_ns = 0
        self._spacing_ns = SPACING_NS

    def __len__(self) -> int:
        return len(self._notes)

    def add(self, kind: NoteKind, key: str, text: str, now_ns: int) -> None:
        """Queue a note; one of the same kind and key that still waits takes its place in the queue."""
        if kind in LASTING and len(self._notes) >= NOTES_MAX:
            key, text = OVERFLOW, OVERFLOW_TEXT
        before = None if kind is NoteKind.ANSWER else self._waiting(kind, key)
        if before is not None:
            self._keep(msgspec.structs.replace(before, text=text, count=before.count + 1))
            return
        note = Note(self._next_id, kind, key, text, now_ns)
        self._next_id += 1
        if kind is NoteKind.WARNING and key in self._told_ns:
            self._due_ns[note.id] = self._told_ns[key] + WARNING_AGAIN_NS
        self._keep(note)

    def withdraw(self, kind: NoteKind, key: str) -> None:
        """Take back a note that still waits, because the opposite has come true."""
        note = self._waiting(kind, key)
        if note is not None:
            self._drop(note.id)

    def hurry(self) -> None:
        """There will be no later: leave no more room between messages than Telegram itself asks for."""
        self._spacing_ns = ANSWER_SPACING_NS

    def next(self, now_ns: int) -> Parcel | None:
        """Return the next message if it may go now; then it is in flight until `delivered` or `failed`."""
        self._heed_clock(now_ns)
        if self._in_flight is not None or now_ns < self.quiet_until_ns:
            return None
        for note in [each for each in self._notes.values() if each.kind is NoteKind.ANSWER]:
            if now_ns - note.made_ns > ANSWER_LIFE_NS:
                self._drop(note.id)
        ready = sorted((n for n in self._notes.values() if self._may_go(n, now_ns)), key=lambda n: (n.kind, n.id))
        if not ready:
            return None
        self._in_flight = self._packed(ready)
        return self._in_flight

    def delivered(self, now_ns: int) -> None:
        """The message in flight has arrived."""
        parcel = self._landed()
        kinds = {self._notes[number].kind for number in parcel.ids}
        for number in parcel.ids:
            self._told_ns[self._notes[number].key] = now_ns
            self._drop(number)
        self._told_ns = {key: ns for key, ns in self._told_ns.items() if now_ns - ns < WARNING_AGAIN_NS}
        self._sent_ns = now_ns
        if kinds != {NoteKind.ANSWER}:
            self._told_any_ns = now_ns
        if NoteKind.PROFIT in kinds:
            self._profit_ns = now_ns
        self._backoff_ns = self.failing_since_ns = 0

    def failed(self, trouble: MessengerTrouble, now_ns: int) -> None:
        """The message in flight has not arrived, or nobody knows."""
        parcel = self._landed()
        self._sent_ns = self._told_any_ns = now_ns
        self.failing_since_ns = self.failing_since_ns or now_ns
        if trouble.trouble is Trouble.LIMITED:
            self.quiet_until_ns = now_ns + asked_wait_ns(trouble)
            return
        if trouble.trouble is Trouble.REFUSED:
            for number in parcel.ids:
                strikes = self._strikes[number] = self._strikes.get(number, 0) + 1
                self._due_ns[number] = now_ns + min(SPACING_NS << strikes, REFUSED_NS_MAX)
            return
        self._backoff_ns = min(max(BACKOFF_NS_MIN, self._backoff_ns * 2), BACKOFF_NS_MAX)
        self.quiet_until_ns = now_ns + self._backoff_ns

    def changes(self) -> Changes | None:
        """Return what is to be written down since the last call; None when nothing is."""
        if not self._kept and not self._dropped:
            return None
        kept = tuple(self._notes[number] for number in sorted(self._kept) if number in self._notes)
        changes = Changes(kept, tuple(sorted(self._dropped)))
        self._kept, self._dropped = set(), set()
        return changes

    def _heed_clock(self, now_ns: int) -> None:
        """A clock that was set back must not keep us silent until it has caught up."""
        self._sent_ns, self._told_any_ns = min(self._sent_ns, now_ns), min(self._told_any_ns, now_ns)
        self._profit_ns = min(self._profit_ns, now_ns)
        self.quiet_until_ns = min(self.quiet_until_ns, now_ns + LIMITED_NS_MAX)
        for number, due_ns in self._due_ns.items():
            self._due_ns[number] = min(due_ns, now_ns + REFUSED_NS_MAX)

    def _waiting(self, kind: NoteKind, key: str) -> Note | None:
        flying = self._in_flight.ids if self._in_flight is not None else ()
        return next((n for n in self._notes.values() if n.kind is kind and n.key == key and n.id not in flying), None)

    def _may_go(self, note: Note, now_ns: int) -> bool:
        if now_ns < self._due_ns.get(note.id, 0) or now_ns < self._sent_ns + ANSWER_SPACING_NS:
            return False
        if note.kind is NoteKind.PROFIT and now_ns < self._profit_ns + self._profit_every_ns:
            return False
        return note.kind is NoteKind.ANSWER or now_ns >= self._told_any_ns + self._spacing_ns

    def _packed(self, ready: list[Note]) -> Parcel:
        head = ready[0]
        strikes = self._strikes.get(head.id, 0)
        if strikes:
            text = plainest(_shown(head)) if strikes >= STRIKES_PLAIN else fitted(_shown(head))
            return Parcel(text, (head.id,))
        taken, size = [head], units(_shown(head))
        for note in ready[1:]:
            size += units(_shown(note)) + 1
            if head.kind not in JOINED or note.kind is not head.kind or note.id in self._strikes or size > UNITS_MAX:
                break
            taken.append(note)
        return Parcel(fitted("\n".join(map(_shown, taken))), tuple(note.id for note in taken))

    def _landed(self) -> Parcel:
        parcel = self._in_flight
        assert parcel is not None, "nothing was in flight"
        self._in_flight = None
        return parcel

    def _keep(self, note: Note) -> None:
        self._notes[note.id] = note
        if note.kind in LASTING:
            self._kept.add(note.id)

    def _drop(self, number: int) -> None:
        note = self._notes.pop(number)
        self._due_ns.pop(number, None)
        self._strikes.pop(number, None)
        self._kept.discard(number)
        if note.kind in LASTING:
            self._dropped.add(number)


def asked_wait_ns(trouble: MessengerTrouble) -> int:
    """Return how long we are asked to wait: a second at least, an hour at most."""
    return int(min(max(1.0, trouble.retry_after_s), LIMITED_S_MAX) * NANOS_PER_SECOND)


def _shown(note: Note) -> str:
    again = note.count > 1 and note.kind in (NoteKind.CRITICAL, NoteKind.WARNING)
    return f"{note.text} ({note.count} times)" if again else note.text
