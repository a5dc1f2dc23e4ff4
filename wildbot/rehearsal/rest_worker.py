"""A client's REST calls on virtual time: `adapters.venue_client` with planned answers, signatures and nonces included."""

from collections.abc import Callable

from wildbot.model.errors import VenueRefusal, VenueSilence
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.rehearsal.venue import API_KEY, API_SECRET, Venue
from wildbot.venues.kraken.rest import PUBLIC_PATH, read_result, signed_request
from wildbot.venues.kraken.rest_calls import NonceReserve, RestCall, RestOutcome
from wildbot.venues.kraken.rest_pace import RATE_REFUSAL, RestPace
from wildbot.venues.kraken.server_rest import RestReply

REST_SILENCE_NS = 10 * NANOS_PER_SECOND
REST_QUEUE_MAX = 200
OVERTAKEN_S = 0.2


class VirtualRest:
    """A client's REST worker, with the manners of `VenueClient`: one call after the other, urgent ones first."""

    def __init__(
        self,
        venue: Venue,
        nonces: NonceReserve,
        *,
        calls_per_s: float,
        counter_empty_ns: int,
        clock_ns: Callable[[], int],
        tell: Callable[[RestOutcome], None],
    ) -> None:
        self._venue = venue
        self._nonces = nonces
        now_s = venue.timeline.now_ns / NANOS_PER_SECOND
        self._pace = RestPace(calls_per_s, empty_in_s=(counter_empty_ns - clock_ns()) / NANOS_PER_SECOND, now_s=now_s)
        self._clock_ns = clock_ns
        self._tell = tell
        self._waiting: list[RestCall] = []
        self._is_busy = False
        self._held_until_ns = 0
        self.is_closed = False

    @property
    def counter_empty_ns(self) -> int:
        """When the venue's call counter is empty if no further call leaves, by our clock."""
        now_s = self._venue.timeline.now_ns / NANOS_PER_SECOND
        return self._clock_ns() + int(self._pace.empty_in_s(now_s) * NANOS_PER_SECOND)

    def hold(self, until_ns: int) -> None:
        """Let no private call leave before this time of our clock: they are answered with silence at once."""
        self._held_until_ns = until_ns

    def submit(self, call: RestCall) -> bool:
        """Queue a call; False when the queue is full."""
        if len(self._waiting) >= REST_QUEUE_MAX:
            return False
        self._waiting.append(call)
        self._next()
        return True

    def _next(self) -> None:
        if not self._is_busy and self._waiting and not self.is_closed:
            self._is_busy = True
            self._leave()

    def _leave(self) -> None:
        if self.is_closed:
            return
        call = next((each for each in self._waiting if each.urgent), self._waiting[0])
        now_s = self._venue.timeline.now_ns / NANOS_PER_SECOND
        wait_s = self._pace.wait_s(call.endpoint, now_s) if call.private else 0.0
        if wait_s > 0:  # in small steps, since an urgent call may come in meanwhile
            self._venue.timeline.after(int(min(wait_s + 0.001, OVERTAKEN_S) * NANOS_PER_SECOND), self._leave)
            return
        self._waiting.remove(call)
        venue, now_ns = self._venue, self._venue.timeline.now_ns
        if call.private:
            self._pace.left(call.endpoint, now_s)
            if self._clock_ns() < self._held_until_ns:
                venue.timeline.at(now_ns, lambda: self._heard(call, VenueSilence("held back: the venue locked us out")))
                return
            try:
                nonce = self._nonces.draw(self._clock_ns())
            except VenueSilence as silence:
                self._heard(call, silence)
                return
            request = signed_request(call.endpoint, call.params, nonce=nonce, key=API_KEY, secret=API_SECRET)
            headers = {name.lower(): value for name, value in request.headers.items()}
            venue.diary.note(now_ns, f"rest> {call.endpoint} ", request.body)
            venue.timeline.after(
                venue.latency_ns,
                lambda: self._reach(
                    call, lambda: venue.rest.post(request.path, headers, request.body, venue.timeline.now_ns)
                ),
            )
        else:
            query = {name: str(value) for name, value in call.params.items()}
            venue.diary.note(now_ns, f"rest> {call.endpoint} ", str(query).encode())
            path = PUBLIC_PATH + call.endpoint
            venue.timeline.after(
                venue.latency_ns, lambda: self._reach(call, lambda: venue.rest.get(path, query, venue.timeline.now_ns))
            )

    def _reach(self, call: RestCall, ask: Callable[[], RestReply]) -> None:
        venue = self._venue
        reply = ask()
        venue.flush()
        late_ns = venue.timeline.now_ns + REST_SILENCE_NS
        state = {"told": False}

        def heard(outcome: bytes | VenueRefusal | VenueSilence) -> None:
            if not state["told"]:
                state["told"] = True
                self._heard(call, outcome)

        def known() -> None:
            if not reply.dropped:
                venue.timeline.after(reply.delay_ns + venue.latency_ns, lambda: heard(_read(reply)))

        venue.timeline.at(late_ns, lambda: heard(VenueSilence(f"{call.endpoint}: ReadTimeout")))
        if reply.waiting:
            reply.wake = known
        else:
            known()

    def _heard(self, call: RestCall, outcome: bytes | VenueRefusal | VenueSilence) -> None:
        if self.is_closed:
            return
        if call.private and isinstance(outcome, VenueRefusal) and str(outcome).startswith(RATE_REFUSAL):
            self._pace.refused(self._venue.timeline.now_ns / NANOS_PER_SECOND)
        shown = outcome if isinstance(outcome, bytes) else str(outcome).encode()
        self._venue.diary.note(self._venue.timeline.now_ns, f"rest< {call.endpoint}", shown)
        self._is_busy = False
        self._tell(RestOutcome(call.tag, outcome))
        self._next()


def _read(reply: RestReply) -> bytes | VenueRefusal | VenueSilence:
    try:
        return read_result(reply.status, reply.body.encode())
    except (VenueRefusal, VenueSilence) as outcome:
        return outcome
