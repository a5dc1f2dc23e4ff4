"""The compiled wheel is the plain one with machine code in it, described and recorded as what it is."""

import base64
import hashlib
import sysconfig
import zipfile
from pathlib import Path

import pytest

from wildbot.commands.compiled import STAMP, fingerprint
from wildbot.commands.compiled_wheel import pack
from wildbot.model.errors import ConfigurationError

SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
PLAIN = "wildbot-9.9-py3-none-any.whl"
INFO = "wildbot-9.9.dist-info"


def a_build(folder: Path) -> Path:
    (folder / "wildbot" / "market").mkdir(parents=True)
    (folder / "actors").mkdir()
    (folder / "wildbot" / "market" / "book.py").write_text("from wildbot.values.book import Book as Book\n")
    (folder / "wildbot" / "market" / f"book{SUFFIX}").write_bytes(b"machine code")
    (folder / f"shared__mypyc{SUFFIX}").write_bytes(b"what they share")
    (folder / STAMP).write_text(fingerprint())
    return folder


def a_dist(folder: Path) -> Path:
    folder.mkdir()
    with zipfile.ZipFile(folder / PLAIN, "w") as wheel:
        wheel.writestr("wildbot/market/book.py", "class Book: ...\n")
        wheel.writestr("wildbot/cli.py", "import sys\n")
        wheel.writestr(f"{INFO}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{INFO}/RECORD", "")
    return folder


def test_the_wheel_has_the_code_of_the_build_and_everything_else_of_the_plain_wheel(tmp_path: Path) -> None:
    made = pack(a_build(tmp_path / "build"), a_dist(tmp_path / "dist"))
    with zipfile.ZipFile(made) as wheel:
        names = set(wheel.namelist())
        assert wheel.read("wildbot/market/book.py").startswith(b"from wildbot.values")
        described = wheel.read(f"{INFO}/WHEEL").decode()
        rows = [row.rsplit(",", 2) for row in wheel.read(f"{INFO}/RECORD").decode().splitlines()]
        recorded = {name: (digest, size) for name, digest, size in rows}
        for name in names - {f"{INFO}/RECORD"}:
            content = wheel.read(name)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            assert recorded[name] == (f"sha256={digest}", str(len(content)))
    assert recorded.keys() == names
    assert {f"wildbot/market/book{SUFFIX}", f"shared__mypyc{SUFFIX}", "wildbot/cli.py"} <= names
    assert "Root-Is-Purelib: false" in described
    assert "any" not in made.name.rsplit("-", 1)[1]
    assert made.name.removesuffix(".whl").split("-", 2)[2] in described


def test_a_build_of_another_source_becomes_no_wheel(tmp_path: Path) -> None:
    build = a_build(tmp_path / "build")
    (build / STAMP).write_text("of last week")
    with pytest.raises(ConfigurationError, match="no compiled build of this source"):
        pack(build, a_dist(tmp_path / "dist"))


def test_machine_code_without_a_plain_wheel_becomes_no_wheel(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    with pytest.raises(ConfigurationError, match="no plain wheel"):
        pack(a_build(tmp_path / "build"), tmp_path / "dist")
