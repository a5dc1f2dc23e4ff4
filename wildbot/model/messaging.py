"""What goes between WildBot and its owner's messenger: notes on their way, and how a delivery can fail."""

from enum import IntEnum, StrEnum

import msgspec


class NoteKind(IntEnum):
    """What a note is; the lower, the sooner it goes."""

    CRITICAL = 0
    ANSWER = 1
    WARNING = 2
    NEWS = 3
    DIGEST = 4
    PROFIT = 5


LASTING = frozenset({NoteKind.CRITICAL, NoteKind.WARNING, NoteKind.NEWS})
"""Kinds that outlive the process; the others are of the moment, and a later one is better than a late one."""


class Note(msgspec.Struct, frozen=True):
    """One thing to tell the owner. `key` names the condition it is about; `count`: how often that came about by now."""

    id: int
    kind: NoteKind
    key: str
    text: str
    made_ns: int
    count: int = 1


class Trouble(StrEnum):
    """How a request to the messenger can end badly; each asks for something else."""

    UNREACHABLE = "unreachable"
    LIMITED = "limited"
    CONFLICT = "conflict"
    UNAUTHORISED = "unauthorised"
    REFUSED = "refused"


class MessengerTrouble(msgspec.Struct, frozen=True):
    """A request that failed. `code` is the HTTP status (0: no usable answer); `retry_after_s` only when it was limited."""

    trouble: Trouble
    code: int = 0
    retry_after_s: float = 0.0

    @property
    def sentence(self) -> str:
        """What happened, in words of our own: the other side's text may hold anything."""
        said = f" (HTTP {self.code})" if self.code else ""
        match self.trouble:
            case Trouble.LIMITED:
                return f"Telegram asks us to wait {self.retry_after_s:g} s{said}"
            case Trouble.CONFLICT:
                return f"another program reads this bot's messages, or a webhook is set{said}"
            case Trouble.UNAUTHORISED:
                return f"Telegram does not know the bot's token{said}"
            case Trouble.REFUSED:
                return f"Telegram refuses the message: is the chat id right, was the bot started there?{said}"
            case Trouble.UNREACHABLE:
                return f"Telegram gave no usable answer{said}"
