"""How the command line speaks: sentences for people, one JSON document for programs, exit codes for scripts.

Rules: results go to standard output, failures to standard error; who asked for JSON gets one document in any case, which
    for a failure is `{"ok": false, "error": {"code", "message"}}`; text from outside is printed without markup and without
    control characters, so that no name or message can colour, move or forge a line.
"""

import contextlib
import functools
import os
import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import Annotated, NoReturn, ParamSpec

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from actors.spec import EXIT_CONFIGURATION, EXIT_DONE, EXIT_FAILED, EXIT_HALTED, EXIT_NOT_RUNNING, EXIT_TIMED_OUT
from wildbot.adapters.control_client import CallError, Reply
from wildbot.adapters.home import AlreadyRunningError, Home
from wildbot.model.errors import BackupError, ConfigurationError
from wildbot.settings_loading import load

Parameters = ParamSpec("Parameters")

_owes_json: ContextVar[bool] = ContextVar("owes_json", default=False)
"""Whether the verb that runs was asked for a JSON document and has not printed it yet."""

CODE_WORDS = {
    EXIT_HALTED: "halted",
    EXIT_NOT_RUNNING: "not_running",
    EXIT_TIMED_OUT: "timed_out",
    EXIT_CONFIGURATION: "configuration",
}
PLAIN_WIDTH = 180
"""Columns of a table when the output is a file or a pipe: wide enough that nothing is cut."""

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def output() -> Console:
    """Return the console for results; a pipe gets plain, wide lines."""
    console = Console(highlight=False, markup=False, emoji=False)
    return console if console.is_terminal else Console(highlight=False, markup=False, emoji=False, width=PLAIN_WIDTH)


def clean(text: str) -> str:
    """Return foreign text without control characters."""
    return "".join(character if character.isprintable() else "?" for character in text)


def say(text: str = "", style: str | None = None) -> None:
    """Print one line for people."""
    output().print(clean(text), style=style, soft_wrap=True)


def warn(text: str) -> None:
    """Print one line about something wrong, on standard error."""
    Console(stderr=True, highlight=False, markup=False, emoji=False).print(clean(text), style="yellow", soft_wrap=True)


def fail(sentence: str, code: int) -> NoReturn:
    """Print the sentence on standard error and end with `code`; the JSON document that is still owed says the same."""
    if _owes_json.get():
        print_json({"ok": False, "error": {"code": CODE_WORDS.get(code, "failed"), "message": sentence}})
    Console(stderr=True, highlight=False, markup=False, emoji=False).print(clean(sentence), style="red", soft_wrap=True)
    raise typer.Exit(code)


def print_json(document: object) -> None:
    """Print one JSON document, indented."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
    sys.stdout.flush()
    _owes_json.set(False)


def new_table(*columns: str, title: str | None = None) -> Table:
    """Return an empty table; a column whose name starts with ">" is right-aligned, one that starts with "~" may take
    several lines where the terminal is narrow: what is told in sentences is never cut."""
    table = Table(box=None, title=title, title_justify="left", title_style="bold", header_style="dim", pad_edge=False)
    for column in columns:
        kind, name = (column[0], column[1:]) if column[:1] in (">", "~") else ("", column)
        folds = kind == "~"
        table.add_column(
            name,
            justify="right" if kind == ">" else "left",
            no_wrap=not folds,
            overflow="fold" if folds else "ellipsis",
        )
    return table


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be undone, unless told not to or nobody can answer. A no ends with code 1."""
    if yes or not sys.stdin.isatty():
        return
    if not typer.confirm(question):
        fail("nothing was done", EXIT_FAILED)


def explained(verb: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Return the verb with what the owner has to change, a file that cannot be read or written included, told in one
    sentence and the contract's exit code."""

    @functools.wraps(verb)
    def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        _owes_json.set(bool(kwargs.get("json_output")))
        try:
            verb(*args, **kwargs)
        except (AlreadyRunningError, BackupError) as error:
            fail(str(error), EXIT_FAILED)
        except ConfigurationError as error:
            fail(str(error), EXIT_CONFIGURATION)
        except OSError as error:
            if error.filename is None:  # nobody's file: a fault of ours, or a reader that has gone
                raise
            fail(f"{os.fsdecode(error.filename)} cannot be used: {error.strerror}", EXIT_FAILED)

    return guarded


def exit_code_of(reply: Reply) -> int:
    """Return the exit code that a reply of the control socket means."""
    if reply.ok:
        return EXIT_DONE
    return {CallError.NOT_RUNNING: EXIT_NOT_RUNNING, CallError.TIMED_OUT: EXIT_TIMED_OUT}.get(
        CallError(reply.code) if reply.code in list(CallError) else CallError.UNREADABLE, EXIT_FAILED
    )


def current_home() -> Home:
    """Return the home this command is about.

    Raises: ConfigurationError when the settings cannot be used or the home is another user's.
    """
    home = Home(load().settings.home)
    refuse_unseen(home)
    return home


def refuse_unseen(home: Home) -> None:
    """Nothing is said of a home that we may not look into, least of all that nothing runs there.

    Raises: ConfigurationError when that is so.
    """
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        try:
            home.socket("control").stat()
        except PermissionError:
            raise ConfigurationError(
                f"{home.root} belongs to another user, so whether WildBot runs there cannot be seen: ask as that user"
                " (sudo -u USER ...)"
            ) from None
