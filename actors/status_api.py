"""The status over HTTP for programs: `/health`, `/api/status`, `/metrics`, on loopback.

Rules: it only reads the status feed; nothing can be steered here. No answer may be cached, and `/health` says no whenever
    it does not know (health.py). The server lives in a thread of its own; the actor's loop stays in the main one.
Source: the contract's HTTP section; Prometheus text format.
"""

import socket
import threading
from collections.abc import Sequence

import msgspec
import uvicorn
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from actors.health import DOCUMENT_AGE_S_MAX, reasons_against
from actors.runtime import Runtime
from actors.spec import EXIT_FAILED, ActorSpec
from actors.status_metrics import StatusCollector
from wildbot.adapters.home import Home
from wildbot.adapters.status_feed import StatusFeed
from wildbot.analytics.status_view import StatusView, view_of
from wildbot.settings_loading import load

HOST = "127.0.0.1"
HEADERS = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
WATCH_EVERY_S = 0.5


def application(feed: StatusFeed) -> Starlette:
    """Return the HTTP application over one status feed."""
    registry = CollectorRegistry()
    registry.register(StatusCollector(lambda: _view(feed)))

    def health(request: Request) -> Response:
        status, age_s = _view(feed)
        reasons = reasons_against(status, age_s)
        state = status.state if status is not None and age_s <= DOCUMENT_AGE_S_MAX else "unknown"
        answer = {"healthy": not reasons, "state": state, "reasons": reasons}
        return _json(answer, 503 if reasons else 200)

    def status(request: Request) -> Response:
        document, age_s = feed.latest()
        if document is None:
            return _json({"error": {"code": "no_status", "message": "no status document was received yet"}}, 503)
        return Response(
            msgspec.json.encode(document),
            media_type="application/json",
            headers=HEADERS | {"X-Status-Age-Ms": f"{age_s * 1_000:.0f}"},
        )

    def metrics(request: Request) -> Response:
        return Response(generate_latest(registry), headers=HEADERS | {"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    return Starlette(
        routes=[Route("/health", health), Route("/api/status", status), Route("/metrics", metrics)],
    )


def _view(feed: StatusFeed) -> tuple[StatusView | None, float]:
    document, age_s = feed.latest()
    try:
        return (None if document is None else view_of(document)), age_s
    except msgspec.ValidationError:
        return None, age_s  # what cannot be read is not known


def _json(document: object, code: int) -> Response:
    return Response(msgspec.json.encode(document), code, media_type="application/json", headers=HEADERS)


class StatusServer:
    """uvicorn in a thread, on a socket that is already listening, so a taken port is known before anything starts."""

    def __init__(self, feed: StatusFeed, listener: socket.socket) -> None:
        self._listener = listener
        self._server = uvicorn.Server(
            uvicorn.Config(
                application(feed),
                log_config=None,
                access_log=False,
                lifespan="off",
                limit_concurrency=64,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the serving thread still runs."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Finish running answers and stop."""
        self._server.should_exit = True
        self._thread.join(3)
        self._listener.close()


def listen(port: int) -> socket.socket:
    """Return a listening socket on loopback. Raises: OSError when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(64)
    except OSError:
        listener.close()
        raise
    return listener


def run(words: Sequence[str]) -> int:
    """Serve until told to stop; a taken port is one sentence and code 1."""
    settings = load().settings
    runtime = Runtime("status_api", Home(settings.home), level=settings.log.level)
    try:
        listener = listen(settings.api.port)
    except OSError as error:
        runtime.log.error(
            "cannot listen on port {}: {}; set WILDBOT_API__PORT (api.port) to a free one",
            settings.api.port,
            error.strerror,
        )
        return EXIT_FAILED
    feed = StatusFeed(runtime.home).start()
    server = StatusServer(feed, listener)
    server.start()
    runtime.state = "running"

    def watch() -> None:
        if not server.is_alive:  # a thread that died silently must not leave a silent process
            runtime.log.error("the server thread ended")
            runtime.stop(EXIT_FAILED)

    runtime.every(WATCH_EVERY_S, watch)
    code = runtime.run()
    server.close()
    feed.close()
    return code


ACTOR = ActorSpec("status_api", "status, health and metrics over HTTP", run)
