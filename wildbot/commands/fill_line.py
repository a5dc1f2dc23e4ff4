"""An event of the status socket as one line for the terminal.

Rules: only fills are worth a line; an event that cannot be read is none.
"""

import time

import msgspec

from wildbot.adapters.status_feed import Document
from wildbot.analytics.status_view import TradeView


def fill_line(event: Document) -> str | None:
    """Return an event as one line if it is a fill, else None."""
    if event.get("kind") != "fill":
        return None
    try:
        fill = msgspec.convert(event, TradeView, strict=False)
    except msgspec.ValidationError:
        return None
    clock = time.strftime("%H:%M:%S", time.gmtime(fill.ts_ns / 1e9))
    profit = f"  pnl {fill.pnl}" if fill.pnl not in (None, "0") else ""
    return f"{clock}  {fill.side:<4} {fill.qty} {fill.pair} at {fill.price}  {fill.liquidity}  fee {fill.fee}{profit}"
