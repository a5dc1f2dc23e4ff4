"""The whole of WildBot on virtual time: one seed is one story, and no story loses an order, a fill or a cent."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.rehearsal.judging import violations_of
from wildbot.desk.restart_budget import PER_PAIR
from wildbot.drill.seeds import play_many, replay_words
from wildbot.model.orders import Side
from wildbot.rehearsal.plan import TRADER, Blow, RehearsalPlan
from wildbot.rehearsal.rehearsal import rehearse
from wildbot.rehearsal.schedule import draw_blows
from wildbot.rehearsal.shrink import shrink
from wildbot.trading.mandate import Mode

ROOT = Path(__file__).resolve().parents[2]
SEEDS = 200

SHORT = RehearsalPlan(seed=3, calm_s=6, trouble_s=10, settle_s=6)


def test_one_seed_is_one_story_to_the_last_byte() -> None:
    assert rehearse(SHORT).digest == rehearse(SHORT).digest


def test_another_seed_is_another_story() -> None:
    assert rehearse(SHORT).digest != rehearse(replace(SHORT, seed=4)).digest


def test_the_story_does_not_depend_on_the_hashes_of_this_process() -> None:
    words = "from tests.rehearsal.test_rehearsal import SHORT; from wildbot.rehearsal.rehearsal import rehearse"
    digests = {
        subprocess.run(
            [sys.executable, "-c", f"{words}; print(rehearse(SHORT).digest)"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_a_calm_rehearsal_trades_and_ends_cleanly() -> None:
    calm = rehearse(RehearsalPlan(seed=1, blows=(), trouble_s=20, settle_s=5, activity=2.0))
    assert calm.counters["fills"] > 0
    assert calm.breaches == ()
    assert calm.exits["order_gateway"] == calm.exits["supervisor"] == 0


@pytest.mark.parametrize("seed", [1, 12])
def test_what_a_crash_looping_trader_held_is_sold_by_a_last_trader(seed: int) -> None:
    kills = tuple(Blow(14.0 + 3 * each, "kill", {"actor": TRADER, "which": 0}) for each in range(PER_PAIR.count + 1))
    plan = RehearsalPlan(seed=seed, traders=1, blows=kills, trouble_s=24, settle_s=10, activity=2.0)
    played = rehearse(plan)
    assert not violations_of(played)
    assert any("last trader leaves its position" in alert for alert in played.alerts), "nothing was held: another seed"
    pair = next(fill["pair"] for fill in played.journal["fills"] if fill["reason"] == Mode.RETIRING)
    assert sum(_signed(fill) for fill in played.journal["fills"] if fill["pair"] == pair) == 0


def _signed(fill: Mapping[str, object]) -> Decimal:
    size = Decimal(str(fill["qty"]))
    return size if fill["side"] == Side.BUY else -size


@pytest.mark.long
@pytest.mark.timeout(2_400)  # a hang alone is a failure: the machine may have other guests
def test_no_seed_loses_an_order_a_fill_or_a_cent() -> None:
    failed = [each for each in play_many(SEEDS) if each.faults]
    assert not failed, "\n".join(f"{replay_words(each.seed)}: {'; '.join(each.faults)}" for each in failed)


def test_a_schedule_shrinks_to_the_blows_that_matter() -> None:
    needed = Blow(8.0, "kill", {"actor": "order_gateway", "which": 0})
    blows = (*draw_blows(SHORT), needed)
    small = shrink(SHORT, blows, lambda plan: plan.blows is not None and needed in plan.blows)
    assert small.blows == (needed,)
