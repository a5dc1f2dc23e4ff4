"""The work of one order in the gateway, from its request to its frame: the brain, the journal and the wire, as they are."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from tests.budget.builders_budget import calls_in
from tests.desk.builders_router import EPOCH, LOTS, MID, PAIR, SECOND, Desk, a_resting_desk
from wildbot.adapters.journal import Journal
from wildbot.desk.gateway_commands import Send
from wildbot.desk.journal_keeper import JournalKeeper
from wildbot.liaison.desk_stream import DeskStream
from wildbot.model.desk import OrderRequest
from wildbot.model.executions import Amended
from wildbot.model.orders import AmendOrder
from wildbot.protocol.bus import TO_GATEWAY, encode
from wildbot.venues.kraken.market_feed import News

ORDERS = 40


class Wire:
    """A link that is open and counts what is sent."""

    is_open, is_idle = True, False

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, frame: bytes) -> bool:
        self.sent.append(frame)
        return True

    def connect(self) -> None: ...
    def close(self) -> None: ...
    def pump(self) -> News:
        raise AssertionError("nothing comes in here")


def order_work(folder: Path, count: Callable[[Callable[[], object]], tuple[int, object]] = calls_in) -> dict[str, float]:
    """Per amend: calls as `count` has them, transactions, statements, frames, and statements after the answer."""
    folder.mkdir(exist_ok=True)
    desk, wire = a_resting_desk(), Wire()
    journal = Journal(folder / "budget.sqlite", profile="sim", key_fingerprint="k", place="loopback")
    statements: list[str] = []
    keeper = JournalKeeper(journal, lambda: desk.now, lambda point: None)
    stream = DeskStream(wire, desk.router, lambda: desk.now)
    stream.open("token", desk.router.state.instruments)
    calls = before = after = commits = 0
    connection: sqlite3.Connection = journal._connection
    for number in range(ORDERS):
        frame = _request(desk, number)

        def leave(frame: bytes = frame) -> None:
            batch = desk.router.on_peer(TO_GATEWAY.decode(frame), desk.now)
            keeper.write(batch, desk.router.state.instruments)
            (send,) = (each for each in batch if isinstance(each, Send))
            assert not stream.send(send.command, send.deadline_ns)

        counted, _ = count(leave)
        calls += counted
        batch = desk.router.on_report(Amended("wb7x1", MID - 10 + number % 5, LOTS, desk.now), desk.now)
        connection.set_trace_callback(statements.append)
        keeper.write(batch, desk.router.state.instruments)
        connection.set_trace_callback(None)
        after += len(statements)
        statements.clear()
    connection.set_trace_callback(statements.append)
    frame = _request(desk, ORDERS)
    keeper.write(desk.router.on_peer(TO_GATEWAY.decode(frame), desk.now), desk.router.state.instruments)
    before, commits = len(statements), statements.count("COMMIT")
    journal.close()
    return {
        "calls": calls / ORDERS,
        "commits": commits,
        "statements": before,
        "statements_after": after / ORDERS,
        "frames": len(wire.sent) / ORDERS,
    }


def _request(desk: Desk, number: int) -> bytes:
    desk.run(3)  # the venue's order counter has room again
    amend = AmendOrder("wb7x1", PAIR, MID - 10 + number % 5, LOTS, post_only=True)
    return encode(OrderRequest(EPOCH, amend, desk.now, desk.now + SECOND))
