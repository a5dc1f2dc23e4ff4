"""The notifier's whole mind: status and messages in; what to send, ask, write down and read out.

Rules: `handle(event, now_ns) -> commands`. `Save` comes first, so that nothing is done that a restart would not remember.
    One message and one question are on their way at a time. While another program reads the bot's messages, commands are
    not heard; the owner is told by a message.
Owns: outbox, notices, door, command desk.
"""

from collections.abc import Callable
from typing import Any, assert_never

import msgspec

from wildbot.analytics.status_view import StatusView
from wildbot.desk.alerts import ClearAlert, RaiseAlert
from wildbot.messenger.answers import Seen
from wildbot.messenger.commands import CallControl, CommandDesk, ReadLog, Say
from wildbot.messenger.door import Door
from wildbot.messenger.notices import Memory, Notices
from wildbot.messenger.outbox import LIMITED_NS_MAX, Changes, Outbox, asked_wait_ns
from wildbot.messenger.texts import fitted, one_line
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.messaging import MessengerTrouble, Note, NoteKind, Trouble
from wildbot.model.status import Severity

POLL_WAIT_S = 25
POLL_AGAIN_NS_MIN = NANOS_PER_SECOND
POLL_AGAIN_NS_MAX = 60 * NANOS_PER_SECOND
CONFLICT_POLL_NS = 30 * NANOS_PER_SECOND
CONFLICT_CLEAR_NS = 300 * NANOS_PER_SECOND
CUT_OFF_NS = 60 * NANOS_PER_SECOND
LOG_LINES_SHOWN = 15
CONFLICT, CUT_OFF = "telegram_conflict", "telegram"
CONFLICT_TEXT = (
    "another program reads this bot's messages, or a webhook is set: commands are not heard. If it is not yours, have the"
    " token revoked by @BotFather"
)


class Looked(msgspec.Struct, frozen=True):
    """The newest status and its age; `unhealthy` says why the whole is not well."""

    status: StatusView | None
    age_s: float
    unhealthy: list[str]


class Delivered(msgspec.Struct, frozen=True):
    """What came of the message on its way; None: it arrived."""

    trouble: MessengerTrouble | None


class Received(msgspec.Struct, frozen=True):
    """What came of the question for messages: updates as they came, or why there are none."""

    updates: list[dict[str, Any]]
    trouble: MessengerTrouble | None = None


class Controlled(msgspec.Struct, frozen=True):
    """What the control socket answered."""

    verb: str
    ok: bool
    text: str


class LogRead(msgspec.Struct, frozen=True):
    """The end of an actor's log; `lines` is None when there is no such log, `known` are those there are."""

    actor: str
    lines: list[str] | None
    known: list[str]


class Ending(msgspec.Struct, frozen=True):
    """This process is about to end."""


Event = Looked | Delivered | Received | Controlled | LogRead | Ending


class Recall(msgspec.Struct, frozen=True):
    """What an earlier life left in writing."""

    notes: tuple[Note, ...] = ()
    memory: Memory = Memory()
    updates: tuple[int, ...] = ()
    quiet_until_ns: int = 0


class Save(msgspec.Struct, frozen=True):
    """Write this down before anything else is done; None: that part is as it was."""

    notes: Changes | None
    memory: Memory | None
    updates: tuple[int, ...] | None
    quiet_until_ns: int


class Send(msgspec.Struct, frozen=True):
    """Send a message; answered by `Delivered`."""

    text: str


class Poll(msgspec.Struct, frozen=True):
    """Ask for messages from update `offset` on (None: all), waiting so long for one; answered by `Received`."""

    offset: int | None
    wait_s: int


class Remark(msgspec.Struct, frozen=True):
    """Say something in the log."""

    text: str


Command = Save | Send | Poll | CallControl | ReadLog | RaiseAlert | ClearAlert | Remark


class Rules(msgspec.Struct, frozen=True):
    """Who is the owner, and how often to speak unasked."""

    chat_id: int
    users: frozenset[int]
    profit_every_ns: int
    digest_every_ns: int
    version: str


