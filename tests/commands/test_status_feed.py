"""The status feed: newest document with its age, bounded events, a snapshot whenever continuity is lost."""

from collections.abc import Iterator

import msgspec
import pytest

from tests.commands.builders_commands import FakeSupervisor, a_document, a_fill, a_home, wait_until
from wildbot.adapters import status_feed
from wildbot.adapters.home import Home
from wildbot.adapters.status_feed import StatusFeed


@pytest.fixture
def home() -> Iterator[Home]:
    with a_home() as prepared:
        yield prepared


@pytest.fixture
def feed(home: Home) -> Iterator[StatusFeed]:
    following = StatusFeed(home).start()
    yield following
    following.close()


def seq_of(feed: StatusFeed) -> object:
    document, _ = feed.latest()
    return document and document["seq"]


def test_nothing_is_known_before_the_first_document(home: Home) -> None:
    assert StatusFeed(home).latest() == (None, float("inf"))


def test_latest_is_the_newest_document_with_its_age(home: Home, feed: StatusFeed) -> None:
    with FakeSupervisor(home) as supervisor:
        supervisor.shows(a_document(seq=1))
        wait_until(feed, lambda: seq_of(feed) == 1)
        supervisor.shows(a_document(seq=2))
        wait_until(feed, lambda: seq_of(feed) == 2)
    _, age_s = feed.latest()
    assert 0 <= age_s < float("inf")


def test_age_grows_when_the_other_end_is_gone(home: Home, feed: StatusFeed) -> None:
    with FakeSupervisor(home) as supervisor:
        supervisor.shows(a_document())
        wait_until(feed, lambda: seq_of(feed) == 1)
    while feed.wait_change(0.3):  # what was still on its way
        continue
    _, earlier = feed.latest()
    feed.wait_change(0.02)
    _, later = feed.latest()
    assert later > earlier


def test_events_are_counted_so_that_a_reader_sees_each_once(home: Home, feed: StatusFeed) -> None:
    with FakeSupervisor(home) as supervisor:
        supervisor.shows(a_document())
        wait_until(feed, lambda: seq_of(feed) == 1)
        supervisor.says(b"event", msgspec.json.encode(a_fill(qty="1")))
        wait_until(feed, lambda: len(feed.events()) == 1)
        first, seen = feed.events_since(0)
        supervisor.says(b"event", msgspec.json.encode(a_fill(qty="2")))
        wait_until(feed, lambda: len(feed.events()) == 2)
    second, _ = feed.events_since(seen)
    assert [event["qty"] for event in first + second] == ["1", "2"]


