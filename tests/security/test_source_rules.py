"""What the source may not contain: code that runs what it reads, secrets, unpinned dependencies, open doors."""

import ast
import base64
import configparser
import pickle
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.control_socket import RefusedError, read_request
from wildbot.adapters.build import this_build
from wildbot.adapters.secrets import SHIPPED_FINGERPRINTS, ApiKey
from wildbot.model.errors import ProtocolError
from wildbot.protocol.bus import (
    FROM_ALLOCATOR,
    FROM_GATEWAY,
    FROM_SUPERVISOR,
    MARKET,
    TO_ALLOCATOR,
    TO_GATEWAY,
    TO_SUPERVISOR,
)

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*(ROOT / "wildbot").rglob("*.py"), *(ROOT / "actors").rglob("*.py"), ROOT / "dashboard_app.py"])
RUNS_WHAT_IT_READS = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "yaml", "jsonpickle", "multiprocessing"}
CALLS_THAT_RUN_TEXT = {"eval", "exec", "compile", "__import__"}
TEXT_KINDS = {".py", ".toml", ".md", ".conf", ".txt", ".lock", ".yml", ".ini", ".service", ".jsonl", ".json", ".sh", ""}
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==[^ ;\\]+( ;.*)? \\$")
MAKERS = re.compile(r"git\+|https?://|^-e |^--(?!hash)", re.M)
SECRETS = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "a bot token": re.compile(r"\b\d{8,10}:[A-Za-z0-9_-]{35}\b"),
    "a cloud key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "a 64-byte secret": re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{86}==(?![A-Za-z0-9+/=])"),
}
KNOWN_EXAMPLES = {
    "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==",
    "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==",
}
"""Secret and signature of the example in Kraken's own documentation; they open nothing."""


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the dotted name of every call in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def is_laboratory(path: Path) -> bool:
    """Whether a file belongs to measurements, backtests and rehearsals, which trade nothing."""
    name = str(path.relative_to(ROOT))
    return bool(re.match(r"actors/bench_|wildbot/(commands/)?(backtest|sweep|truth|workers|drill/seeds|rehearsal)", name))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_runs_what_it_reads(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        bad = RUNS_WHAT_IT_READS & {name.split(".")[0] for name in names}
        # Workers of one command, of one user, that read nothing from outside; never beside real orders.
        assert not bad or (bad == {"multiprocessing"} and is_laboratory(path)), f"{path}: {bad}"
    for name, line in calls(path):
        assert name not in CALLS_THAT_RUN_TEXT, f"{path}:{line} {name}"
        assert name not in ("os.system", "os.popen", "subprocess.getoutput") and not name.endswith(".recv_pyobj"), (
            f"{path}:{line} {name}"
        )


def test_no_command_goes_through_a_shell_and_no_certificate_is_waved_through() -> None:
    forbidden = re.compile(
        r"shell=True|verify=False|CERT_NONE|check_hostname *= *False|_create_unverified|PROTOCOL_TLSv1\b"
    )
    assert not [path.name for path in SOURCES if forbidden.search(path.read_text(encoding="utf-8"))]


def test_a_pickle_on_a_socket_is_bytes_nobody_can_read() -> None:
    bomb = pickle.dumps(print)
    for codec in (TO_GATEWAY, TO_ALLOCATOR, TO_SUPERVISOR, FROM_SUPERVISOR, FROM_GATEWAY, FROM_ALLOCATOR, MARKET):
        with pytest.raises(ProtocolError):
            codec.decode(bomb)
    with pytest.raises(RefusedError):
        read_request(bomb)


def secrets_in(text: str) -> list[str]:
    shipped = tomllib.loads((ROOT / "config/sim.toml").read_text(encoding="utf-8"))["exchange"]["api_secret"]
    allowed = {shipped, *KNOWN_EXAMPLES}
    found = []
    for what, pattern in SECRETS.items():
        for match in pattern.finditer(text):
            word = match.group()
            varied = len(set(word)) > 20  # runs of one letter are drawings and test data
            if word not in allowed and (what != "a 64-byte secret" or varied):
                found.append(what)
    return found


def test_no_secret_lies_in_the_repository() -> None:
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if not path.is_file() or path.suffix not in TEXT_KINDS or path == Path(__file__):
            continue
        if {"var", "test-output", "__pycache__"} & set(parts) or (
            parts[0].startswith(".") and parts[0] not in (".ci", ".streamlit")
        ):
            continue
        assert not (found := secrets_in(path.read_text(encoding="utf-8", errors="ignore"))), (
            f"{path.relative_to(ROOT)}: {found}"
        )


def test_no_secret_lies_in_its_history() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: there is no history to look into")
    log = subprocess.run(
        ["git", "log", "--all", "-p", "--unified=0", "--no-color", "--", "*.py", "*.toml", "*.md", "*.conf", ".env"],
        cwd=ROOT, capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    added = [line[1:] for line in log.stdout.decode(errors="ignore").splitlines() if line.startswith("+")]
    own = Path(__file__).read_text(encoding="utf-8")
    assert not [line for line in added if secrets_in(line) and line not in own]


def test_the_secret_scan_finds_what_it_is_for() -> None:
    secret = base64.b64encode(bytes(range(64))).decode()
    assert secrets_in(f'x = "{secret}"') == ["a 64-byte secret"]
    assert secrets_in("-----BEGIN RSA " + "PRIVATE KEY-----") == ["a private key"]
    assert secrets_in("token=1234567890:" + "AbCdEfGhIjKlMnOpQrStUvWxYz012345678") == ["a bot token"]


def test_every_shipped_simulator_key_is_known_as_such() -> None:
    shipped = set()
    for path in (ROOT / "config").glob("*.toml"):
        key = tomllib.loads(path.read_text(encoding="utf-8")).get("exchange", {}).get("api_key", "")
        shipped |= {ApiKey(key, "").fingerprint} if key else set()
    assert shipped == SHIPPED_FINGERPRINTS


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-judges.lock"])
def test_every_dependency_is_pinned_with_hashes_from_one_place(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not MAKERS.search(text)
    entries = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"^ *#.*\n", "", text, flags=re.M).strip())
    for entry in entries:
        head = entry.splitlines()[0]
        assert PINNED.match(head), head
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), head
    assert "--require-hashes" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_direct_dependency_is_locked_and_what_the_gateway_loads_is_few() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    direct = {re.split(r"[<>=!;\[ ]", line)[0].lower() for line in project}
    locked = {line.split("==")[0].lower() for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line}
    assert direct <= locked
    code = "import sys, actors.order_gateway; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert not {"streamlit", "pandas", "pyarrow", "starlette", "uvicorn", "typer", "ccxt"} & set(loaded)


