"""Who may command: every message is shown the door unless all of it is as it must be.

Rules: only a plain, new text in the private chat whose id is configured, from a user whose id is allowed (none allowed:
    nobody is), not older than `AGE_S_MAX`, sent after this run began, and seen for the first time. Strangers get no answer
    and take nothing from the owner's allowance.
Owns: the update ids that were seen, the allowance.
Source: Bot API, Update and Message. Update ids may start again at random after a quiet week, so each is remembered, and
    none is judged by its size.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from wildbot.model.instrument import NANOS_PER_SECOND

AGE_S_MAX = 30
SEEN_MAX = 500
ALLOWANCE = 10
ALLOWANCE_EVERY_NS = 3 * NANOS_PER_SECOND
TEXT_MAX = 200


class _Party(msgspec.Struct, frozen=True):
    id: int
    type: str = ""
    is_bot: bool = False


class _Message(msgspec.Struct, frozen=True):
    date: int
    chat: _Party
    sender: _Party | None = msgspec.field(default=None, name="from")
    text: str | None = None
    edit_date: int | None = None
    forward_origin: Any = None
    forward_date: int | None = None
    forward_from: Any = None
    sender_chat: Any = None
    via_bot: Any = None


class Entry(msgspec.Struct, frozen=True):
    """What became of one update: the words of an owner's message, or why it was turned away."""

    update_id: int
    text: str = ""
    turned_away: str = ""
    told: bool = False
    """Whether the owner hears that it was turned away."""


class Door:
    """`seen` are the update ids of an earlier life; `chat_id` and `users` say who is the owner."""

    def __init__(self, *, chat_id: int, users: frozenset[int], seen: Iterable[int], now_ns: int) -> None:
        self._chat_id = chat_id
        self._users = users
        self._seen = dict.fromkeys(seen)
        self._started_s = now_ns // NANOS_PER_SECOND
        self._allowance = float(ALLOWANCE)
        self._filled_ns = now_ns
        self._overdrawn = False

    @property
    def seen(self) -> list[int]:
        """The update ids to remember."""
        return list(self._seen)

    def reopen(self, now_ns: int) -> None:
        """Nobody kept watch until now: what was sent before is not heard."""
        self._started_s = now_ns // NANOS_PER_SECOND

    def enter(self, update: Mapping[str, Any], now_ns: int) -> Entry:
        """Judge one update of the Bot API, as it came."""
        update_id = update.get("update_id")
        if type(update_id) is not int:
            return Entry(-1, turned_away="it has no number")
        if update_id in self._seen:
            return Entry(update_id, turned_away="it was seen before")
        self._remember(update_id)
        try:
            message = msgspec.convert(update.get("message"), _Message)
        except msgspec.ValidationError:
            return Entry(update_id, turned_away="it is no new message")
        reason = self._objection(message)
        if reason:
            return Entry(update_id, turned_away=reason)
        reason = self._staleness(message.date, now_ns)
        if reason:
            return Entry(update_id, turned_away=reason, told=True)
        if not self._is_allowed_now(now_ns):
            told, self._overdrawn = not self._overdrawn, True
            return Entry(update_id, turned_away="too many commands: wait a moment", told=told)
        self._overdrawn = False
        assert message.text is not None
        return Entry(update_id, text=message.text[:TEXT_MAX])

    def _objection(self, message: _Message) -> str:
        sender = message.sender
        if message.chat.type != "private":
            return "it comes from no private chat"
        if sender is None or sender.id not in self._users or sender.is_bot:
            return "its sender is not allowed"
        if message.chat.id != self._chat_id:
            return "its chat is not the configured one"
        changed = (message.edit_date, message.forward_origin, message.forward_date, message.forward_from)
        if any(part is not None for part in (*changed, message.sender_chat, message.via_bot)):
            return "it is forwarded, edited or sent for somebody else"
        return "" if message.text else "it holds no text"

    def _staleness(self, date_s: int, now_ns: int) -> str:
        now_s = now_ns // NANOS_PER_SECOND
        if date_s <= self._started_s:
            return "it was sent before commands were heard; send it again"
        if abs(now_s - date_s) > AGE_S_MAX:
            return f"it is {now_s - date_s} s old by this machine's clock (at most {AGE_S_MAX} s); send it again"
        return ""

    def _is_allowed_now(self, now_ns: int) -> bool:
        gained = max(0, now_ns - self._filled_ns) / ALLOWANCE_EVERY_NS
        self._allowance, self._filled_ns = min(ALLOWANCE, self._allowance + gained), now_ns
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    def _remember(self, update_id: int) -> None:
        self._seen[update_id] = None
        if len(self._seen) > SEEN_MAX:
            del self._seen[next(iter(self._seen))]
