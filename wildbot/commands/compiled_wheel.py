"""The compiled build as a wheel: the plain wheel with the machine code beside the source it was made from.

    python -m wildbot.commands.compiled_wheel build/compiled dist     # what `make wheel` does, after the plain one

Rules: both wheels come from the same source and have the same version; pip takes the compiled one where it fits the
    machine and the Python, the plain one everywhere else. A build of another source is refused.
Source: the binary distribution format of the Python packaging guide (names, tags, RECORD).
"""

import base64
import hashlib
import sys
import sysconfig
import zipfile
from pathlib import Path

from wildbot.commands.compiled import PACKAGES, is_current
from wildbot.model.errors import ConfigurationError

PLAIN_TAG = "py3-none-any"


def pack(folder: Path, dist: Path) -> Path:
    """Write the compiled wheel of the build in `folder` beside the plain wheel in `dist`; return its path.

    Raises:
        ConfigurationError: when there is no plain wheel, or `folder` holds no whole build of this source.
    """
    if not is_current(folder):
        raise ConfigurationError(f"{folder} holds no compiled build of this source; `make compiled` makes one")
    plain = next(iter(sorted(dist.glob(f"wildbot-*-{PLAIN_TAG}.whl"))), None)
    if plain is None:
        raise ConfigurationError(f"{dist} holds no plain wheel to add machine code to")
    made = dist / plain.name.replace(PLAIN_TAG, _tag())
    with zipfile.ZipFile(plain) as source:
        files = {name: source.read(name) for name in source.namelist()}
    record = next(name for name in files if name.endswith(".dist-info/RECORD"))
    del files[record]
    described = record.replace("RECORD", "WHEEL")
    files[described] = _described(files[described].decode())
    files |= _built(folder)
    rows = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in files.items()]
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            target.writestr(name, content)
        target.writestr(record, "\n".join([*rows, f"{record},,"]) + "\n")
    return made


def _built(folder: Path) -> dict[str, bytes]:
    """Return what the build has: its source, which imports values from their own modules, and its machine code."""
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    found = [each for package in PACKAGES for each in (folder / package).rglob("*.py")]
    found += folder.rglob(f"*{suffix}")
    return {each.relative_to(folder).as_posix(): each.read_bytes() for each in sorted(found)}


def _tag() -> str:
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    return f"{python}-{python}-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"


def _described(plain: str) -> bytes:
    text = plain.replace("Root-Is-Purelib: true", "Root-Is-Purelib: false").replace(PLAIN_TAG, _tag())
    return text.encode()


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


if __name__ == "__main__":
    print(pack(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()))  # noqa: T201
