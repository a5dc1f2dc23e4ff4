"""`wildbot logs ACTOR`: the end of a log file, and what is added to it."""

import time
from collections import deque
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from actors.spec import EXIT_DONE, EXIT_FAILED
from wildbot.commands.terminal import JsonOption, current_home, explained, fail, print_json, say

LINES = 40
LINES_MAX = 100_000
LOOK_EVERY_S = 0.2
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
        str, typer.Argument(help="An actor's name, such as supervisor or trader-BTC-USDC.", autocompletion=_actors)
    ],
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
    if actor not in names:
        known = f"there are: {', '.join(names)}" if names else "nothing has been logged yet"
        fail(f"no log of {actor!r} in {folder}; {known}", EXIT_FAILED)
    path, loud = folder / f"{actor}.log", _Loudness(level)
    with path.open(encoding="utf-8", errors="replace") as file:
        last = [line.rstrip("\n") for line in deque(filter(loud.is_heard, file), maxlen=lines)]
        place = file.tell()
    if json_output:
        print_json({"actor": actor, "lines": last})
        return
    for line in last:
        say(line)
    if follow:
        _follow(path, place, loud)


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.log") if "." not in path.stem)


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


def _follow(path: Path, place: int, loud: _Loudness) -> None:
    """Print what is added; after a rotation the new file is read from its start."""
    inode = path.stat().st_ino
    try:
        while True:
            time.sleep(LOOK_EVERY_S)
            now = path.stat() if path.exists() else None
            if now is None:
                continue
            if now.st_ino != inode or now.st_size < place:
                inode, place = now.st_ino, 0
            with path.open(encoding="utf-8", errors="replace") as file:
                file.seek(place)
                while line := file.readline():
                    if loud.is_heard(line):
                        say(line.rstrip("\n"))
                place = file.tell()
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_DONE) from None
