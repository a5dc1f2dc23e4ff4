"""`wildbot config`: every setting in force, where it came from, secrets masked."""

from typing import Annotated

import msgspec
import typer

from actors.run_record import chosen_universe
from wildbot.commands.terminal import JsonOption, clean, explained, new_table, output, print_json
from wildbot.settings_loading import load


@explained
def config(
    profile: Annotated[str | None, typer.Option("--profile", "-p", help="Another profile than the one in force.")] = None,
    json_output: JsonOption = False,
) -> None:
    """Show the settings in force and the origin of each.

    Example: wildbot config --profile live
    """
    loaded = load({"profile": profile} if profile else None)
    rows = list(loaded.rows())
    if chosen := chosen_universe(loaded.settings):
        text = msgspec.json.encode(chosen).decode()
        rows = [(row[0], text, "set_universe") if row[0] == "trading.universe" else row for row in rows]
    if json_output:
        print_json({key: {"value": value, "origin": origin} for key, value, origin in rows})
        return
    table = new_table("setting", "value", "origin")
    for key, value, origin in rows:
        table.add_row(key, clean(value), clean(origin))
    output().print(table)
