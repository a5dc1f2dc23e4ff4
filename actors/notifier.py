"""The notifier: tells the owner by Telegram, and hears the owner's commands there.

Rules: it reads the status socket and speaks through the control socket, as a person at the keyboard would; nobody waits for
    it. What takes long (Telegram, the control socket) is done by threads of its own; when they hang, they hang alone. What
    is to be told is on disk before it is sent; should the disk refuse, it is sent all the same and written later.
Owns: the bot's token; `data/notifier.sqlite`, as its only writer.
Source of truth for what is told and understood: `wildbot/messenger/`.
"""

import os
import secrets
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import assert_never

import msgspec

from actors.health import reasons_against
from actors.notice_memory import NoticeMemory
from actors.runtime import Runtime
from actors.spec import EXIT_DONE, ActorSpec
from wildbot.adapters import log
from wildbot.adapters.build import this_build
from wildbot.adapters.control_client import ControlClient
from wildbot.adapters.errands import Errands
from wildbot.adapters.hardening import forbid_dumps
from wildbot.adapters.home import Home
from wildbot.adapters.status_feed import Document, StatusFeed
from wildbot.adapters.telegram import Telegram, TelegramError
from wildbot.adapters.telegram_access import TOKEN_NAME, read_access
from wildbot.analytics.status_view import StatusView, view_of
from wildbot.desk.alerts import ClearAlert, RaiseAlert
from wildbot.messenger.commands import CallControl, ReadLog
from wildbot.messenger.messenger import (
    Command,
    Controlled,
    Delivered,
    Ending,
    Event,
    LogRead,
    Looked,
    Messenger,
    Poll,
    Received,
    Remark,
    Rules,
    Save,
    Send,
)
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.messaging import MessengerTrouble, Trouble
from wildbot.settings import Settings
from wildbot.settings_loading import load

NAME = "notifier"
LOOK_S = 0.25
CONTROL_S = 30.0
LAST_WORDS_S = 3.0
"""Patience for the last messages at the end; below `stopwaitsecs` of supervisord.conf."""

LOG_LINES = 15
LOG_BYTES = 64 * 1024
CODE_RANGE = 1_000_000


def send(telegram: Telegram, chat_id: int, text: str) -> Delivered:
    """Send one message and say what came of it."""
    try:
        telegram.send(chat_id, text)
    except TelegramError as error:
        return Delivered(error.trouble)
    return Delivered(None)


def poll(telegram: Telegram, question: Poll) -> Received:
    """Ask for messages and say what came of it."""
    try:
        return Received(telegram.updates(question.offset, question.wait_s))
    except TelegramError as error:
        return Received([], error.trouble)


def steer(control: ControlClient, call: CallControl) -> Controlled:
    """Say one verb on the control socket."""
    reply = control.call(call.verb, call.args, CONTROL_S)
    result = ", ".join(f"{key}: {value}" for key, value in reply.result.items())
    return Controlled(call.verb, reply.ok, result if reply.ok else reply.message)


def read_log(home: Home, actor: str) -> LogRead:
    """Return the last lines of an actor's log; only names of logs that are there are ever opened."""
    known = sorted(path.stem for path in home.log.glob("*.log") if "." not in path.stem)
    if actor not in known:
        return LogRead(actor, None, known)
    with (home.log / f"{actor}.log").open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - LOG_BYTES))
        lines = deque(file.read(LOG_BYTES).decode("utf-8", "replace").splitlines(), maxlen=LOG_LINES)
    return LogRead(actor, [log.cleaned(line) for line in lines], known)


