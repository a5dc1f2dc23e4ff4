"""The order gateway's tape: what it sent and what it told of orders, said aloud for those who look on.

Rules: it is written after everything of a batch has left, so that no order waits for it; nobody who listens can hold the
    gateway up, and one that is slow misses numbers.
Owns: the socket `tape`, the numbering.
"""

from collections.abc import Iterable

from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import Publisher
from wildbot.desk import gateway_commands as commands
from wildbot.desk.gateway_commands import GatewayCommand
from wildbot.model.desk import Report
from wildbot.model.orders import NewOrder
from wildbot.model.status import InstrumentTable
from wildbot.model.tape import TapeBody, TapeEntry
from wildbot.protocol.bus import encode

SOCKET = "tape"


class GatewayTape:
    """Says what a batch of commands did."""

    def __init__(self, home: Home) -> None:
        self._publisher = Publisher(home.socket(SOCKET))
        self._seq = 0

    def say(self, batch: Iterable[GatewayCommand]) -> None:
        """Publish what concerns orders, and the rules and rates when they are stated."""
        for command in batch:
            body = _body(command)
            if body is not None:
                self._seq += 1
                self._publisher.send(encode(TapeEntry(self._seq, body)))

    def close(self) -> None:
        """Close the socket."""
        self._publisher.close()


def _body(command: GatewayCommand) -> TapeBody | None:
    match command:
        case commands.Send(NewOrder() as order):
            return order
        case commands.TellTrader(_, Report(_, _, report)):
            return report
        case commands.TellSupervisor(InstrumentTable() as table):
            return table
        case _:
            return None
