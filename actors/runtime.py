"""The one loop every actor runs: wait for news or the next deadline, handle it, say that we live.

Rules: one thread touches state; callbacks never block; a message nobody can read is counted and dropped, anything else
    that goes wrong ends the process loudly after its last words (`on_crash`), so that its supervisor can act.
Owns: the clock, the poller, the timers, the lock of this actor, the link to the supervisor.
See: `trader_config.py` for how a trader gets its settings without loading the tree; the other actors call
    `wildbot.settings_loading.load()`.
Source: the event loop of the ZeroMQ guide ("reactor") and of redis' ae.c.
"""

import contextlib
import heapq
import itertools
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

import zmq

from actors.spec import EXIT_DONE, EXIT_FAILED
from actors.vitals import Vitals
from wildbot.adapters import failpoints, garbage, log
from wildbot.adapters.build import this_build
from wildbot.adapters.home import Home
from wildbot.adapters.house_clock import HouseClock
from wildbot.adapters.zmq_bus import Spoke
from wildbot.model.control import FromSupervisor, ToSupervisor
from wildbot.model.errors import InvariantError, ProtocolError
from wildbot.model.status import Alert, AlertCleared, HeartbeatAck, Severity
from wildbot.protocol.bus import FROM_SUPERVISOR, encode
from wildbot.protocol.schema import build_word

if TYPE_CHECKING:
    from loguru import Logger

HEARTBEAT_S = 0.5
GUARD_S = 1.0
POLL_MAX_MS = 1_000
WARM_S = 15.0
UNREADABLE_LOGGED_EVERY_S = 10.0

Callback = Callable[[], None]


class HasFileno(Protocol):
    """Anything the operating system can wait for."""

    def fileno(self) -> int: ...


