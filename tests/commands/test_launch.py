"""Starting supervisord: what is refused before anything runs."""

from pathlib import Path

import pytest

from wildbot.commands.launch import CONFIGURATION_FILE, check_patience
from wildbot.model.errors import ConfigurationError


def test_our_own_supervisord_conf_leaves_the_supervisor_its_time() -> None:
    check_patience(CONFIGURATION_FILE)


@pytest.mark.parametrize("line", ["stopwaitsecs=2", ""])
def test_a_stop_that_would_be_cut_short_is_refused_at_the_start(tmp_path: Path, line: str) -> None:
    conf = tmp_path / "supervisord.conf"
    conf.write_text(f"[program:supervisor]\ncommand=x\n{line}\n")
    with pytest.raises(ConfigurationError, match="must be at least 25, or an ordered stop is cut short"):
        check_patience(conf)
