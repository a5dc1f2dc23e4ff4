"""Commands in words: requested, acknowledged, in effect; and the plans that dialogs show."""

import pytest

from tests.dashboard.builders_dashboard import a_document, a_trader
from wildbot.dashboard.view.commands import (
    Command,
    Progress,
    challengers,
    flatten_plan,
    halt_plan,
    is_in_effect,
    sentence,
    swap_plan,
)

SWAP = Command("swap", {"out": "BTC/USDC", "in": "ETH/USDC"})
FLAT: dict[str, object] = {"position": "0", "open_orders": []}


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (Progress(SWAP, 100.0), "… swap BTC/USDC → ETH/USDC: requested"),
        (Progress(SWAP, 4_200.0), "… swap BTC/USDC → ETH/USDC: no reply yet, 4 s since it was sent"),
        (Progress(SWAP, 100.0, 38.4), "✓ swap BTC/USDC → ETH/USDC: acknowledged in 38 ms, not in effect yet"),
        (Progress(SWAP, 9e9, 38.4, effective_ms=3_140.0), "✓ swap BTC/USDC → ETH/USDC: acknowledged in 38 ms, in effect after 3.1 s"),
        (Progress(Command("halt"), 9e9, None, "not_running", "WildBot does not run"), "✗ halt: WildBot does not run"),
        (Progress(Command("halt"), 9e9, None, "timed_out", "it may still be done"), "? halt: no reply; it may still be done"),
        (Progress(Command("halt"), 9e9, None, "timed_out", "", 900.0), "✓ halt: no reply, but in effect after 0.9 s"),
        (Progress(Command("pause", {"pair": "BTC/USDC"}), 1.0), "… pause BTC/USDC: requested"),
    ],
)  # fmt: skip
def test_the_line_tells_how_far_a_command_has_come(progress: Progress, words: str) -> None:
    assert sentence(progress)[1] == words


@pytest.mark.parametrize(
    ("command", "changes", "expected"),
    [
        (SWAP, {}, False),
        (SWAP, {"traders": [a_trader("ETH/USDC")]}, True),
        (SWAP, {"traders": [a_trader("ETH/USDC"), a_trader("BTC/USDC")]}, False),
        (Command("pause", {"pair": "XRP/USDC"}), {}, True),
        (Command("pause", {"pair": "BTC/USDC"}), {}, False),
        (Command("pause"), {}, False),
        (Command("resume", {"pair": "BTC/USDC"}), {}, True),
        (Command("resume", {"pair": "XRP/USDC"}), {}, False),
        (Command("flatten", {"pair": "SOL/USDC"}), {}, True),
        (Command("flatten", {"pair": "BTC/USDC"}), {}, False),
        (Command("flatten", {"pair": "BTC/USDC"}), {"traders": [a_trader(position="0")]}, False),
        (Command("flatten", {"pair": "BTC/USDC"}), {"traders": [a_trader(**FLAT)]}, True),
        (Command("flatten", {"pair": "BTC/USDC"}), {"traders": [a_trader(position=None, open_orders=[])]}, False),
        (Command("flatten", {"pair": "DOGE/USDC"}), {}, False),
        (Command("halt"), {}, False),
        (Command("halt"), {"state": "halted"}, True),
        (Command("rearm"), {"state": "halted"}, False),
        (Command("rearm"), {"state": "reconciling"}, True),
    ],
)
def test_a_command_is_in_effect_when_the_document_shows_it(
    command: Command, changes: dict[str, object], expected: bool
) -> None:
    assert is_in_effect(command, a_document(**changes)) is expected


def test_an_empty_document_shows_no_command_in_effect() -> None:
    verbs = [Command(verb) for verb in ("pause", "resume", "flatten", "halt", "rearm")]
    assert not any(is_in_effect(command, {}) for command in [SWAP, *verbs])


def test_challengers_are_the_rated_pairs_that_are_not_traded_best_first() -> None:
    assert challengers(a_document())[:2] == ["ETH/USDC", "DOGE/USDC"]


def test_swap_plan_names_orders_position_and_doubts() -> None:
    plan = swap_plan(a_document(), "BTC/USDC", "ADA/USDC")
    assert plan[0] == "cancel 2 open orders on BTC/USDC"
    assert plan[1] == "leave LONG 0.00010 on BTC/USDC as taker, inside the price collar"
    assert plan[-1] == "note: the scanner would not trade ADA/USDC: minimum order needs 9.40 USDC"
    assert len(swap_plan(a_document(), "SOL/USDC", "ETH/USDC")) == 4


def test_plans_never_call_an_unknown_position_flat() -> None:
    plan = flatten_plan(a_document(traders=[a_trader(position=None)]), ["BTC/USDC"])
    assert "not known right now" in plan[1]


def test_halt_plan_says_what_stays() -> None:
    assert halt_plan(a_document())[1] == "positions stay as they are: BTC/USDC, XRP/USDC"
