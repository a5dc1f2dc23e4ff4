"""The status socket: the whole document more than twice a second, and each piece of news as it happens.

Rules: two frames, topic and JSON, for anyone who subscribes; at most `DOCUMENT_BYTES_MAX` per document, for which the
    extras are left out first, in the order of `EXTRAS`: what stands goes last, since what is not listed reads as over.
Owns: the socket and the board.
"""

from collections.abc import Mapping

import msgspec

from wildbot.adapters.home import Home
from wildbot.adapters.zmq_bus import Publisher
from wildbot.analytics.status_board import RunView, StatusBoard
from wildbot.model.status import Alert

DOCUMENT_BYTES_MAX = 64 * 1024
EXTRAS = ("events", "candles_tail", "books", "alerts", "standing")
"""Events were sent on their own topic and mostly stand among the alerts; without its candles a chart would stand still."""

_encode = msgspec.json.Encoder().encode


class StatusDesk:
    """Publishes what the board knows."""

    def __init__(self, home: Home, board: StatusBoard) -> None:
        self.board = board
        self._publisher = Publisher(home.socket("status"))

    def publish(self, run: RunView, now_ns: int) -> None:
        """Send the next status document."""
        document = self.board.document(run, now_ns)
        frame = _encode(document)
        for extra in EXTRAS:
            if len(frame) <= DOCUMENT_BYTES_MAX:
                break
            document[extra] = type(document[extra])()
            frame = _encode(document)
        self._publisher.send_topic(b"status", frame)

    def event(self, row: Mapping[str, object] | None) -> None:
        """Send one piece of news; None is none."""
        if row is not None:
            self._publisher.send_topic(b"event", _encode(row))

    def alert(self, alert: Alert) -> None:
        """Keep and send one alert."""
        self.event(self.board.on_alert(alert))

    def close(self) -> None:
        """Close the socket."""
        self._publisher.close()
