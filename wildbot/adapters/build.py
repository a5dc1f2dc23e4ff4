"""Which WildBot this is: the commit it was checked out at, and the hash of the list of its dependencies.

Rules: two processes that name the same build and lock run the same code. Nothing is executed to find out.
"""

import functools
import hashlib
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parents[2]
UNKNOWN = "unknown"
SHOWN = 12


class Build(NamedTuple):
    """Commit and lock, `SHOWN` hexadecimal digits each; "unknown" outside of a checkout."""

    commit: str
    lock: str

    def __str__(self) -> str:
        return f"build {self.commit} lock {self.lock}"


@functools.cache
def this_build(checkout: Path = CHECKOUT) -> Build:
    """Return what this process runs, as it was when first asked."""
    try:
        lock = hashlib.sha256((checkout / "requirements.lock").read_bytes()).hexdigest()[:SHOWN]
    except OSError:
        lock = UNKNOWN
    return Build(_commit(checkout / ".git")[:SHOWN], lock)


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
