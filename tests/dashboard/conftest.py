"""A home of its own for each page that a test opens, and nothing of the pages before it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from wildbot.dashboard import source as source_module


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("WILDBOT_HOME", str(tmp_path))
    monkeypatch.setattr(source_module, "FIRST_WAIT_S", 0.3)
    st.cache_resource.clear()
    yield tmp_path
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def the_main_module() -> Iterator[None]:
    """A page under test makes itself `__main__`, and a worker process of a later test would begin by running that page."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main
