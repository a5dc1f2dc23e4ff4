"""Real orders in a market with true queues, their twins in the models beside them, and an exact account of both."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.truth.builders_truth import FEES, PAIR, SOL, START, Mirrored, Quoted, a_desk
from wildbot.model.instrument import MONEY_DECIMALS, NANOS_PER_SECOND, PairStatus
from wildbot.model.status import InstrumentTable, TruthStatus
from wildbot.simulation.fills import FILL_MODELS, fill_models
from wildbot.simulation.queue_fit import OrderTape, PowerFit, fit_power
from wildbot.truth.profit_ledger import Mark, ProfitLedger
from wildbot.truth.truth_desk import TruthDesk, TwinRecord
from wildbot.truth.twin_pair import ACTUAL

SECONDS = 150.0


@pytest.fixture(scope="module")
def quoted() -> Quoted:
    return Quoted(2, a_desk()).run(SECONDS)


@pytest.fixture(scope="module")
def status(quoted: Quoted) -> TruthStatus:
    return quoted.desk.status(quoted.now)


def total(status: TruthStatus) -> Decimal:
    split = status.split
    return split["spread"] + split["adverse_selection"] + split["inventory"] - split["fees"]


def heard(quoted: Quoted, status: TruthStatus) -> int:
    return sum(fill.ts_ns <= quoted.now - 2 * NANOS_PER_SECOND for fill in quoted.fills)


def test_every_fill_is_in_the_ledger_with_a_mid_of_its_time(quoted: Quoted, status: TruthStatus) -> None:
    assert status.fills == heard(quoted, status) > 20
    assert status.unmarked == 0


def test_the_parts_sum_exactly_to_the_change_of_the_account(quoted: Quoted) -> None:
    quoted.desk.finish(quoted.now)  # what was held back is in it too
    assert total(quoted.desk.status(quoted.now)) == quoted.change()
    assert quoted.desk.status(quoted.now).split["fees"] == sum(Decimal(fill.fee) for fill in quoted.fills).scaleb(-10)


def test_a_markout_is_only_counted_once_its_horizon_has_passed(status: TruthStatus) -> None:
    counts = [each.fills for each in status.markouts]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1] == 0
    assert status.markouts[-1].mean_bps is None


def test_the_truth_lies_between_the_models(status: TruthStatus) -> None:
    fills = {name: believer.filled_orders for name, believer in status.believers.items()}
    assert fills["back_of_queue"] <= fills[ACTUAL] <= fills["touch"]
    assert fills["back_of_queue"] <= fills["queue_position"] <= fills["touch"]
    assert fills["back_of_queue"] < fills["touch"]


def test_the_result_of_reality_is_the_account_s_change(status: TruthStatus) -> None:
    assert status.believers[ACTUAL].net_pnl == int(total(status).scaleb(MONEY_DECIMALS))
    assert len({believer.net_pnl for believer in status.believers.values()}) > 1


def test_orders_told_after_a_gap_in_the_tape_start_new_and_those_before_it_count_for_nothing() -> None:
    whole = Quoted(4, a_desk()).run(40)
    torn = Quoted(4, a_desk()).run(20).run(20, lost=1)
    counts = [run.desk.status(run.now).believers[ACTUAL].orders for run in (whole, torn)]
    assert 0 < counts[1] < counts[0]
    assert torn.desk.status(torn.now).fills == heard(torn, torn.desk.status(torn.now)), "fills are fills all the same"


def test_a_fill_is_entered_once_whoever_tells_it_and_late_ones_count_as_drift(quoted: Quoted) -> None:
    ledger = ProfitLedger({})
    scale = 10 ** (MONEY_DECIMALS - SOL.price_decimals)
    lot_scale = 10 ** (MONEY_DECIMALS - SOL.lot_decimals)
    fill = replace(quoted.fills[0], ticks=quoted.fills[0].ticks * scale, lots=quoted.fills[0].lots * lot_scale)
    for _ in range(2):
        ledger.on_fill(fill, is_late=True)
    ledger.on_mid(PAIR, 2 * fill.ticks + 2 * scale, fill.ts_ns + 1)
    split = ledger.split()
    assert (ledger.fills, ledger.unmarked) == (1, 1)
    assert (split.spread, split.adverse_selection) == (
        Decimal(fill.side.sign * (fill.ticks * fill.lots // 10**10 - fill.cost)),
        0,
    )
    assert split.inventory == fill.side.sign * Decimal(scale).scaleb(-10) * Decimal(fill.lots).scaleb(-10)


def test_marks_of_an_earlier_run_give_the_same_account_again(quoted: Quoted) -> None:
    first = Quoted(7, a_desk()).run(60)
    first.desk.finish(first.now)
    before = first.desk.status(first.now)
    marks: dict[str, Mark] = {mark.exec_id: mark for mark in first.desk.ledger.take_marks(ending=True)}
    record = first.desk.record(first.now)
    second = TruthDesk(record, marks, window=10, shows_own=True)
    price, lot = (10 ** (MONEY_DECIMALS - decimals) for decimals in (SOL.price_decimals, SOL.lot_decimals))
    second.catch_up([replace(fill, ticks=fill.ticks * price, lots=fill.lots * lot) for fill in first.fills])
    for pair, mid in record.mids.items():
        second.ledger.on_mid(pair, mid, START)
    after = second.status(first.now)
    assert (after.fills, after.unmarked) == (len(first.fills), 0)
    assert total(after) == total(before)
    assert after.split == before.split
    assert after.believers == before.believers


def test_a_pair_that_changes_its_mode_keeps_its_twins_and_one_that_changes_its_rules_starts_anew() -> None:
    counts = []
    for changed in (replace(SOL, status=PairStatus.POST_ONLY), replace(SOL, tick_step=SOL.tick_step * 2)):
        run = Quoted(4, a_desk()).run(20)
        run.say(InstrumentTable((changed,), {PAIR: FEES}))
        run.run(10)
        counts.append(run.desk.status(run.now).believers[ACTUAL].orders)
    same = Quoted(4, a_desk()).run(30)
    assert counts[1] < counts[0] == same.desk.status(same.now).believers[ACTUAL].orders


def test_a_fit_never_looks_at_more_than_it_can_in_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def fit(tapes: Sequence[OrderTape]) -> PowerFit:
        looked.append(sum(len(tape.steps) for tape in tapes))
        return fit_power(tapes)

    monkeypatch.setattr("wildbot.truth.truth_desk.fit_power", fit)
    monkeypatch.setattr("wildbot.truth.truth_desk.TAPE_STEPS_MAX", 60)
    monkeypatch.setattr("wildbot.truth.truth_desk.FIT_EVERY_NS", 0)
    run = Quoted(2, a_desk()).run(60)
    assert len(looked) > 1
    assert max(looked) <= 60
    power = run.desk.status(run.now).power  # of the market, whatever was believed of it
    assert power is not None and power.low <= power.fitted <= power.high


def test_the_calibrated_model_believes_in_the_power_it_was_given() -> None:
    models = tuple(fill_models(2.0).values())
    run = Quoted(2, TruthDesk(TwinRecord(), {}, window=10, shows_own=True, models=models)).run(60)
    power = run.desk.status(run.now).power
    assert power is not None and power.used == 2.0


@pytest.mark.parametrize("name", FILL_MODELS)
def test_on_paper_the_twin_of_paper_s_own_model_has_paper_s_own_fills(name: str) -> None:
    run = Mirrored(2, a_desk(shows_own=False), FILL_MODELS[name]).run(90)
    run.desk.finish(run.now)
    believers = run.desk.status(run.now).believers
    counts = {who: (each.orders, each.filled_orders, each.fills) for who, each in believers.items()}
    assert counts[name] == counts[ACTUAL]
    assert 10 < counts[ACTUAL][2] <= len(run.fills), "orders of before the first book have no twin"
    assert len(set(counts.values())) > 1, "the other models differ"
