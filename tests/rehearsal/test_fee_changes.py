"""The exchange's rates change under the whole system, on virtual time: one fill tells, and everybody reckons anew."""

from tests.rehearsal.judging import violations_of
from wildbot.model.instrument import parse_scaled
from wildbot.rehearsal.plan import Arguments, Blow, RehearsalPlan
from wildbot.rehearsal.rehearsal import Rehearsal, rehearse

PAIRS = RehearsalPlan(seed=1).pairs


def played(*faults: Arguments, at_s: float = 8.0) -> Rehearsal:
    blows = tuple(Blow(at_s, "venue", fault) for fault in faults)
    return rehearse(RehearsalPlan(seed=1, blows=blows, calm_s=6, trouble_s=40, settle_s=10, activity=2.0))


def events(rehearsal: Rehearsal) -> list[str]:
    return [f"{row['pair']} {row['text']}" for row in rehearsal.journal["events"] if row["kind"] == "fees_changed"]


def alarms(rehearsal: Rehearsal) -> list[str]:
    return [text for text in rehearsal.alerts if " fee/" in text]


def rates_paid(rehearsal: Rehearsal) -> list[int]:
    """Parts per million of the cost, fill by fill, where the fee is in quote."""
    fills = [row for row in rehearsal.journal["fills"] if row["fee_asset"] == "USDC"]
    return [round(parse_scaled(str(row["fee"]), 10) * 10**6 / parse_scaled(str(row["cost"]), 10)) for row in fills]


def test_without_a_change_no_fill_is_an_alarm() -> None:
    calm = played()
    assert calm.counters["fills"] > 0
    assert (alarms(calm), events(calm), violations_of(calm)) == ([], [], [])


def test_dearer_rates_are_an_alarm_at_the_first_fill_and_known_of_all_pairs_after_it() -> None:
    dearer = {"verb": "meta.change", "maker_pct": "0.4", "taker_pct": "0.8"}
    rehearsal = played(*[dearer | {"pair": pair} for pair in PAIRS])
    assert 4_000 in rates_paid(rehearsal)
    assert len(alarms(rehearsal)) == 1
    assert {f"{pair} 4000/8000 ppm" for pair in PAIRS} <= set(events(rehearsal))
    assert violations_of(rehearsal) == []


def test_a_tier_reached_by_volume_is_learnt_from_the_first_cheaper_fill() -> None:
    rehearsal = played({"verb": "fee.change", "volume": "60000"})
    assert 1_400 in rates_paid(rehearsal)
    assert len(alarms(rehearsal)) == 1
    assert set(events(rehearsal)) == {f"{pair} 1400/2400 ppm" for pair in PAIRS}
    assert violations_of(rehearsal) == []


def test_fees_in_coins_at_the_known_rate_change_no_hurdle() -> None:
    rehearsal = played({"verb": "fee.change", "currency": "base"}, at_s=2.0)
    assert any(row["fee_asset"] != "USDC" for row in rehearsal.journal["fills"])
    assert (alarms(rehearsal), events(rehearsal)) == ([], [])
    assert violations_of(rehearsal) == []
