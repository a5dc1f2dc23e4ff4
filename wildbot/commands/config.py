"""`wildbot config`: every setting in force, where it came from, secrets masked."""

from typing import Annotated

import typer

from wildbot.commands.terminal import JsonOption, clean, new_table, output, print_json
from wildbot.settings_loading import load


def config(
    profile: Annotated[str | None, typer.Option("--profile", "-p", help="Another profile than the one in force.")] = None,
    json_output: JsonOption = False,
) -> None:
    """Show the settings in force and the origin of each.

    Example: wildbot config --profile live
    """
    rows = list(load({"profile": profile} if profile else None).rows())
    if json_output:
        print_json({key: {"value": value, "origin": origin} for key, value, origin in rows})
        return
    table = new_table("setting", "value", "origin")
    for key, value, origin in rows:
        table.add_row(key, clean(value), clean(origin))
    output().print(table)
