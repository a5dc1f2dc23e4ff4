"""A line for the log that a brain wants written."""

import msgspec

from wildbot.model.executions import Filled
from wildbot.model.instrument import Instrument, money_text
from wildbot.model.status import Severity
from wildbot.trading.position import FillOutcome


class Note(msgspec.Struct, frozen=True):
    """Something worth a line; `warning` and `critical` reach the owner. `code` names the condition."""

    level: Severity
    code: str
    text: str


def info_note(code: str, text: str) -> Note:
    """Return a note that is worth a line in the log and no more."""
    return Note(Severity.INFO, code, text)


def fill_note(fill: Filled, outcome: FillOutcome, instrument: Instrument) -> Note:
    """Return the line for one booked fill."""
    price, lots = instrument.price_text(fill.ticks), instrument.lots_text(fill.lots)
    trip = f", round trip {money_text(outcome.trip_pnl, 6)}" if outcome.trip_closed else ""
    text = f"{fill.side} {lots} at {price} as {fill.liquidity}, fee {money_text(fill.fee, 6)}{trip}"
    return Note(Severity.INFO, "fill", text)