def test_a_process_can_say_which_code_and_dependencies_it_runs(tmp_path: Path) -> None:
    build = this_build()
    assert re.fullmatch(r"build ([0-9a-f]{12}|unknown) lock [0-9a-f]{12}", str(build))
    (tmp_path / ".git" / "refs").mkdir(parents=True)
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / ".git" / "packed-refs").write_text("# pack-refs\n" + "c0ffee" * 6 + "dead refs/heads/main\n")
    assert this_build(tmp_path) == ("c0ffeec0ffee", "unknown")
    assert this_build(tmp_path / "nowhere") == ("unknown", "unknown")


@pytest.mark.parametrize(
    ("carried", "commit"), [("0123456789abcdef0123\n", "0123456789ab"), ("unknown\n", "unknown"), ("<b>", "unknown")]
)
def test_what_has_no_git_names_the_commit_it_carries(tmp_path: Path, carried: str, commit: str) -> None:
    (tmp_path / ".commit").write_text(carried, encoding="ascii")
    assert this_build(tmp_path).commit == commit


def test_supervisord_listens_for_its_owner_alone_and_holds_no_secret() -> None:
    conf = configparser.RawConfigParser(inline_comment_prefixes=(" ;",))
    conf.read(ROOT / "supervisord.conf", encoding="utf-8")
    assert not conf.has_section("inet_http_server")
    assert (conf["unix_http_server"]["chmod"], conf["supervisord"]["umask"]) == ("0700", "077")
    assert not [name for name in conf.sections() if {"environment", "user"} & set(conf[name])]


def test_the_cockpit_is_bound_to_loopback_guarded_and_sends_nothing_home() -> None:
    conf = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert conf["server"]["address"] == "127.0.0.1" and "*" not in conf["server"]["allowedHosts"]
    # The defaults are on; nobody may switch them off.
    assert conf["server"].get("enableXsrfProtection", True) and conf["server"].get("enableCORS", True)
    assert conf["browser"]["gatherUsageStats"] is False
    assert not [path for path in (ROOT / "wildbot/dashboard").glob("*.py") if "unsafe_allow_html=True" in path.read_text()]


def test_the_cockpit_holds_no_secret_and_speaks_to_the_control_socket_in_one_file() -> None:
    files = [*(ROOT / "wildbot" / "dashboard").glob("*.py"), ROOT / "dashboard_app.py"]
    texts = {path.stem: path.read_text(encoding="utf-8") for path in files}
    forbidden = re.compile(r"adapters\.(secrets|journal\b|venue_client|key_hold)|KRAKEN_API|api_secret|sqlite3|import zmq")
    assert not {name for name, text in texts.items() if forbidden.search(text)}
    assert {name for name, text in texts.items() if re.search(r"\bControlClient\(", text)} == {"source"}
