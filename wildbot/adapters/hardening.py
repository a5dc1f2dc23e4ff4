"""A process that holds a secret leaves no copy of itself behind: no core dump, no reading of its memory by others.

Rules: called before the secret is read. A process that cannot be dumped hides its environment and memory from every other
    process of the same user too; its name, its times and its resident size stay readable.
Source: prctl(2) PR_SET_DUMPABLE, setrlimit(2) RLIMIT_CORE, proc(5) on who may read /proc/PID/environ.
"""

import ctypes
import os
import resource

from wildbot.model.errors import ConfigurationError

PR_GET_DUMPABLE = 3
PR_SET_DUMPABLE = 4

_libc = ctypes.CDLL(None, use_errno=True)
_libc.getenv.restype = ctypes.c_void_p
_libc.getenv.argtypes = (ctypes.c_char_p,)


def forbid_dumps() -> None:
    """Let nothing of this process's memory reach a disk or another process.

    Raises:
        ConfigurationError: if the kernel refuses; then no secret may be read.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if _libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 or is_dumpable():
        raise ConfigurationError(f"the kernel refuses to hide this process's memory: {os.strerror(ctypes.get_errno())}")


def is_dumpable() -> bool:
    """Whether the kernel would dump this process's memory, or show it to others of this user."""
    return bool(_libc.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)


def wipe_variable(name: str) -> None:
    """Overwrite an environment variable where the kernel shows it: removing it only forgets where it was."""
    address = _libc.getenv(name.encode())
    if address:
        ctypes.memset(address, ord("*"), len(ctypes.string_at(address)))
