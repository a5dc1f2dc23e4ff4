"""A verb of the command line by its name and one sentence, whose file is loaded only when somebody chooses it.

Rules: listing the verbs and completing their names load no verb's file: `wildbot --help` costs what its own words cost.
    What a verb takes and does stands in its file alone; the sentence here is the first one of its docstring (a test).
"""

import functools
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command


@dataclass(frozen=True, slots=True)
class Verb:
    """`place` is MODULE:MEMBER in this room: a function that is the verb, or a `typer.Typer` that has verbs of its own."""

    name: str
    place: str
    summary: str


class ListedVerb(TyperCommand):
    """Stands in the list for the verb; whoever calls it gets the verb itself."""

    def __init__(self, verb: Verb, heading: str) -> None:
        super().__init__(verb.name, help=verb.summary, rich_help_panel=heading)
        self._place = verb.place

    @functools.cached_property
    def chosen(self) -> Any:
        """The verb's own command, with its options and its long help."""
        module, _, member = self._place.partition(":")
        found = getattr(importlib.import_module(f"wildbot.commands.{module}"), member)
        if isinstance(found, typer.Typer):
            return get_command(found)
        alone = typer.Typer(add_completion=False)
        alone.command(self.name)(found)
        return get_command(alone)

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Hand over to the verb: what is parsed, completed and run from here on is its own."""
        return self.chosen.make_context(info_name, args, parent=parent, **extra)


def group_of(verbs: Mapping[str, Sequence[Verb]]) -> type[TyperGroup]:
    """Return a group class for `typer.Typer(cls=...)` that lists these verbs under their headings, in their order."""

    class ListedVerbs(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            for heading, listed in verbs.items():
                for verb in listed:
                    self.add_command(ListedVerb(verb, heading))

    return ListedVerbs
