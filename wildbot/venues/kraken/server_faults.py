"""Faults the simulated exchange commits on request: what is armed, what is due, and what has struck.

Rules: a fault waits until its time, then strikes what it matches until its count or its time is over. Chance comes from the
    exchange's own seeded generator. Every arming and every strike is in the ground-truth ledger; `ws.silence` and
    `ws.lag` only with their first strike, since they strike everything.
Owns: the armed faults. What a strike does is done elsewhere: requests in `server_outcomes`, messages in
    `server_faults_frames`, everything else in `server_faults_deeds`.
"""

import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wildbot.model.errors import ProtocolError
from wildbot.venues.kraken.server_faults_script import Fault
from wildbot.venues.kraken.server_faults_verbs import DEED_VERBS, FRAME_VERBS, LASTING, REQUEST_VERBS, VERBS
from wildbot.venues.kraken.server_ledger import Ledger

METHODS = {
    "AddOrder": "add_order",
    "AddOrderBatch": "batch_add",
    "AmendOrder": "amend_order",
    "EditOrder": "edit_order",
    "CancelOrder": "cancel_order",
    "CancelOrderBatch": "batch_cancel",
    "CancelAll": "cancel_all",
    "CancelAllOrdersAfter": "cancel_all_orders_after",
}
"""REST endpoints that answer to the WebSocket method's faults."""

ARMED_MAX = 1_000
STRIKES_KEPT = 1_000
NEVER_NS = 1 << 62


@dataclass(slots=True)
class Armed:
    """One fault that can still strike. `left` 0: no limit."""

    number: int
    fault: Fault
    from_ns: int
    until_ns: int
    left: int
    fired: int = 0
    ended: bool = False


