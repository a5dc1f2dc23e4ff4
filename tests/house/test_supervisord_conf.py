"""supervisord.conf: every program is an actor, the stop order is ours, nothing listens beyond the owner."""

import configparser
import re
from pathlib import Path

import pytest

from actors.__main__ import LONGEST_STARTSECS
from wildbot.adapters.home import Home
from wildbot.commands.launch import surroundings
from wildbot.commands.ordered_stop import STOP_ORDER, STOP_WAIT_S
from wildbot.settings_loading import load

ROOT = Path(__file__).resolve().parents[2]
OPTIONAL = ("exchange_simulator", "notifier", "recorder")
SECRETS = ("KRAKEN_API_KEY", "KRAKEN_API_SECRET")


@pytest.fixture(scope="module")
def conf() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(inline_comment_prefixes=(" ;",))
    parser.read(ROOT / "supervisord.conf", encoding="utf-8")
    return parser


@pytest.fixture(scope="module")
def programs(conf: configparser.RawConfigParser) -> dict[str, configparser.SectionProxy]:
    return {
        name.split(":", 1)[1]: conf[name] for name in conf.sections() if name.startswith(("program:", "eventlistener:"))
    }


def test_every_program_starts_an_actor_of_its_own_name(programs: dict[str, configparser.SectionProxy]) -> None:
    for name, program in programs.items():
        assert program["command"].endswith(f"python -m actors {name}")
        assert "ACTOR = ActorSpec(" in (ROOT / "actors" / f"{name}.py").read_text(encoding="utf-8")


def test_shutdown_goes_from_the_screen_to_the_exchange(programs: dict[str, configparser.SectionProxy]) -> None:
    by_priority = sorted((n for n in programs if "priority" in programs[n]), key=lambda n: -int(programs[n]["priority"]))
    assert by_priority == [role for role in STOP_ORDER if role != "trader"]
    assert len({programs[name]["priority"] for name in by_priority}) == len(by_priority)


def test_no_group_since_members_of_a_group_are_stopped_at_once(conf: configparser.RawConfigParser) -> None:
    assert not [name for name in conf.sections() if name.startswith("group:")]


def test_nothing_listens_but_a_socket_of_the_owner(conf: configparser.RawConfigParser) -> None:
    assert not conf.has_section("inet_http_server")
    assert conf["unix_http_server"]["chmod"] == "0700"
    assert conf["unix_http_server"]["file"].startswith("%(ENV_WILDBOT_HOME)s/run/")
    assert conf["supervisord"]["umask"] == "077"


def test_no_secret_is_written_down_and_only_the_gateway_keeps_the_keys(
    conf: configparser.RawConfigParser, programs: dict[str, configparser.SectionProxy]
) -> None:
    assert not [name for name in conf.sections() if "environment" in conf[name]]
    keepers = {n for n, p in programs.items() if any(f"-u {secret}" not in p["command"] for secret in SECRETS)}
    assert keepers == {"order_gateway"}
    assert {n for n, p in programs.items() if "-u TELEGRAM_BOT_TOKEN" not in p["command"]} == {"notifier"}


def test_what_a_restart_cannot_cure_is_not_restarted(programs: dict[str, configparser.SectionProxy]) -> None:
    for name, program in programs.items():
        assert program["autorestart"] == "unexpected"
        if name != "crash_watch":
            assert program["exitcodes"] == "3,78", "an end with 0 that nobody asked supervisord for is restarted"


def test_the_supervisor_alone_is_told_to_stop_and_its_traders_die_with_it(
    programs: dict[str, configparser.SectionProxy],
) -> None:
    supervisor = programs["supervisor"]
    assert (supervisor["stopsignal"], supervisor["stopasgroup"], supervisor["killasgroup"]) == ("TERM", "false", "true")


def test_whoever_waits_for_the_stop_waits_longer_than_it_may_take(programs: dict[str, configparser.SectionProxy]) -> None:
    assert sum(int(program["stopwaitsecs"]) for program in programs.values()) < STOP_WAIT_S


def test_every_output_is_named_bounded_and_in_the_home(programs: dict[str, configparser.SectionProxy]) -> None:
    for name, program in programs.items():
        stream = "stderr" if name == "crash_watch" else "stdout"  # a listener's standard output is its protocol
        assert program[f"{stream}_logfile"] == f"%(ENV_WILDBOT_HOME)s/log/{name}.out"
        assert program[f"{stream}_logfile_maxbytes"].endswith("MB")


@pytest.mark.parametrize("program", OPTIONAL)
def test_what_not_everybody_wants_starts_only_where_a_setting_says_so(
    program: str, programs: dict[str, configparser.SectionProxy], tmp_path: Path
) -> None:
    word = re.fullmatch(r"%\(ENV_(\w+)\)s", programs[program]["autostart"])
    assert word is not None
    home = Home(tmp_path)
    assert surroundings(home, load(environment={}).settings)[word[1]] in ("true", "false")
    assert all("autostart" not in other for name, other in programs.items() if name not in OPTIONAL)


def test_a_recorder_is_wanted_when_the_settings_say_so(tmp_path: Path) -> None:
    words = [
        surroundings(Home(tmp_path), load(environment=environment).settings)["WILDBOT_RECORDER__ENABLED"]
        for environment in ({}, {"WILDBOT_RECORDER__ENABLED": "true"})
    ]
    assert words == ["false", "true"]


def test_crash_loops_are_listened_for(conf: configparser.RawConfigParser) -> None:
    events = set(conf["eventlistener:crash_watch"]["events"].split(","))
    assert {"PROCESS_STATE_FATAL", "PROCESS_STATE_EXITED", "PROCESS_STATE_BACKOFF"} <= events
    assert "SUPERVISOR_STATE_CHANGE_STOPPING" in events, "else an ordered stop looks like a crash"


def test_a_configuration_error_outlasts_every_startsecs(programs: dict[str, configparser.SectionProxy]) -> None:
    # Else supervisord would forget its exit code and start the program again and again.
    assert max(float(program["startsecs"]) for program in programs.values()) <= LONGEST_STARTSECS
