"""Settings of the whole suite.

Rules: property tests have no deadline, since the machine has other guests. Files that last are begun first: workers take
    file after file, and whoever begins a long one last lets all others wait. Whoever starts us in the background may have
    SIGINT ignored, which every child would inherit: it is an interrupt again, so that the tests of Ctrl-C mean something.
"""

import signal

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("house")

signal.signal(signal.SIGINT, signal.default_int_handler)

LASTING = ("long", "e2e")
"""Marks, by falling length: those that reckon for minutes, those that mostly wait for processes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    lasting = {item.path: mark for mark in reversed(LASTING) for item in items if item.get_closest_marker(mark)}
    ranks = {path: LASTING.index(mark) for path, mark in lasting.items()}
    items.sort(key=lambda item: ranks.get(item.path, len(LASTING)))