class Messenger:
    """One per process."""

    def __init__(self, rules: Rules, recall: Recall, new_code: Callable[[], str], now_ns: int) -> None:
        self._outbox = Outbox(
            recall.notes, quiet_until_ns=recall.quiet_until_ns, profit_every_ns=rules.profit_every_ns, now_ns=now_ns
        )
        self._notices = Notices(self._outbox, recall.memory, digest_every_ns=rules.digest_every_ns, now_ns=now_ns)
        self._door = Door(chat_id=rules.chat_id, users=rules.users, seen=recall.updates, now_ns=now_ns)
        self._desk = CommandDesk(new_code)
        self._hears = bool(rules.users)
        self._version = rules.version
        self._seen = Seen(None, float("inf"), [], None, rules.version)
        self._updates_changed = False
        self._quiet_until_ns = recall.quiet_until_ns
        self._polling = False
        self._poll_ns = now_ns
        self._poll_again_ns = 0
        self._offset: int | None = None
        self._conflict_ns = 0
        self._cut_off = False
        self._todo: list[Command] = []

    def handle(self, event: Event, now_ns: int) -> list[Command]:
        """Take in what happened; return what to do, in this order."""
        match event:
            case Looked(status, age_s, unhealthy):
                self._notices.look(status, age_s, unhealthy, now_ns)
                self._seen = Seen(status, age_s, unhealthy, self._notices.day, self._version)
            case Delivered(trouble):
                self._on_delivered(trouble, now_ns)
            case Received():
                self._on_received(event, now_ns)
            case Controlled(verb, ok, text):
                self._answer(f"{verb}: {'done' if ok else 'not done'}{f', {one_line(text)}' if text else ''}", now_ns)
            case LogRead():
                self._answer(_log_text(event), now_ns)
            case Ending():
                self._hears = False
                self._outbox.hurry()
            case _:
                assert_never(event)
        self._go_on(now_ns)
        todo, self._todo = self._todo, []
        return [*self._to_save(), *todo]

    @property
    def waiting(self) -> int:
        """How many notes have not arrived yet."""
        return len(self._outbox)

    # --- sending --------------------------------------------------------------------------------------------------

    def _answer(self, text: str, now_ns: int) -> None:
        self._outbox.add(NoteKind.ANSWER, "answer", fitted(text), now_ns)

    def _on_delivered(self, trouble: MessengerTrouble | None, now_ns: int) -> None:
        if trouble is None:
            self._outbox.delivered(now_ns)
            if self._cut_off:
                self._cut_off = False
                self._todo.append(ClearAlert(CUT_OFF))
            return
        self._outbox.failed(trouble, now_ns)
        self._todo.append(Remark(f"not delivered: {trouble.sentence}; {len(self._outbox)} notes wait"))
        if not self._cut_off and now_ns - self._outbox.failing_since_ns > CUT_OFF_NS:
            self._cut_off = True
            self._todo.append(RaiseAlert(Severity.WARNING, CUT_OFF, f"the owner cannot be told: {trouble.sentence}"))

    def _go_on(self, now_ns: int) -> None:
        parcel = self._outbox.next(now_ns)
        if parcel is not None:
            self._todo.append(Send(parcel.text))
        if self._hears and not self._polling and now_ns >= self._poll_ns:
            self._polling = True
            self._todo.append(Poll(self._offset, 0 if self._conflict_ns else POLL_WAIT_S))
        self._poll_ns = min(self._poll_ns, now_ns + LIMITED_NS_MAX)  # a clock that was set back

    def _to_save(self) -> list[Command]:
        changes, memory = self._outbox.changes(), self._notices.memory()
        updates = tuple(self._door.seen) if self._updates_changed else None
        quiet_until_ns, self._updates_changed = self._outbox.quiet_until_ns, False
        if changes is None and memory is None and updates is None and quiet_until_ns == self._quiet_until_ns:
            return []
        self._quiet_until_ns = quiet_until_ns
        return [Save(changes, memory, updates, quiet_until_ns)]

    # --- receiving ------------------------------------------------------------------------------------------------

    def _on_received(self, received: Received, now_ns: int) -> None:
        self._polling = False
        if received.trouble is not None:
            self._on_poll_failed(received.trouble, now_ns)
            return
        self._poll_again_ns = 0
        if self._conflict_ns:
            self._poll_ns = now_ns + CONFLICT_POLL_NS
            if now_ns - self._conflict_ns >= CONFLICT_CLEAR_NS:
                self._conflict_ns = 0
                self._door.reopen(now_ns)
                self._outbox.add(NoteKind.NEWS, CONFLICT, "commands are heard again", now_ns)
                self._todo.append(ClearAlert(CONFLICT))
        heard = self._conflict_ns == 0
        before = self._offset
        for update in received.updates:
            self._take(update, now_ns, heard=heard)
        if received.updates and self._offset == before:
            self._poll_ns = now_ns + POLL_AGAIN_NS_MAX  # it says the same thing again and again

    def _take(self, update: dict[str, Any], now_ns: int, *, heard: bool) -> None:
        entry = self._door.enter(update, now_ns)
        if entry.update_id >= 0:
            self._offset = entry.update_id + 1
            self._updates_changed = True
        if not heard or entry.turned_away:
            why = entry.turned_away or "commands are not heard now"
            self._todo.append(Remark(f"update {entry.update_id} was turned away: {why}"))
            if heard and entry.told:
                self._answer(f"not done: {why}", now_ns)
            return
        meaning = self._desk.hear(entry.text, self._seen, now_ns)
        self._todo.append(Remark(f"update {entry.update_id}: {type(meaning).__name__} for {one_line(entry.text, 60)!r}"))
        if isinstance(meaning, Say):
            self._answer(meaning.text, now_ns)
        else:
            self._todo.append(meaning)

    def _on_poll_failed(self, trouble: MessengerTrouble, now_ns: int) -> None:
        if trouble.trouble is Trouble.CONFLICT:
            if not self._conflict_ns:
                self._outbox.add(NoteKind.WARNING, CONFLICT, f"WARNING {CONFLICT_TEXT}", now_ns)
                self._todo.append(RaiseAlert(Severity.WARNING, CONFLICT, CONFLICT_TEXT))
            self._conflict_ns = now_ns
            self._poll_ns = now_ns + CONFLICT_POLL_NS
            return
        self._poll_again_ns = min(max(POLL_AGAIN_NS_MIN, self._poll_again_ns * 2), POLL_AGAIN_NS_MAX)
        wait_ns = asked_wait_ns(trouble) if trouble.trouble is Trouble.LIMITED else 0
        self._poll_ns = now_ns + max(self._poll_again_ns, wait_ns)
        self._todo.append(Remark(f"no messages: {trouble.sentence}"))


def _log_text(read: LogRead) -> str:
    known = "there are: " + ", ".join(one_line(name, 40) for name in read.known)
    if read.lines is None:
        return f"no log of {one_line(read.actor, 40)!r}; {known}" if read.actor else f"/logs ACTOR; {known}"
    return "\n".join(one_line(line, 240) for line in read.lines[-LOG_LINES_SHOWN:]) or "it is empty"
