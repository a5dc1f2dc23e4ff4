"""The crash watch: supervisord's events, however they are cut, become alerts exactly for what was not meant to happen."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.crash_watch import CrashNews, EventReader, ProgramEvent
from wildbot.desk.alerts import ClearAlert, RaiseAlert
from wildbot.model.errors import ProtocolError
from wildbot.model.status import Severity


def an_event(state: str, payload: str) -> bytes:
    body = payload.encode()
    head = f"ver:3.0 server:wildbot serial:1 pool:crash_watch poolserial:1 eventname:PROCESS_STATE_{state} len:{len(body)}"
    return head.encode() + b"\n" + body


EXITED = an_event("EXITED", "processname:supervisor groupname:supervisor from_state:RUNNING expected:0 pid:2766")
FATAL = an_event("FATAL", "processname:order_gateway groupname:order_gateway from_state:BACKOFF")
STOPPING = (
    b"ver:3.0 server:wildbot serial:9 pool:crash_watch poolserial:9 eventname:SUPERVISOR_STATE_CHANGE_STOPPING len:0\n"
)
BACKOFF = an_event("BACKOFF", "processname:dashboard groupname:dashboard from_state:STARTING tries:2")


def test_an_unexpected_end_is_a_warning() -> None:
    (event,) = EventReader().feed(EXITED)
    assert (event, event.severity) == (ProgramEvent("supervisor", "EXITED", expected=False), Severity.WARNING)


def test_an_expected_end_is_no_alert() -> None:
    (event,) = EventReader().feed(EXITED.replace(b"expected:0", b"expected:1"))
    assert event.severity is None


def test_giving_up_is_critical_and_names_the_file_that_says_why() -> None:
    (event,) = EventReader().feed(FATAL)
    assert event.severity is Severity.CRITICAL and "log/order_gateway.out" in event.sentence


def test_an_early_end_tells_which_attempt_it_was() -> None:
    (event,) = EventReader().feed(BACKOFF)
    assert (event.severity, event.attempts) == (Severity.WARNING, 2)


@given(cuts=st.lists(st.integers(0, len(EXITED + FATAL + BACKOFF)), max_size=8))
def test_events_do_not_depend_on_how_the_stream_is_cut(cuts: list[int]) -> None:
    stream, reader = EXITED + FATAL + BACKOFF, EventReader()
    edges = [0, *sorted(cuts), len(stream)]
    events = [event for start, end in itertools.pairwise(edges) for event in reader.feed(stream[start:end])]
    assert [event.program for event in events] == ["supervisor", "order_gateway", "dashboard"]


@pytest.mark.parametrize("length", ["len:-1", "len:x", "len:99999999", ""])
def test_a_header_without_a_usable_length_is_refused(length: str) -> None:
    with pytest.raises(ProtocolError):
        EventReader().feed(f"ver:3.0 eventname:PROCESS_STATE_FATAL {length}\n".encode())


def alerts_of(*stream: bytes) -> list[RaiseAlert | ClearAlert]:
    news = CrashNews()
    return [alert for event in EventReader().feed(b"".join(stream)) for alert in news.hear(event)]


def test_every_end_of_a_crash_loop_is_told_and_giving_up_beside_it() -> None:
    running = an_event("RUNNING", "processname:supervisor groupname:supervisor from_state:STARTING pid:1")
    told = alerts_of(EXITED, running, EXITED, FATAL)
    raised = [(alert.level, alert.key) for alert in told if isinstance(alert, RaiseAlert)]
    assert raised[:2] == [(Severity.WARNING, "crash:supervisor")] * 2
    assert raised[2][0] is Severity.CRITICAL and raised[2][1].startswith("given_up:")
    cleared = [alert.key for alert in told if isinstance(alert, ClearAlert)]
    assert cleared == ["crash:supervisor", "given_up:supervisor", "crash:order_gateway"]


def test_giving_up_takes_back_the_word_of_a_new_start() -> None:
    lost = an_event("EXITED", "processname:order_gateway groupname:order_gateway from_state:RUNNING expected:0 pid:9")
    standing: set[str] = set()
    for alert in alerts_of(lost, FATAL):
        (standing.add if isinstance(alert, RaiseAlert) else standing.discard)(alert.key)
    assert standing == {"given_up:order_gateway"}


def test_an_ordered_stop_is_no_crash() -> None:
    assert alerts_of(STOPPING, EXITED, FATAL) == []
    assert len(alerts_of(EXITED, STOPPING)) == 1
