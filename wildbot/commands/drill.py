"""`wildbot drill`: break things on purpose, see that nothing is lost, and say so in plain words."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from actors.spec import EXIT_DONE, EXIT_FAILED
from wildbot.audit.verdict import Outcome as Held
from wildbot.commands.terminal import JsonOption, clean, explained, fail, new_table, output, print_json, say, warn
from wildbot.drill.case import Case
from wildbot.drill.catalogue import CatalogueError, all_cases, select
from wildbot.drill.matrix import COLUMNS, document_of, row_of
from wildbot.drill.seeds import SEEDS_FROM, SeedResult, play_many, replay_words
from wildbot.drill.session import Drill, Judgement, Outcome, Result, run_drill

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
NONE = "none"
"""What `--only` takes to run no case, for the rehearsal alone."""

STYLES = {Outcome.HELD: "green", Outcome.BROKEN: "bold red", Outcome.NOT_STRUCK: "yellow"}
VERDICT_STYLES = {Held.HELD: "green", Held.VIOLATED: "bold red", Held.UNSEEN: "dim"}


@explained
def drill(
    only: Annotated[
        str, typer.Option("--only", metavar="IDS", help="Comma-separated, such as A01,B03; none: no case.")
    ] = "",
    group: Annotated[str, typer.Option("--group", help="exchange, network, process, ipc, storage, clock or crash.")] = "",
    seeds: Annotated[int, typer.Option("--seeds", min=0, help="Also rehearse so many seeds in virtual time.")] = 0,
    first_seed: Annotated[int, typer.Option("--first-seed", min=0, help="The first of them.")] = SEEDS_FROM,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The simulated market's seed.")] = 7,
    fast: Annotated[bool, typer.Option("--fast", help="A few cases only, below three minutes.")] = False,
    listing: Annotated[bool, typer.Option("--list", help="Print the cases and run none.")] = False,
    keep: Annotated[Path | None, typer.Option("--keep", metavar="DIR", help="Keep logs and journals there.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Break things on purpose, one by one; a checker judges the end.

    Real processes on the simulated exchange.

    Example: wildbot drill --only A01,B03 --seeds 20
    """
    try:
        names = [] if only == NONE else [word.strip() for word in only.split(",") if word.strip()]
        cases = () if only == NONE else select(all_cases(), only=names, group=group, fast=fast)
    except CatalogueError as error:
        fail(str(error), EXIT_USAGE)
    if listing:
        _print_list(cases, as_json=as_json)
        return
    teller = Teller(quiet=as_json, count=len(cases))
    try:
        with _interruptible():
            done = run_drill(cases, teller, seed=seed, keep=keep)
            played = list(_rehearse(seeds, first_seed, teller))
    except KeyboardInterrupt:
        fail("interrupted; everything that was started has been ended", EXIT_INTERRUPTED)
    if as_json:
        print_json(document_of(done, played))
    else:
        _print_findings(done, played)
    raise typer.Exit(EXIT_DONE if done.ok and not any(each.faults for each in played) else EXIT_FAILED)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM end the drill with everything cleaned up; a second one does not spoil that."""
    signals = (signal.SIGINT, signal.SIGTERM)

    def end(number: int, frame: object) -> None:
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {each: signal.signal(each, end) for each in signals}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


class Teller:
    """Tells how far the drill is, a line per case."""

    def __init__(self, *, quiet: bool, count: int) -> None:
        self._quiet = quiet
        self._count = count
        self._done = 0

    def starting(self, cases: Sequence[Case]) -> None:
        """An instance starts."""
        self._say(f"starting a WildBot of its own for {len(cases)} case{'s' * (len(cases) > 1)}", "dim")

    def trying(self, case: Case) -> None:
        """A case begins."""
        self._say(f"[{self._done + 1}/{self._count}] {case.id}  {case.title} ...", "dim")

    def tried(self, result: Result) -> None:
        """A case is over."""
        self._done += 1
        why = f": {result.text}" if result.text else ""
        line = f"[{self._done}/{self._count}] {result.case.id}  {result.outcome}  {result.seconds:.1f} s{why}"
        self._say(line, STYLES[result.outcome])

    def judged(self, judgement: Judgement) -> None:
        """The checker has spoken."""
        broken = "; ".join(f"{each.rule} broken, {each.text}" for each in judgement.broken)
        word = broken or ("nothing found" if judgement.report is not None else "not asked")
        self._say(f"{judgement.text}; the checker: {word}", "bold red" if broken else "dim")

    def seed(self, result: SeedResult, at: int, count: int) -> None:
        """A seed was played."""
        word = f"BROKEN: {result.faults[0]}; again with: {replay_words(result.seed)}" if result.faults else "held"
        style = "bold red" if result.faults else "dim"
        self._say(f"rehearsal {at}/{count}: seed {result.seed}  {word}  {result.seconds:.1f} s", style)

    def _say(self, line: str, style: str) -> None:
        if not self._quiet:
            say(line, style)


def _rehearse(count: int, first: int, teller: Teller) -> Iterator[SeedResult]:
    if count:
        for at, result in enumerate(play_many(count, first), 1):
            teller.seed(result, at, count)
            yield result


def _print_list(cases: Sequence[Case], *, as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {"id": c.id, "group": c.group.value, "severity": c.severity.value, "title": c.title, "promise": c.promise}
                for c in cases
            ]
        )
        return
    table = new_table("id", "group", "grade", "what breaks")
    for case in cases:
        table.add_row(case.id, case.group.value, case.severity.value, case.title)
    output().print(table)


def _print_findings(done: Drill, played: Sequence[SeedResult]) -> None:
    if done.results:
        say()
        output().print(matrix_of(done.results))
    for result in done.results:
        if result.text:
            warn(f"{result.case.id} {result.outcome}: {result.text}")
    for judgement in done.judgements:
        _print_judgement(judgement)
    failing = [each for each in played if each.faults]
    if played:
        say(f"rehearsal: {len(played) - len(failing)} of {len(played)} seeds held")
    for each in failing:
        warn(f"seed {each.seed}: {'; '.join(each.faults)}; again with: {replay_words(each.seed)}")
    held = sum(result.outcome is Outcome.HELD for result in done.results)
    say(f"{held} of {len(done.results)} promises held" if done.results else "", "bold")


def matrix_of(results: Sequence[Result]) -> Table:
    """Return the pass matrix; long words wrap."""
    table = new_table(*COLUMNS)
    for column in table.columns[1:3]:
        column.no_wrap, column.overflow = False, "fold"
    for result in results:
        *words, outcome, seconds = map(clean, row_of(result))
        table.add_row(*words, f"{outcome}", seconds, style=STYLES[result.outcome] if outcome != Outcome.HELD else None)
    return table


def _print_judgement(judgement: Judgement) -> None:
    say()
    say(f"the checker on {', '.join(judgement.ids)} ({judgement.text})", "bold")
    if judgement.report is None:
        return
    table = new_table("rule", "what it says", "outcome", "compared")
    for column in (table.columns[1], table.columns[3]):
        column.no_wrap, column.overflow = False, "fold"
    for each in judgement.report.verdicts:
        excused = each.outcome is Held.VIOLATED and each.rule in judgement.excused
        word = "broken by the fault itself" if excused else each.outcome.value
        table.add_row(each.rule, each.title, word, clean(each.text), style=VERDICT_STYLES[each.outcome])
    output().print(table)
