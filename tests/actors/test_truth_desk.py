"""The truth desk's shell: what it hears, what it keeps on disk, what it goes on from; and the gateway's tape."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from actors.gateway_tape import GatewayTape
from actors.runtime import Runtime
from actors.truth_desk import TruthActor
from actors.truth_files import believed_power, marks_file, read_marks, twin_record
from tests.adapters.builders_journal import a_fill_row, a_journal
from tests.commands.builders_commands import a_seen_home
from tests.desk.builders_router import EPOCH, FEES, SOL, a_fill, an_order
from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import Publisher, Subscriber
from wildbot.desk import gateway_commands as commands
from wildbot.model.desk import Report
from wildbot.model.executions import Accepted, Filled
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.market_data import BookSnapshot
from wildbot.model.orders import CancelOrder, NewOrder
from wildbot.model.status import InstrumentTable, PowerBelief
from wildbot.model.tape import TapeEntry
from wildbot.protocol.bus import TAPE, market_frame
from wildbot.settings_loading import load
from wildbot.truth.profit_ledger import Mark
from wildbot.truth.truth_desk import TwinRecord

TABLE = InstrumentTable((SOL,), {SOL.pair: FEES})
MID = 10_000
LONG_S = 10.0


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Home]:
    with a_seen_home(monkeypatch, tmp_path) as prepared:
        yield prepared


class Bench:
    """The shell on a real loop, with a market and a gateway that say what a test wants."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.market = Publisher(home.socket("market"))
        self.tape = GatewayTape(home)
        self.runtime = Runtime("truth_desk", home, linked=False)
        self.actor = TruthActor(self.runtime, load().settings)
        self.actor.open()

    def book(self) -> None:
        now_ns = self.runtime.now_ns()
        self.market.send(
            market_frame(BookSnapshot(SOL.pair, 1, now_ns, now_ns, (MID - 2,), (10**9,), (MID + 2,), (10**9,)))
        )

    def say(self, *batch: commands.GatewayCommand) -> None:
        self.tape.say(batch)

    def turn_until(self, done: object, *, fills: int) -> None:
        deadline_ns = self.runtime.now_ns() + int(LONG_S * NANOS_PER_SECOND)
        while self.actor.status().fills < fills:
            assert self.runtime.now_ns() < deadline_ns, done
            self.runtime.turn(50)

    def stop(self) -> None:
        self.runtime.on_stop()
        self.close()

    def close(self) -> None:
        self.actor.close()
        self.runtime.close()
        self.market.close()
        self.tape.close()


def a_journal_with(home: Home, fill: Filled) -> None:
    price, qty = SOL.price_text(fill.ticks), SOL.lots_text(fill.lots)
    journal = a_journal(home.data)
    journal.write(fills=[a_fill_row(fill.exec_id, fill.ts_ns, side=fill.side.value, price=price, qty=qty)])
    journal.close()


def test_the_tape_says_orders_reports_and_rules_in_numbers_and_nothing_else(home: Home) -> None:
    tape = GatewayTape(home)
    listener = Subscriber(home.socket("tape"))
    accepted = Accepted("wb7x1", "O1", 5)
    batch = [
        commands.Send(an_order(), 1),
        commands.Send(CancelOrder("wb7x1", SOL.pair), 1),
        commands.TellTrader(EPOCH, Report(EPOCH, 1, accepted)),
        commands.TellSupervisor(TABLE),
        commands.WriteMeta("key", "value"),
    ]
    heard: list[TapeEntry] = []
    for _ in range(200):  # the first batches are lost until the listener has joined, maybe in the middle of one
        tape.say(batch)
        listener.socket.poll(50)
        heard += [TAPE.decode(frame) for frame in listener.drain()]
        first = next((index for index, entry in enumerate(heard) if isinstance(entry.body, NewOrder)), len(heard))
        if len(heard) >= first + 3:
            break
    entries = heard[first : first + 3]
    tape.close()
    listener.close()
    assert [type(entry.body) for entry in entries] == [NewOrder, Accepted, InstrumentTable]
    assert [entry.seq - entries[0].seq for entry in entries] == [0, 1, 2]


