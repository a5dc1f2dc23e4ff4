"""How the cockpit's server is started: never open to others without a password, never to a foreign host name."""

from itertools import pairwise

import pytest

from actors.dashboard import command
from wildbot.model.errors import ConfigurationError
from wildbot.settings_sections import DashboardSection


def option(words: list[str], name: str) -> list[str]:
    return [following for word, following in pairwise(words) if word == f"--{name}"]


def test_the_server_listens_on_loopback_at_the_port_of_the_settings() -> None:
    words = command(DashboardSection(port=8599))
    assert option(words, "server.port") == ["8599"]
    assert option(words, "server.address") == ["127.0.0.1"]
    assert words[1:4] == ["-m", "wildbot.dashboard.server", "run"]
    assert words[4].endswith("dashboard_app.py")


EVERY_INTERFACE = "0.0.0.0"  # noqa: S104 - what is refused here


@pytest.mark.parametrize("address", [EVERY_INTERFACE, "192.168.1.7", "::", "cockpit.example"])
def test_an_address_that_others_reach_is_refused_without_a_password(address: str) -> None:
    with pytest.raises(ConfigurationError, match=r"dashboard\.password must be set"):
        command(DashboardSection(address=address))
    assert option(command(DashboardSection(address=address, password="p")), "server.address") == [address]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_loopback_needs_no_password(address: str) -> None:
    assert command(DashboardSection(address=address))


def test_only_our_own_names_are_allowed_hosts_and_the_password_is_in_no_word() -> None:
    assert option(command(DashboardSection()), "server.allowedHosts") == ["localhost", "127.0.0.1", "[::1]"]
    words = command(DashboardSection(address="192.168.1.7", password="open sesame"))
    assert "192.168.1.7" in option(words, "server.allowedHosts")
    assert "open sesame" not in " ".join(words)
    assert "*" not in option(command(DashboardSection(address=EVERY_INTERFACE, password="p")), "server.allowedHosts")
