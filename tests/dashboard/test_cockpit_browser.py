"""The cockpit in a real browser: it lives, it reaches nobody else, and a dialog stays usable while the page refreshes.

Its pictures are kept in test-output/dashboard, to be looked at.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashboard.browser import CHROMIUM, DESK, PHONE, Tab, a_tab
from tests.dashboard.fake_desk import WalkingDesk
from wildbot.dashboard.app import PAGES

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "test-output" / "dashboard"
FIRST_PAINT_S = 3.0
"""Until the first number stands there, on a machine that is not busy with others."""

SCRIPTS_MAX, BYTES_MAX, SENT_MAX = 110, 6_500_000, 200_000
"""What may come before the first numbers: scripts and their bytes on any machine, what the server says of the desk on a free one."""

SOON_S = 25.0
"""What comes within a second or two on a machine that has nothing else to do."""

DIALOG_S = 10.0
BESIDE_THE_MENU = """getComputedStyle(document.querySelector('[data-testid="stHeader"]'), '::after').content"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [
        sys.executable,
        "-m",
        "wildbot.dashboard.server",
        "run",
        str(ROOT / "dashboard_app.py"),
        "--server.port",
        str(port),
    ]
    environment = os.environ | {"WILDBOT_HOME": str(home)}
    with WalkingDesk(home, "paper"):
        server = subprocess.Popen(words, env=environment, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            _wait_serving(server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.communicate(timeout=10)


def _wait_serving(server: "subprocess.Popen[bytes]") -> None:
    assert server.stdout is not None
    heard = b""
    while b"URL:" not in heard:
        line = server.stdout.readline()
        assert line, heard.decode()
        heard += line


def clock(tab: Tab) -> str:
    return tab.page.locator(".wb-clock").first.inner_text()


def is_clean(tab: Tab, address: str) -> None:
    assert tab.complaints == []
    assert tab.strangers(address) == []


def test_the_cockpit_paints_soon_fits_its_screen_and_its_numbers_move(address: str) -> None:
    with a_tab(DESK) as tab:
        tab.open(address)
        tab.wait_until("document.querySelectorAll('canvas').length >= 2")
        tab.wait_until("document.querySelector('.wb-header')?.innerText.includes('PAPER')")
        before = clock(tab)
        tab.wait_until(f"(document.querySelector('.wb-clock')?.innerText ?? {before!r}) !== {before!r}", SOON_S)
        ladder = tab.page.locator(".wb-ladder").inner_text()
        tab.wait_until(f"(document.querySelector('.wb-ladder')?.innerText ?? {ladder!r}) !== {ladder!r}", SOON_S)
        page, window = tab.page.evaluate("[document.querySelector('.stMain').scrollHeight, window.innerHeight]")
        assert page <= window, "the cockpit fits its screen without scrolling"
        tab.settle(2)
        tab.picture(PICTURES / "cockpit.png")
        is_clean(tab, address)


def test_the_first_numbers_come_with_the_first_picture_and_little_comes_before_them(address: str) -> None:
    with a_tab(DESK) as tab:
        said: list[int] = []
        tab.page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: said.append(len(frame))))
        tab.page.add_init_script(
            "new MutationObserver((_, watcher) => { if (document.querySelector('.wb-kpi .wb-value')) {"
            " window.firstNumberMs = performance.now(); watcher.disconnect(); } }).observe(document, {childList: true, subtree: true})"
        )
        tab.open(address)
        tab.wait_until("window.firstNumberMs")
        sent = sum(said)
        seen = tab.page.evaluate("""() => {
            const before = performance.getEntriesByType('resource').filter(entry => entry.responseEnd <= window.firstNumberMs);
            return {
                number: window.firstNumberMs / 1000,
                paint: performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000,
                scripts: before.filter(entry => entry.name.endsWith('.js')).length,
                bytes: before.reduce((sum, entry) => sum + entry.decodedBodySize, 0),
            };
        }""")
        PICTURES.mkdir(parents=True, exist_ok=True)
        (PICTURES / "first-paint.json").write_text(json.dumps(seen | {"said": sent}), encoding="utf-8")
        assert seen["scripts"] <= SCRIPTS_MAX
        assert seen["bytes"] <= BYTES_MAX
        # A machine that is busy with others paints late, and hears of more than one refresh until then.
        if os.getloadavg()[0] <= (os.cpu_count() or 1):
            assert seen["number"] < FIRST_PAINT_S
        if seen["number"] < FIRST_PAINT_S:
            assert sent <= SENT_MAX


