"""Becomes the Streamlit server of `dashboard_app.py`, with the port and address of the settings.

Rules: beyond loopback only with a password, since the cockpit can flatten and halt; the process replaces itself, so
    supervisord talks to Streamlit directly.
"""

import ipaddress
import os
import socket
import sys
from collections.abc import Sequence

import psutil

from actors.spec import ActorSpec
from wildbot.adapters import log
from wildbot.adapters.home import Home
from wildbot.model.errors import ConfigurationError
from wildbot.settings_loading import load
from wildbot.settings_sections import DashboardSection
from wildbot.shipped import SHIPPED

APPLICATION = SHIPPED / "dashboard_app.py"


def command(dashboard: DashboardSection) -> list[str]:
    """Return the words that start the server. Raises: ConfigurationError for an open address without a password."""
    if not _is_loopback(dashboard.address) and not dashboard.password:
        raise ConfigurationError(
            f"dashboard.address is {dashboard.address!r} but beyond loopback dashboard.password must be set too"
        )
    options = {
        "server.port": str(dashboard.port),
        "server.address": dashboard.address,
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    words += [word for host in _own_names(dashboard.address) for word in ("--server.allowedHosts", host)]
    return [sys.executable, "-m", "wildbot.dashboard.server", "run", str(APPLICATION), *words]


def run(words: Sequence[str]) -> int:
    """Replace this process by Streamlit; never returns."""
    settings = load().settings
    line = command(settings.dashboard)
    home = Home(settings.home)
    home.prepare()
    log.start(home, "dashboard", settings.log.level).info(
        "start: http://{}:{}", settings.dashboard.address, settings.dashboard.port
    )
    os.execv(line[0], line)  # noqa: S606 - our own words, no shell


def _own_names(address: str) -> list[str]:
    """Return the host names a browser may ask for; any other one is a page that was pointed here (DNS rebinding)."""
    names = ["localhost", "127.0.0.1", "[::1]"]
    if _is_loopback(address):
        return names
    cards = [card.address.partition("%")[0] for cards in psutil.net_if_addrs().values() for card in cards]
    reachable = [card for card in cards if _is_address(card)] if _is_any(address) else [address]
    bracketed = [f"[{name}]" if ":" in name else name for name in reachable]
    return list(dict.fromkeys([*names, *bracketed, socket.gethostname(), socket.getfqdn()]))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_any(address: str) -> bool:
    return _is_address(address) and ipaddress.ip_address(address).is_unspecified


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


ACTOR = ActorSpec("dashboard", "the cockpit in the browser", run)
