"""The section `truth` of the status document: what fills were worth, and what paper would have made of the same orders.

Rules: null and empty while unknown. The bracket is the range of net results over the fill models, the calibrated one is
    `queue_position`; the sign is stable when all of them are above zero, or all below. The believable range reaches further
    on both sides (see `believable`).
"""

from collections.abc import Mapping
from decimal import Decimal

from wildbot.analytics.believable import has_one_sign, margin
from wildbot.analytics.markout import ProfitSplit, exact_text
from wildbot.analytics.status_rows import Row, number
from wildbot.model.instrument import NANOS_PER_MS, Money, money_text
from wildbot.model.status import Believer, PowerBelief, TruthStatus

ACTUAL = "actual"
CALIBRATED = "queue_position"
BOUNDS = ("low", "calibrated", "high", "believable_low", "believable_high")
SPLIT_PARTS = ("spread", "adverse_selection", "inventory", "fees")


def truth_row(truth: TruthStatus | None, now_ns: int) -> Row:
    """Return the section; `split` sums exactly to `change`, fees taken off."""
    if truth is None or not truth.fills:
        return {
            "models": {},
            "bracket": dict.fromkeys(BOUNDS),
            "sign_stable": None,
            "markouts": [],
            "split": dict.fromkeys(SPLIT_PARTS),
            "change": None,
            "twin": {},
            "fills": 0,
            "unmarked": 0,
            "age_ms": None if truth is None else _age_ms(truth, now_ns),
        }
    models = {name: each for name, each in truth.believers.items() if name != ACTUAL}
    results = [each.net_pnl for each in models.values()]
    widened = Money(int(margin(Decimal(truth.turnover))))
    change = ProfitSplit(*(truth.split[part] for part in SPLIT_PARTS)).total
    return {
        "models": {name: {"fills": each.fills, "net_pnl": money_text(each.net_pnl)} for name, each in models.items()},
        "bracket": {
            "low": money_text(min(results)),
            "calibrated": money_text(models[CALIBRATED].net_pnl),
            "high": money_text(max(results)),
            "believable_low": money_text(Money(min(results) - widened)),
            "believable_high": money_text(Money(max(results) + widened)),
        },
        "sign_stable": has_one_sign(min(results), max(results)),
        "markouts": [
            {"horizon_s": each.horizon_s, "fills": each.fills, "mean_bps": number(each.mean_bps)} for each in truth.markouts
        ],
        "split": {part: exact_text(truth.split[part]) for part in SPLIT_PARTS},
        "change": exact_text(change),
        "twin": _twin_row(truth.believers, truth.power),
        "fills": truth.fills,
        "unmarked": truth.unmarked,
        "age_ms": _age_ms(truth, now_ns),
    }


def _twin_row(believers: Mapping[str, Believer], power: PowerBelief | None) -> Row:
    """Return reality beside the calibrated model; differences are the model less reality."""
    real, model = believers[ACTUAL], believers[CALIBRATED]
    rows: Row = {"orders": real.orders}
    for name, each in ((ACTUAL, real), (CALIBRATED, model)):
        rows[name] = {
            "fills": each.fills,
            "fill_rate": number(_rate(each)),
            "time_to_fill_s": number(each.wait_s),
            "markout_bps": number(each.move_bps),
        }
    rows["difference"] = {
        "fill_rate": number(_less(_rate(model), _rate(real))),
        "time_to_fill_s": number(_less(model.wait_s, real.wait_s)),
        "markout_bps": number(_less(model.move_bps, real.move_bps)),
    }
    rows["power"] = None if power is None else _power_row(power)
    return rows


def _power_row(power: PowerBelief) -> Row:
    return {
        "used": number(power.used),
        "fitted": number(power.fitted),
        "low": number(power.low),
        "high": number(power.high),
        "orders": power.orders,
        "trades": power.trades,
    }


def _rate(believer: Believer) -> float | None:
    return believer.filled_orders / believer.orders if believer.orders else None


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _age_ms(truth: TruthStatus, now_ns: int) -> float | None:
    return number((now_ns - truth.ts_ns) / NANOS_PER_MS)
