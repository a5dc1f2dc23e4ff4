"""Take a picture of a page with the system's Chromium: `python -m tests.dashboard.screenshot URL FILE [WIDTH HEIGHT]`.

`Browser` speaks the DevTools protocol over one WebSocket, just enough for a smoke test and a picture. The browser gets a
throw-away profile and may reach loopback only.
"""

import base64
import itertools
import queue
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
from websockets.sync.client import connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions", "--hide-scrollbars",
    "--disable-dev-shm-usage", "--remote-debugging-port=0", "--remote-allow-origins=*",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)  # fmt: skip
START_S = 20.0
ANSWER_S = 20.0

Json = dict[str, Any]


class Browser:
    """One tab of one headless browser, from `with` to the end of it; `heard` are the protocol's events so far."""

    def __init__(self, width: int = 1600, height: int = 1000) -> None:
        assert CHROMIUM is not None, "no chromium on this machine"
        self.heard: list[Json] = []
        self._ids = itertools.count(1)
        self._size = (width, height)
        self._profile = tempfile.TemporaryDirectory(prefix="wildbot-browser-", ignore_cleanup_errors=True)
        # The test's own words in a list, no shell.
        self._browser = subprocess.Popen(
            [CHROMIUM, *FLAGS, f"--user-data-dir={self._profile.name}", f"--window-size={width},{height}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> "Browser":
        port_file = Path(self._profile.name) / "DevToolsActivePort"
        ends_s, pause = time.monotonic() + START_S, queue.Queue[None]()
        while not (port_file.exists() and len(port_file.read_text().splitlines()) == 2):
            assert time.monotonic() < ends_s and self._browser.poll() is None, "chromium did not start"
            _idle(pause, 0.05)
        port, path = port_file.read_text().splitlines()
        self._open = ExitStack()
        self._link = self._open.enter_context(connect(f"ws://127.0.0.1:{port}{path}", max_size=None, proxy=None))
        target = self._ask("Target.createTarget", {"url": "about:blank"}, session="")["targetId"]
        self._session = ""
        self._session = self._ask("Target.attachToTarget", {"targetId": target, "flatten": True}, session="")["sessionId"]
        width, height = self._size
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700}
        self._ask("Emulation.setDeviceMetricsOverride", screen)
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._ask(f"{domain}.enable", {})
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open.close()
        self._browser.terminate()
        self._browser.wait(10)
        self._profile.cleanup()

    def open(self, url: str) -> None:
        """Go to a page."""
        self._ask("Page.navigate", {"url": url})

    def evaluate(self, script: str) -> Any:
        """Return the value of a JavaScript expression."""
        answer = self._ask("Runtime.evaluate", {"expression": script, "returnByValue": True, "awaitPromise": True})
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_for(self, script: str, seconds: float = 20.0) -> Any:
        """Return the value of an expression as soon as it is true; fails when that takes longer than `seconds`."""
        ends_s = time.monotonic() + seconds
        pause = queue.Queue[None]()
        while not (value := self.evaluate(script)):
            assert time.monotonic() < ends_s, f"not within {seconds:g} s: {script}"
            _idle(pause, 0.1)
        return value

    def stay(self, seconds: float) -> None:
        """Keep the page open and listen for so long."""
        self.evaluate(f"new Promise(done => setTimeout(() => done(true), {int(seconds * 1_000)}))")

    def picture(self, file: Path) -> None:
        """Write what the window shows as PNG."""
        file.write_bytes(base64.b64decode(self._ask("Page.captureScreenshot", {"format": "png"})["data"]))

    def requested(self) -> list[str]:
        """Return the addresses of everything the page asked for over the network."""
        asked = [
            event["params"]["request"]["url"] for event in self.heard if event["method"] == "Network.requestWillBeSent"
        ]
        opened = [event["params"]["url"] for event in self.heard if event["method"] == "Network.webSocketCreated"]
        return asked + opened

    def complaints(self) -> list[str]:
        """Return console errors and uncaught exceptions."""
        texts: list[str] = []
        for event in self.heard:
            parameters = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                texts.append(str(parameters["exceptionDetails"].get("text")))
            if event["method"] == "Runtime.consoleAPICalled" and parameters["type"] == "error":
                texts.append(str([argument.get("value") for argument in parameters["args"]]))
            if event["method"] == "Log.entryAdded" and parameters["entry"]["level"] == "error":
                texts.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")
        return texts

    def _ask(self, method: str, parameters: Json, session: str | None = None) -> Json:
        number = next(self._ids)
        session = self._session if session is None else session
        message: Json = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        self._link.send(msgspec.json.encode(message).decode())
        while True:
            answer: Json = msgspec.json.decode(self._link.recv(timeout=ANSWER_S))
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return dict(answer["result"])
            if "method" in answer:
                self.heard.append(answer)


def _idle(pause: "queue.Queue[None]", seconds: float) -> None:
    try:
        pause.get(timeout=seconds)
    except queue.Empty:
        return


def main(words: list[str]) -> None:
    """Open the page, let it settle for a few refreshes, write the picture."""
    url, file, *size = words
    with Browser(*map(int, size)) as browser:
        browser.open(url)
        browser.wait_for("document.querySelectorAll('.wb-header').length > 0", 30)
        browser.stay(5)
        browser.picture(Path(file))


if __name__ == "__main__":
    main(sys.argv[1:])