class Notifier:
    """The shell: looks, asks its brain, does what it says."""

    def __init__(self, runtime: Runtime, settings: Settings, token: str, chat_id: int) -> None:
        self._runtime = runtime
        self._memory = NoticeMemory(runtime.home.data / f"{NAME}.sqlite")
        if self._memory.damaged is not None:
            runtime.log.warning("the notifier's memory was unreadable; it is kept as {}", self._memory.damaged)
        telegram = settings.telegram
        rules = Rules(
            chat_id=chat_id,
            users=frozenset(telegram.allowed_users),
            profit_every_ns=int(telegram.profit_every_s * NANOS_PER_SECOND),
            digest_every_ns=int(telegram.digest_every_h * 3_600 * NANOS_PER_SECOND),
            version=f"WildBot {this_build()}",
        )
        self._brain = Messenger(rules, self._memory.recall(), _new_code, runtime.now_ns())
        unheard = Trouble.UNREACHABLE
        self._sender = Errands(
            "telegram_send",
            partial(send, Telegram(telegram.api_url, token), chat_id),
            lambda kind: Delivered(MessengerTrouble(unheard)),
        )
        self._poller = Errands(
            "telegram_poll",
            partial(poll, Telegram(telegram.api_url, token)),
            lambda kind: Received([], MessengerTrouble(unheard)),
        )
        self._control = Errands(
            "control",
            partial(steer, ControlClient(runtime.home.socket("control"))),
            lambda kind: Controlled("the command", False, f"it failed here ({kind}); /status tells what is"),
        )
        self._feed = StatusFeed(runtime.home).start()
        self._document: Document | None = None
        self._view: StatusView | None = None
        self._ending = False
        self._disk_refuses = False
        runtime.every(LOOK_S, self._look)
        runtime.on_stop = self._end
        runtime.state = "running"

    def close(self) -> None:
        """Stop following the status and close the memory; the threads end with the process."""
        self._feed.close()
        self._memory.close()

    def _end(self) -> None:
        self._ending = True
        self._handle(Ending())
        self._runtime.later(LAST_WORDS_S, self._runtime.stop)

    def _look(self) -> None:
        document, age_s = self._feed.latest()
        if document is not self._document:
            self._document = document
            self._view = _viewed(document)
            self._runtime.vitals.handled(1)
        self._handle(Looked(self._view, age_s, reasons_against(self._view, age_s)))  # first: answers are made of it
        events: list[Event] = [*self._sender.drain(), *self._poller.drain(), *self._control.drain()]
        for event in events:
            self._handle(event)
        if self._ending and not self._brain.waiting and _is_over(self._view, age_s):
            self._runtime.stop(EXIT_DONE)

    def _handle(self, event: Event) -> None:
        waiting = [event]
        while waiting:
            for command in self._brain.handle(waiting.pop(0), self._runtime.now_ns()):
                waiting += self._do(command)

    def _do(self, command: Command) -> list[Event]:
        """Do one thing; return what is known at once."""
        match command:
            case Save():
                self._save(command)
            case Send(text):
                self._runtime.log.info("telling: {}", text.splitlines()[0])
                self._sender.ask(text)
            case Poll():
                self._poller.ask(command)
            case CallControl(verb, args):
                self._runtime.log.warning("the owner asks by Telegram: {} {}", verb, " ".join(args.values()))
                self._control.ask(command)
            case ReadLog(actor):
                return [read_log(self._runtime.home, actor)]
            case RaiseAlert(level, key, text):
                self._runtime.alert(level, key, text)
            case ClearAlert(key):
                self._runtime.clear(key)
            case Remark(text):
                self._runtime.log.info("{}", text)
            case _:
                assert_never(command)
        return []

    def _save(self, command: Save) -> None:
        error = self._memory.save(command)
        if error and not self._disk_refuses:
            self._runtime.log.error("what is to be told is not on disk: {}", error)
        self._disk_refuses = bool(error)


def _viewed(document: Document | None) -> StatusView | None:
    try:
        return None if document is None else view_of(document)
    except msgspec.ValidationError:
        return None


def _is_over(status: StatusView | None, age_s: float) -> bool:
    """Whether nothing more is to come that the end of the run should tell."""
    return status is None or status.state != "stopping" or age_s > LAST_WORDS_S / 2


def _new_code() -> str:
    return f"{secrets.randbelow(CODE_RANGE):06}"


def run(words: Sequence[str]) -> int:
    """Tell and listen until told to stop."""
    settings = load().settings
    forbid_dumps()
    access = read_access(os.environ, settings.telegram.api_url)
    if access is None:
        raise ConfigurationError(f"{TOKEN_NAME} is not set: there is nothing for the notifier to do")
    log.blank(access.token)
    runtime = Runtime(NAME, Home(settings.home), level=settings.log.level)
    notifier = Notifier(runtime, settings, access.token, access.chat_id)
    try:
        return runtime.run()
    finally:
        notifier.close()


ACTOR = ActorSpec(NAME, "tells the owner by Telegram and hears commands there", run)
