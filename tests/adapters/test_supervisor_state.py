"""The supervisor's record on disk: old or new, never half, never silently forgotten."""

import stat
from pathlib import Path

import pytest

from wildbot.adapters.supervisor_state import DurableRecord
from wildbot.desk.supervision_words import SupervisorState
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import Money

STATE = SupervisorState(7, True, "drawdown", Money(16), Money(20), ((5, "BTC/USDC"),), (1, 2))


def test_record_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    DurableRecord(tmp_path / "state.json", SupervisorState).save(STATE)
    assert DurableRecord(tmp_path / "state.json", SupervisorState).load() == STATE


def test_there_is_none_before_the_first_save(tmp_path: Path) -> None:
    assert DurableRecord(tmp_path / "state.json", SupervisorState).load() is None


def test_record_is_for_the_owner_alone_and_leaves_nothing_beside(tmp_path: Path) -> None:
    record = DurableRecord(tmp_path / "state.json", SupervisorState)
    record.save(STATE)
    record.save(STATE)
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
    assert stat.S_IMODE((tmp_path / "state.json").stat().st_mode) == 0o600


def test_half_written_new_record_does_not_hurt_the_old_one(tmp_path: Path) -> None:
    record = DurableRecord(tmp_path / "state.json", SupervisorState)
    record.save(STATE)
    (tmp_path / "state.json.new").write_bytes(b'{"epoch": 9')
    assert record.load() == STATE
    record.save(SupervisorState(epoch=10))
    loaded = record.load()
    assert loaded is not None and loaded.epoch == 10


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"epoch": "many"}'])
def test_unreadable_record_is_an_error_and_not_a_fresh_start(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.json").write_bytes(content)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        DurableRecord(tmp_path / "state.json", SupervisorState).load()
