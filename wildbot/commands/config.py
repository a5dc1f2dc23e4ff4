"""`wildbot config`: every setting in force, where it came from, secrets masked; and what each one means."""

from typing import Annotated

import msgspec
import typer

from actors.run_record import chosen_universe
from wildbot.commands.terminal import JsonOption, clean, explained, new_table, output, print_json
from wildbot.model.errors import ConfigurationError
from wildbot.settings_loading import load
from wildbot.settings_reference import explained_settings

Row = tuple[str, str, str]
"""Key, value, origin."""


@explained
def config(
    section: Annotated[str, typer.Argument(help="Only this section, or this one setting, such as risk.")] = "",
    profile: Annotated[str | None, typer.Option("--profile", "-p", help="Another profile than the one in force.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say what each means and may be, too.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Show the settings in force and the origin of each.

    Example: wildbot config risk --explain
    """
    rows = _of_section(_in_force(profile), section)
    notes = {note.dotted: note for note in explained_settings()} if explain else {}
    if json_output:
        document = {key: {"value": value, "origin": origin} for key, value, origin in rows}
        for key, note in notes.items():
            if key in document:
                document[key] |= {"default": note.default, "allowed": note.rule, "meaning": note.meaning}
        print_json(document)
        return
    columns = ("setting", "~value", "origin", *(("~may be", "~meaning") if explain else ()))
    table = new_table(*columns)
    for key, value, origin in rows:
        more = (clean(notes[key].rule), clean(notes[key].meaning)) if key in notes else ()
        table.add_row(key, clean(value), clean(origin), *more)
    output().print(table)


def _in_force(profile: str | None) -> list[Row]:
    loaded = load({"profile": profile} if profile else None)
    rows = list(loaded.rows())
    if chosen := chosen_universe(loaded.settings):
        text = msgspec.json.encode(chosen).decode()
        rows = [(row[0], text, "set_universe") if row[0] == "trading.universe" else row for row in rows]
    return rows


def _of_section(rows: list[Row], section: str) -> list[Row]:
    """Return the rows of a section, or of one setting. Raises: ConfigurationError when there is none of that name."""
    if not section:
        return rows
    found = [row for row in rows if row[0] == section or row[0].startswith(f"{section}.")]
    if not found:
        names = sorted({row[0].partition(".")[0] for row in rows})
        raise ConfigurationError(f"there is no section or setting {section!r}; there are: {', '.join(names)}")
    return found
