"""How long an order takes from hop to hop, as the gateway sees it; heartbeats carry it away.

request         sent by the trader -> read here
commit          one transaction of the journal
send            read here -> its bytes have left; the commit is within
tick_to_order   the frame that caused it was read by the feed handler -> its bytes have left
venue           its bytes have left -> the exchange acknowledged it
"""

from actors.vitals import Vitals
from wildbot.model.desk import OrderRequest


class GatewayHops:
    """The gateway's histograms. `commit` and `venue` are noted by those who know their beginning."""

    def __init__(self, vitals: Vitals) -> None:
        self.commit = vitals.hop("commit")
        self.venue = vitals.hop("venue")
        self.ready_ns = 0
        self._request = vitals.hop("request")
        self._send = vitals.hop("send")
        self._tick_to_order = vitals.hop("tick_to_order")

    def heard(self, request: OrderRequest, now_ns: int) -> None:
        """A request was read; a retold one without a time of sending counts for nothing."""
        self.ready_ns = 0
        if request.sent_ns:
            self._request.record(now_ns - request.sent_ns)

    def done(self, request: OrderRequest, heard_ns: int) -> None:
        """The request read at `heard_ns` was dealt with; when something of it left, its frame was ready at `ready_ns`."""
        if self.ready_ns:
            self._send.record(self.ready_ns - heard_ns)
            if request.tick_ns:
                self._tick_to_order.record(self.ready_ns - request.tick_ns)
