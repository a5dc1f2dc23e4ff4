"""A Bot API on this machine: keeps what is sent, gives out what is put in, and fails in every way it is told to."""

import json
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "7000000001:" + "CANARYcanary" + "_CANARYcanary-0123456789x"
USER = 4711
WAIT_S = 20.0
Row = dict[str, Any]


class StubBotApi:
    """One bot. `fail` holds, by method, failures for the next requests; `always` the failure of every one."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.sent: list[tuple[float, Row]] = []
        self.asked: list[tuple[str, Row]] = []
        self.fail: dict[str, deque[str]] = {}
        self.always: dict[str, str] = {}
        self._updates: list[Row] = []
        self._next_update = 1_000
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        self._ending = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def texts(self) -> list[str]:
        with self.changed:
            return [str(fields["text"]) for _, fields in self.sent]

    def close(self) -> None:
        self._ending.set()
        with self.changed:
            self.changed.notify_all()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def wait_text(self, part: str, timeout_s: float = WAIT_S, after: int = 0) -> str:
        """Return the first sent text, from number `after` on, that holds `part`."""

        def found() -> str | None:
            return next((str(f["text"]) for _, f in self.sent[after:] if part in str(f["text"])), None)

        with self.changed:
            text = self.changed.wait_for(found, timeout_s)
        assert text is not None, f"{part!r} was not told within {timeout_s:g} s; told: {self.texts}"
        return text

    def wait_asked(self, count: int, method: str, timeout_s: float = WAIT_S) -> None:
        """Wait until a method was asked so many times in all."""

        def enough() -> bool:
            return sum(name == method for name, _ in self.asked) >= count

        with self.changed:
            assert self.changed.wait_for(enough, timeout_s), (method, count)

    def say(self, text: str, *, user: int = USER, date: int | None = None, **message: Any) -> int:
        """Write to the bot; return the update's number."""
        with self.changed:
            self._next_update += 1
            base = {
                "message_id": self._next_update,
                "date": int(time.time()) if date is None else date,
                "chat": {"id": user, "type": "private"},
                "from": {"id": user, "is_bot": False, "first_name": "x"},
                "text": text,
            }
            self._updates.append({"update_id": self._next_update, "message": base | message})
            self.changed.notify_all()
            return self._next_update

    def failure_of(self, method: str) -> str:
        with self.changed:
            waiting = self.fail.get(method)
            return waiting.popleft() if waiting else self.always.get(method, "")

    def result(self, method: str, fields: Row) -> Any:
        """Do what a method does; getUpdates waits for news as long as it is asked to."""
        with self.changed:
            self.asked.append((method, fields))
            self.changed.notify_all()
            if method == "sendMessage":
                assert fields["text"] and len(fields["text"]) <= 4096 and "parse_mode" not in fields
                self.sent.append((time.monotonic(), fields))
                return {"message_id": len(self.sent)}
            if method == "getMe":
                return {"id": 7000000001, "is_bot": True, "username": "wild_test_bot"}
            offset = fields.get("offset", 0)
            self._updates = [update for update in self._updates if update["update_id"] >= offset]
            self.changed.wait_for(lambda: self._updates or self._ending.is_set(), fields.get("timeout", 0))
            return list(self._updates)

    def hang(self) -> None:
        """Wait until the end, as a server that has lost interest."""
        self._ending.wait(WAIT_S)


def _handler(stub: StubBotApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            self.do_POST()  # as a followed redirect comes

        def do_POST(self) -> None:
            fields = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
            bot, _, method = self.path.removeprefix("/").partition("/")
            try:
                if bot != f"bot{TOKEN}":
                    self._answer(404, {"ok": False, "error_code": 404, "description": f"Not Found {bot}"})
                elif failure := stub.failure_of(method):
                    with stub.changed:
                        stub.asked.append((method, fields))
                        stub.changed.notify_all()
                    self._fail(failure)
                else:
                    self._answer(200, {"ok": True, "result": stub.result(method, fields)})
            except OSError:
                pass  # the caller is gone

        def _fail(self, failure: str) -> None:
            kind, _, more = failure.partition(":")
            secret = f"Bad Request on /bot{TOKEN}/sendMessage"  # a server may say anything
            if kind == "hang":
                stub.hang()
            elif kind == "429":
                parameters = {"retry_after": float(more)} if more else {}
                self._answer(429, {"ok": False, "error_code": 429, "description": secret, "parameters": parameters})
            elif kind == "html":
                self._raw(int(more or 502), b"<html>Bad Gateway</html>", "text/html")
            elif kind == "garbage":
                self._raw(200, b'{"ok": tru', "application/json")
            elif kind == "nested":
                self._raw(200, b'{"ok": true, "result": ' + b"[" * 100_000, "application/json")
            elif kind == "bytes":
                self._raw(200, b'{"ok": true, "result": "\xff\xfe"}', "application/json")
            elif kind == "array":
                self._raw(200, b"[1, 2]", "application/json")
            elif kind == "huge":
                self._raw(200, b" " * (5 << 20) + b'{"ok": true, "result": {}}', "application/json")
            elif kind == "redirect":
                self.send_response(302)
                self.send_header("Location", stub.url + self.path)
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif kind == "reset":
                self.close_connection = True
                self.connection.close()
            else:
                self._answer(int(kind), {"ok": False, "error_code": int(kind), "description": secret})

        def _answer(self, code: int, body: Any) -> None:
            self._raw(code, json.dumps(body).encode(), "application/json")

        def _raw(self, code: int, body: bytes, kind: str) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
