"""The cockpit in a real browser: it lives, it reaches nobody else, and a dialog stays usable while the page refreshes."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashboard.fake_desk import WalkingDesk
from tests.dashboard.screenshot import CHROMIUM, Browser

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard_app.py"), "--server.port", str(port)]
    environment = os.environ | {"WILDBOT_HOME": str(tmp_path)}
    with WalkingDesk(tmp_path, "paper"):
        server = subprocess.Popen(words, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
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


def test_the_page_lives_reaches_only_its_own_server_and_its_dialogs_survive_refreshes(address: str) -> None:
    with Browser() as browser:
        browser.open(address)
        browser.wait_for("document.querySelector('.wb-header')?.innerText.includes('PAPER')")
        browser.wait_for("document.querySelectorAll('canvas').length >= 2")

        clock = "document.querySelector('.wb-clock').innerText"
        before = browser.evaluate(clock)
        browser.wait_for(f"{clock} !== {before!r}", 5)

        browser.evaluate("document.querySelector('.st-key-halt button').click()")
        browser.wait_for("!!document.querySelector('.st-key-confirm_halt button')", 5)
        now = browser.evaluate(clock)
        browser.wait_for(f"{clock} > {now!r}", 5)
        later = browser.evaluate(clock)
        browser.wait_for(f"{clock} > {later!r}", 5)
        browser.evaluate("document.querySelector('.st-key-confirm_halt button').click()")
        browser.wait_for("document.querySelector('.wb-header').innerText.includes('HALTED')", 8)
        browser.wait_for("document.querySelector('.wb-command').innerText.includes('in effect after')", 5)
        browser.wait_for("!!document.querySelector('.st-key-rearm button')", 5)

        page = browser.evaluate("[document.querySelector('.stMain').scrollHeight, window.innerHeight]")
        assert page[0] <= page[1], "the cockpit fits its screen without scrolling"
        assert browser.complaints() == []
        local = (address, address.replace("http", "ws"), "data:", "about:", "blob:")
        assert [url for url in browser.requested() if not url.startswith(local)] == []