class Faults:
    """Everything armed. `requests` and `frames` hold what is active now; both are empty most of the time."""

    def __init__(self, rng: random.Random, ledger: Ledger) -> None:
        self.requests: list[Armed] = []
        self.frames: list[Armed] = []
        self.next_due_ns = NEVER_NS
        self._rng = rng
        self._ledger = ledger
        self._waiting: list[Armed] = []
        self._triggered: list[Armed] = []
        self._strikes: deque[dict[str, object]] = deque(maxlen=STRIKES_KEPT)
        self._numbers = 0

    def arm(self, faults: Sequence[Fault], now_ns: int) -> list[Armed]:
        """Arm a whole script; call `turn` next. Raises: ProtocolError when it is too much; then nothing is armed."""
        standing = len(self._waiting) + len(self._triggered) + len(self.requests) + len(self.frames)
        if standing + len(faults) > ARMED_MAX:
            raise ProtocolError(f"{standing} faults are armed; at most {ARMED_MAX} may be")
        return [self._arm(fault, now_ns) for fault in faults]

    def _arm(self, fault: Fault, now_ns: int) -> Armed:
        self._numbers += 1
        from_ns = now_ns + fault.after_ns
        until_ns = from_ns + fault.for_ns if fault.for_ns else NEVER_NS
        armed = Armed(self._numbers, fault, from_ns, until_ns, fault.count)
        self._ledger.record("fault", now_ns, {"action": "armed", "number": armed.number, **self._described(armed)})
        self._waiting.append(armed)
        self._waiting.sort(key=lambda each: (each.from_ns, each.number))
        self.next_due_ns = min(self.next_due_ns, from_ns)
        return armed

    def turn(self, now_ns: int) -> list[Armed]:
        """Let time pass; return the deeds that are due now, in order."""
        if now_ns < self.next_due_ns:
            return []
        due: list[Armed] = []
        while self._waiting and self._waiting[0].from_ns <= now_ns:
            armed = self._waiting.pop(0)
            if armed.fault.verb in REQUEST_VERBS:
                self.requests.append(armed)
            elif armed.fault.verb in FRAME_VERBS:
                self.frames.append(armed)
            elif armed.fault.before or armed.fault.upon:
                self._triggered.append(armed)
            else:
                due.append(armed)
        for active in (self.requests, self.frames, self._triggered):
            active[:] = [armed for armed in active if armed.until_ns > now_ns]
        self._plan()
        return [armed for armed in due if self._strikes_now(armed)]

    def clear(self) -> None:
        """Disarm everything."""
        for standing in (self.requests, self.frames, self._triggered, self._waiting):
            for armed in standing:
                armed.ended = True
            standing.clear()
        self._plan()

    def _plan(self) -> None:
        ends = [armed.until_ns for active in (self.requests, self.frames, self._triggered) for armed in active]
        starts = [self._waiting[0].from_ns] if self._waiting else []
        self.next_due_ns = min([*ends, *starts], default=NEVER_NS)

    # --- strikes ----------------------------------------------------------------------------------------------------

    def strike_request(self, method: str, account: str, now_ns: int) -> Armed | None:
        """Return what befalls this request, counted down, or None."""
        method = METHODS.get(method, method)
        for armed in self.requests:
            fault = armed.fault
            wanted = fault.text("method")
            if METHODS.get(wanted, wanted) not in (method, "any") or fault.text("account") not in ("", account):
                continue
            if armed.until_ns > now_ns and self._strikes_now(armed):
                self.struck(armed, now_ns, {"method": method, "account": account})
                return armed
        return None

    def strike_deeds(self, when: str, method: str, now_ns: int) -> list[Armed]:
        """Return the deeds that wait for this request, `when` is "before" or "upon"; counted down."""
        method = METHODS.get(method, method)
        found: list[Armed] = []
        for armed in tuple(self._triggered):
            wanted = armed.fault.before if when == "before" else armed.fault.upon
            if METHODS.get(wanted, wanted) == method and armed.until_ns > now_ns and self._strikes_now(armed):
                found.append(armed)
        return found

    def frame_faults(self, channel: str, pair: str, conn: int, private: bool, now_ns: int) -> list[Armed]:
        """Return what may befall a message on its way to one connection, in the order of arming."""
        return [
            armed
            for armed in self.frames
            if armed.until_ns > now_ns
            and armed.fault.verb != "ws.badsum"
            and armed.fault.text("channel") in ("", channel)
            and armed.fault.text("pair") in ("", pair)
            and armed.fault.text("conn") in ("", str(conn), "private" if private else "public")
        ]

    def checksum(self, pair: str, checksum: int, now_ns: int) -> int:
        """Return the checksum to print: the right one, or a wrong one while `ws.badsum` is armed."""
        for armed in self.frames:
            if armed.fault.verb == "ws.badsum" and armed.fault.text("pair") in ("", pair) and self._strikes_now(armed):
                self.struck(armed, now_ns, {"pair": pair})
                self._ledger.record("book_invalid", now_ns, {"pair": pair, "cause": "ws.badsum"})
                return checksum ^ 1
        return checksum

    def chance(self, armed: Armed) -> bool:
        """Whether a message that matches is struck this time."""
        return self._strikes_now(armed)

    def _strikes_now(self, armed: Armed) -> bool:
        return not armed.ended and (armed.fault.probability >= 1 or self._rng.random() < armed.fault.probability)

    def struck(self, armed: Armed, now_ns: int, what: Mapping[str, object]) -> None:
        """Count one strike and write it down; a fault that has struck often enough is over."""
        armed.fired += 1
        if armed.fault.verb not in LASTING or armed.fired == 1:
            line = {"action": "fired", "number": armed.number, "verb": armed.fault.verb, **what}
            self._ledger.record("fault", now_ns, line)
            self._strikes.append({"ts_ns": now_ns, **line})
        if armed.left and armed.fired >= armed.left:
            armed.ended = True
            for active in (self.requests, self.frames, self._triggered):
                if armed in active:
                    active.remove(armed)

    # --- looking ----------------------------------------------------------------------------------------------------

    def listing(self) -> dict[str, object]:
        """Return what is armed, what struck lately, and what could be armed."""
        standing = [*self._waiting, *self._triggered, *self.requests, *self.frames]
        return {
            "armed": [
                {
                    "number": armed.number,
                    **self._described(armed),
                    "from_ns": armed.from_ns,
                    "until_ns": armed.until_ns if armed.until_ns < NEVER_NS else None,
                    "fired": armed.fired,
                }
                for armed in sorted(standing, key=lambda each: each.number)
            ],
            "fired": list(self._strikes),
            "verbs": {name: {"does": verb.does, "arguments": list(verb.arguments)} for name, verb in VERBS.items()},
        }

    def _described(self, armed: Armed) -> dict[str, object]:
        fault = armed.fault
        described: dict[str, object] = {"verb": fault.verb, "arguments": fault.arguments, "count": fault.count}
        if fault.verb in DEED_VERBS and (fault.before or fault.upon):
            described |= {"before": fault.before, "upon": fault.upon}
        if fault.probability < 1:
            described["probability"] = fault.probability
        return described
