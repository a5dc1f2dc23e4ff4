"""What `up` tells while things start: every fact once, trading when it is true, and what is missing when it is not."""

import pytest

from actors.spec import EXIT_CONFIGURATION
from tests.commands.builders_commands import a_document, a_trader
from wildbot.analytics.status_view import StatusView, view_of
from wildbot.commands.instance import ProgramState
from wildbot.commands.start_progress import StartProgress, holds, misconfigured, waiting, what_is_missing, working_pairs

PATIENCE_S = 5.0


def a_program(name: str = "supervisor", statename: str = "RUNNING", **changes: object) -> ProgramState:
    return ProgramState(name=name, statename=statename, **changes)  # type: ignore[arg-type]


def a_status(**changes: object) -> StatusView:
    return view_of(a_document(**changes))


def quiet(pair: str, **changes: object) -> dict[str, object]:
    return a_trader(pair, quotes={"bid": None, "ask": None}, open_orders=[], **changes)


def test_each_fact_is_told_once() -> None:
    progress = StartProgress(1)
    first = progress.news([a_program()], a_status(state="starting"))
    assert [line.split() for line in first] == [["supervisor", "up"], ["state", "starting"]]
    assert progress.news([a_program()], a_status(state="starting")) == []
    assert [line.split() for line in progress.news([a_program()], a_status())] == [["state", "running"]]


def test_a_program_that_starts_again_and_recovers_is_told_both_times() -> None:
    progress = StartProgress(1)
    looks = [a_program(statename="BACKOFF"), a_program(statename="STARTING"), a_program()]
    words = [line.split(maxsplit=1)[1] for look in looks for line in progress.news([look], None)]
    assert words == ["starts again", "up"]


def test_it_trades_when_every_expected_trader_works() -> None:
    status = a_status(traders=[a_trader("BTC/USDC"), a_trader("SOL/USDC")])
    assert StartProgress(2).is_trading(status, 0.0, PATIENCE_S)


def test_it_trades_with_fewer_only_after_the_patience_for_the_rest() -> None:
    progress = StartProgress(3)
    status = a_status(traders=[a_trader("BTC/USDC"), quiet("SOL/USDC")])
    assert not progress.is_trading(status, 10.0, PATIENCE_S)
    assert not progress.is_trading(status, 10.0 + PATIENCE_S - 0.1, PATIENCE_S)
    assert progress.is_trading(status, 10.0 + PATIENCE_S, PATIENCE_S)


def test_it_does_not_trade_while_not_running_or_without_any_quote() -> None:
    assert not StartProgress(1).is_trading(a_status(state="reconciling"), 0.0, 0.0)
    assert not StartProgress(1).is_trading(a_status(traders=[quiet("BTC/USDC")]), 0.0, 0.0)
    assert not StartProgress(1).is_trading(None, 0.0, 0.0)


def test_a_held_position_counts_as_work_without_a_quote() -> None:
    assert working_pairs(a_status(traders=[quiet("BTC/USDC", position="0.00010")])) == ["BTC/USDC"]


def test_zero_in_any_spelling_and_unknown_are_no_position() -> None:
    assert [holds(text) for text in ("0", "0.00", "-0.0", None)] == [False] * 4
    assert [holds(text) for text in ("0.01", "-3", "10")] == [True] * 3


def test_a_program_with_unusable_settings_is_found() -> None:
    programs = [a_program(), a_program("order_gateway", "EXITED", exitstatus=EXIT_CONFIGURATION)]
    assert misconfigured(programs) == "order_gateway"
    assert misconfigured([a_program("order_gateway", "EXITED", exitstatus=1)]) is None


def test_what_is_missing_names_programs_state_and_the_reason_of_each_trader() -> None:
    programs = [a_program(), a_program("order_gateway", "FATAL", spawnerr="Exited too quickly"), a_program("x", "STOPPED")]
    status = a_status(
        state="degraded",
        reasons=["the feed is silent"],
        traders=[quiet("BTC/USDC", reason="spread 20 bps is wider than 15")],
    )
    assert what_is_missing(programs, status) == [
        "order_gateway: gave up: Exited too quickly",
        "the state is degraded: the feed is silent",
        "BTC/USDC: running, spread 20 bps is wider than 15",
    ]


def test_a_silent_supervisor_is_what_is_missing() -> None:
    assert what_is_missing([a_program()], None) == ["the supervisor says nothing on the status socket"]


# --- nothing to do ------------------------------------------------------------------------------------------------


def idle(pair: str, reason: str, **changes: object) -> dict[str, object]:
    return quiet(pair, state="quoting", reason=reason, position="0", **changes)


def test_a_trader_says_what_it_waits_for() -> None:
    reasons = [
        "momentum_too_small",
        "warming_up",
        "session_closed: opens in 15 min 3 s",
        "not_strongest",
        "edge_below_hurdle",
    ]
    lines = waiting(a_status(traders=[idle("BTC/USDC", reason) for reason in reasons]))
    assert [line.partition("waits for ")[2] for line in lines] == [
        "a signal (momentum_too_small)",
        "its signals to warm up (warming_up)",
        "its session (session_closed: opens in 15 min 3 s)",
        "the entry slot, which the strongest signal gets (not_strongest)",
        "a signal (edge_below_hurdle)",
    ]


@pytest.mark.parametrize(
    "reason",
    ["", "starting", "data_stale", "venue_maintenance", "pair_cancel_only", "no_lease: too small", "outside_collar: x"],
)
def test_a_trader_that_cannot_do_what_it_wants_does_not_just_wait(reason: str) -> None:
    assert waiting(a_status(traders=[idle("BTC/USDC", "no_imbalance"), idle("SOL/USDC", reason)])) == []


def test_who_starts_is_paused_or_works_does_not_wait() -> None:
    assert waiting(a_status(traders=[quiet("BTC/USDC", state="starting", reason="no_imbalance")])) == []
    assert waiting(a_status(traders=[quiet("BTC/USDC", state="paused", reason="paused")])) == []
    assert waiting(a_status(traders=[a_trader("BTC/USDC", state="quoting", reason="quoting")])) == []
    assert waiting(a_status(state="degraded", traders=[idle("BTC/USDC", "no_imbalance")])) == []
    assert waiting(None) == []


def test_no_pair_worth_trading_is_an_outcome_and_not_a_fault() -> None:
    told = "I do not trade because no pair is worth it; the best is SOL/USDC: edge below the hurdle"
    assert waiting(a_status(traders=[], reasons=[told])) == [told]
    assert waiting(a_status(traders=[], reasons=[])) == []


def test_it_is_the_markets_turn_when_nothing_was_wrong_for_the_whole_patience() -> None:
    progress = StartProgress(1)
    waits, fault = (a_status(traders=[idle("BTC/USDC", reason)]) for reason in ("no_imbalance", "data_stale"))
    assert not progress.is_waiting(waits, 0.0, PATIENCE_S)
    assert not progress.is_waiting(fault, 3.0, PATIENCE_S)
    assert not progress.is_waiting(waits, 4.0, PATIENCE_S)
    assert not progress.is_waiting(waits, 4.0 + PATIENCE_S - 0.1, PATIENCE_S)
    assert progress.is_waiting(waits, 4.0 + PATIENCE_S, PATIENCE_S)
