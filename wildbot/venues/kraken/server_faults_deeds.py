"""The faults that are deeds: what the exchange, or a stranger, does of its own accord when a fault says so.

Rules: a deed that cannot be done (no such order, nothing to sweep) is noted as failed and changes nothing. What lasts ends
    by itself after `for_s`, or with `clear`. An empty `account` means the first key's, an empty `pair` the first listed.
Owns: what lasts and how it ends. Deeds on orders, money and markets are in `server_faults_market`.
"""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from wildbot.model.errors import ProtocolError, VenueRefusal
from wildbot.model.market_data import SystemStatus
from wildbot.venues.kraken.server_faults import Armed, Faults
from wildbot.venues.kraken.server_faults_exchange import DirectedExchange
from wildbot.venues.kraken.server_faults_market import MarketDeeds
from wildbot.venues.kraken.server_faults_script import Fault
from wildbot.venues.kraken.server_keys import ApiKey, KeyRing
from wildbot.venues.kraken.server_ledger import Ledger
from wildbot.venues.kraken.server_lockout import Lockouts
from wildbot.venues.kraken.server_outcomes import Outcomes
from wildbot.venues.kraken.server_rights import ALL_RIGHTS
from wildbot.venues.kraken.server_session import Session
from wildbot.venues.kraken.server_stale import StaleReads
from wildbot.venues.kraken.server_stream import Stream

ENDINGS_MAX = 1_000
RESTART_STEPS = (SystemStatus.MAINTENANCE, SystemStatus.CANCEL_ONLY, SystemStatus.POST_ONLY, SystemStatus.ONLINE)
"""How an engine comes back, one step each third of the time."""

Ending = Callable[[int], None]


class Doors(Protocol):
    """The part of the server that deeds move."""

    exchange: DirectedExchange
    keys: KeyRing
    ledger: Ledger
    faults: Faults
    stream: Stream
    lockouts: Lockouts
    stale: StaleReads
    outcomes: Outcomes
    set_clock: Callable[[int], None] | None

    def close_all(self, which: str = "all", code: int = 1001, *, abrupt: bool = False) -> int:
        """Close connections; return how many."""
        ...


