"""The status API over real sockets: honest health, the whole document, metrics that leave out what is unknown."""

from collections.abc import Iterator

import pytest
import requests

from actors.health import ALWAYS_THERE, DOCUMENT_AGE_S_MAX, HEARTBEAT_AGE_MS_MAX, reasons_against
from actors.status_api import HOST, StatusServer, listen
from tests.commands.builders_commands import FakeSupervisor, a_document, a_home, a_trader, an_actor, wait_until
from wildbot.adapters.home import Home
from wildbot.adapters.status_feed import StatusFeed
from wildbot.analytics.status_view import view_of


@pytest.fixture
def home() -> Iterator[Home]:
    with a_home() as prepared:
        yield prepared


@pytest.fixture
def feed(home: Home) -> Iterator[StatusFeed]:
    following = StatusFeed(home).start()
    yield following
    following.close()


@pytest.fixture
def base(feed: StatusFeed) -> Iterator[str]:
    listener = listen(0)
    server = StatusServer(feed, listener)
    server.start()
    yield f"http://{HOST}:{listener.getsockname()[1]}"
    server.close()


def get(url: str) -> requests.Response:
    return requests.get(url, timeout=10)


def show(home: Home, feed: StatusFeed, **changes: object) -> FakeSupervisor:
    supervisor = FakeSupervisor(home)
    supervisor.shows(a_document(**changes))
    wait_until(feed, lambda: feed.latest()[0] is not None)
    return supervisor


def test_health_is_ok_while_running_and_every_actor_is_fresh(home: Home, feed: StatusFeed, base: str) -> None:
    with show(home, feed):
        answer = get(f"{base}/health")
    assert (answer.status_code, answer.json()) == (200, {"healthy": True, "state": "running", "reasons": []})


def test_health_says_no_with_the_reason_when_halted(home: Home, feed: StatusFeed, base: str) -> None:
    with show(home, feed, state="halted", reasons=["the owner asked"]):
        answer = get(f"{base}/health")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["the state is halted, not running: the owner asked"])


def test_health_says_no_before_the_first_document(base: str) -> None:
    answer = get(f"{base}/health")
    assert (answer.status_code, answer.json()["state"]) == (503, "unknown")


def test_health_of_a_supervisor_that_fell_silent_does_not_repeat_its_last_state(
    home: Home, feed: StatusFeed, base: str
) -> None:
    with show(home, feed):
        assert get(f"{base}/health").json()["state"] == "running"
    wait_until(feed, lambda: feed.latest()[1] > DOCUMENT_AGE_S_MAX)
    answer = get(f"{base}/health")
    assert (answer.status_code, answer.json()["state"], len(answer.json()["reasons"])) == (503, "unknown", 1)


def test_status_is_the_whole_document_with_its_age(home: Home, feed: StatusFeed, base: str) -> None:
    with show(home, feed):
        answer = get(f"{base}/api/status")
    assert answer.json() == a_document()
    assert int(answer.headers["X-Status-Age-Ms"]) >= 0


def test_status_is_unavailable_before_the_first_document(base: str) -> None:
    answer = get(f"{base}/api/status")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_status")


@pytest.mark.parametrize("path", ["/health", "/api/status", "/metrics"])
def test_no_answer_may_be_cached(home: Home, feed: StatusFeed, base: str, path: str) -> None:
    with show(home, feed):
        assert get(base + path).headers["Cache-Control"] == "no-cache"


def test_metrics_carry_account_traders_and_actors(home: Home, feed: StatusFeed, base: str) -> None:
    with show(home, feed):
        text = get(f"{base}/metrics").text
    for line in (
        "wildbot_account_equity 16.24",
        "wildbot_account_drawdown_ratio 0.0037",
        "wildbot_healthy 1.0",
        "wildbot_fills_total 7.0",
        'wildbot_round_trips_total{outcome="won"} 1.0',
        'wildbot_order_requests_total{outcome="rejected"} 1.0',
        'wildbot_order_requests_total{outcome="denied"} 0.0',
        'wildbot_rate_budget_used_ratio{pair="BTC/USDC"} 0.25',
        "wildbot_gateway_unknown_orders 0.0",
        'wildbot_actor_restarts_total{actor="order_gateway"} 0.0',
        'wildbot_scanner_score{pair="BTC/USDC"} 2.0',
        "wildbot_allocator_free 11.0",
        'wildbot_trader_open_orders{pair="BTC/USDC"} 2.0',
        'wildbot_trader_data_age_seconds{pair="BTC/USDC"} 0.012',
        'wildbot_actor_turn_p99_seconds{actor="order_gateway"} 9e-05',
        'wildbot_state{mode="sim",state="running"} 1.0',
        'wildbot_state{mode="sim",state="halted"} 0.0',
    ):
        assert line in text.splitlines()


