"""The clock of a run: it never steps, and every process of the run reads the same."""

import time
from pathlib import Path

from wildbot.adapters import house_clock
from wildbot.adapters.house_clock import HouseClock

HOUR = 3_600 * 10**9
T0 = 1_700_000_000 * 10**9


class Machine:
    """A machine whose time of day can be set."""

    def __init__(self) -> None:
        self.steady = 50 * 10**9
        self.offset = T0

    def wall_ns(self) -> int:
        return self.steady + self.offset

    def steady_ns(self) -> int:
        return self.steady

    def clock(self, folder: Path) -> HouseClock:
        return HouseClock(folder, self.wall_ns, self.steady_ns)


def test_a_time_of_day_set_back_or_ahead_moves_no_clock_of_the_run(tmp_path: Path) -> None:
    machine = Machine()
    clock = machine.clock(tmp_path)
    began = clock.now_ns()
    assert began == machine.wall_ns()
    for step in (-HOUR, 25 * HOUR, -5 * 10**9):
        machine.offset += step
        machine.steady += 10
    assert clock.now_ns() == began + 30


def test_who_only_looks_reads_the_clock_of_the_run_and_sets_none(tmp_path: Path) -> None:
    before = time.time_ns()
    assert before <= house_clock.running_ns(tmp_path) <= time.time_ns()
    assert list(tmp_path.iterdir()) == []
    clock = HouseClock(tmp_path, wall_ns=lambda: T0)
    assert clock.now_ns() <= house_clock.running_ns(tmp_path) <= clock.now_ns()


def test_a_process_started_after_a_step_reads_the_same_as_the_others(tmp_path: Path) -> None:
    machine = Machine()
    first = machine.clock(tmp_path)
    machine.offset -= HOUR
    assert machine.clock(tmp_path).now_ns() == first.now_ns()


def test_a_new_run_takes_the_time_of_day_anew(tmp_path: Path) -> None:
    machine = Machine()
    machine.clock(tmp_path)
    machine.offset += HOUR
    house_clock.begin(tmp_path)
    assert machine.clock(tmp_path).now_ns() == machine.wall_ns()


def test_a_clock_of_an_earlier_boot_or_a_damaged_one_is_set_anew(tmp_path: Path) -> None:
    for text in ("another-boot 5\n", "", "\x00\x00"):
        (tmp_path / house_clock.FILE).write_text(text, encoding="ascii")
        machine = Machine()
        assert machine.clock(tmp_path).now_ns() == machine.wall_ns()
        machine.offset += HOUR
        assert machine.clock(tmp_path).now_ns() == machine.wall_ns() - HOUR


def test_the_file_is_left_alone_in_its_folder(tmp_path: Path) -> None:
    Machine().clock(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == [house_clock.FILE]
