"""The systemd unit, the Dockerfile and the compose file: an ordered stop has its time, nothing is root, nothing is open."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from actors.spec import EXIT_CONFIGURATION, EXIT_HALTED
from wildbot.adapters.build import CARRIED
from wildbot.commands.launch import CONFIGURATION_FILE
from wildbot.commands.ordered_stop import STOP_WAIT_S
from wildbot.settings_loading import load
from wildbot.shipped import FILES

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "config" / "systemd" / "wildbot.service"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
NEEDED = ("wildbot", "actors", *FILES)


@pytest.fixture(scope="module")
def service() -> configparser.SectionProxy:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNIT, encoding="utf-8")
    return unit["Service"]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    found: dict[str, Any] = services["wildbot"]
    return found


def test_systemd_stops_in_order_and_waits_long_enough(service: configparser.SectionProxy) -> None:
    assert (service["KillMode"], service["KillSignal"]) == ("mixed", "SIGTERM")
    assert int(service["TimeoutStopSec"]) > STOP_WAIT_S


def test_systemd_restarts_nothing_that_a_restart_cannot_cure(service: configparser.SectionProxy) -> None:
    assert service["Restart"] == "on-failure"
    assert service["RestartPreventExitStatus"].split() == [str(EXIT_HALTED), str(EXIT_CONFIGURATION)]


def test_systemd_runs_a_user_without_rights_and_knows_no_secret(service: configparser.SectionProxy) -> None:
    assert service["User"] not in ("", "root") and service["UMask"] == "0077"
    for shut in ("NoNewPrivileges", "PrivateTmp", "ProtectHome"):
        assert service[shut] == "yes"
    assert (service["CapabilityBoundingSet"], service["ProtectSystem"]) == ("", "strict")
    lines = [line for line in UNIT.read_text(encoding="utf-8").splitlines() if line.startswith("Environment=")]
    assert not [line for line in lines if re.search(r"KEY|SECRET|TOKEN|CONFIRM", line)]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine")
def test_systemd_understands_every_line_of_the_unit(tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8")
    text = re.sub(r"^(User|Group)=.*\n", "", text, flags=re.M).replace("/opt/wildbot/.venv/bin/wildbot", "/bin/true")
    (tmp_path / "wildbot.service").write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / "wildbot.service")]
    found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (found.returncode, found.stderr.strip()) == (0, "")


def test_the_image_runs_a_user_without_rights_and_is_healthy_when_trading_is() -> None:
    users = re.findall(r"^USER (\S+)", DOCKERFILE, re.M)
    assert users and users[-1].split(":")[0] not in ("root", "0")
    check = re.search(r"^HEALTHCHECK(.*\n.*)", DOCKERFILE, re.M)
    assert check is not None and "/health" in check[1] and f"'{load(environment={}).settings.api.port}'" in check[1]
    assert '"wildbot", "up"' in DOCKERFILE and "--require-hashes" in DOCKERFILE


def test_the_image_holds_what_a_start_needs_and_nothing_that_is_not_named() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").split() if line.startswith("!")}
    copied = {name for line in re.findall(r"^COPY (.*)", DOCKERFILE, re.M) for name in line.split()[:-1]}
    assert copied == let_in
    assert set(NEEDED) <= copied and CONFIGURATION_FILE.name in copied
    assert all((ROOT / name).exists() for name in copied)
    assert (ROOT / ".dockerignore").read_text(encoding="utf-8").split()[0] == "*"


def test_the_image_carries_the_commit_that_compose_hands_in(compose: dict[str, Any]) -> None:
    assert list(compose["build"]["args"]) == ["COMMIT"] and re.search(r"^ARG COMMIT=", DOCKERFILE, re.M)
    assert f'"$COMMIT" > {CARRIED}' in DOCKERFILE


def test_compose_writes_to_the_home_alone_and_opens_no_port_beyond_loopback(compose: dict[str, Any]) -> None:
    assert compose["read_only"] is True and compose["cap_drop"] == ["ALL"]
    assert compose["security_opt"] == ["no-new-privileges:true"]
    assert not compose["user"].startswith(("0", "root"))
    assert compose["network_mode"] == "host" and "ports" not in compose
    assert [volume.split(":")[1] for volume in compose["volumes"]] == ["/var/lib/wildbot"]


def test_compose_waits_for_an_ordered_stop(compose: dict[str, Any]) -> None:
    assert int(compose["stop_grace_period"].removesuffix("s")) > STOP_WAIT_S
