"""`wildbot up`: everything starts and trades; asked to stop, it stops in order."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from actors.gateway_setup import open_live_gate
from actors.run_record import halt_on_disk
from actors.spec import EXIT_CONFIGURATION, EXIT_DONE, EXIT_FAILED, EXIT_HALTED, EXIT_TIMED_OUT
from wildbot.adapters import house_clock
from wildbot.adapters.home import AlreadyRunningError, Home, HomeLock
from wildbot.adapters.live_gate import CONFIRM_NAME, CONFIRM_WORD
from wildbot.adapters.status_feed import StatusFeed
from wildbot.analytics.status_view import StatusView, view_of
from wildbot.commands import launch
from wildbot.commands.down import still_resting
from wildbot.commands.fill_line import fill_line
from wildbot.commands.instance import LOCK_ROLE, Instance
from wildbot.commands.live_start import examined_live_settings
from wildbot.commands.ordered_stop import stop_in_order
from wildbot.commands.start_progress import (
    StartProgress,
    misconfigured,
    waiting,
    waits_for,
    what_is_missing,
    working_pairs,
)
from wildbot.commands.terminal import explained, fail, say, warn
from wildbot.settings import Profile, Settings
from wildbot.settings_loading import OVERLAY_NAME, load

TRADING_WAIT_S = 60.0
"""Patience until trading; after it `up` says what is missing."""

STRAGGLER_WAIT_S = 6.0
"""Patience for the last traders once the first one quotes."""

WAITING_S = 10.0
"""When for so long nothing was wrong and nobody traded, the market is what it waits for."""

HALTED = "halted"
LOOK_EVERY_S = 0.25
FRESH_S = 3.0
LAST_LINES = 3


@explained
def up(
    profile: Annotated[str | None, typer.Option("--profile", "-p", help="sim (default), paper or live.")] = None,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="A file on top of the profile's.")] = None,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return once it trades or could; stop with `wildbot down`.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Do not print each fill.")] = False,
    i_understand_live: Annotated[
        bool, typer.Option("--i-understand-live", help="The second confirmation that profile live needs.")
    ] = False,
) -> None:
    """Start everything and trade; Ctrl-C stops in order.

    Example: wildbot up --profile sim
    """
    if config is not None:
        os.environ[OVERLAY_NAME] = str(config.resolve())  # every process of this run reads it
    settings = load({"profile": profile} if profile else None).settings
    if i_understand_live:
        os.environ[CONFIRM_NAME] = CONFIRM_WORD  # the order gateway looks for it again
    if settings.profile is Profile.LIVE:
        open_live_gate(settings)
        settings = examined_live_settings(settings)
    home = Home(settings.home)
    home.prepare()
    lock = _take_lock(home)
    try:
        _check_free(home, settings)
        house_clock.begin(home.run)
        child = launch.start_supervisord(home, settings, lock, detached=detach)
    except BaseException:
        lock.release()
        raise
    session = Session(home, settings, child)
    if detach:
        (home.run / f"{LOCK_ROLE}.lock").write_text(str(child.pid), encoding="ascii")  # who holds it from now on
        raise typer.Exit(session.run_until_trading())
    code = session.run(quiet=quiet)
    lock.release()
    raise typer.Exit(code)


def _take_lock(home: Home) -> HomeLock:
    try:
        return home.lock(LOCK_ROLE)
    except AlreadyRunningError as running:
        fail(
            f"WildBot already runs in {home.root} (process {running.pid}): stop it with `wildbot down`, or give the second"
            " one its own WILDBOT_HOME and ports",
            EXIT_FAILED,
        )


def _check_free(home: Home, settings: Settings) -> None:
    orphans = Instance(home).processes()
    if orphans:
        names = ", ".join(f"{own.name} ({own.pid})" for own in orphans)
        fail(f"processes of an earlier run are left: {names}; `wildbot down` stops them in order", EXIT_FAILED)
    for setting, port in launch.ports_of(settings).items():
        if not launch.port_is_free(port):
            name = launch.environment_name(setting)
            fail(f"port {port} is taken: end what uses it, or set {name} ({setting}) to a free one", EXIT_FAILED)


class Session:
    """One run of `up`: from the start of supervisord to the last line."""

    def __init__(self, home: Home, settings: Settings, child: "subprocess.Popen[bytes]") -> None:
        self._home = home
        self._settings = settings
        self._child = child
        self._instance = Instance(home)
        self._feed = StatusFeed(home)
        pairs = settings.trading.pairs or settings.trading.universe
        self._progress = StartProgress(min(settings.trading.max_traders, len(pairs)))
        self._announced = self._has_said_where = False
        self._asked_to_stop = threading.Event()
        self._asked_twice = threading.Event()

    def run_until_trading(self) -> int:
        """Return 0 once it trades; what was started goes on without us."""
        self._greet()
        with contextlib.closing(self._feed.start()):
            code = self._wait_for_trading()
        return EXIT_TIMED_OUT if code is None else code

    def run(self, *, quiet: bool) -> int:
        """Run in the foreground until asked to stop or until supervisord ends; return the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        self._greet()
        with contextlib.closing(self._feed.start()):
            code = self._wait_for_trading()
            if code in (None, EXIT_DONE, EXIT_HALTED):
                code = self._follow(quiet=quiet)
        return code if self._child.poll() is not None else self._stop(code)

    def _on_signal(self, number: int, frame: object) -> None:
        if self._asked_to_stop.is_set():
            self._asked_twice.set()
        self._asked_to_stop.set()

    def _greet(self) -> None:
        say(f"WildBot  {self._settings.profile}  in {self._home.root}", "bold")

    def _wait_for_trading(self) -> int | None:
        """Print progress; return 0 when it trades, could if the market called for it, or is asked to stop; None after too
        long, else a failure's code."""
        deadline = time.monotonic() + TRADING_WAIT_S
        while not self._asked_to_stop.is_set():
            programs, status = self._instance.programs(), self._status()
            for line in self._progress.news(programs, status):
                say(line)
            if (ended := self._child.poll()) is not None:
                warn(f"supervisord ended with code {ended}: {self._last_lines('supervisord')}")
                return EXIT_FAILED
            if name := misconfigured(programs):
                warn(f"{name}: {self._last_lines(name)}")
                return EXIT_CONFIGURATION
            if self._announce_once(status):
                return EXIT_DONE
            if self._progress.is_waiting(status, time.monotonic(), WAITING_S):
                self._say_ready(waiting(status))
                return EXIT_DONE
            if status is not None and status.state == HALTED:
                warn(f"HALTED  {'; '.join(status.reasons)}: nothing is traded until `wildbot rearm`")
                return EXIT_HALTED
            if time.monotonic() > deadline:
                for line in (f"not trading after {TRADING_WAIT_S:g} s:", *what_is_missing(programs, status)):
                    warn(line)
                return None
            self._asked_to_stop.wait(LOOK_EVERY_S)
        return EXIT_DONE

    def _announce_once(self, status: StatusView | None) -> bool:
        """Say that it trades as soon as it does; return whether that was said."""
        if self._announced or status is None:
            return self._announced
        self._announced = self._progress.is_trading(status, time.monotonic(), STRAGGLER_WAIT_S)
        if self._announced:
            self._announce(status)
        return self._announced

    def _announce(self, status: StatusView) -> None:
        strategy = status.traders[0].strategy if status.traders else self._settings.trading.strategy
        working = working_pairs(status)
        say(f"TRADING  {', '.join(working)} with {strategy} ({status.mode})", "bold green")
        for trader in status.traders:
            if trader.pair not in working:
                say(f"  {waits_for(trader) or f'{trader.pair}: {trader.reason or trader.state}'}")
        self._say_where()

    def _say_ready(self, lines: list[str]) -> None:
        say("READY  everything is up; it is the market's turn", "bold green")
        for line in lines:
            say(f"  {line}")
        self._say_where()

    def _say_where(self) -> None:
        if self._has_said_where:
            return
        self._has_said_where = True
        say(f"Dashboard  http://127.0.0.1:{self._settings.dashboard.port}", "bold")
        say("Logs  wildbot logs supervisor -f     Status  wildbot status     Stop  Ctrl-C or wildbot down")

    def _follow(self, *, quiet: bool) -> int:
        """Print fills as they come, until asked to stop or supervisord ends."""
        _, seen = self._feed.events_since(0)
        while not self._asked_to_stop.is_set():
            if self._child.poll() is not None:
                return self._ended_by_itself()
            self._asked_to_stop.wait(LOOK_EVERY_S)
            self._announce_once(self._status())
            events, seen = self._feed.events_since(seen)
            for line in () if quiet else map(fill_line, events):
                if line:
                    say(line)
        return EXIT_DONE

    def _ended_by_itself(self) -> int:
        code = self._child.returncode
        if code == 0:
            say("stopped from outside", "bold")
            return self._verdict(EXIT_DONE)
        warn(f"supervisord ended with code {code}: {self._last_lines('supervisord')}")
        return EXIT_FAILED

    def _stop(self, code: int) -> int:
        outcome = stop_in_order(self._home, say, give_up=self._asked_twice.is_set)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(5 if not outcome.left else 0.1)
        if outcome.left:
            warn(f"still stopping: {', '.join(f'{own.name} ({own.pid})' for own in outcome.left)}")
            return EXIT_TIMED_OUT
        if outcome.resting:
            warn(still_resting(outcome.resting))
            return self._verdict(EXIT_FAILED)
        say("stopped", "bold")
        return self._verdict(code)

    def _verdict(self, code: int) -> int:
        """Return the exit code of a run that ended in order: 3 when it ends halted."""
        reason = halt_on_disk(self._settings)
        if not reason:
            return code
        warn(f"halted: {reason}; the next start stays halted until `wildbot rearm`")
        return EXIT_HALTED

    def _status(self) -> StatusView | None:
        document, age_s = self._feed.latest()
        if document is None or age_s > FRESH_S:
            return None
        with contextlib.suppress(msgspec.ValidationError):
            return view_of(document)
        return None

    def _last_lines(self, program: str) -> str:
        try:
            text = (self._home.log / f"{program}.out").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return "it left no words"
        return " | ".join(text.strip().splitlines()[-LAST_LINES:]) or "it left no words"
