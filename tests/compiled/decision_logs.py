"""Prints as JSON what this build decides: the golden runs, and a backtest of every strategy, as hashes.

python -m tests.compiled.decision_logs
"""

import hashlib
import json
from itertools import chain

from tests.backtest.builders_backtest import a_sample_tape, a_setup
from tests.golden.test_golden_runs import RUNS, Tape
from wildbot.backtest.run import Backtest
from wildbot.commands.compiled import runs_compiled
from wildbot.strategies.base import find_strategies


def decision_logs() -> dict[str, str]:
    """Return a hash for every run."""
    golden = ((name, "\n".join(Tape(*run).run())) for name, run in RUNS.items())
    backtests = ((name, _backtest(name)) for name in find_strategies())
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in chain(golden, backtests)}


def _backtest(strategy: str) -> str:
    run = Backtest(a_setup(strategy, short=True), [a_sample_tape(seconds=120)]).run()
    return f"{run.digest} {run.orders} {run.fills} {run.equity} {run.split}"


if __name__ == "__main__":
    print(json.dumps({"compiled": runs_compiled(), "logs": decision_logs()}))  # noqa: T201