class Runtime:
    """One actor's loop.

    `linked` is False only for the supervisor itself and for tests: then nothing is sent up. `settings` is the fingerprint
    of the settings in force, for the supervisor to compare.
    """

    def __init__(
        self,
        name: str,
        home: Home,
        *,
        epoch: int = 0,
        level: str = "INFO",
        pair: str = "",
        linked: bool = True,
        settings: str = "",
    ) -> None:
        self.name = name
        self.home = home
        self.epoch = epoch
        failpoints.arm(os.environ)
        home.prepare()
        self._lock = home.lock(name)
        self._clock = HouseClock(home.run)
        self.log: Logger = log.start(home, name, level, pair)
        self.state = "starting"
        self.vitals = Vitals(build_word(settings))
        self.on_command: Callable[[FromSupervisor], None] = lambda command: None
        self.on_stop: Callback = lambda: self.stop(EXIT_DONE)
        self.on_crash: Callback = lambda: None
        self._poller = zmq.Poller()
        self._callbacks: dict[object, Callback] = {}
        self._timers: list[tuple[float, int, float, Callback]] = []
        self._order = itertools.count()
        self._exit_code: int | None = None
        self._handlers_before: dict[int, signal._HANDLER] = {}
        self._signals = self._catch_signals()
        self._acked = time.monotonic()
        self.is_answered = False
        """Whether the supervisor has answered a heartbeat: it does not answer a process of another build."""
        self._unreadable_logged = 0.0
        self._link = Spoke(home.socket("actors"), name) if linked else None
        if self._link is not None:
            self.watch(self._link.socket, self._hear_supervisor)
            self.every(HEARTBEAT_S, self._beat)
            self._beat()  # first of all: what an earlier process of this name said stood is over from here on

    # --- time -----------------------------------------------------------------------------------------------------

    def now_ns(self) -> int:
        """Return UTC now in nanoseconds: the only clock of this process, and of all processes of this run."""
        return self._clock.now_ns()

    def every(self, seconds: float, callback: Callback) -> None:
        """Call back each `seconds`, the first time after one period; a late loop skips, it never catches up in a burst."""
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), seconds, callback))

    def later(self, seconds: float, callback: Callback) -> None:
        """Call back once, `seconds` from now."""
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), 0.0, callback))

    # --- sources --------------------------------------------------------------------------------------------------

    def watch(self, source: "zmq.Socket[bytes] | HasFileno | int", callback: Callback) -> None:
        """Call back while `source` (a ZeroMQ socket, a descriptor or its owner) has something to read."""
        key: object = source if isinstance(source, zmq.Socket | int) else source.fileno()
        self._callbacks[key] = callback
        self._poller.register(key, zmq.POLLIN)

    def unwatch(self, source: "zmq.Socket[bytes] | HasFileno | int") -> None:
        """Forget a source; unknown ones are ignored."""
        key: object = source if isinstance(source, zmq.Socket | int) else source.fileno()
        if self._callbacks.pop(key, None) is not None:
            self._poller.unregister(key)

    def guard(self, *names: str) -> None:
        """Look after the socket files we have bound: when one is deleted or another's, new peers cannot find us.

        That ends this process, since only a new start may bind again (under the lock).
        """
        bound = {name: self.home.socket_file(name) for name in names}
        self.every(GUARD_S, lambda: self._check_bound(bound))

    def _check_bound(self, bound: Mapping[str, int]) -> None:
        for name, number in bound.items():
            if self.home.socket_file(name) != number:
                raise InvariantError(f"the socket file {name}.ipc was deleted or bound by another process")

    # --- the supervisor -------------------------------------------------------------------------------------------

    @property
    def run_word(self) -> str:
        """Names the run that this process is part of."""
        return self._clock.run

    def report(self, message: ToSupervisor) -> None:
        """Send a message up to the supervisor; lost when it is gone for long, as every row is sent again anyway."""
        if self._link is not None:
            self._link.send(encode(message))

    def alert(self, level: Severity, key: str, text: str) -> None:
        """Tell the owner about the condition `key`, in the log and upward."""
        self.log.log("CRITICAL" if level is Severity.CRITICAL else level.upper(), "{}: {}", key, text)
        self.report(Alert(self.now_ns(), level, self.name, key, text))

    def clear(self, key: str) -> None:
        """Tell that the condition `key` no longer holds."""
        self.report(AlertCleared(self.now_ns(), self.name, key))

    @property
    def supervisor_silence_s(self) -> float:
        """Seconds since the supervisor last answered a heartbeat (or since start)."""
        return time.monotonic() - self._acked

    def _beat(self) -> None:
        self.report(self.vitals.heartbeat(self.name, self.epoch, self.state, self.now_ns()))

    def _hear_supervisor(self) -> None:
        assert self._link is not None
        for frame in self._link.drain():
            command = FROM_SUPERVISOR.decode(frame)
            self._acked = time.monotonic()
            if isinstance(command, HeartbeatAck):
                self.is_answered = True
            else:
                self.on_command(command)

    # --- the loop -------------------------------------------------------------------------------------------------

    def stop(self, code: int = EXIT_DONE) -> None:
        """End the loop after this turn; the first code given wins."""
        if self._exit_code is None:
            self._exit_code = code

    @property
    def stopping(self) -> bool:
        """Whether the loop is about to end."""
        return self._exit_code is not None

    def run(self) -> int:
        """Run until `stop`; return the exit code. What start-up allocated is taken out of the collector's sight, and once
        more when everything has warmed up."""
        garbage.settle()
        self.later(WARM_S, garbage.settle)
        self.log.info("start pid={} epoch={} {} speaks {}", os.getpid(), self.epoch, this_build(), self.vitals.build)
        try:
            while self._exit_code is None:
                self.turn(self._wait_ms())
        except Exception:
            self.log.opt(exception=True).critical("the loop failed; this process ends")
            with contextlib.suppress(Exception):
                self.on_crash()
            self._exit_code = EXIT_FAILED
        self.log.info("end code={}", self._exit_code)
        self.close()
        return self._exit_code

    def turn(self, wait_ms: int) -> None:
        """Wait at most `wait_ms` for news, handle what came, fire the timers that are due."""
        events = self._poller.poll(wait_ms)
        began = time.perf_counter_ns()
        for source, _ in events:
            callback = self._callbacks.get(source)
            if callback is None:
                continue  # unwatched by an earlier callback of this very turn
            try:
                callback()
            except ProtocolError as error:
                self.dropped(error)
        self._fire_due()
        if events:
            self.vitals.turn_took(time.perf_counter_ns() - began)

    def _wait_ms(self) -> int:
        if not self._timers:
            return POLL_MAX_MS
        return max(0, min(POLL_MAX_MS, round((self._timers[0][0] - time.monotonic()) * 1_000 + 0.5)))

    def _fire_due(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            due, _, period, callback = heapq.heappop(self._timers)
            if period:
                self.vitals.timer_late(now - due)
                heapq.heappush(self._timers, (max(due + period, now), next(self._order), period, callback))
            try:
                callback()
            except ProtocolError as error:
                self.dropped(error)

    def dropped(self, error: ProtocolError) -> None:
        """Count a message nobody could read; the log hears of the first and then now and again, however many come."""
        self.vitals.unreadable += 1
        now = time.monotonic()
        if now - self._unreadable_logged > UNREADABLE_LOGGED_EVERY_S:
            self._unreadable_logged = now
            self.log.warning("dropped a message ({} so far): {}", self.vitals.unreadable, error)

    def _catch_signals(self) -> socket.socket:
        """Turn TERM and INT into bytes on a socket, so that the poller wakes up for them."""
        inbox, outbox = socket.socketpair()
        inbox.setblocking(False)
        outbox.setblocking(False)
        signal.set_wakeup_fd(outbox.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            self._handlers_before[number] = signal.signal(number, lambda signum, frame: None)
        self._wakeup = outbox  # kept open as long as this runtime lives

        def heard() -> None:
            inbox.recv(64)
            self.log.info("asked to stop")
            self.on_stop()

        self.watch(inbox, heard)
        return inbox

    def close(self) -> None:
        """Send a last heartbeat, give back signals, sockets and the lock. `run` does this itself."""
        signal.set_wakeup_fd(-1)
        for number, handler in self._handlers_before.items():
            signal.signal(number, handler)
        if self._link is not None:
            self._beat()
            self._link.socket.close(linger=200)
        self._signals.close()
        self._wakeup.close()
        self._lock.release()
