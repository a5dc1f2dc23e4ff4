"""`wildbot doctor`: everything that could stop WildBot from trading, one line each, with the cure.

Rules: a check repairs nothing; what cannot be checked now is said to be so, never counted as fine. Exit code 1 when one
    check fails. Profile live starts only over checks of which none fails (`live_start.py`).
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import typer
from rich.text import Text

from actors.gateway_setup import open_live_gate
from actors.spec import EXIT_DONE, EXIT_FAILED
from wildbot.adapters.home import Home, why_open
from wildbot.adapters.live_gate import KRAKEN, place_of
from wildbot.adapters.secrets import KEY_NAME, SECRET_NAME, ApiKey, check_kraken_key, read_api_key
from wildbot.commands import launch
from wildbot.commands.doctor_exchange import look_at_exchange, look_at_key
from wildbot.commands.doctor_findings import Finding, Verdict
from wildbot.commands.doctor_journal import journal_path, look_at_journal, nonce_ceiling
from wildbot.commands.doctor_machine import look_at_build, look_at_disk, look_at_home, look_at_sqlite
from wildbot.commands.doctor_telegram import look_at_telegram
from wildbot.commands.instance import Instance
from wildbot.commands.terminal import JsonOption, clean, explained, new_table, output, print_json, say
from wildbot.model.errors import ConfigurationError
from wildbot.settings import Profile, Settings
from wildbot.settings_loading import load

STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "bold red", Verdict.UNKNOWN: "dim"}


@explained
def doctor(json_output: JsonOption = False) -> None:
    """Check the whole installation and say the cure of each finding.

    Looks at configuration, home, disk, journal, ports, processes, keys, exchange and clock; a failure ends with 1.

    Example: wildbot doctor
    """
    findings = list(examine())
    if json_output:
        print_json(findings)
    else:
        show(findings)
        counts = Counter(finding.verdict for finding in findings)
        say(f"{counts[Verdict.FAIL]} failed, {counts[Verdict.WARN]} warned, {counts[Verdict.OK]} well", "bold")
    sick = any(finding.verdict is Verdict.FAIL for finding in findings)
    raise typer.Exit(EXIT_FAILED if sick else EXIT_DONE)


def show(findings: list[Finding]) -> None:
    """Print findings as a table."""
    table = new_table("", "check", "~finding", "~cure")
    for finding in findings:
        verdict = Text(finding.verdict, style=STYLES[finding.verdict])
        table.add_row(verdict, finding.check, clean(finding.text), clean(finding.cure))
    output().print(table)


def examine() -> Iterator[Finding]:
    """Yield the findings, the ones that others depend on first."""
    try:
        settings = load().settings
    except ConfigurationError as error:
        yield Finding(
            "configuration",
            Verdict.FAIL,
            str(error),
            "correct or remove it where the finding says it stands; docs/configuration.md has every setting",
        )
        return
    yield Finding("configuration", Verdict.OK, f"profile {settings.profile}, strategy {settings.trading.strategy}")
    yield from examine_settings(settings)


def examine_settings(settings: Settings) -> Iterator[Finding]:
    """Yield the findings for these settings."""
    home = Home(settings.home)
    instance = Instance(home)
    yield look_at_build(settings)
    yield from look_at_home(home)
    yield from look_at_disk(home)
    yield look_at_sqlite()
    yield _program_file()
    yield _processes(instance)
    runs = instance.supervisord_pid() is not None
    yield from _ports(settings, runs=runs)
    if settings.profile is Profile.LIVE:
        yield _live_gate(settings)
    yield from _key_files(settings)
    key, problem = _key(settings)
    if problem is not None:
        yield problem
    yield from look_at_telegram(settings)
    yield from look_at_journal(home, settings, key.fingerprint if key else None)
    if settings.exchange.embedded and not settings.kraken.rest_url and not runs:
        yield Finding("exchange", Verdict.UNKNOWN, "our own exchange starts with `wildbot up`")
        return
    yield from look_at_exchange(settings.rest_url)
    if key is not None and not settings.exchange.embedded:
        yield from look_at_key(settings.rest_url, key, nonce_ceiling(journal_path(home, settings)))


def _program_file() -> Finding:
    if launch.CONFIGURATION_FILE.is_file():
        return Finding("supervisord.conf", Verdict.OK, str(launch.CONFIGURATION_FILE))
    return Finding("supervisord.conf", Verdict.FAIL, "it is missing", "install WildBot anew")


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


def _live_gate(settings: Settings) -> Finding:
    try:
        open_live_gate(settings)
    except ConfigurationError as error:
        return Finding(
            "live gate", Verdict.FAIL, str(error), "each of these is asked for on purpose; nothing is traded without"
        )
    return Finding("live gate", Verdict.OK, f"confirmed twice, towards {place_of(settings.rest_url)}")


def _key_files(settings: Settings) -> Iterator[Finding]:
    """How the key pair is kept; the files of another profile's too, since they lie there all the same."""
    for name in (KEY_NAME, SECRET_NAME):
        path = os.environ.get(f"{name}_FILE")
        if path:
            yield _secret_file(name, Path(path))
        elif settings.profile is Profile.LIVE and os.environ.get(name):
            cure = f"prefer {name}_FILE: a file can be closed to others, an environment is copied"
            yield Finding(name, Verdict.WARN, "set in the environment", cure)


def _secret_file(name: str, path: Path) -> Finding:
    try:
        found = why_open(path)
    except OSError as error:
        return Finding(name, Verdict.FAIL, f"{path}: {error.strerror}", f"create it, or unset {name}_FILE")
    if found is not None:
        return Finding(name, Verdict.FAIL, f"{path} {found}", f"chmod 600 {path}, owned by you")
    return Finding(name, Verdict.OK, str(path))


def _key(settings: Settings) -> tuple[ApiKey | None, Finding | None]:
    """Return the key pair that the order gateway would use, and what keeps it from being used."""
    if settings.profile is not Profile.LIVE and settings.exchange.embedded:
        return ApiKey(settings.exchange.api_key, settings.exchange.api_secret), None
    try:
        key = read_api_key(dict(os.environ))
        if key is not None and place_of(settings.rest_url) == KRAKEN:
            check_kraken_key(key)
    except ConfigurationError as error:
        return None, Finding("key", Verdict.FAIL, str(error), "set both, as files with mode 600")
    if key is None:
        return None, Finding("key", Verdict.FAIL, "no key pair", f"set {KEY_NAME}_FILE and {SECRET_NAME}_FILE (mode 600)")
    return key, None
