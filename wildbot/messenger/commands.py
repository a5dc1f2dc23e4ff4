"""What the owner's words mean: a question, a verb for the control socket, or a code that confirms one.

Rules: a verb that cannot be undone is done only after its code was sent back, within `CONFIRM_NS`; a wrong code, or any
    other command, withdraws it. A word that is no command does nothing. `/start` starts nothing: Telegram's own
    clients send it by themselves.
Owns: the verb that waits for its code.
"""

import re
from collections.abc import Callable, Mapping

import msgspec

from wildbot.messenger.answers import QUESTIONS, Seen, answer
from wildbot.messenger.texts import one_line
from wildbot.model.instrument import NANOS_PER_SECOND

CONFIRM_NS = 60 * NANOS_PER_SECOND
PAIR = re.compile(r"[A-Z0-9]{1,12}/[A-Z0-9]{2,12}\Z")
ACTOR = re.compile(r"[A-Za-z0-9_-]{1,40}\Z")
CODE = re.compile(r"[0-9]{4,8}\Z")
USAGE_NOW = "not understood; /help lists the commands"


class Command(msgspec.Struct, frozen=True):
    """One command as it is written, and what it does in a few words. `will`: what a verb that needs its code will do."""

    usage: str
    does: str
    will: str = ""

    @property
    def name(self) -> str:
        """The command's word, without the slash."""
        return self.usage.split()[0].removeprefix("/")


COMMANDS = (
    Command("/help", "this list"),
    Command("/status", "state, profit, positions, what stands"),
    Command("/pnl", "profit and loss, in all and by pair"),
    Command("/daily", "this UTC day until now"),
    Command("/fills", "the last fills"),
    Command("/orders", "our open orders"),
    Command("/balance", "cash, capital, holdings"),
    Command("/pairs", "the scanner's ranking"),
    Command(
        "/swap OUT IN", "trade another pair instead of one", "the first is left by the swap policy, then the other starts"
    ),
    Command("/pause [PAIR]", "no new entries; exits go on"),
    Command("/resume [PAIR]", "entries again"),
    Command(
        "/flatten [PAIR]", "cancel and sell", "orders are cancelled, what is held is sold inside the collar, then paused"
    ),
    Command(
        "/halt",
        "cancel everything and stop",
        "every order is cancelled, none is sent until `wildbot rearm`; positions stay",
    ),
    Command("/health", "is every process well"),
    Command("/logs [ACTOR]", "the end of an actor's log"),
    Command("/version", "which code runs"),
)
BY_NAME: Mapping[str, Command] = {command.name: command for command in COMMANDS}
VERBS = frozenset({"swap", "pause", "resume", "flatten", "halt"})
WHOLE = frozenset({"pause", "resume", "flatten"})


class Say(msgspec.Struct, frozen=True):
    """Answer with a text."""

    text: str


class CallControl(msgspec.Struct, frozen=True):
    """Say a verb on the control socket."""

    verb: str
    args: dict[str, str]


class ReadLog(msgspec.Struct, frozen=True):
    """Read the end of an actor's log; "": which there are."""

    actor: str


Meaning = Say | CallControl | ReadLog


def help_text() -> str:
    """Return the list of commands."""
    return "\n".join(f"{command.usage} - {command.does}" for command in COMMANDS)


class CommandDesk:
    """Understands one message after the other. `new_code` makes a code of digits nobody can guess."""

    def __init__(self, new_code: Callable[[], str]) -> None:
        self._new_code = new_code
        self._waiting: tuple[CallControl, str, int] | None = None

    def hear(self, text: str, seen: Seen, now_ns: int) -> Meaning:
        """Return what the owner's message asks for."""
        waiting, self._waiting = self._waiting, None
        words = text.split()
        if len(words) == 1 and CODE.match(words[0]):
            return self._confirm(waiting, words[0], now_ns)
        if not words or not words[0].startswith("/"):
            return Say(USAGE_NOW)
        name = words[0][1:].split("@", 1)[0].lower()
        if name in ("help", "start"):
            return Say(help_text())
        command = BY_NAME.get(name)
        if command is None:
            return Say(USAGE_NOW)
        if name in QUESTIONS:
            return Say(answer(name, seen)) if len(words) == 1 else _misused(command)
        if name == "logs":
            return _log(command, words[1:])
        meaning = _verb(command, [word.upper() for word in words[1:]])
        if isinstance(meaning, CallControl) and command.will:
            return self._ask(command, meaning, now_ns)
        return meaning

    def _ask(self, command: Command, call: CallControl, now_ns: int) -> Say:
        code = self._new_code()
        self._waiting = (call, code, now_ns + CONFIRM_NS)
        concerned = " and ".join(call.args.values()) or ("all pairs" if command.name in WHOLE else "everything")
        until = f"To do it, send {code} within {CONFIRM_NS // NANOS_PER_SECOND} s."
        return Say(f"{command.name} {concerned}: {command.will}\n{until}")

    def _confirm(self, waiting: tuple[CallControl, str, int] | None, code: str, now_ns: int) -> Meaning:
        if waiting is None:
            return Say("nothing waits for a code")
        call, wanted, until_ns = waiting
        if now_ns > until_ns:
            return Say(f"too late: {call.verb} was not done; ask for it again")
        if code != wanted:
            return Say(f"that is not the code: {call.verb} was not done; ask for it again")
        return call


def _verb(command: Command, pairs: list[str]) -> Meaning:
    name = command.name
    wanted = {"swap": (2, 2), "halt": (0, 0)}.get(name, (0, 1))
    if not wanted[0] <= len(pairs) <= wanted[1]:
        return _misused(command)
    for pair in pairs:
        if not PAIR.match(pair):
            return Say(f"{one_line(pair, 40)} is no pair; one looks like SOL/USDC")
    if name == "swap":
        return CallControl(name, {"out": pairs[0], "in": pairs[1]})
    return CallControl(name, {"pair": pairs[0]} if pairs else {})


def _log(command: Command, words: list[str]) -> Meaning:
    if len(words) > 1 or (words and not ACTOR.match(words[0])):
        return _misused(command)
    return ReadLog(words[0] if words else "")


def _misused(command: Command) -> Say:
    return Say(f"it is written {command.usage}")
