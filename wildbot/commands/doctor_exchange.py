"""The doctor's questions to the exchange: does it answer, is it open, does its clock agree, what may our key do.

Rules: a private question is asked only while no gateway holds the key and no reserved nonce lies ahead of the clock: it
    would take the gateway's place in the numbering. Its answer is judged by the rules the gateway itself starts by.
"""

import time
from collections.abc import Iterator

from wildbot.adapters.home import AlreadyRunningError
from wildbot.adapters.key_hold import KeyHold
from wildbot.adapters.secrets import ApiKey
from wildbot.commands.doctor_findings import Finding, Verdict
from wildbot.commands.venue_question import ask_exchange
from wildbot.desk.key_rights import KeyFacts, judge_key
from wildbot.model.errors import ProtocolError, VenueRefusal, VenueSilence
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.venues.kraken import rest

CLOCK_OFFSET_S_MAX = 2.0
"""Beyond, deadlines of orders are wrong and nonces run away; the gateway waits until the clocks agree."""

CLOCK_OFFSET_S_WARN = 1.0
WHOLE_SECOND_S = 0.5
"""The exchange tells whole seconds: half a second either way says nothing."""

PRIVATE_API = "private API"


def look_at_exchange(base_url: str) -> Iterator[Finding]:
    """Yield whether it answers, its state, and how far our clock is off."""
    status = ask_exchange(base_url, "SystemStatus")
    if not isinstance(status, bytes):
        yield Finding(
            "exchange", Verdict.FAIL, f"{base_url} does not answer: {status}", "check the network and the address"
        )
        return
    try:
        system = rest.read_system(status)
    except ProtocolError as error:
        yield Finding("exchange", Verdict.FAIL, f"{base_url} answers strangely: {error}", "check the address")
        return
    online = system == "online"
    yield Finding("exchange", Verdict.OK if online else Verdict.WARN, f"{base_url} is {system}", "" if online else "wait")
    yield _clock(base_url)


def _clock(base_url: str) -> Finding:
    asked_s = time.time()
    answer = ask_exchange(base_url, "Time")
    took_s = time.time() - asked_s
    try:
        if not isinstance(answer, bytes):
            return Finding("clock", Verdict.UNKNOWN, f"the exchange does not tell its time: {answer}", "try again")
        venue_s = rest.read_clock_ns(answer) / NANOS_PER_SECOND
    except ProtocolError as error:
        return Finding("clock", Verdict.UNKNOWN, f"the exchange tells no time: {error}", "try again")
    offset_s = asked_s + took_s / 2 - (venue_s + WHOLE_SECOND_S)
    unsure_s = WHOLE_SECOND_S + took_s / 2
    text = f"{offset_s:+.1f} s (give or take {unsure_s:.1f}) from the exchange's"
    cure = "synchronise this machine's clock (NTP)"
    if abs(offset_s) - unsure_s > CLOCK_OFFSET_S_MAX:
        return Finding("clock", Verdict.FAIL, text, cure)
    if abs(offset_s) - unsure_s > CLOCK_OFFSET_S_WARN:
        return Finding("clock", Verdict.WARN, text, cure)
    return Finding("clock", Verdict.OK, text)


def look_at_key(base_url: str, key: ApiKey, nonces_reserved_to: int) -> Iterator[Finding]:
    """Yield whether the exchange knows the key, and whether it has exactly the rights that trading needs.

    `nonces_reserved_to` is the last run's ceiling, in microseconds.
    """
    try:
        hold = KeyHold(key, base_url)
    except AlreadyRunningError as running:
        text = f"the order gateway (process {running.pid}) uses the key, and judged it when it started"
        yield Finding("key rights", Verdict.UNKNOWN, text, "ask again while WildBot is stopped")
        return
    try:
        ahead_s = nonces_reserved_to / 1e6 - time.time()
        if ahead_s > 0:
            text = f"the last run reserved numbers of calls for {ahead_s:.0f} more seconds"
            yield Finding(
                "key rights", Verdict.UNKNOWN, text, "ask again after that; the order gateway judges the key itself"
            )
            return
        yield from _judge(ask_exchange(base_url, "GetApiKeyInfo", key))
    finally:
        hold.release()


def _judge(answer: bytes | VenueRefusal | VenueSilence) -> Iterator[Finding]:
    if isinstance(answer, VenueSilence):
        yield Finding(PRIVATE_API, Verdict.FAIL, f"it does not answer: {answer}", "check the network; try again")
        return
    if isinstance(answer, VenueRefusal):
        cure = "check key and secret, and whether this machine is in the key's IP allow-list"
        yield Finding(PRIVATE_API, Verdict.FAIL, f"it refuses the key: {answer}", cure)
        return
    try:
        facts = KeyFacts(*rest.read_key(answer))
    except ProtocolError as error:
        yield Finding(PRIVATE_API, Verdict.FAIL, f"it answers strangely: {error}", "check the address")
        return
    yield Finding(PRIVATE_API, Verdict.OK, "it knows the key")
    judgement = judge_key(facts, int(time.time()))
    cure = "change it in the exchange's key settings"
    yield from (Finding("key rights", Verdict.FAIL, refusal, cure) for refusal in judgement.refusals)
    yield from (Finding("key rights", Verdict.WARN, warning, cure) for warning in judgement.warnings)
    if not any(judgement):
        yield Finding("key rights", Verdict.OK, "it may trade and nothing else; nonce window 0")
