"""The simulated exchange's back door during a drill: faults, orders of others, the ledger.

Rules: a fault counts only once the exchange says that it struck. Loopback only. The ledger is read all along by a thread,
    because it lives in the exchange's memory and the exchange ends with the rest.
Owns: the ledger as read, over all lives of the exchange.
"""

import contextlib
import json
import threading
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import requests

from wildbot.drill.failure import DrillError

TIMEOUT_S = 30.0
LOOK_EVERY_S = 0.1
READ_EVERY_S = 0.25
ALL_OF_IT = "1000000"
"""A size that takes a whole level, wherever in its queue our order stands."""

Line = dict[str, Any]


class ExchangeDoor:
    """Speaks to one exchange's admin interface."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}/admin"
        self._door = requests.Session()
        self._door.trust_env = False
        self._reader = requests.Session()
        self._reader.trust_env = False
        self._reading = threading.Lock()
        self._past: list[Line] = []
        self._ledger: list[Line] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="ledger", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop reading and give the connections back."""
        self._ending.set()
        self._thread.join(5)
        self._door.close()
        self._reader.close()

    def faults(self, script: Sequence[Mapping[str, object]]) -> None:
        """Arm faults. Raises: DrillError when the exchange refuses the script or a deed could not be done."""
        answer = self._post("faults", list(script))
        if answer.get("error") or answer.get("failed"):
            raise DrillError(f"the exchange did not take the fault {script!r}: {answer.get('error') or answer['failed']}")

    def try_fault(self, fault: Mapping[str, object]) -> bool:
        """Arm one fault that may come too late for its order; return whether it could be done."""
        answer = self._post("faults", [fault])
        return not (answer.get("error") or answer.get("failed"))

    def clear_faults(self) -> None:
        """Disarm everything and end what lasts."""
        self.faults([{"verb": "clear"}])

    def strikes(self, verb: str, since_seq: int = 0) -> list[Line]:
        """Return the ledger's lines that say this fault struck, after line `since_seq`."""
        lines = self.ledger(since_seq)
        return [
            line
            for line in lines
            if line["kind"] == "fault"
            and line.get("action") == "fired"
            and line.get("verb") == verb
            and "failed" not in line
        ]

    def seq(self) -> int:
        """Return the number of the ledger's last line; pass it as `since` to see what comes next."""
        self._read_ledger()
        with self._reading:
            return int(self._ledger[-1]["seq"]) if self._ledger else 0

    def ledger(self, since_seq: int = 0) -> list[Line]:
        """Return the exchange's ground truth, in order: all of it, or what its present life told after `since_seq`."""
        self._read_ledger()
        with self._reading:
            if not since_seq:
                return [*self._past, *self._ledger]
            first = int(self._ledger[0]["seq"]) if self._ledger else 1
            return self._ledger[max(0, since_seq + 1 - first) :]

    def read_lines(self) -> tuple[Line, ...]:
        """Return all that was read so far, without asking the exchange: it may have ended."""
        with self._reading:
            return (*self._past, *self._ledger)

    def others_order(self, pair: str, side: str, price: str, qty: str = ALL_OF_IT) -> None:
        """Let another participant take everything up to a price."""
        self.others_orders([{"pair": pair, "side": side, "type": "limit", "tif": "ioc", "price": price, "qty": qty}])

    def others_orders(self, orders: Sequence[Mapping[str, object]]) -> list[Line]:
        """Place orders of other participants; return the answers in the same order."""
        answer = self._post("orders", list(orders))
        rows: list[Line] = answer.get("orders", [])
        return rows

    def wait_until_up(self, timeout_s: float) -> None:
        """Wait until the exchange answers. Raises: DrillError when it does not in time."""
        until_s = time.monotonic() + timeout_s
        while True:
            try:
                self._door.get(f"{self._base}/faults", timeout=2)
            except requests.RequestException:
                if time.monotonic() > until_s:
                    raise DrillError(f"the exchange did not start within {timeout_s:g} s") from None
                time.sleep(LOOK_EVERY_S)
            else:
                return

    def _follow(self) -> None:
        while not self._ending.wait(READ_EVERY_S):
            with contextlib.suppress(DrillError):  # not up yet, killed, or ended
                self._read_ledger()

    def _read_ledger(self) -> None:
        with self._reading:
            since = int(self._ledger[-1]["seq"]) if self._ledger else 0
            lines = self._get(since)
            if since and not lines and not self._get(since - 1):
                # The exchange started anew and counts from one again.
                self._past, self._ledger, lines = [*self._past, *self._ledger], [], self._get(0)
            self._ledger += lines

    def _get(self, since: int) -> list[Line]:
        try:
            answer = self._reader.get(f"{self._base}/ledger", params={"since": since}, timeout=TIMEOUT_S)
        except requests.RequestException:
            raise DrillError("the exchange does not answer its back door") from None
        return [json.loads(line, parse_float=Decimal) for line in answer.text.splitlines() if line]

    def _post(self, name: str, body: Sequence[Mapping[str, object]]) -> Line:
        try:
            answer = self._door.post(f"{self._base}/{name}", json=body, timeout=TIMEOUT_S)
            document: Line = answer.json()
        except (requests.RequestException, ValueError):
            raise DrillError("the exchange does not answer its back door") from None
        return document
