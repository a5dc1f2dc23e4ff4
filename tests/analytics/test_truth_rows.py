"""The section `truth` of the status document: unknown is null, sums are exact, differences are the model less reality."""

from decimal import Decimal

import msgspec
from msgspec.structs import replace

from wildbot.analytics.believable import MARGIN_BPS
from wildbot.analytics.truth_rows import BOUNDS, truth_row
from wildbot.model.control import ToSupervisor
from wildbot.model.instrument import MONEY_ONE, Money
from wildbot.model.status import Believer, MarkoutMean, PowerBelief, TruthStatus
from wildbot.protocol.bus import TO_SUPERVISOR, encode

NOW = 1_800_000_000 * 10**9


def a_believer(net: int, fills: int = 10, wait_s: float | None = 2.0) -> Believer:
    return Believer(20, fills, fills, Money(net * MONEY_ONE), wait_s, -0.5)


TRUTH = TruthStatus(
    ts_ns=NOW - 500_000_000,
    fills=12,
    unmarked=1,
    split={
        "spread": Decimal("1.00000000000000001"),
        "adverse_selection": Decimal("-0.5"),
        "inventory": Decimal("0.25"),
        "fees": Decimal("0.75"),
    },
    markouts=(MarkoutMean(1, 12, -0.25), MarkoutMean(300, 0, None)),
    believers={
        "actual": a_believer(0),
        "back_of_queue": a_believer(-2, 5),
        "queue_position": a_believer(-1, 9, 2.5),
        "touch": a_believer(1, 15),
        "picked_off": a_believer(0, 17),
    },
    power=PowerBelief(1.0, 1.68, 1.0, 2.83, 40, 90),
    turnover=Money(2_000 * MONEY_ONE),
)


def test_nothing_is_claimed_before_anything_is_known() -> None:
    for truth in (None, replace(TRUTH, fills=0)):
        row = truth_row(truth, NOW)
        assert (row["models"], row["twin"], row["sign_stable"], row["markouts"]) == ({}, {}, None, [])
        assert row["bracket"] == dict.fromkeys(BOUNDS)
        assert set(row["split"]) == {"spread", "adverse_selection", "inventory", "fees"}


def test_the_bracket_is_the_range_over_the_models_whatever_reality_did() -> None:
    row = truth_row(TRUTH, NOW)
    assert [row["bracket"][bound] for bound in ("low", "calibrated", "high")] == [f"{n}.0000000000" for n in (-2, -1, 1)]
    assert row["sign_stable"] is False
    stable = replace(TRUTH, believers=TRUTH.believers | {"touch": a_believer(-3), "picked_off": a_believer(-5)})
    assert truth_row(stable, NOW)["sign_stable"] is True
    assert "actual" not in row["models"]


def test_the_believable_range_reaches_further_by_the_stated_share_of_the_turnover() -> None:
    bracket = truth_row(TRUTH, NOW)["bracket"]
    widened = 2_000 * MARGIN_BPS / 10_000
    assert [Decimal(bracket[f"believable_{end}"]) for end in ("low", "high")] == [-2 - widened, 1 + widened]


def test_money_is_exact_text_and_the_parts_sum_to_the_change() -> None:
    row = truth_row(TRUTH, NOW)
    split = {name: Decimal(text) for name, text in row["split"].items()}
    assert split["spread"] + split["adverse_selection"] + split["inventory"] - split["fees"] == Decimal(str(row["change"]))
    assert row["change"] == "0.00000000000000001"


def test_the_twin_tells_reality_the_model_and_their_difference() -> None:
    twin = truth_row(TRUTH, NOW)["twin"]
    assert isinstance(twin, dict)
    assert (twin["actual"]["fill_rate"], twin["queue_position"]["fill_rate"]) == (0.5, 0.45)
    assert (twin["difference"]["fill_rate"], twin["difference"]["time_to_fill_s"]) == (-0.05, 0.5)
    assert (twin["power"]["fitted"], twin["power"]["orders"]) == (1.68, 40)


def test_it_travels_to_the_supervisor_and_stays_small() -> None:
    message: ToSupervisor = TO_SUPERVISOR.decode(encode(TRUTH))
    assert message == TRUTH
    assert len(msgspec.json.encode(truth_row(TRUTH, NOW))) < 4_096
