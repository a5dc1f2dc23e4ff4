"""Starting the cockpit: on loopback freely, beyond it only with a password."""

import pytest

from actors.dashboard import APPLICATION, command
from wildbot.model.errors import ConfigurationError
from wildbot.settings_sections import DashboardSection


def test_the_server_gets_port_and_address_and_sends_no_statistics() -> None:
    words = command(DashboardSection(port=8600))
    options = dict(zip(words[5::2], words[6::2], strict=True))
    assert words[1:5] == ["-m", "wildbot.dashboard.server", "run", str(APPLICATION)]
    assert (options["--server.port"], options["--server.address"]) == ("8600", "127.0.0.1")
    assert options["--browser.gatherUsageStats"] == "false"


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.1.2", "example.org", "::"])  # noqa: S104
def test_an_open_address_without_a_password_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError, match=r"dashboard\.password"):
        command(DashboardSection(address=address))
    assert address in command(DashboardSection(address=address, password="long enough"))


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "localhost"])
def test_loopback_needs_no_password(address: str) -> None:
    assert address in command(DashboardSection(address=address))
