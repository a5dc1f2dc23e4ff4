"""The home: private folders, exclusive locks, and a limit said before a socket fails."""

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from wildbot.adapters.home import AlreadyRunningError, Home
from wildbot.model.errors import ConfigurationError


def test_run_and_data_are_for_the_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "h")
    home.prepare()
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (home.run, home.data)] == [0o700, 0o700]


def test_a_home_too_long_for_sockets_is_refused_with_the_limit(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="bytes too long: socket paths may have 107 bytes, so the home may have"):
        Home(tmp_path / ("x" * 100)).prepare()


def test_a_home_that_cannot_be_made_is_one_sentence() -> None:
    with tempfile.NamedTemporaryFile() as file, pytest.raises(ConfigurationError, match="cannot be used"):
        Home(Path(file.name) / "h").prepare()  # a short path: a long one would be refused for its length


def test_a_second_holder_of_a_lock_is_refused_and_told_the_pid(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    lock = home.lock("supervisor")
    with pytest.raises(AlreadyRunningError) as caught:
        home.lock("supervisor")
    assert caught.value.pid == os.getpid()
    lock.release()
    home.lock("supervisor").release()


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    code = f"from wildbot.adapters.home import Home; from pathlib import Path; Home(Path({str(tmp_path)!r})).lock('x'); import os; os._exit(9)"
    subprocess.run([sys.executable, "-c", code], check=False)
    home.lock("x").release()
