"""REST to a venue: one worker thread, a bounded queue, a descriptor that says when answers are here.

Rules: private calls leave one after the other, at most `calls_per_s`; urgent ones overtake the waiting; while they
    are held, none leaves. A nonce is drawn
    when its call leaves, rises strictly, and never leaves the reserve that the owner has put on disk. No exception text
    of the HTTP library is ever passed on: it may hold addresses and headers. Certificates are always verified.
Owns: the HTTP session, the nonce.
Source: Kraken REST authentication; the actor's loop stays the only thread that touches state.
"""

import itertools
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable

import requests
import urllib3

from wildbot.adapters.secrets import ApiKey
from wildbot.model.errors import VenueRefusal, VenueSilence
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.venues.kraken.rest import PUBLIC_PATH, read_result, signed_request
from wildbot.venues.kraken.rest_calls import NonceReserve, RestCall, RestOutcome
from wildbot.venues.kraken.rest_pace import RATE_REFUSAL, RestPace

QUEUE_MAX = 200
CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 10.0
BODY_BYTES_MAX = 16 * 2**20

OVERTAKEN_S = 0.2
"""How often a call that waits for the venue's counter looks whether an urgent one has come in."""


_STOP_RANK = 9


class VenueClient:
    """Submit calls, watch `fileno`, drain outcomes."""

    def __init__(
        self,
        base_url: str,
        key: ApiKey,
        nonces: NonceReserve,
        *,
        calls_per_s: float = 1.0,
        tier: str = "intermediate",
        counter_empty_ns: int = 0,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """`counter_empty_ns`: when the venue's call counter is empty after a former run, by `clock_ns`."""
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._nonces = nonces
        empty_in_s = (counter_empty_ns - clock_ns()) / NANOS_PER_SECOND
        self._pace = RestPace(calls_per_s, tier=tier, empty_in_s=empty_in_s, now_s=time.monotonic())
        self._held_until_ns = 0
        self._clock_ns = clock_ns
        self._calls: queue.PriorityQueue[tuple[int, int, RestCall | None]] = queue.PriorityQueue(QUEUE_MAX)
        self._order = itertools.count()
        self._outcomes: deque[RestOutcome] = deque()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="venue-rest", daemon=True)
        self._thread.start()

    def fileno(self) -> int:
        """Return the descriptor that is readable while outcomes wait."""
        return self._wake

    @property
    def waiting(self) -> int:
        """How many calls have not left yet."""
        return self._calls.qsize()

    @property
    def counter_empty_ns(self) -> int:
        """When the venue's call counter is empty if no further call leaves, for the next run to know."""
        return self._clock_ns() + int(self._pace.empty_in_s(time.monotonic()) * NANOS_PER_SECOND)

    def submit(self, call: RestCall) -> bool:
        """Queue a call; False when the queue is full (then it will never leave)."""
        try:
            self._calls.put_nowait((0 if call.urgent else 1, next(self._order), call))
        except queue.Full:
            return False
        return True

    def hold(self, until_ns: int) -> None:
        """Let no private call leave before this time: they are answered with silence at once."""
        self._held_until_ns = until_ns

    def drain(self) -> list[RestOutcome]:
        """Return the outcomes that are here, oldest first."""
        try:
            os.eventfd_read(self._wake)
        except BlockingIOError:
            pass
        outcomes: list[RestOutcome] = []
        while self._outcomes:
            outcomes.append(self._outcomes.popleft())
        return outcomes

    def close(self) -> None:
        """Let the worker end after the call it is in; waiting calls never leave."""
        self._stopping.set()
        try:
            self._calls.put_nowait((_STOP_RANK, next(self._order), None))
        except queue.Full:
            pass

    # --- the worker -----------------------------------------------------------------------------------------------

    def _work(self) -> None:
        session = requests.Session()
        session.trust_env = False  # no proxies or netrc from the environment: keys go straight to the venue
        while not self._stopping.is_set():
            _, _, call = self._calls.get()
            if call is None:
                return
            if call.private:
                while (wait_s := self._pace.wait_s(call.endpoint, time.monotonic())) > 0:
                    if self._stopping.wait(min(wait_s, OVERTAKEN_S)):
                        return
                    call = self._overtaken(call)
                self._pace.left(call.endpoint, time.monotonic())
            self._outcomes.append(RestOutcome(call.tag, self._outcome(session, call)))
            os.eventfd_write(self._wake, 1)

    def _overtaken(self, call: RestCall) -> RestCall:
        # An urgent call may have come in while this one waited for its second.
        if call.urgent:
            return call
        try:
            rank, number, other = self._calls.get_nowait()
        except queue.Empty:
            return call
        if rank == 0 and other is not None:
            self._calls.put((1, -1, call))
            return other
        self._calls.put((rank, number, other))
        return call

    def _outcome(self, session: requests.Session, call: RestCall) -> bytes | VenueRefusal | VenueSilence:
        try:
            status, body = self._exchange(session, call)
            return read_result(status, body)
        except VenueRefusal as refusal:
            if call.private and str(refusal).startswith(RATE_REFUSAL):
                self._pace.refused(time.monotonic())
            return refusal
        except VenueSilence as silence:
            return silence
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            return VenueSilence(f"{call.endpoint}: {type(error).__name__}")

    def _exchange(self, session: requests.Session, call: RestCall) -> tuple[int, bytes]:
        timeout = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S)
        if call.private:
            if self._clock_ns() < self._held_until_ns:
                raise VenueSilence("held back; the call was not sent")
            nonce = self._nonces.draw(self._clock_ns())
            request = signed_request(call.endpoint, call.params, nonce=nonce, key=self._key.key, secret=self._key.secret)
            answer = session.post(
                self._base_url + request.path,
                data=request.body,
                headers=request.headers,
                timeout=timeout,
                allow_redirects=False,
                stream=True,
            )
        else:
            url = self._base_url + PUBLIC_PATH + call.endpoint
            answer = session.get(url, params=call.params, timeout=timeout, allow_redirects=False, stream=True)
        with answer:
            body = answer.raw.read(BODY_BYTES_MAX + 1, decode_content=True)
        if len(body) > BODY_BYTES_MAX:
            raise VenueSilence(f"{call.endpoint}: answer larger than {BODY_BYTES_MAX} bytes")
        return answer.status_code, body
