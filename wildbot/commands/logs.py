"""`wildbot logs ACTOR`: the end of a log file, and what is added to it."""

import time
from collections import deque
from pathlib import Path
from typing import Annotated

import typer

from actors.spec import EXIT_DONE, EXIT_FAILED
from wildbot.commands.terminal import JsonOption, current_home, explained, fail, print_json, say

LINES = 40
LINES_MAX = 100_000
LOOK_EVERY_S = 0.2


@explained
def logs(
    actor: Annotated[str, typer.Argument(help="An actor's name, such as supervisor or trader-BTC-USDC.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is added, until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, max=LINES_MAX, help="How many lines from the end.")] = LINES,
    json_output: JsonOption = False,
) -> None:
    """Show the end of an actor's log.

    Example: wildbot logs supervisor -f
    """
    folder = current_home().log
    names = sorted(path.stem for path in folder.glob("*.log") if "." not in path.stem)
    if actor not in names:
        known = f"there are: {', '.join(names)}" if names else "nothing has been logged yet"
        fail(f"no log of {actor!r} in {folder}; {known}", EXIT_FAILED)
    path = folder / f"{actor}.log"
    with path.open(encoding="utf-8", errors="replace") as file:
        last = [line.rstrip("\n") for line in deque(file, maxlen=lines)]
        place = file.tell()
    if json_output:
        print_json({"actor": actor, "lines": last})
        return
    for line in last:
        say(line)
    if follow:
        _follow(path, place)


def _follow(path: Path, place: int) -> None:
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
                    say(line.rstrip("\n"))
                place = file.tell()
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_DONE) from None
