"""What the order gateway says aloud of orders: for those who look on and never act.

Rules: the tape runs beside the order path, after the bytes have left; nobody waits for a listener, and one that missed a
    number knows it. Orders come as they were sent, reports with the venue's own times.
"""

import msgspec

from wildbot.model.executions import OrderReport
from wildbot.model.orders import NewOrder
from wildbot.model.status import InstrumentTable

TapeBody = NewOrder | OrderReport | InstrumentTable


class TapeEntry(msgspec.Struct, frozen=True, array_like=True, tag="tape"):
    """One entry; `seq` rises by one per start of the gateway. Rules and rates are repeated every few seconds."""

    seq: int
    body: TapeBody
