"""WILDBOT_HOME: where this instance keeps its sockets, locks, logs and books.

Rules: `run/` and `data/` are for the owner alone (0700), and a start that finds them otherwise is refused: whoever could
    enter may have put something there. What a process of ours creates from then on is for the owner alone (umask 077). A
    socket is bound only by who holds the lock of the same actor, because a second bind of an ipc path succeeds silently
    and takes the traffic.
Source: unix(7) sun_path limit of 107 bytes; flock(2).
"""

import fcntl
import os
import stat
from pathlib import Path
from typing import IO

from wildbot.model.errors import ConfigurationError

SOCKET_PATH_BYTES_MAX = 107
LONGEST_SOCKET_NAME = "supervisord.sock.4194304"
"""supervisord binds a temporary name with its pid behind, before it renames."""


class AlreadyRunningError(ConfigurationError):
    """Another process holds the lock; `pid` is its process id as it wrote it (0 when it did not)."""

    def __init__(self, text: str, pid: int) -> None:
        super().__init__(text)
        self.pid = pid


class HomeLock:
    """An exclusive lock on one role in one home; held until `release` or until the process ends, however it ends."""

    def __init__(self, path: Path, role: str) -> None:
        self._path = path
        self._file = self._locked(role)
        while not self._is_in_place():  # its last holder removed the name while we waited at the door
            self._file.close()
            self._file = self._locked(role)
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def _locked(self, role: str) -> IO[str]:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        file: IO[str] = os.fdopen(descriptor, "a+", encoding="ascii")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            text = file.read().strip()
            file.close()
            pid = int(text) if text.isdigit() else 0
            raise AlreadyRunningError(
                f"{role} already runs in {self._path.parent.parent} (process {pid or 'unknown'})", pid
            ) from None
        return file

    def _is_in_place(self) -> bool:
        try:
            return os.fstat(self._file.fileno()).st_ino == self._path.stat().st_ino
        except FileNotFoundError:
            return False

    def fileno(self) -> int:
        """Return the descriptor, for a child that shall share the lock."""
        return self._file.fileno()

    def release(self) -> None:
        """Give the lock up and remove its file."""
        self._path.unlink(missing_ok=True)
        self._file.close()


class Home:
    """The folders of one instance."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.run = self.root / "run"
        self.log = self.root / "log"
        self.data = self.root / "data"
        self.reports = self.root / "reports"

    def prepare(self) -> None:
        """Create the folders with their modes; from now on this process creates files for the owner alone.

        Raises:
            ConfigurationError: if the path is too long for sockets, cannot be written, or `run/` or `data/` is not ours
                alone.
        """
        os.umask(0o077)
        longest = len(os.fsencode(self.run / LONGEST_SOCKET_NAME))
        if longest > SOCKET_PATH_BYTES_MAX:
            surplus = longest - SOCKET_PATH_BYTES_MAX
            raise ConfigurationError(
                f"WILDBOT_HOME {str(self.root)!r} is {surplus} bytes too long: socket paths may have"
                f" {SOCKET_PATH_BYTES_MAX} bytes, so the home may have {len(os.fsencode(self.root)) - surplus}"
            )
        try:
            for folder in (self.root, self.run, self.log, self.data, self.reports):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.run, self.data):
                if (found := why_open(folder)) is not None:
                    raise ConfigurationError(f"{folder} {found}; make sure of what is in it, then: chmod 700 {folder}")
        except OSError as error:
            raise ConfigurationError(f"WILDBOT_HOME {str(self.root)!r} cannot be used: {error.strerror}") from None

    def socket(self, name: str) -> Path:
        """Return the path of one of our ipc sockets."""
        return self.run / f"{name}.ipc"

    def socket_file(self, name: str) -> int:
        """Return which file one of our sockets is now (its inode; a second bind makes another), 0 when there is none."""
        try:
            return self.socket(name).stat().st_ino
        except OSError:
            return 0

    def endpoint(self, name: str) -> str:
        """Return the ZeroMQ address of one of our sockets."""
        return f"ipc://{self.socket(name)}"

    def lock(self, role: str) -> HomeLock:
        """Take the lock of one role. Raises: AlreadyRunningError when another process holds it."""
        return HomeLock(self.run / f"{role}.lock", role)


def why_open(path: Path) -> str | None:
    """Return how a file or folder is not ours alone, in words; None when it is. Raises: OSError."""
    status = path.stat()
    if status.st_uid != os.getuid():
        return f"belongs to another user ({status.st_uid})"
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return f"is open to others (mode {stat.S_IMODE(status.st_mode):04o})"
    return None
