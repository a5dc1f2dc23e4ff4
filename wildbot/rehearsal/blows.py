"""How each kind of blow is dealt.

Rules: a blow that meets nobody does nothing.
"""

from collections.abc import Callable

from wildbot.desk.supervision_words import Asked, FlattenPair, HaltAll, PausePair, RearmAll, ResumePair, Swap, Verb
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.rehearsal.fate import Crash
from wildbot.rehearsal.links import Trouble
from wildbot.rehearsal.plan import TRADER, Arguments, Blow
from wildbot.rehearsal.stage import HUBS, SUPERVISOR, Stage
from wildbot.rehearsal.trader_stage import TraderStage
from wildbot.rehearsal.world import World


def plan_blow(world: World, blow: Blow, at_ns: int) -> None:
    """Let one blow fall in time."""

    def fall() -> None:
        world.diary.note(world.timeline.now_ns, "blow ", str(blow).encode())
        DEALS[blow.kind](world, blow.arguments)

    world.timeline.at(at_ns, fall)


def end_troubles(world: World) -> None:
    """From now on nothing bad happens."""
    world.venue.arm([{"verb": "clear"}])
    world.links.troubles.clear()
    world.fate.clear()
    world.journal.fault = ""


def _victim(world: World, arguments: Arguments) -> Stage | None:
    name = str(arguments["actor"])
    if name != TRADER:
        return world.stages.get(name)
    traders = _traders(world)
    return traders[_whole(arguments, "which") % len(traders)] if traders else None


def _traders(world: World) -> list[TraderStage]:
    return [stage for stage in world.stages.values() if isinstance(stage, TraderStage)]


def _whole(arguments: Arguments, name: str) -> int:
    value = arguments[name]
    assert isinstance(value, int), name
    return value


def _nanos(arguments: Arguments, name: str = "s") -> int:
    value = arguments[name]
    assert isinstance(value, float | int), name
    return int(value * NANOS_PER_SECOND)


def _deal_kill(world: World, arguments: Arguments) -> None:
    victim = _victim(world, arguments)
    if victim is not None:
        victim.die("killed")


def _deal_freeze(world: World, arguments: Arguments) -> None:
    victim = _victim(world, arguments)
    if victim is not None:
        victim.freeze(_nanos(arguments))


def _deal_wire(world: World, arguments: Arguments) -> None:
    probability = arguments["probability"]
    assert isinstance(probability, float)
    trouble = Trouble(
        kind=str(arguments["kind"]),
        until_ns=world.timeline.now_ns + _nanos(arguments),
        channel=str(arguments["channel"]),
        probability=probability,
        delay_ns=_nanos(arguments, "delay_s"),
    )
    world.links.troubles.append(trouble)
    if trouble.kind == "lose" and trouble.probability == 1 and trouble.channel in HUBS:
        _note_away(world, HUBS[trouble.channel], trouble.until_ns)


def _note_away(world: World, name: str, until_ns: int) -> None:
    """For the verdict: to the others, an actor whom no word reaches and who says none is a stopped one."""
    world.process(name, "stopped", "cut off")
    back_ns = min(until_ns, world.plan.troubles_end_ns)
    world.timeline.at(back_ns, lambda: world.process(name, "continued", "connected again"))


def _deal_cut(world: World, arguments: Arguments) -> None:
    victim = _victim(world, arguments)
    if victim is not None:
        until_ns = world.timeline.now_ns + _nanos(arguments)
        world.links.troubles.append(Trouble(kind="lose", until_ns=until_ns, actor=victim.name))
        _note_away(world, victim.name, until_ns)


def _deal_journal(world: World, arguments: Arguments) -> None:
    world.journal.fault = str(arguments["error"])

    def well() -> None:
        world.journal.fault = ""

    world.timeline.after(_nanos(arguments), well)


def _deal_owner(world: World, arguments: Arguments) -> None:
    stage, traders = world.stages.get(SUPERVISOR), _traders(world)
    pair = traders[_whole(arguments, "which") % len(traders)].pair if traders else world.pairs[0]
    verbs: dict[str, Verb] = {
        "rearm": RearmAll(),
        "halt": HaltAll(),
        "swap": Swap(pair, str(arguments["into"])),
        "flatten": FlattenPair(pair),
        "pause": PausePair(pair),
        "resume": ResumePair(pair),
    }
    if stage is not None:
        stage.do(lambda: stage.asked(Asked("owner", verbs[str(arguments["verb"])])))


def _deal_crash(world: World, arguments: Arguments) -> None:
    world.fate.plan(Crash(str(arguments["actor"]), str(arguments["point"]), _whole(arguments, "nth")))


def _deal_venue(world: World, arguments: Arguments) -> None:
    world.venue.arm([arguments])


DEALS: dict[str, Callable[[World, Arguments], None]] = {
    "venue": _deal_venue,
    "kill": _deal_kill,
    "freeze": _deal_freeze,
    "crash": _deal_crash,
    "wire": _deal_wire,
    "cut": _deal_cut,
    "journal": _deal_journal,
    "owner": _deal_owner,
}
