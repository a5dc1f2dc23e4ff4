"""One whole WildBot for a test: the drill's `Whole`, with settings as keyword arguments and frames to throw at sockets."""

import zmq

from wildbot.drill.status_tap import Document
from wildbot.drill.surroundings import free_port
from wildbot.drill.whole import ROOT, Whole

__all__ = ["ROOT", "Document", "Instance", "free_port"]


class Instance(Whole):
    """A home, its ports, and the processes that carry its name; `close` ends whatever is left."""

    def __init__(self, **environment: str) -> None:
        super().__init__(environment)

    def throw(self, name: str, frames: list[bytes]) -> None:
        """Send each frame to a socket that expects something else, alone and in company."""
        for frame in frames:
            for parts in ([frame], [frame, frame], [b"", frame]):
                thrower = zmq.Context.instance().socket(zmq.DEALER)
                thrower.connect(f"ipc://{self.home / 'run' / name}.ipc")
                thrower.send_multipart(parts)
                thrower.close(linger=1_000)
