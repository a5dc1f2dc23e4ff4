"""One trading request that came over a WebSocket, with its way back."""

from collections.abc import Sequence

import msgspec

from wildbot.venues.kraken.server_faults_frames import HTML_PAGE
from wildbot.venues.kraken.server_frames import Request, error_frame, reply_frame
from wildbot.venues.kraken.server_ledger import Ledger
from wildbot.venues.kraken.server_outcomes import Part
from wildbot.venues.kraken.server_session import Session
from wildbot.venues.kraken.server_text import json_text
from wildbot.venues.kraken.server_trading import WebSocketTrading

_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])


class WebSocketCall:
    """A `server_outcomes.Call`; `seq` is its number in the ledger."""

    def __init__(
        self,
        session: Session,
        request: Request,
        account: str,
        via: str,
        seq: int,
        trading: WebSocketTrading,
        ledger: Ledger,
    ) -> None:
        self.method = request.method
        self.request = request
        self.account = account
        self.via = via
        self.seq = seq
        self._session = session
        self._trading = trading
        self._ledger = ledger

    def apply(self, now_ns: int) -> Sequence[Part]:
        """Carry it out; a request that names several orders has several replies."""
        parts = []
        for answer in self._trading.carry_out(self.request, self.account, now_ns):
            if answer.error:
                parts.append(Part(error_frame(self.request, answer.error, now_ns), answer.error))
            else:
                parts.append(Part(reply_frame(self.request, answer.result, now_ns, answer.top_level), ""))
        if self.method == "cancel_all_orders_after" and not parts[0].error:
            self._ledger.switch(self.account, self.request.params.get("timeout"), now_ns)
        return parts

    def refusal(self, error: str, parts: Sequence[Part], now_ns: int) -> str:
        """Return the error reply; with a result besides when there was one."""
        frame = error_frame(self.request, error, now_ns)
        if not parts or parts[0].error:
            return frame
        whole = _decoder.decode(frame)
        return json_text(whole | {"result": _decoder.decode(parts[0].text).get("result", msgspec.Raw(b"null"))})

    def answer(self, texts: Sequence[str], delay_ns: int, now_ns: int) -> None:
        """Send the replies, after a while."""
        for text in texts:
            if delay_ns:
                self._session.send_at(now_ns + delay_ns, text)
            else:
                self._session.send(text)

    def break_with(self, code: int) -> None:
        """Send a page instead of a reply: a frame that is no JSON."""
        self._session.send(HTML_PAGE)

    def lose(self) -> None:
        """Say nothing."""
