"""What continuous integration runs: a browser where one can be had, and the tests whatever becomes of that."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BORROWED = ("bash", "dirname", "env", "timeout", "sh")


def words_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []


def run_with(tmp_path: Path, *, uid: int, installer: str, make: str = "exit 0") -> tuple[int, list[str]]:
    """Run the script where nothing exists but stand-ins that write down how they were called."""
    tools = tmp_path / "bin"
    tools.mkdir()
    diary = tmp_path / "diary"
    for name in BORROWED:
        (tools / name).symlink_to(shutil.which(name) or name)
    for name, deed in {"make": make, "apt-get": installer, "id": f"echo {uid}"}.items():
        noted = "" if name == "id" else f'echo "{name} $*" >>{diary}\n'
        (tools / name).write_text(f"#!{shutil.which('sh')}\n{noted}{deed}\n", encoding="utf-8")
        (tools / name).chmod(0o755)
    words = [str(ROOT / ".ci" / "run")]
    found = subprocess.run(words, env={"PATH": str(tools)}, capture_output=True, timeout=60, check=False)
    return found.returncode, words_of(diary)


def test_root_gets_a_browser_and_then_the_tests_run(tmp_path: Path) -> None:
    code, diary = run_with(tmp_path, uid=0, installer="exit 0")
    assert (code, diary[-1]) == (0, "make test")
    assert [line.split()[1] for line in diary[:-1]] == ["update", "install"] and diary[-2].endswith("chromium")


def test_without_a_browser_the_tests_run_all_the_same(tmp_path: Path) -> None:
    assert run_with(tmp_path, uid=0, installer="exit 100") == (0, ["apt-get update -qq", "make test"])


def test_nobody_but_root_installs_anything(tmp_path: Path) -> None:
    assert run_with(tmp_path, uid=1000, installer="exit 0") == (0, ["make test"])


@pytest.mark.parametrize("code", [0, 2])
def test_what_the_tests_say_is_what_counts(tmp_path: Path, code: int) -> None:
    assert run_with(tmp_path, uid=1000, installer="exit 0", make=f"exit {code}")[0] == code
