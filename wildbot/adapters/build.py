"""Which WildBot this is: the commit it was checked out at, and the hash of the list of its dependencies.

Rules: two processes that name the same build and lock run the same code. Nothing is executed to find out: what was made
    of a checkout without its `.git`, such as an image, carries the commit in the file `.commit`.
"""

import functools
import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from wildbot.shipped import SHIPPED

CARRIED = ".commit"
COMMIT = re.compile("[0-9a-f]{7,64}")
UNKNOWN = "unknown"
SHOWN = 12


class Build(NamedTuple):
    """Commit and lock, at most `SHOWN` hexadecimal digits each; "unknown" where nothing says it."""

    commit: str
    lock: str

    def __str__(self) -> str:
        return f"build {self.commit} lock {self.lock}"


@functools.cache
def this_build(checkout: Path = SHIPPED) -> Build:
    """Return what this process runs, as it was when first asked."""
    try:
        lock = hashlib.sha256((checkout / "requirements.lock").read_bytes()).hexdigest()[:SHOWN]
    except OSError:
        lock = UNKNOWN
    git = checkout / ".git"
    return Build((_commit(git) if git.exists() else _carried(checkout / CARRIED))[:SHOWN], lock)


def _carried(file: Path) -> str:
    try:
        commit = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return UNKNOWN
    return commit if COMMIT.fullmatch(commit) else UNKNOWN


def _commit(git: Path) -> str:
    try:
        if git.is_file():  # a linked work tree: the file says where the rest is
            git = (git.parent / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()).resolve()
        head = (git / "HEAD").read_text(encoding="ascii").strip()
        if not head.startswith("ref:"):
            return head or UNKNOWN
        name = head.removeprefix("ref:").strip()
        shared = git / "commondir"
        places = [git] if not shared.is_file() else [git, (git / shared.read_text(encoding="utf-8").strip()).resolve()]
        for place in places:
            if (place / name).is_file():
                return (place / name).read_text(encoding="ascii").strip()
            for line in _packed(place):
                commit, _, known = line.partition(" ")
                if known == name:
                    return commit
    except (OSError, UnicodeDecodeError):
        pass
    return UNKNOWN


def _packed(git: Path) -> list[str]:
    packed = git / "packed-refs"
    return packed.read_text(encoding="ascii").splitlines() if packed.is_file() else []
