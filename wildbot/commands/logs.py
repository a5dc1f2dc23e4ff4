"""`wildbot logs ACTOR`: the end of a log file, and what is added to it."""

import os
import time
from collections import deque
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from actors.spec import EXIT_DONE, EXIT_FAILED
from wildbot.commands.terminal import JsonOption, current_home, explained, fail, print_json, say

LINES = 40
LINES_MAX = 100_000
LOOK_EVERY_S = 0.2
LINE_END = b"\n"
LEVEL_WORD = 2
"""A record begins with date, time and level; what belongs to it, a traceback, begins with a margin."""


class Level(StrEnum):
    """How loud a line has to be, at least."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


LOUDNESS = {"DEBUG": 0, "INFO": 1, "SUCCESS": 1, "WARNING": 2, "ERROR": 3, "CRITICAL": 4}


def _actors(incomplete: str) -> list[str]:
    """Complete the name of an actor that has a log."""
    return [name for name in _names(current_home().log) if name.startswith(incomplete)]


@explained
def logs(
    actor: Annotated[
        str,
        typer.Argument(
            help="An actor's name, such as supervisor or trader-BTC-USDC; none: which there are.", autocompletion=_actors
        ),
    ] = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is added, until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=LINES_MAX, help="How many lines from the end.")] = LINES,
    level: Annotated[Level, typer.Option("--level", "-l", help="Only what is at least so loud.")] = Level.DEBUG,
    json_output: JsonOption = False,
) -> None:
    """Show the end of an actor's log.

    Example: wildbot logs supervisor -f --level warning
    """
    folder = current_home().log
    names = _names(folder)
    if not actor:
        _list(names, folder, as_json=json_output)
        return
    if actor not in names:
        known = f"there are: {', '.join(names)}" if names else "nothing has been logged yet"
        fail(f"no log of {actor!r} in {folder}; {known}", EXIT_FAILED)
    path, loud = folder / f"{actor}.log", _Loudness(level)
    with FollowedLog(path) as log:
        last = list(deque(filter(loud.is_heard, log.added(torn=not follow)), maxlen=lines))
        if json_output:
            print_json({"actor": actor, "lines": last})
            return
        for line in last:
            say(line)
        if follow:
            _follow(log, loud)


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.log") if "." not in path.stem)


def _list(names: list[str], folder: Path, *, as_json: bool) -> None:
    if as_json:
        print_json({"actors": names})
    elif names:
        say(f"logs in {folder}: {', '.join(names)}")
    else:
        say(f"nothing has been logged yet in {folder}")


class _Loudness:
    """Lets lines through that are loud enough, and what belongs to them."""

    def __init__(self, level: Level) -> None:
        self._least = LOUDNESS[level.upper()]
        self._heard = True

    def is_heard(self, line: str) -> bool:
        words = line.split(maxsplit=LEVEL_WORD + 1)
        if len(words) > LEVEL_WORD and words[LEVEL_WORD] in LOUDNESS:
            self._heard = LOUDNESS[words[LEVEL_WORD]] >= self._least
        return self._heard


class FollowedLog:
    """A log file that grows and is rotated away: its whole lines, each once. The file that was rotated away is read to its
    end before the new one is begun."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("rb")
        self._begun = b""

    def __enter__(self) -> "FollowedLog":
        return self

    def __exit__(self, *why: object) -> None:
        self._file.close()

    def added(self, *, torn: bool = False) -> Iterator[str]:
        """Yield the whole lines since the last time; one without an end is kept until it has one, or `torn` asks for it."""
        is_replaced = self._is_replaced()  # asked first: what is written until then is still in the old file
        yield from self._rest()
        if is_replaced:
            self._file.close()
            self._file, self._begun = self._path.open("rb"), b""
            yield from self._rest()
        if torn and self._begun:
            yield self._begun.decode(errors="replace")

    def _rest(self) -> Iterator[str]:
        for piece in self._file:
            self._begun += piece
            if self._begun.endswith(LINE_END):
                line, self._begun = self._begun, b""
                yield line.decode(errors="replace").rstrip("\n")

    def _is_replaced(self) -> bool:
        try:
            now = self._path.stat()
        except FileNotFoundError:
            return False  # between two names
        return now.st_ino != os.fstat(self._file.fileno()).st_ino or now.st_size < self._file.tell()


def _follow(log: FollowedLog, loud: _Loudness) -> None:
    """Print what is added until Ctrl-C."""
    try:
        while True:
            time.sleep(LOOK_EVERY_S)
            for line in filter(loud.is_heard, log.added()):
                say(line)
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_DONE) from None