def test_metrics_carry_a_whole_histogram_of_each_hop(home: Home, feed: StatusFeed, base: str) -> None:
    with show(home, feed):
        lines = get(f"{base}/metrics").text.splitlines()
    mine = [line for line in lines if line.startswith("wildbot_hop_latency_seconds")]
    labels = 'actor="order_gateway",hop="send"'
    for line in (
        f'wildbot_hop_latency_seconds_bucket{{{labels},le="0.000065536"}} 0.0',
        f'wildbot_hop_latency_seconds_bucket{{{labels},le="0.000131072"}} 2.0',
        f'wildbot_hop_latency_seconds_bucket{{{labels},le="0.000262144"}} 3.0',
        f'wildbot_hop_latency_seconds_bucket{{{labels},le="+Inf"}} 3.0',
        f"wildbot_hop_latency_seconds_count{{{labels}}} 3.0",
        f"wildbot_hop_latency_seconds_sum{{{labels}}} 0.0003",
    ):
        assert line in mine
    counts = [float(line.split()[-1]) for line in mine if f"_bucket{{{labels}" in line]
    assert counts == sorted(counts)


def test_metrics_leave_out_what_is_unknown(home: Home, feed: StatusFeed, base: str) -> None:
    with show(home, feed, traders=[a_trader(spread_bps=None)]):
        assert "wildbot_trader_spread_bps{" not in get(f"{base}/metrics").text


def test_metrics_say_nothing_of_requests_while_the_gateway_has_not_spoken(home: Home, feed: StatusFeed, base: str) -> None:
    with show(home, feed, gateway={"state": "unknown"}):
        text = get(f"{base}/metrics").text
    assert "wildbot_order_requests_total{" not in text and "wildbot_gateway_open_orders " not in text


def test_metrics_tell_how_far_the_result_can_be_believed(home: Home, feed: StatusFeed, base: str) -> None:
    truth = {
        "bracket": {"low": "-0.5", "calibrated": "-0.1", "high": None},
        "sign_stable": False,
        "markouts": [{"horizon_s": 5, "fills": 3, "mean_bps": -1.5}, {"horizon_s": 300, "fills": 0, "mean_bps": None}],
        "split": {"spread": "0.2", "fees": "-0.7"},
    }
    with show(home, feed, truth=truth):
        lines = get(f"{base}/metrics").text.splitlines()
    told = [line for line in lines if line.startswith("wildbot_truth")]
    assert told == [
        'wildbot_truth_net_pnl{bound="low"} -0.5',
        'wildbot_truth_net_pnl{bound="calibrated"} -0.1',
        "wildbot_truth_sign_stable 0.0",
        'wildbot_truth_markout_bps{horizon_s="5"} -1.5',
        'wildbot_truth_split{part="spread"} 0.2',
        'wildbot_truth_split{part="fees"} -0.7',
    ]


def test_metrics_before_the_first_document_say_that_its_age_is_infinite(base: str) -> None:
    lines = get(f"{base}/metrics").text.splitlines()
    assert {"wildbot_status_age_seconds +Inf", "wildbot_healthy 0.0"} <= set(lines)


def test_nothing_can_be_steered_over_http(base: str) -> None:
    assert requests.post(f"{base}/api/status", json={"verb": "halt"}, timeout=10).status_code == 405


def test_a_taken_port_is_known_before_anything_is_served() -> None:
    with listen(0) as first, pytest.raises(OSError, match="in use"):
        listen(first.getsockname()[1])


def test_a_document_at_its_age_limit_is_healthy_and_one_past_it_is_not() -> None:
    status = view_of(a_document(actors=[an_actor(name, heartbeat_age_ms=0.0) for name in ALWAYS_THERE]))
    assert reasons_against(status, DOCUMENT_AGE_S_MAX) == []
    assert len(reasons_against(status, DOCUMENT_AGE_S_MAX + 0.01)) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"state": "dead"}, "is dead"),
        ({"heartbeat_age_ms": None}, "never reported"),
        ({"heartbeat_age_ms": HEARTBEAT_AGE_MS_MAX + 1}, "last heard"),
    ],
)
def test_each_actor_must_be_alive_and_fresh(changes: dict[str, object], reason: str) -> None:
    actors = [*map(an_actor, ALWAYS_THERE), an_actor("recorder", **changes)]
    (found,) = reasons_against(view_of(a_document(actors=actors)), 0.0)
    assert found.startswith("recorder ") and reason in found


@pytest.mark.parametrize("missing", ALWAYS_THERE)
def test_without_one_who_is_always_there_it_is_not_healthy(missing: str) -> None:
    others = [an_actor(name) for name in ALWAYS_THERE if name != missing]
    assert reasons_against(view_of(a_document(actors=others)), 0.0) == [f"{missing} never reported"]
