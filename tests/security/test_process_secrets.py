"""The process that holds a secret: no dump, no memory shown, no environment left, one holder per key."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.security.builders_security import CANARY_KEY, CANARY_SECRET, ROOT, run_python
from wildbot.adapters.home import AlreadyRunningError, Home
from wildbot.adapters.key_hold import KeyHold
from wildbot.adapters.secrets import ApiKey, check_kraken_key, read_api_key
from wildbot.model.errors import ConfigurationError
from wildbot.settings_loading import load

KEY = ApiKey("security test key", "c2VjcmV0")


def test_after_hardening_the_process_has_no_core_and_is_not_dumpable() -> None:
    told = run_python(
        "import resource; from wildbot.adapters.hardening import forbid_dumps, is_dumpable;"
        "before = is_dumpable(); forbid_dumps(); print(before, is_dumpable(), resource.getrlimit(resource.RLIMIT_CORE))"
    )
    assert told.stdout.strip() == "True False (0, 0)", told.stderr


def test_an_abort_leaves_no_core(tmp_path: Path) -> None:
    code = (
        "import os, resource; from wildbot.adapters.hardening import forbid_dumps;"
        "soft, hard = resource.getrlimit(resource.RLIMIT_CORE);"
        "resource.setrlimit(resource.RLIMIT_CORE, (hard, hard)); forbid_dumps();"
        f"os.chdir({str(tmp_path)!r}); os.abort()"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert ended.returncode == -6
    assert list(tmp_path.iterdir()) == []


def test_the_secret_of_the_environment_is_gone_from_where_the_kernel_shows_it() -> None:
    code = (
        "import os, pathlib; from wildbot.adapters.secrets import read_api_key; key = read_api_key(os.environ);"
        "seen = pathlib.Path('/proc/self/environ').read_bytes();"
        "print(key.key.encode() in seen, key.secret.encode() in seen, b'KRAKEN_API_SECRET=***' in seen, len(key.secret))"
    )
    environment = os.environ | {"KRAKEN_API_KEY": CANARY_KEY, "KRAKEN_API_SECRET": CANARY_SECRET}
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["False", "False", "True", str(len(CANARY_SECRET))]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_secret_file_that_others_may_open_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    path.write_text(CANARY_KEY)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match=f"open to others .mode {mode:04o}.*chmod 600") as caught:
        read_api_key({"KRAKEN_API_KEY_FILE": str(path), "KRAKEN_API_SECRET": "x"})
    assert CANARY_KEY not in str(caught.value)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_secret_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(CANARY_KEY)
    path.chmod(0o600)
    os.chown(path, 65_534, 65_534)
    with pytest.raises(ConfigurationError, match="belongs to another user"):
        read_api_key({"KRAKEN_API_KEY_FILE": str(path), "KRAKEN_API_SECRET": "x"})


def test_a_simulators_key_is_not_shown_to_kraken() -> None:
    shipped = load({"profile": "sim"}, environment={}).settings.exchange
    with pytest.raises(ConfigurationError, match="key of a simulated exchange") as caught:
        check_kraken_key(ApiKey(shipped.api_key, shipped.api_secret))
    assert shipped.api_key not in str(caught.value)


@pytest.mark.parametrize(
    "key", [ApiKey("short", CANARY_SECRET), ApiKey("K" * 56, "c2hvcnQ="), ApiKey("K" * 56, "no base64!"), ApiKey("", "")]
)
def test_what_cannot_be_a_key_of_krakens_is_not_shown_to_kraken(key: ApiKey) -> None:
    check_kraken_key(ApiKey("K" * 56, CANARY_SECRET))
    with pytest.raises(ConfigurationError, match="do not have the form"):
        check_kraken_key(key)


def test_a_key_never_prints() -> None:
    key = ApiKey(CANARY_KEY, CANARY_SECRET)
    assert CANARY_KEY not in repr(key) + str(key) + key.fingerprint and CANARY_SECRET not in repr(key) + str(key)


def test_one_key_has_one_holder_on_this_machine_and_the_second_is_told_whom() -> None:
    hold = KeyHold(KEY, "http://127.0.0.1:8765")
    try:
        with pytest.raises(AlreadyRunningError, match=f"process {os.getpid()}") as caught:
            KeyHold(KEY, "http://localhost:8765/")
        assert KEY.key not in str(caught.value)
        KeyHold(ApiKey("another key", "x"), "http://127.0.0.1:8765").release()
        KeyHold(KEY, "http://127.0.0.1:8766").release()  # another port is another exchange
    finally:
        hold.release()
    KeyHold(KEY, "http://127.0.0.1:8765").release()


def test_two_homes_cannot_hold_one_key_and_a_dead_holder_holds_nothing() -> None:
    code = (
        "import sys; from wildbot.adapters.key_hold import KeyHold; from wildbot.adapters.secrets import ApiKey;"
        "hold = KeyHold(ApiKey('two homes', 'x'), 'https://api.kraken.com'); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunningError) as caught:
            KeyHold(ApiKey("two homes", "x"), "https://api.kraken.com:443")
        assert caught.value.pid == other.pid
        other.kill()
        other.wait(10)
        KeyHold(ApiKey("two homes", "x"), "https://api.kraken.com").release()


@pytest.mark.parametrize("name", ["run", "data"])
def test_a_start_over_a_folder_open_to_others_is_refused_and_changes_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name).chmod(0o755)
    with pytest.raises(ConfigurationError, match=r"open to others \(mode 0755\).*chmod 700"):
        Home(tmp_path).prepare()
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o755


def test_what_a_process_of_ours_creates_is_for_the_owner_alone(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from wildbot.adapters.home import Home; home = Home(Path(sys.argv[1]));"
        "home.prepare(); (home.data / 'x').write_text(''); lock = home.lock('y');"
        "print(*(oct(p.stat().st_mode & 0o777) for p in (home.data / 'x', home.run / 'y.lock', home.run, home.data, home.log)))"
    )
    assert run_python(code, str(tmp_path / "h")).stdout.split() == ["0o600", "0o600", "0o700", "0o700", "0o700"]


def test_the_gateway_hardens_itself_before_it_reads_a_key() -> None:
    text = (ROOT / "actors" / "gateway_setup.py").read_text(encoding="utf-8")
    steps = [text.index(step) for step in ("    forbid_dumps()", "    key = find_key(settings)", "KeyHold(key,")]
    assert steps == sorted(steps)
    gateway = (ROOT / "actors" / "order_gateway.py").read_text(encoding="utf-8")
    assert len(re.findall(r"\btake_key\(settings\)", gateway)) == 1 and "find_key" not in gateway