def test_events_are_bounded(home: Home, feed: StatusFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    surplus = 5
    with FakeSupervisor(home) as supervisor:
        supervisor.shows(a_document())
        wait_until(feed, lambda: seq_of(feed) == 1)
        for number in range(status_feed.EVENTS_MAX + surplus):
            supervisor.says(b"event", msgspec.json.encode({"kind": "fill", "number": number}))
        wait_until(feed, lambda: bool(feed.events()) and feed.events()[-1]["number"] == number)
    kept, count = feed.events_since(0)
    assert (len(kept), kept[0]["number"], count) == (status_feed.EVENTS_MAX, surplus, status_feed.EVENTS_MAX + surplus)


def test_snapshot_is_asked_for_on_the_first_document(home: Home, feed: StatusFeed) -> None:
    with FakeSupervisor(home, lambda verb, args: {"ok": True, "result": {"equity": [1, 2]}}) as supervisor:
        supervisor.shows(a_document())
        wait_until(feed, lambda: feed.snapshot() is not None)
    assert feed.snapshot() == {"equity": [1, 2]}
    assert supervisor.heard[0] == ("snapshot", {})


@pytest.mark.parametrize("after", [{"run_id": "run-2", "seq": 2}, {"run_id": "run-1", "seq": 3}])
def test_snapshot_is_asked_for_again_after_another_run_or_a_gap(
    home: Home, feed: StatusFeed, monkeypatch: pytest.MonkeyPatch, after: dict[str, object]
) -> None:
    monkeypatch.setattr(status_feed, "SNAPSHOT_EVERY_S_MIN", 0.0)
    counted = iter(range(100))
    with FakeSupervisor(home, lambda verb, args: {"ok": True, "result": {"number": next(counted)}}) as supervisor:
        supervisor.shows(a_document(run_id="run-1", seq=1))
        wait_until(feed, lambda: feed.snapshot() is not None)
        before = feed.snapshot()
        supervisor.shows(a_document(**after))
        wait_until(feed, lambda: feed.snapshot() != before)


def test_one_snapshot_is_enough_while_documents_follow_each_other(
    home: Home, feed: StatusFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_feed, "SNAPSHOT_EVERY_S_MIN", 0.0)
    with FakeSupervisor(home) as supervisor:
        for seq in (1, 2, 3):
            supervisor.shows(a_document(seq=seq))
            wait_until(feed, lambda seq=seq: seq_of(feed) == seq)  # type: ignore[misc]
        wait_until(feed, lambda: feed.snapshot() is not None)
        supervisor.shows(a_document(seq=4))
        wait_until(feed, lambda: seq_of(feed) == 4)
    assert [verb for verb, _ in supervisor.heard] == ["snapshot"]


def test_frames_that_are_no_documents_are_counted_and_dropped(home: Home, feed: StatusFeed) -> None:
    with FakeSupervisor(home) as supervisor:
        supervisor.shows(a_document(seq=1))
        wait_until(feed, lambda: seq_of(feed) == 1)
        supervisor.says(b"status", b"[not a document")
        supervisor.says(b"event", b"7")
        supervisor.shows(a_document(seq=2))
        wait_until(feed, lambda: seq_of(feed) == 2)
    assert (feed.unreadable, feed.events()) == (2, [])


def test_feed_goes_on_after_a_restart_of_the_other_end(home: Home, feed: StatusFeed) -> None:
    for run_id in ("run-1", "run-2"):
        with FakeSupervisor(home) as supervisor:
            supervisor.shows(a_document(run_id=run_id))
            wait_until(feed, lambda run_id=run_id: (feed.latest()[0] or {}).get("run_id") == run_id)  # type: ignore[misc]


def test_events_of_an_earlier_run_are_forgotten_and_what_the_new_one_said_first_is_kept(
    home: Home, feed: StatusFeed
) -> None:
    second = 1_000_000_000
    with FakeSupervisor(home) as supervisor:
        supervisor.shows(a_document(run_id="run-1", ts_ns=100 * second, uptime_s=50.0))
        wait_until(feed, lambda: seq_of(feed) is not None)
        for said_s, text in ((90, "old"), (200, "starting"), (0, "without a time")):
            supervisor.says(
                b"event",
                msgspec.json.encode({"kind": "state", "text": text} | ({"ts_ns": said_s * second} if said_s else {})),
            )
        wait_until(feed, lambda: len(feed.events()) == 3)
        supervisor.shows(a_document(run_id="run-2", ts_ns=202 * second, uptime_s=1.5))
        wait_until(feed, lambda: (feed.latest()[0] or {}).get("run_id") == "run-2")
    assert [event["text"] for event in feed.events()] == ["starting"]


@pytest.mark.parametrize("changes", [{"ts_ns": None}, {"uptime_s": None}, {"ts_ns": "later"}])
def test_a_run_that_does_not_say_when_it_began_keeps_nothing_of_before(
    home: Home, feed: StatusFeed, changes: dict[str, object]
) -> None:
    with FakeSupervisor(home) as supervisor:
        supervisor.shows(a_document(run_id="run-1"))
        wait_until(feed, lambda: seq_of(feed) is not None)
        supervisor.says(b"event", msgspec.json.encode({"kind": "state", "ts_ns": 10**20 // 100}))
        wait_until(feed, lambda: len(feed.events()) == 1)
        supervisor.shows(a_document(run_id="run-2") | changes)
        wait_until(feed, lambda: (feed.latest()[0] or {}).get("run_id") == "run-2")
    assert feed.events() == []