def test_a_fill_told_on_the_tape_is_marked_with_the_mid_of_its_time_and_kept(home: Home) -> None:
    bench = Bench(home)
    fill: Filled | None = None
    for _ in range(40):  # a subscriber that joins late hears the next one
        bench.book()
        bench.say(commands.TellSupervisor(TABLE))
        bench.runtime.turn(20)
    fill = a_fill(ts_ns=bench.runtime.now_ns())
    bench.say(commands.TellTrader(EPOCH, Report(EPOCH, 1, fill)))
    bench.turn_until("the fill", fills=1)
    assert bench.actor.status().unmarked == 0
    bench.stop()
    assert read_marks(marks_file(home, "sim")) == {"T1": Mark("T1", 2 * MID * 10**8, ())}
    record = twin_record(home, "sim").load()
    assert record is not None
    assert record.mids == {SOL.pair: 2 * MID * 10**8}


def test_a_fill_that_only_the_journal_knows_is_entered_without_a_mid(home: Home) -> None:
    a_journal_with(home, a_fill(ts_ns=1_700_000_000 * NANOS_PER_SECOND))
    bench = Bench(home)
    status = bench.actor.status()
    bench.close()
    assert (status.fills, status.unmarked) == (1, 1)


def test_marks_of_an_earlier_run_are_read_again_one_line_each_and_a_torn_one_is_none(home: Home) -> None:
    a_journal_with(home, a_fill(ts_ns=1_700_000_000 * NANOS_PER_SECOND))
    older, newer = Mark("T1", 2 * MID * 10**8), Mark("T1", 2 * MID * 10**8, (1, 2, 3, 4))
    lines = [msgspec.json.encode(each) for each in (older, newer)]
    marks_file(home, "sim").write_bytes(b"\n".join([*lines, b'{"exec_id":"T2","double']))
    bench = Bench(home)
    status = bench.actor.status()
    bench.stop()
    assert (status.fills, status.unmarked) == (1, 0)
    assert [line for line in marks_file(home, "sim").read_bytes().split(b"\n") if line] == [lines[1]]


def test_a_mark_that_still_waits_for_its_horizons_outlives_a_restart(home: Home) -> None:
    a_journal_with(home, a_fill(ts_ns=1_700_000_000 * NANOS_PER_SECOND))
    partial = Mark("T1", 2 * MID * 10**8, (1, 2))
    marks_file(home, "sim").write_bytes(msgspec.json.encode(partial) + b"\n")
    bench = Bench(home)
    kept = read_marks(marks_file(home, "sim"))
    bench.close()  # as if killed
    assert kept == {"T1": partial}


def test_tallies_that_cannot_be_read_begin_anew_and_trading_knows_nothing_of_it(home: Home) -> None:
    (home.data / "sim.truth.json").write_text("{torn")
    bench = Bench(home)
    assert bench.actor.status().believers["touch"].orders == 0
    bench.stop()
    assert twin_record(home, "sim").load() is not None


@pytest.mark.parametrize(
    ("profile", "witness", "power"), [("sim", "sim", 0.5), ("paper", "live", 0.5), ("paper", "paper", 1.0)]
)
def test_the_power_that_real_orders_suggest_is_in_force_after_a_restart(
    home: Home, monkeypatch: pytest.MonkeyPatch, profile: str, witness: str, power: float
) -> None:
    monkeypatch.setenv("WILDBOT_PROFILE", profile)
    twin_record(home, witness).save(TwinRecord(power=PowerBelief(1.0, 0.5, 0.4, 0.7, 120, 300)))
    assert believed_power(home, load().settings) == power


def test_a_record_that_cannot_be_read_leaves_the_setting_in_force(home: Home) -> None:
    (home.data / "sim.truth.json").write_text("{")
    assert believed_power(home, load().settings) == 1.0
