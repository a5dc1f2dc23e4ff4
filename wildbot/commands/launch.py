"""Starting supervisord for one home: its surroundings, its lock, and how it ends when its parent does.

Rules: the child gets its own session, so a Ctrl-C in the terminal reaches `wildbot up` alone, which stops things in
    order; it inherits the instance's lock, so that no second start succeeds while it lives.
Source: prctl(2) PR_SET_PDEATHSIG.
"""

import configparser
import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from wildbot.adapters.home import Home, HomeLock
from wildbot.adapters.telegram_access import read_access
from wildbot.desk.halt_switch import STOP_NS_MAX
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.settings import Settings
from wildbot.shipped import SHIPPED

CONFIGURATION_FILE = SHIPPED / "supervisord.conf"
PR_SET_PDEATHSIG = 1
SUPERVISORD_DEFAULT_S = 10
LAST_WORDS_S = 5
"""After its stop has ended one way or the other the supervisor still publishes, closes its sockets and logs."""

_libc = ctypes.CDLL(None, use_errno=True)


def ports_of(settings: Settings) -> dict[str, int]:
    """Return the loopback ports this instance will listen on, by the name of their setting.

    Raises: ConfigurationError when two settings name the same port.
    """
    ports = {"dashboard.port": settings.dashboard.port, "api.port": settings.api.port}
    if settings.exchange.embedded:
        ports["exchange.port"] = settings.exchange.port
    seen: dict[int, str] = {}
    for name, port in ports.items():
        if port in seen:
            raise ConfigurationError(f"{name} is {port} but {seen[port]} is the same port: each listener needs its own")
        seen[port] = name
    return ports


def port_is_free(port: int) -> bool:
    """Whether this machine's loopback port can be listened on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do: TIME_WAIT is no obstacle
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def environment_name(setting: str) -> str:
    """Return the environment variable of a dotted setting: "api.port" is WILDBOT_API__PORT."""
    return "WILDBOT_" + setting.replace(".", "__").upper()


def surroundings(home: Home, settings: Settings) -> dict[str, str]:
    """Return the environment of supervisord: ours, with this python first on PATH and the words supervisord.conf needs.

    Raises: ConfigurationError when there is a bot's token that the notifier could not use.
    """
    tells = settings.telegram.enabled and read_access(dict(os.environ), settings.telegram.api_url) is not None
    return os.environ | {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
        "PYTHONUNBUFFERED": "1",
        "WILDBOT_HOME": str(home.root),
        "WILDBOT_PROFILE": settings.profile.value,
        "WILDBOT_EXCHANGE__EMBEDDED": str(settings.exchange.embedded).lower(),
        "WILDBOT_RECORDER__ENABLED": str(settings.recorder.enabled).lower(),
        "WILDBOT_TELEGRAM__ENABLED": str(tells).lower(),
    }


def start_supervisord(home: Home, settings: Settings, lock: HomeLock, *, detached: bool) -> "subprocess.Popen[bytes]":
    """Start supervisord and return it. Not detached, it is told to stop in order should this process die in any way.

    Raises: ConfigurationError when supervisord.conf is not where it was shipped.
    """
    if not CONFIGURATION_FILE.is_file():
        raise ConfigurationError(
            f"{CONFIGURATION_FILE} is missing: install WildBot anew, or run it from its checkout (make venv)"
        )
    check_patience(CONFIGURATION_FILE)
    with (home.log / "supervisord.out").open("ab") as sink:
        return subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "--configuration", str(CONFIGURATION_FILE)],
            env=surroundings(home, settings),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=(lock.fileno(),),
            umask=0o077,
            preexec_fn=None if detached else _end_with_parent(os.getpid()),
        )


def check_patience(configuration: Path) -> None:
    """The supervisor needs its time to withdraw every order; killed in the middle of that it could not confirm it.

    Raises: ConfigurationError when supervisord.conf leaves it less.
    """
    conf = configparser.RawConfigParser(inline_comment_prefixes=(" ;",))
    conf.read(configuration, encoding="utf-8")
    patience_s = conf.getint("program:supervisor", "stopwaitsecs", fallback=SUPERVISORD_DEFAULT_S)
    needed_s = STOP_NS_MAX // NANOS_PER_SECOND + LAST_WORDS_S
    if patience_s < needed_s:
        raise ConfigurationError(
            f"{configuration.name}: stopwaitsecs of the supervisor is {patience_s} but must be at least {needed_s}, or"
            " an ordered stop is cut short while orders are being withdrawn"
        )


def _end_with_parent(parent: int) -> Callable[[], None]:
    def in_child() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return in_child
