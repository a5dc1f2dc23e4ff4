"""`wildbot down`: everything of this home stops in order."""

from actors.spec import EXIT_FAILED, EXIT_NOT_RUNNING, EXIT_TIMED_OUT
from wildbot.commands.instance import Instance
from wildbot.commands.ordered_stop import StopOutcome, stop_in_order
from wildbot.commands.terminal import JsonOption, current_home, explained, fail, print_json, say


@explained
def down(json_output: JsonOption = False) -> None:
    """Stop in order: no new orders, cancel, confirm none rest, then the processes.

    Example: wildbot down
    """
    home = current_home()
    if not Instance(home).processes():
        fail(f"WildBot does not run in {home.root}", EXIT_NOT_RUNNING)
    outcome = stop_in_order(home, (lambda line: None) if json_output else say)
    if json_output:
        left = [{"name": own.name, "pid": own.pid} for own in outcome.left]
        print_json({"stopped": not left, "left": left, "resting": outcome.resting})
    _judge(outcome, f"the logs in {home.log} say why")
    if not json_output:
        say("stopped", "bold")


def still_resting(count: int) -> str:
    """Return the sentence about orders that a stop could not take back."""
    return f"stopped, but {count} orders still rest; the dead man's switch takes them back within a minute: look"


def _judge(outcome: StopOutcome, where: str) -> None:
    if outcome.left:
        names = ", ".join(f"{own.name} (process {own.pid})" for own in outcome.left)
        fail(f"still there: {names}; {where}", EXIT_TIMED_OUT)
    if outcome.resting:
        fail(still_resting(outcome.resting), EXIT_FAILED)
