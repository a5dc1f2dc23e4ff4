"""The doctor's look at this machine: the home and its modes, the disk, SQLite, and which WildBot this is.

Rules: a check repairs nothing; the home's folders are made as a start would, and one small file is written to time syncs.
"""

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from wildbot.adapters.build import this_build
from wildbot.adapters.home import Home, why_open
from wildbot.commands.compiled import runs_compiled
from wildbot.commands.doctor_findings import Finding, Verdict
from wildbot.model.errors import ConfigurationError
from wildbot.settings import Settings

FREE_BYTES_MIN = 500_000_000
"""Logs and the journal need little; below this the disk is about to be full for everybody."""

SYNC_MS_WARN = 50.0
"""Every order waits for one sync before it leaves; slower than this, the market has moved on."""

SYNCS_TIMED = 5
WAL_RESET_FIXED = (3, 51, 3)
NETWORK_FILESYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs"})
FILES_SHOWN = 3


def look_at_home(home: Home) -> Iterator[Finding]:
    """Yield what is wrong with the home's place and modes."""
    try:
        home.prepare()
    except ConfigurationError as error:
        yield Finding("home", Verdict.FAIL, str(error), "set WILDBOT_HOME to a short path of your own, open to nobody else")
        return
    yield Finding("home", Verdict.OK, str(home.root))
    open_ones = [path for folder in (home.run, home.data, home.log) for path in sorted(folder.rglob("*")) if _is_open(path)]
    if open_ones:
        names = ", ".join(str(path.relative_to(home.root)) for path in open_ones[:FILES_SHOWN])
        more = f" and {len(open_ones) - FILES_SHOWN} more" if len(open_ones) > FILES_SHOWN else ""
        cure = f"chmod -R go-rwx {home.root}"
        yield Finding("file modes", Verdict.WARN, f"others may read {names}{more}", cure)
    else:
        yield Finding("file modes", Verdict.OK, "nothing in run, data and log is open to others")


def _is_open(path: Path) -> bool:
    try:
        return path.is_file() and why_open(path) is not None
    except OSError:
        return False  # gone meanwhile: a socket, a rotated log


def look_at_disk(home: Home) -> Iterator[Finding]:
    """Yield free space, the kind of filesystem, and what one sync costs."""
    place = home.data if home.data.exists() else home.root.parent
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        yield Finding("disk", Verdict.FAIL, f"{place}: {error.strerror}", "set WILDBOT_HOME to a place you may write to")
        return
    text = f"{free / 1e9:.1f} GB free"
    if free < FREE_BYTES_MIN:
        yield Finding("disk", Verdict.FAIL, text, f"free at least {FREE_BYTES_MIN / 1e9:g} GB")
    else:
        yield Finding("disk", Verdict.OK, text)
    kind = filesystem_of(place)
    if kind in NETWORK_FILESYSTEMS:
        cure = "keep WILDBOT_HOME on a local disk: SQLite's locks are not to be trusted on a network filesystem"
        yield Finding("filesystem", Verdict.FAIL, f"{place} is on {kind}", cure)
    else:
        yield Finding("filesystem", Verdict.OK, kind or "unknown kind")
    yield _sync_cost(place)


def _sync_cost(folder: Path) -> Finding:
    try:
        slowest_ms = max(_timed_syncs(folder))
    except OSError as error:
        return Finding(
            "disk sync", Verdict.FAIL, f"{folder} cannot be written: {error.strerror}", "make it writable to you"
        )
    text = f"slowest of {SYNCS_TIMED} syncs {slowest_ms:.1f} ms"
    if slowest_ms > SYNC_MS_WARN:
        return Finding(
            "disk sync", Verdict.WARN, text, "every order waits for one: use a faster disk (wildbot bench journal)"
        )
    return Finding("disk sync", Verdict.OK, text)


def _timed_syncs(folder: Path) -> Iterator[float]:
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(SYNCS_TIMED):
            file.write(b"\0" * 4096)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            yield (time.perf_counter() - began) * 1_000


def filesystem_of(path: Path) -> str:
    """Return the kind of filesystem a path lies on ("ext4"); empty where the system does not tell."""
    try:
        table = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    place, best, kind = path.resolve(), -1, ""
    for line in table.splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split()
        if len(fields) > 4 and right and place.is_relative_to(mounted := fields[4]) and len(mounted) > best:
            best, kind = len(mounted), right.split()[0]
    return kind


def look_at_sqlite() -> Finding:
    """Whether SQLite has the fixes we know of."""
    if sqlite3.sqlite_version_info < WAL_RESET_FIXED:
        fixed = ".".join(map(str, WAL_RESET_FIXED))
        text = f"{sqlite3.sqlite_version} has the WAL-reset race, fixed in {fixed}; one writer alone does not meet it"
        return Finding(
            "SQLite", Verdict.WARN, text, "open the journal with nothing that writes; a newer Python brings the fix"
        )
    return Finding("SQLite", Verdict.OK, sqlite3.sqlite_version)


def look_at_build(settings: Settings) -> Finding:
    """Which code, dependencies and settings these are; two starts that print the same line run the same."""
    kind = "compiled" if runs_compiled() else "plain Python"
    return Finding("build", Verdict.OK, f"{this_build()} settings {settings.fingerprint}, {kind}")
