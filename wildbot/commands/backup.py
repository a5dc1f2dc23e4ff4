"""`wildbot backup`: a consistent copy of the journal, also while WildBot runs."""

from pathlib import Path
from typing import Annotated

import typer

from wildbot.adapters.home import Home
from wildbot.adapters.journal_backup import back_up
from wildbot.commands.doctor_journal import journal_path
from wildbot.commands.terminal import JsonOption, explained, print_json, say
from wildbot.settings_loading import load


@explained
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")], json_output: JsonOption = False
) -> None:
    """Copy the journal to a file: whole, checked, without any key.

    Example: wildbot backup journal-monday.sqlite
    """
    settings = load().settings
    fills = back_up(journal_path(Home(settings.home), settings), file)
    if json_output:
        print_json({"file": str(file), "profile": settings.profile, "fills": fills})
        return
    say(f"{file} holds the journal of profile {settings.profile} with {fills} fills; to restore it, see docs/operations.md")
