"""The counter of private REST calls: never above its share, whatever is asked, however fast, across restarts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildbot.venues.kraken.rest_pace import REST_LIMITS, RestPace

DEAR = {"TradesHistory", "ClosedOrders", "Ledgers"}
FREE = {"CancelOrder", "CancelOrderBatch", "CancelAllOrdersAfter"}
CALLS = st.sampled_from(["Balance", "OpenOrders", "GetWebSocketsToken", *sorted(DEAR), *sorted(FREE)])
ALLOWED = 0.8


class Venue:
    """The venue's own count, by its published rules and nothing else."""

    def __init__(self, tier: str, now_s: float) -> None:
        self.most, self.decay = REST_LIMITS[tier]
        self.counter, self.at_s, self.peak = 0.0, now_s, 0.0

    def hear(self, endpoint: str, now_s: float) -> None:
        self.counter = max(0.0, self.counter - (now_s - self.at_s) * self.decay)
        self.at_s = now_s
        self.counter += 0 if endpoint in FREE else 2 if endpoint in DEAR else 1
        self.peak = max(self.peak, self.counter)


def send(pace: RestPace, venue: Venue, calls: list[str], now_s: float) -> float:
    for call in calls:
        now_s += pace.wait_s(call, now_s)
        pace.left(call, now_s)
        venue.hear(call, now_s)
    return now_s


@given(st.lists(CALLS, max_size=120), st.sampled_from([1.0, 5.0]), st.sampled_from(sorted(REST_LIMITS)))
def test_the_venue_s_counter_stays_within_its_share_at_any_speed(calls: list[str], calls_per_s: float, tier: str) -> None:
    venue = Venue(tier, 100.0)
    send(RestPace(calls_per_s, tier=tier, now_s=100.0), venue, calls, 100.0)
    assert venue.peak <= ALLOWED * venue.most


@given(st.lists(CALLS, min_size=1, max_size=60), st.integers(1, 8), st.floats(0, 30))
def test_restarts_in_a_row_do_not_fill_the_counter(calls: list[str], lives: int, down_s: float) -> None:
    venue, now_s, empty_at_s = Venue("intermediate", 100.0), 100.0, 0.0
    for _ in range(lives):
        pace = RestPace(5.0, empty_in_s=empty_at_s - now_s, now_s=now_s)
        now_s = send(pace, venue, calls, now_s)
        empty_at_s = now_s + pace.empty_in_s(now_s)
        now_s += down_s
    assert venue.peak <= ALLOWED * venue.most


def test_calls_leave_no_faster_than_asked_for() -> None:
    pace = RestPace(5.0, now_s=10.0)
    pace.left("Balance", 10.0)
    assert pace.wait_s("Balance", 10.05) == pytest.approx(0.15)
    assert pace.wait_s("Balance", 10.2) == pytest.approx(0.0)


@pytest.mark.parametrize("endpoint", sorted(FREE))
def test_a_cancel_does_not_wait_for_a_full_counter(endpoint: str) -> None:
    pace = RestPace(1_000.0, now_s=10.0)
    pace.refused(10.0)
    assert pace.wait_s(endpoint, 11.0) == 0.0
    assert pace.wait_s("Balance", 11.0) > 0.0


def test_a_refusal_for_the_rate_is_believed_and_history_counts_dear_from_then_on() -> None:
    pace = RestPace(1_000.0, now_s=0.0)
    cheap_s = _wait_after(pace, "TradesHistory", 100.0)
    pace.refused(200.0)
    assert pace.wait_s("Balance", 201.0) > 5.0
    assert _wait_after(pace, "TradesHistory", 400.0) > cheap_s


def test_a_clock_that_jumped_while_we_were_away_costs_no_more_than_one_emptying() -> None:
    pace = RestPace(1.0, empty_in_s=86_400.0, now_s=0.0)
    assert pace.wait_s("Balance", 40.0) == 0.0


def _wait_after(pace: RestPace, endpoint: str, now_s: float) -> float:
    for _ in range(7):
        pace.left(endpoint, now_s)
    return pace.wait_s(endpoint, now_s + 1.0)


def test_a_successor_leaves_room_for_the_last_calls_of_one_who_could_not_write_them_down() -> None:
    venue = Venue("intermediate", 0.0)
    now_s = send(RestPace(1.0), venue, ["OpenOrders", "ClosedOrders"], 0.0)
    unwritten = RestPace(1.0, now_s=now_s)  # its journal could not be written when it died
    send(unwritten, venue, ["OpenOrders", "ClosedOrders", "TradesHistory"] * 8, now_s)
    assert venue.peak <= ALLOWED * venue.most
