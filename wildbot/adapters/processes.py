"""Child processes that cannot outlive us: spawned with a clean environment, signalled, reaped.

Rules: the kernel sends SIGKILL to a child when the thread that made it ends (PR_SET_PDEATHSIG), so children are made by
    the main thread only, and each checks that its parent still lives. A child gets what it needs to run and what it is
    told, and nothing else of our environment: no credential can reach it.
Owns: one process per key, until it is reaped.
Source: prctl(2), PR_SET_PDEATHSIG.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Hashable, Mapping, Sequence
from typing import Generic, TypeVar

from wildbot.adapters.failpoints import FAILPOINTS_NAME

K = TypeVar("K", bound=Hashable)

PR_SET_PDEATHSIG = 1
CHILDREN_MAX = 16

_PASSED_ON = frozenset(
    {"PATH", "HOME", "LANG", "TZ", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME"}
) | {FAILPOINTS_NAME}
"""What Python and its libraries need to start, and what a drill tells every process; everything else stays here."""

_libc = ctypes.CDLL(None, use_errno=True)  # looked up before any fork: the child must not import anything


def end_with_parent(number: int) -> None:
    """Have the kernel send this process a signal when its parent ends. Call it from the main thread, first thing."""
    _libc.prctl(PR_SET_PDEATHSIG, number)


def clean_environment(told: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a child: what Python needs, locale names, and what it is `told`."""
    kept = {name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith("LC_")}
    return kept | dict(told)


class ChildProcesses(Generic[K]):
    """The children of this process, by a key of the caller's."""

    def __init__(self) -> None:
        self._children: dict[K, subprocess.Popen[bytes]] = {}

    def spawn(self, key: K, words: Sequence[str], told: Mapping[str, str]) -> int:
        """Start this Python with `words` after it and return the process id.

        The child has its own process group: a Ctrl-C in the terminal is for us, and we end our children in order.
        """
        assert threading.current_thread() is threading.main_thread(), "children die with the thread that made them"
        assert key not in self._children, key
        assert len(self._children) < CHILDREN_MAX, len(self._children)
        parent = os.getpid()

        def die_with_parent() -> None:
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # it died between our birth and the line above
                os._exit(1)

        child = subprocess.Popen(  # noqa: S603 - this very interpreter, words from our own code
            [sys.executable, *words],
            env=clean_environment(told),
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=die_with_parent,
        )
        self._children[key] = child
        return child.pid

    def signal(self, key: K, number: int) -> bool:
        """Send a signal; False when there is no such child any more."""
        child = self._children.get(key)
        if child is None or child.poll() is not None:
            return False
        child.send_signal(number)
        return True

    def reap(self) -> list[tuple[K, int]]:
        """Return the children that have ended since the last call with their exit codes; negative: by that signal."""
        ended = [(key, child.returncode) for key, child in self._children.items() if child.poll() is not None]
        for key, _ in ended:
            del self._children[key]
        return ended

    def __len__(self) -> int:
        return len(self._children)
