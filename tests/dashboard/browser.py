"""The system's own Chromium, driven by Playwright, as a person's browser would be: one tab, no way out but loopback.

Rules: Playwright's own browsers are never fetched; what the page says on its console and whom it asks is kept for the test.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions",
    "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]  # fmt: skip
DESK = (1600, 1000)
PHONE = (390, 844)
PATIENCE_MS = 30_000


class Tab:
    """One page of one browser; `asked` are the addresses it wanted, `complaints` its console's errors."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("websocket", lambda socket: self.asked.append(socket.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)

    def _hear(self, said: ConsoleMessage) -> None:
        # Opened by its address, a page first looks for Streamlit below that address, and then above it.
        if said.type == "error" and "/_stcore/" not in said.location["url"]:
            self.complaints.append(f"{said.text} {said.location['url']}")

    def open(self, url: str) -> None:
        """Go to a page and wait until its header is drawn."""
        self.page.goto(url, wait_until="commit")
        self.page.locator(".wb-header").first.wait_for()

    def settle(self, seconds: float) -> None:
        """Keep the page open for so long."""
        self.page.wait_for_timeout(seconds * 1_000)

    def wait_until(self, script: str, seconds: float = 20.0) -> None:
        """Wait until a JavaScript expression is true; fails when that takes longer."""
        self.page.wait_for_function(f"() => {script}", timeout=seconds * 1_000)

    def picture(self, file: Path) -> None:
        """Write what the window shows as PNG."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(file))

    def strangers(self, address: str) -> list[str]:
        """Return the addresses it wanted beside those of its own server."""
        ours = (address, address.replace("http", "ws"), "data:", "about:", "blob:")
        return [url for url in self.asked if not url.startswith(ours)]


@contextmanager
def a_tab(size: tuple[int, int] = DESK) -> Iterator[Tab]:
    """A fresh browser with one tab of this size; a narrow one is a phone's."""
    assert CHROMIUM is not None, "no chromium on this machine"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            width, height = size
            context = browser.new_context(viewport={"width": width, "height": height}, is_mobile=width < 700)
            yield Tab(context.new_page())
        finally:
            browser.close()
