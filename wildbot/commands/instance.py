"""The running WildBot of one home: its supervisord, its processes, and what remains when it should be gone.

Rules: a process belongs to a home when its own environment says so and its words are ours; a pid file is believed only if
    the process behind it is a supervisord of this home.
"""

import contextlib
import http.client
import os
import xmlrpc.client
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psutil
from supervisor.xmlrpc import SupervisorTransport

from actors.trader_config import ENVIRONMENT_NAME, TraderConfig, actor_name
from wildbot.adapters import house_clock
from wildbot.adapters.home import Home

LOCK_ROLE = "wildbot"
"""The lock of the whole instance: held by supervisord, so it lasts exactly as long as there is something to supervise."""

SUPERVISORD = "supervisord"
DASHBOARD = "dashboard"
TRADER = "trader"


@dataclass(frozen=True, slots=True)
class OwnProcess:
    """One live process of a home; `name` is its program's or, for a trader, "trader-BTC-USDC"."""

    pid: int
    name: str


class ProgramState(msgspec.Struct, frozen=True):
    """What supervisord knows of one program. Source: supervisor's getProcessInfo."""

    name: str
    statename: str
    pid: int = 0
    exitstatus: int = 0
    spawnerr: str = ""


class Instance:
    """Looks at one home from outside."""

    def __init__(self, home: Home) -> None:
        self.home = home

    @property
    def pid_file(self) -> Path:
        """Where supervisord writes its process id."""
        return self.home.run / f"{SUPERVISORD}.pid"

    def supervisord_pid(self) -> int | None:
        """Return the process id of this home's supervisord; None when there is none."""
        try:
            pid = int(self.pid_file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
        return pid if any(own.pid == pid and own.name == SUPERVISORD for own in self.processes()) else None

    def processes(self) -> list[OwnProcess]:
        """Return every live process of this home except the caller."""
        return [own for own in self._scan() if own.pid != os.getpid()]

    def programs(self) -> list[ProgramState]:
        """Return supervisord's view of its programs; empty while it starts, stops or is gone."""
        socket = f"unix://{self.home.run / 'supervisord.sock'}"
        proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=SupervisorTransport(None, None, socket))
        try:
            return msgspec.convert(proxy.supervisor.getAllProcessInfo(), list[ProgramState], strict=False)
        except (OSError, xmlrpc.client.Error, http.client.HTTPException, msgspec.ValidationError):
            return []
        finally:
            proxy("close")()

    def sweep(self) -> None:
        """Remove sockets, locks, pid files and the clock of a home without processes; a later start would replace them."""
        for pattern in ("*.ipc", "*.lock", "*.sock*", "*.pid", house_clock.FILE):
            for path in self.home.run.glob(pattern):
                path.unlink(missing_ok=True)

    def _scan(self) -> Iterator[OwnProcess]:
        for process in psutil.process_iter():
            try:
                words = process.cmdline()
                name = _program_name(words)
                if name is None or process.status() == psutil.STATUS_ZOMBIE:
                    continue
                surroundings = self._environment_of(process, name)
            except psutil.Error:
                continue  # gone meanwhile, or another user's
            trader = _trader_of(surroundings) if name == TRADER else None
            if surroundings.get("WILDBOT_HOME") == str(self.home.root):
                yield OwnProcess(process.pid, name if trader is None else actor_name(trader.pair))

    def _environment_of(self, process: psutil.Process, name: str) -> dict[str, str]:
        try:
            return process.environ()
        except psutil.AccessDenied:
            # The order gateway shows its memory to nobody; the lock it writes its number into says whose it is.
            with contextlib.suppress(OSError):
                if (self.home.run / f"{name}.lock").read_text(encoding="ascii").strip() == str(process.pid):
                    return {"WILDBOT_HOME": str(self.home.root)}
            raise


def _program_name(words: list[str]) -> str | None:
    """Return the program of a command line of ours: `... -m actors NAME`, `... -m supervisor.supervisord`, the cockpit."""
    module, *rest = words[words.index("-m") + 1 :] if "-m" in words[:-1] else [""]
    if module == "actors" and rest:
        return rest[0]
    if module == "supervisor.supervisord":
        return SUPERVISORD
    is_dashboard = module == "wildbot.dashboard.server" and any(word.endswith("dashboard_app.py") for word in rest)
    return DASHBOARD if is_dashboard else None


def _trader_of(surroundings: dict[str, str]) -> TraderConfig | None:
    """Return what a trader was told at its start; its pair is its name."""
    try:
        return msgspec.json.decode(surroundings.get(ENVIRONMENT_NAME, ""), type=TraderConfig)
    except msgspec.DecodeError:
        return None
