"""What is said about our orders at the end: only what the last document really tells."""

import pytest

from tests.commands.builders_commands import FakeSupervisor, a_document, a_home, wait_until
from wildbot.adapters.status_feed import StatusFeed
from wildbot.commands.ordered_stop import StopOutcome, last_word, stop_in_order


def a_gateway(**counts: int) -> dict[str, object]:
    return {"state": "stopping"} | counts


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"state": "stopping", "gateway": a_gateway(open_orders=0, unknown_orders=0)}, "none rest"),
        (
            {"state": "stopping", "gateway": a_gateway(open_orders=2, unknown_orders=1)},
            "2 orders still rest, 1 of them unknown",
        ),
        ({"state": "running", "gateway": a_gateway(open_orders=0, unknown_orders=0)}, "without a last word"),
        ({"state": "stopping", "gateway": {"state": "unknown"}}, "without a last word"),
    ],
)
def test_none_rest_is_said_only_when_the_stopping_supervisor_counted_none(changes: dict[str, object], word: str) -> None:
    with a_home() as home:
        feed = StatusFeed(home).start()
        with FakeSupervisor(home) as supervisor:
            supervisor.shows(a_document(**changes))
            wait_until(feed, lambda: feed.latest()[0] is not None)
        feed.close()
        assert word in last_word(feed)


def test_nothing_is_known_without_a_document() -> None:
    with a_home() as home:
        assert "without a last word" in last_word(StatusFeed(home))


def test_stopping_a_home_without_processes_leaves_nothing_in_its_run_folder() -> None:
    with a_home() as home:
        for name in ("control.ipc", "supervisor.lock", "supervisord.pid", "supervisord.sock.7"):
            (home.run / name).touch()
        assert stop_in_order(home, lambda line: None) == StopOutcome()
        assert not list(home.run.iterdir())
