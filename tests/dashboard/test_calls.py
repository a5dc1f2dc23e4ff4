"""One command on its way: what a document shows counts only when it was written after the command, by the run's clock."""

import json
from pathlib import Path

import pytest
import zmq

from tests.dashboard.builders_dashboard import a_document
from wildbot.adapters.control_client import ControlClient
from wildbot.adapters.house_clock import HouseClock, running_ns
from wildbot.adapters.house_clock import steady_ns as machine_ns
from wildbot.dashboard.calls import Call
from wildbot.dashboard.view.commands import Command

HOUR = 3_600 * 10**9
SECOND = 10**9


@pytest.mark.parametrize("ahead_ns", [-HOUR, HOUR])
def test_effect_is_told_by_the_clock_of_the_run_however_the_time_of_day_was_set(tmp_path: Path, ahead_ns: int) -> None:
    HouseClock(tmp_path, wall_ns=lambda: machine_ns() + 10**18 + ahead_ns)
    with zmq.Context() as context, context.socket(zmq.REP) as desk:
        desk.rcvtimeo = 10_000
        desk.bind(f"ipc://{tmp_path / 'control.ipc'}")
        call = Call(ControlClient(tmp_path / "control.ipc"), Command("halt"), tmp_path)
        before = call.progress(a_document(state="halted", ts_ns=running_ns(tmp_path) - 60 * SECOND))
        after = call.progress(a_document(state="halted", ts_ns=running_ns(tmp_path) + SECOND))
        request = json.loads(desk.recv())
        desk.send(json.dumps({"id": request["id"], "ok": True, "result": {}}).encode())
        assert call.wait(10)
        answered = call.progress(a_document(state="halted"))
    assert before.effective_ms is None
    assert after.effective_ms is not None and 1_000 <= after.effective_ms < 30_000
    assert answered.acknowledged_ms is not None and 0 <= answered.acknowledged_ms < 30_000