class Deeds:
    """Does what is due, and ends what lasted."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._market = MarketDeeds(doors.exchange, doors.ledger, doors.stream)
        self._endings: list[tuple[int, Ending]] = []
        self._refusing: Armed | None = None
        self._deeds: dict[str, Callable[[Fault, int], object]] = {
            "release": lambda fault, now_ns: doors.outcomes.release(fault.text("method"), now_ns),
            "clear": self._clear,
            "status": self._status,
            "stale_read": self._stale_read,
            "token.expire": self._expire_tokens,
            "key.revoke": self._revoke,
            "key.restrict": self._restrict,
            "announce": self._announce,
            "counter.set": self._set_counter,
            "lockout": self._lock_out,
            "clock.offset": self._set_clock,
            "engine.restart": self._restart,
            "ws.close": self._close,
        }

    def turn(self, now_ns: int) -> None:
        """End what is over."""
        if not self._endings or self._endings[0][0] > now_ns:
            return
        over = [ending for at_ns, ending in self._endings if at_ns <= now_ns]
        self._endings = [each for each in self._endings if each[0] > now_ns]
        for ending in over:
            ending(now_ns)

    def perform(self, armed: Armed, now_ns: int) -> str:
        """Do one deed; return why it failed, or nothing."""
        fault = armed.fault
        what: dict[str, object] = {"arguments": fault.arguments}
        error = ""
        try:
            if fault.verb == "ws.close" and fault.arguments["on_connect"]:
                self._refusing = armed
                return ""
            if fault.verb in self._deeds:
                result = self._deeds[fault.verb](fault, now_ns)
            else:
                account = self._account(fault.text("account")) if "account" in fault.arguments else ""
                result = self._market.do(fault, account, self.end_later, now_ns)
            if result is not None:
                what["result"] = result
        except (ProtocolError, VenueRefusal) as refusal:
            error = what["failed"] = str(refusal)
        self._doors.faults.struck(armed, now_ns, what)
        return error

    def greet(self, session: Session, now_ns: int) -> None:
        """A client has connected: refuse it while `ws.close` with `on_connect` says so."""
        armed = self._refusing
        if armed is None or armed.ended or armed.until_ns <= now_ns:
            self._refusing = None
            return
        which = armed.fault.text("which")
        if which == "all" or session.private == (which == "private"):
            self._doors.faults.struck(armed, now_ns, {"conn": session.number})
            session.close(armed.fault.whole("code"), abrupt=armed.fault.arguments["abrupt"] is True)

    def end_later(self, at_ns: int, ending: Ending) -> None:
        """Keep in mind how something ends."""
        if len(self._endings) >= ENDINGS_MAX:
            raise ProtocolError(f"{ENDINGS_MAX} faults last already")
        self._endings.append((at_ns, ending))
        self._endings.sort(key=lambda each: each[0])

    def _account(self, wanted: str) -> str:
        accounts = [key.account for key in self._doors.keys] + list(self._doors.keys.revoked_accounts)
        if wanted and wanted not in accounts:
            raise ProtocolError(f"no key has account {wanted[:40]!r}; there are: {', '.join(accounts)}")
        if not accounts:
            raise ProtocolError("the exchange has no key")
        return wanted or accounts[0]

    def _keys(self, fault: Fault) -> list[ApiKey]:
        account = fault.text("account")
        return [key for key in self._doors.keys if account in ("", key.account)]

    def _clear(self, fault: Fault, now_ns: int) -> None:
        self._doors.faults.clear()
        self._doors.stale.thaw()
        self._doors.outcomes.release("any", now_ns)
        self._refusing = None
        endings, self._endings = self._endings, []
        for _, ending in endings:
            ending(now_ns)

    def _status(self, fault: Fault, now_ns: int) -> None:
        exchange = self._doors.exchange
        exchange.set_system(SystemStatus(fault.text("mode")), now_ns)
        if fault.for_ns:
            self.end_later(now_ns + fault.for_ns, partial(exchange.set_system, SystemStatus.ONLINE))

    def _restart(self, fault: Fault, now_ns: int) -> None:
        self._doors.close_all()
        exchange = self._doors.exchange
        exchange.set_system(RESTART_STEPS[0], now_ns)
        for step, mode in enumerate(RESTART_STEPS[1:], start=1):
            at_ns = now_ns + fault.for_ns * step // (len(RESTART_STEPS) - 1)
            self.end_later(at_ns, partial(exchange.set_system, mode))

    def _stale_read(self, fault: Fault, now_ns: int) -> None:
        account = self._account(fault.text("account"))
        self._doors.stale.freeze(fault.text("endpoint"), account, now_ns + fault.nanos())

    def _expire_tokens(self, fault: Fault, now_ns: int) -> None:
        for key in self._keys(fault):
            key.forget_tokens()

    def _revoke(self, fault: Fault, now_ns: int) -> int:
        keys = self._keys(fault)
        for key in keys:
            key.forget_tokens()
            self._doors.keys.revoke(key)
        return len(keys)

    def _restrict(self, fault: Fault, now_ns: int) -> None:
        take, give = (_rights(fault.text(name)) for name in ("take", "give"))
        if not take and not give:
            raise ProtocolError("key.restrict takes and gives nothing")
        for key in self._keys(fault):
            before = frozenset(key.rights)
            key.rights = _without(before | give, take - give)
            if fault.for_ns:
                # Only what this fault changed: another one may end before or after it.
                self.end_later(now_ns + fault.for_ns, partial(_restore, key, before - frozenset(key.rights), give - before))

    def _announce(self, fault: Fault, now_ns: int) -> None:
        begin_ns = now_ns + fault.nanos("in_s")
        self._doors.stream.announce(begin_ns, begin_ns + fault.nanos(), now_ns)

    def _set_counter(self, fault: Fault, now_ns: int) -> None:
        if fault.text("which") == "rest":
            for key in self._keys(fault):
                key.set_counter(fault.whole("n"), now_ns)
            return
        pairs = [fault.text("pair")] if fault.text("pair") else list(self._doors.exchange.instruments)
        for pair in pairs:
            if pair not in self._doors.exchange.instruments:
                raise ProtocolError(f"no pair {pair[:40]!r}")
            account = self._account(fault.text("account"))
            self._doors.exchange.set_rate_counter(account, pair, fault.whole("n"), now_ns)

    def _lock_out(self, fault: Fault, now_ns: int) -> None:
        for key in self._keys(fault):
            self._doors.lockouts.lock(key.key, now_ns + fault.nanos())
            self.end_later(now_ns + fault.nanos(), partial(self._doors.lockouts.lock, key.key))

    def _set_clock(self, fault: Fault, now_ns: int) -> None:
        if self._doors.set_clock is None:
            raise ProtocolError("this exchange's clock is not its own")
        set_clock = self._doors.set_clock
        set_clock(fault.nanos())
        if fault.for_ns:
            self.end_later(now_ns + fault.for_ns, lambda at_ns: set_clock(0))

    def _close(self, fault: Fault, now_ns: int) -> int:
        abrupt = fault.arguments["abrupt"] is True
        return self._doors.close_all(fault.text("which"), fault.whole("code"), abrupt=abrupt)


def _rights(text: str) -> frozenset[str]:
    named = ALL_RIGHTS if text == "all" else tuple(word.strip() for word in text.split(",") if word.strip())
    for right in named:
        if right not in ALL_RIGHTS:
            raise ProtocolError(f"no right {right[:40]!r}; there are: {', '.join(ALL_RIGHTS)}")
    return frozenset(named)


def _without(rights: frozenset[str], taken: frozenset[str]) -> tuple[str, ...]:
    """Rights in the order in which they are told."""
    return tuple(right for right in ALL_RIGHTS if right in rights - taken)


def _restore(key: ApiKey, taken: frozenset[str], given: frozenset[str], now_ns: int) -> None:
    key.rights = _without(frozenset(key.rights) | taken, given)
