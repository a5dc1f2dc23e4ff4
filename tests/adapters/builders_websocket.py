"""A real WebSocket server on loopback for tests, and a loop that waits for a link without sleeping."""

import select
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

from websockets.sync.server import ServerConnection, serve

from wildbot.adapters.websocket_link import LinkNews, WebSocketLink

WAIT_S = 10.0
"""Bound of one wait; a test that reaches it has failed."""


@contextmanager
def serving(handler: Callable[[ServerConnection], None], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve connections with `handler` (each in its own thread) and give the address."""
    with serve(handler, "127.0.0.1", 0, ssl=tls, compression=None, max_size=None, close_timeout=0.2) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        port = server.socket.getsockname()[1]
        try:
            yield f"{'wss' if tls else 'ws'}://127.0.0.1:{port}/v2"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def a_link(url: str, **settings: float | ssl.SSLContext | None) -> Iterator[WebSocketLink]:
    """A link that is disposed of at the end."""
    link = WebSocketLink(url, **settings)  # type: ignore[arg-type]
    try:
        yield link
    finally:
        link.dispose()


def wait_readable(link: WebSocketLink) -> None:
    """Wait until the link's descriptor says there is something to do."""
    readable, _, _ = select.select([link], [], [], WAIT_S)
    assert readable, "the link's descriptor never became readable"


def gather(link: WebSocketLink, until: Callable[[LinkNews], bool]) -> LinkNews:
    """Pump whenever the descriptor is readable until the news so far satisfy `until`; return all of them as one."""
    opened, frames = False, list[bytes]()
    for _ in range(100_000):
        wait_readable(link)
        news = link.pump()
        opened, frames = opened or news.opened, frames + news.frames
        so_far = LinkNews(opened, frames, news.closed)
        if until(so_far):
            return so_far
        assert news.closed is None, f"closed too early: {news.closed}"
    raise AssertionError("the news never came")
