"""Can this account win on this pair at all? What it costs against what was seen to be paid; "no" when it is no.

Rules: in this order: a pair that is closed, or whose smallest order does not fit the lease, is a "no"; so is one whose
    fees are out of reach (`market/edge.py`: the scanner's own question). Beyond that, reaching is not earning: without a
    way to earn that beats its hurdle beyond chance (`edge_meter.py`) it is a "no" as well. "unknown" only for want of data.
Known limit: what was is not what will be: a "yes" is about the stretch that was seen.
"""

from enum import StrEnum

import msgspec

from wildbot.analytics.edge_meter import LEAST_OBSERVATIONS, Edge, EdgeMeter, Percentiles
from wildbot.market.edge import break_even_win_rate, least_order, reach
from wildbot.market.pair_score import TRADED_STATUSES
from wildbot.model.instrument import FeeSchedule, Instrument, Money, money_text

MONEY_SHOWN_DECIMALS = 2


class Answer(StrEnum):
    """Can this account win here?"""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What the account brings: its rates, one trader's `lease`, how many such shares the capital is divided into, and the
    `least_lease` the strategy asks for (0: no more than its smallest order costs)."""

    fees: FeeSchedule
    lease: Money
    traders: int
    horizon_s: float
    least_lease: Money = Money(0)


class Viability(msgspec.Struct, frozen=True, kw_only=True):
    """One pair's verdict and what it rests on. Rates in basis points, money as decimal text, `order_share` and
    `break_even_win_rate` as fractions; None: not known, for the win rate: none is enough."""

    pair: str
    answer: Answer
    reason: str
    seconds: int
    trades: int
    maker_bps: float
    taker_bps: float
    hurdle_bps: float
    spread_bps: Percentiles | None
    sigma_bps: float | None
    horizon_s: float
    reach_bps: float | None
    least_order: str | None
    lease: str
    order_share: float | None
    capital_needed: str | None
    break_even_win_rate: float | None
    edges: tuple[Edge, ...]


def judge(instrument: Instrument, meter: EdgeMeter, terms: Terms) -> Viability:
    """Return the verdict on what the meter saw."""
    fees, spread, sigma = terms.fees, meter.spread_bps, meter.sigma_bps
    needed = least_order(instrument, meter.book.ask_ticks[0], fees) if meter.book is not None else None
    least = Money(max(needed, terms.least_lease)) if needed is not None else None
    within = reach(spread.p50, sigma, fees) if spread is not None and sigma is not None else None
    answer, reason = _verdict(instrument, meter, terms, least)
    return Viability(
        pair=instrument.pair,
        answer=answer,
        reason=reason,
        seconds=meter.seconds,
        trades=meter.trades,
        maker_bps=fees.maker_ppm / 100,
        taker_bps=fees.taker_ppm / 100,
        hurdle_bps=fees.round_trip_maker_bps,
        spread_bps=spread,
        sigma_bps=sigma,
        horizon_s=terms.horizon_s,
        reach_bps=within.expected_bps if within is not None else None,
        least_order=None if needed is None else money_text(needed),
        lease=money_text(terms.lease),
        order_share=needed / terms.lease if needed is not None and terms.lease > 0 else None,
        capital_needed=None if least is None else money_text(Money(least * terms.traders)),
        break_even_win_rate=break_even_win_rate(spread.p50, sigma, fees) if spread and sigma is not None else None,
        edges=meter.edges(fees),
    )


def _verdict(instrument: Instrument, meter: EdgeMeter, terms: Terms, least: Money | None) -> tuple[Answer, str]:
    if instrument.status not in TRADED_STATUSES:
        return Answer.NO, f"the exchange has it {instrument.status}"
    if least is None:
        return Answer.UNKNOWN, "no two-sided book was seen"
    if least > terms.lease:
        capital = _text(Money(least * terms.traders), instrument)
        return Answer.NO, (
            f"the smallest order needs {_text(least, instrument)}, a share is {_text(terms.lease, instrument)}:"
            f" {capital} of capital would be needed"
        )
    spread, sigma = meter.spread_bps, meter.sigma_bps
    if spread is None or sigma is None:
        return Answer.UNKNOWN, f"too little was seen to tell how it moves: {meter.seconds} s"
    within = reach(spread.p50, sigma, terms.fees)
    if not within.pays:
        return Answer.NO, f"{within.text}, fees would eat every trade"
    edges = meter.edges(terms.fees)
    proved = [edge for edge in edges if edge.is_proved]
    if proved:
        return Answer.YES, "; ".join(
            f"{edge.name} earned {edge.mean_bps:.1f} bps a round trip, {edge.low_bps:.1f} bps at least,"
            f" against a hurdle of {edge.hurdle_bps:.1f} bps"
            for edge in proved
        )
    known = [edge for edge in edges if edge.low_bps is not None]
    if not known:
        most = max(edge.observations for edge in edges)
        return Answer.UNKNOWN, f"{within.text}, but {most} of {LEAST_OBSERVATIONS} observations tell nothing yet"
    told = ", ".join(
        f"{edge.name} {edge.mean_bps:+.1f} (+-{edge.error_bps:.1f}) of {edge.hurdle_bps:.1f}" for edge in known
    )
    return Answer.NO, f"it moves enough, but nothing was seen to earn the fees: {told} bps"


def _text(money: Money, instrument: Instrument) -> str:
    return f"{money_text(money, MONEY_SHOWN_DECIMALS)} {instrument.quote}"
