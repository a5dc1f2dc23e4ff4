"""What every test of a command may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.builders_commands import a_seen_home
from wildbot.adapters.home import Home


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Home]:
    """A prepared home that the commands see, away from anybody's `.env`."""
    with a_seen_home(monkeypatch, tmp_path) as prepared:
        yield prepared
