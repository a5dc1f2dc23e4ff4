"""`wildbot backup`: a consistent copy of the journal and of what its fills were worth, also while WildBot runs."""

from pathlib import Path
from typing import Annotated

import typer

from actors.truth_files import back_up_truth, truth_copies
from wildbot.adapters.home import Home
from wildbot.adapters.journal_backup import back_up
from wildbot.commands.doctor_journal import journal_path
from wildbot.commands.terminal import JsonOption, explained, print_json, say
from wildbot.model.errors import BackupError
from wildbot.settings_loading import load


@explained
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")], json_output: JsonOption = False
) -> None:
    """Copy the journal, and what its fills were worth: whole, checked, without any key.

    Example: wildbot backup journal-monday.sqlite
    """
    settings = load().settings
    home = Home(settings.home)
    for other in truth_copies(file):
        if other.exists():  # said before anything is copied
            raise BackupError(f"{other} exists already; a backup never replaces a file")
    fills = back_up(journal_path(home, settings), file)
    beside = back_up_truth(home, settings.profile.value, file)
    if json_output:
        print_json(
            {"file": str(file), "profile": settings.profile, "fills": fills, "beside": [str(path) for path in beside]}
        )
        return
    say(f"{file} holds the journal of profile {settings.profile} with {fills} fills; to restore it, see docs/operations.md")
    if beside:
        say(f"what the fills were worth: {', '.join(path.name for path in beside)} beside it")