@pytest.mark.timeout(300)
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_opens_by_its_address_and_complains_of_nothing(address: str, size: tuple[int, int]) -> None:
    with a_tab(size) as tab:
        for name in PAGES:
            tab.open(f"{address}/{'' if name == 'cockpit' else name}")
            tab.page.locator(".wb-panel").first.wait_for()
            tab.settle(1)
            width, window = tab.page.evaluate("[document.querySelector('.stMain').scrollWidth, window.innerWidth]")
            assert width <= window, f"{name} is wider than its screen"
            named = tab.page.evaluate(BESIDE_THE_MENU)
            assert named == (f'"{PAGES[name][0]}"' if size == PHONE else "none")
            tab.picture(PICTURES / f"{name}-{'phone' if size == PHONE else 'desk'}.png")
        is_clean(tab, address)


def test_a_dialog_stays_usable_while_the_page_refreshes_and_the_command_shows_its_effect(address: str) -> None:
    with a_tab(DESK) as tab:
        tab.open(address)
        tab.page.locator(".st-key-halt button").click()
        confirm = tab.page.locator(".st-key-confirm_halt button")
        confirm.wait_for()
        before = clock(tab)
        tab.settle(DIALOG_S)
        assert clock(tab) > before, "the page refreshes under the dialog"
        tab.picture(PICTURES / "halt-dialog.png")
        confirm.click()
        tab.wait_until("document.querySelector('.wb-header')?.innerText.includes('HALTED')", SOON_S)
        tab.wait_until("document.querySelector('.wb-command')?.innerText.includes('in effect after')", SOON_S)
        tab.page.locator(".st-key-rearm button").click()
        tab.page.locator(".st-key-confirm_rearm button").click()
        tab.wait_until("document.querySelector('.wb-header')?.innerText.includes('TRADING')", SOON_S)
        is_clean(tab, address)


def _downloaded(tab: Tab) -> list[str]:
    """Return the lines; none when a refresh of the page took the file away before a busy browser had fetched it."""
    with tab.page.expect_download() as download:
        tab.page.locator(".st-key-trades_csv button").click()
    if download.value.failure() is not None:
        return []
    return Path(download.value.path()).read_text(encoding="utf-8").splitlines()


def test_the_trades_can_be_taken_along(address: str) -> None:
    with a_tab(DESK) as tab:
        tab.open(f"{address}/trades")
        lines = _downloaded(tab) or _downloaded(tab)
        assert lines[0].startswith("time_utc,ts_ns,pair,side,price") and len(lines) > 5
        is_clean(tab, address)


def test_a_refresh_moves_nothing_but_the_numbers(address: str) -> None:
    shifts = """() => new Promise(done => {
        let sum = 0;
        new PerformanceObserver(list => { for (const entry of list.getEntries()) sum += entry.value })
            .observe({type: 'layout-shift'});
        setTimeout(() => done(sum), 5000);
    })"""
    with a_tab(DESK) as tab:
        tab.open(address)
        tab.wait_until("document.querySelectorAll('canvas').length >= 2")
        tab.settle(2)
        tab.page.evaluate("document.querySelectorAll('canvas').forEach(canvas => canvas.dataset.mine = '1')")
        assert tab.page.evaluate(shifts) < 0.01
        assert tab.page.evaluate("[...document.querySelectorAll('canvas')].every(canvas => canvas.dataset.mine === '1')")
