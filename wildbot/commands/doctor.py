"""`wildbot doctor`: everything that could stop WildBot from trading, one line each, with the cure.

Rules: a check repairs nothing (the home's folders are made, as a start would); what cannot be checked now is said to be
    so, never counted as fine.
"""

import os
import shutil
import stat
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import msgspec
import requests
import typer

from actors.spec import EXIT_DONE, EXIT_FAILED
from wildbot.adapters.home import Home
from wildbot.commands import launch
from wildbot.commands.instance import Instance
from wildbot.commands.terminal import JsonOption, clean, new_table, output, print_json
from wildbot.model.errors import ConfigurationError
from wildbot.settings import Profile, Settings
from wildbot.settings_loading import load

FREE_BYTES_MIN = 500_000_000
"""Logs and the journal need little; below this the disk is about to be full for everybody."""

CLOCK_OFFSET_S_MAX = 1.0
"""Nonces and not-after times tolerate more; a clock this wrong is not synchronised at all."""

ASK_TIMEOUT_S = 5.0
CREDENTIALS = ("KRAKEN_API_KEY", "KRAKEN_API_SECRET")
OTHERS_MAY = stat.S_IRWXG | stat.S_IRWXO


class Verdict(StrEnum):
    """What a check found; `unknown` is something that can only be seen while WildBot runs."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


class Finding(msgspec.Struct, frozen=True):
    """One line of the doctor: what was looked at, how it is, and what to do about it."""

    check: str
    verdict: Verdict
    text: str
    cure: str = ""


def doctor(json_output: JsonOption = False) -> None:
    """Check configuration, home, disk, ports, processes, keys, exchange and clock; say the cure of what is wrong.

    Example: wildbot doctor
    """
    findings = list(examine())
    if json_output:
        print_json(findings)
    else:
        table = new_table("", "check", "finding", "cure")
        for finding in findings:
            table.add_row(finding.verdict, finding.check, clean(finding.text), clean(finding.cure))
        output().print(table)
    sick = any(finding.verdict is Verdict.FAIL for finding in findings)
    raise typer.Exit(EXIT_FAILED if sick else EXIT_DONE)


def examine() -> Iterator[Finding]:
    """Yield the findings, the ones that others depend on first."""
    try:
        settings = load().settings
    except ConfigurationError as error:
        yield Finding("configuration", Verdict.FAIL, str(error), "`wildbot config` shows where each value comes from")
        return
    yield Finding("configuration", Verdict.OK, f"profile {settings.profile}, strategy {settings.trading.strategy}")
    home = Home(settings.home)
    instance = Instance(home)
    yield _home(home)
    yield _disk(home)
    yield _program_file()
    yield _processes(instance)
    yield from _ports(settings, runs=instance.supervisord_pid() is not None)
    yield from _credentials(settings)
    yield from _exchange(settings, runs=instance.supervisord_pid() is not None)


def _home(home: Home) -> Finding:
    try:
        home.prepare()
    except ConfigurationError as error:
        return Finding("home", Verdict.FAIL, str(error), "set WILDBOT_HOME to a short path you may write to")
    for folder in (home.run, home.data):
        if folder.stat().st_mode & OTHERS_MAY or folder.stat().st_uid != os.getuid():
            return Finding("home", Verdict.FAIL, f"{folder} is not yours alone", f"chown and chmod 700 {folder}")
    return Finding("home", Verdict.OK, str(home.root))


def _disk(home: Home) -> Finding:
    place = home.root if home.root.exists() else home.root.parent
    free = shutil.disk_usage(place).free if place.exists() else 0
    text = f"{free / 1e9:.1f} GB free"
    if free < FREE_BYTES_MIN:
        return Finding("disk", Verdict.FAIL, text, f"free at least {FREE_BYTES_MIN / 1e9:g} GB")
    return Finding("disk", Verdict.OK, text)


def _program_file() -> Finding:
    if launch.CONFIGURATION_FILE.is_file():
        return Finding("supervisord.conf", Verdict.OK, str(launch.CONFIGURATION_FILE))
    return Finding("supervisord.conf", Verdict.FAIL, "it is missing", "run WildBot from its checkout (make venv)")


def _processes(instance: Instance) -> Finding:
    found = instance.processes()
    if found and instance.supervisord_pid() is None:
        names = ", ".join(f"{own.name} ({own.pid})" for own in found)
        return Finding("processes", Verdict.FAIL, f"left by an earlier run: {names}", "`wildbot down` stops them in order")
    return Finding("processes", Verdict.OK, f"{len(found)} running" if found else "not running")


def _ports(settings: Settings, *, runs: bool) -> Iterator[Finding]:
    try:
        ports = launch.ports_of(settings)
    except ConfigurationError as error:
        yield Finding("ports", Verdict.FAIL, str(error), "give each its own port")
        return
    for name, port in ports.items():
        if launch.port_is_free(port):
            yield Finding(name, Verdict.OK, f"{port} is free")
        elif runs:
            yield Finding(name, Verdict.OK, f"{port} is in use, and WildBot runs")
        else:
            cure = f"end what uses it, or set {launch.environment_name(name)}"
            yield Finding(name, Verdict.FAIL, f"{port} is taken", cure)


def _credentials(settings: Settings) -> Iterator[Finding]:
    """Only whether keys are there and closed to others; what they may do is for the gateway, which alone uses them."""
    for name in CREDENTIALS:
        path = os.environ.get(f"{name}_FILE")
        if path is not None:
            yield _secret_file(name, Path(path))
        elif settings.profile is Profile.LIVE and not os.environ.get(name):
            yield Finding(name, Verdict.FAIL, "not set", f"set {name} or {name}_FILE (a file with mode 600)")
        elif settings.profile is Profile.LIVE:
            cure = f"prefer {name}_FILE: a file can be closed to others, an environment is copied"
            yield Finding(name, Verdict.WARN, "set in the environment", cure)


def _secret_file(name: str, path: Path) -> Finding:
    try:
        mode = path.stat()
    except OSError as error:
        return Finding(name, Verdict.FAIL, f"{path}: {error.strerror}", f"create it, or unset {name}_FILE")
    if mode.st_mode & OTHERS_MAY or mode.st_uid != os.getuid():
        return Finding(name, Verdict.FAIL, f"{path} is open to others", f"chmod 600 {path}, owned by you")
    return Finding(name, Verdict.OK, str(path))


def _exchange(settings: Settings, *, runs: bool) -> Iterator[Finding]:
    base = settings.rest_url
    if settings.exchange.embedded and not settings.kraken.rest_url and not runs:
        yield Finding("exchange", Verdict.UNKNOWN, "our own exchange starts with `wildbot up`")
        return
    try:
        before = time.time()
        clock = _ask(f"{base}/0/public/Time")["unixtime"]
        offset_s = float(str(clock)) - before
        system = str(_ask(f"{base}/0/public/SystemStatus")["status"])
    except (requests.RequestException, msgspec.DecodeError, KeyError, ValueError) as error:
        yield Finding(
            "exchange", Verdict.FAIL, f"{base} does not answer: {type(error).__name__}", "check the network and the address"
        )
        return
    verdict = Verdict.OK if system == "online" else Verdict.WARN
    yield Finding("exchange", verdict, f"{base} is {system}", "" if system == "online" else "wait until it is online")
    # Its clock has whole seconds, so one second of difference says nothing.
    if abs(offset_s) > CLOCK_OFFSET_S_MAX + 1:
        yield Finding("clock", Verdict.FAIL, f"{offset_s:+.0f} s from the exchange's", "synchronise this machine (NTP)")
    else:
        yield Finding("clock", Verdict.OK, "agrees with the exchange's")


class _Answer(msgspec.Struct):
    error: list[str]
    result: dict[str, object] = {}


def _ask(url: str) -> dict[str, object]:
    answer = requests.get(url, timeout=ASK_TIMEOUT_S)
    answer.raise_for_status()
    return msgspec.json.decode(answer.content, type=_Answer).result
