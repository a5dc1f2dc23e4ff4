"""Builders of the security room: canaries, their disguises, and processes that try what they may not."""

import base64
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65_534
CANARY_KEY = "CanaryKeyCanaryKeyCanaryKeyCanaryKeyCanaryKeyCanary+/12="
CANARY_SECRET = base64.b64encode(b"canary secret, sixty-four bytes of it, to be found nowhere at all"[:64]).decode()


def disguises(secret: str) -> set[bytes]:
    """Return a secret as it may lie about: plain, for URLs, in base64 at each of the three offsets, decoded, in hex."""
    plain = secret.encode()
    found = {plain, quote(secret, safe="").encode(), plain.hex().encode(), plain[::-1]}
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + plain)
        found.add(encoded[4 : len(encoded) - 4])  # what does not depend on its neighbours
    if len(decoded := base64.b64decode(secret + "==")) > 16:
        found |= {decoded, decoded.hex().encode()}
    return found


def files_below(folder: Path) -> Iterator[Path]:
    """Yield every regular file."""
    yield from (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def run_python(code: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def as_nobody(attempt: Callable[[], str]) -> str:
    """Return what `attempt` says when a user tries it who owns nothing here. Only root can become somebody else."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            said = attempt()
        except BaseException as error:
            said = type(error).__name__
        os.write(writable, said.encode())
        os._exit(0)
    os.close(writable)
    os.waitpid(child, 0)
    with os.fdopen(readable) as answer:
        return answer.read()
