"""The command line: sentences, exit codes and JSON, against real sockets."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from actors.spec import EXIT_TIMED_OUT, EXIT_USAGE
from tests.commands.builders_cli import sentences, wildbot
from tests.commands.builders_commands import FakeSupervisor, a_document, a_trader, an_actor
from tests.security.builders_security import as_nobody
from wildbot.adapters.control_client import CallError, Reply
from wildbot.adapters.home import Home
from wildbot.adapters.supervisor_state import DurableRecord
from wildbot.commands import steer
from wildbot.commands.terminal import exit_code_of, refuse_unseen
from wildbot.desk.supervision_words import SupervisorState
from wildbot.model.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]


def an_obedient(document: Mapping[str, object]) -> Any:
    return lambda verb, args: {"ok": True, "result": dict(document) if verb == "status" else {}}


@contextmanager
def started(*words: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, which does not outlive the test."""
    with subprocess.Popen(
        [sys.executable, "-m", "wildbot.cli", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    "words", [("status",), ("pairs",), ("pause",), ("halt", "--yes"), ("swap", "BTC/USDC", "SOL/USDC", "-y")]
)
def test_asking_what_does_not_run_is_a_sentence_and_code_4(home: Home, words: tuple[str, ...]) -> None:
    result = wildbot(*words)
    assert result.exit_code == 4
    assert "does not run" in sentences(result)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can try as another user")
def test_a_home_of_another_user_is_not_said_to_have_nothing_running(home: Home) -> None:
    def attempt() -> str:
        try:
            refuse_unseen(home)
        except ConfigurationError as error:
            return str(error)
        return "nothing in the way"

    refuse_unseen(home)
    assert as_nobody(attempt).startswith(f"{home.root} belongs to another user")


def test_down_says_when_there_is_nothing_to_stop(home: Home) -> None:
    result = wildbot("down")
    assert (result.exit_code, "does not run" in sentences(result)) == (4, True)


@pytest.mark.parametrize("verb", ["status", "config", "up"])
def test_a_mistyped_setting_is_one_sentence_and_code_78(home: Home, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    monkeypatch.setenv("WILDBOT_CAPITAL__STARTNG", "20")
    result = wildbot(verb)
    assert result.exit_code == 78
    assert "capital.startng" in sentences(result) and "did you mean 'starting'?" in sentences(result)


def test_an_unknown_word_is_a_usage_error(home: Home) -> None:
    assert wildbot("dance").exit_code == 2


def test_status_prints_the_document_as_json(home: Home) -> None:
    with FakeSupervisor(home, an_obedient(a_document())):
        result = wildbot("status", "--json")
    assert json.loads(result.stdout) == a_document()


def test_status_shows_traders_and_actors(home: Home) -> None:
    with FakeSupervisor(home, an_obedient(a_document())):
        result = wildbot("status")
    assert result.exit_code == 0
    for word in ("SIM running", "BTC/USDC", "99.5", "order_gateway", "16.24"):
        assert word in sentences(result)


def test_an_actor_that_says_nothing_is_silent_whatever_it_said_last(home: Home) -> None:
    document = a_document(actors=[an_actor("supervisor"), an_actor("status_api", heartbeat_age_ms=49_000.0)])
    with FakeSupervisor(home, an_obedient(document)):
        lines = wildbot("status").stdout.splitlines()
    assert [line.split()[1] for line in lines if line.startswith(("supervisor", "status_api"))] == ["running", "silent"]


def test_text_from_outside_cannot_forge_a_line(home: Home) -> None:
    hostile = a_document(traders=[a_trader(reason="ok\nTRADING \x1b[2J")])
    with FakeSupervisor(home, an_obedient(hostile)):
        result = wildbot("status")
    assert "\x1b[2J" not in result.stdout and "\nTRADING" not in result.stdout


def test_pairs_prints_the_scanner_as_json(home: Home) -> None:
    with FakeSupervisor(home, an_obedient(a_document())):
        assert json.loads(wildbot("pairs", "--json").stdout)[0]["pair"] == "BTC/USDC"


def test_halt_tells_what_will_happen_and_then_what_happened(home: Home) -> None:
    with FakeSupervisor(home, an_obedient({})) as supervisor:
        supervisor.shows(a_document(state="halted"))
        result = wildbot("halt", "--yes")
    assert result.exit_code == 0
    will, happened = "none is sent until `wildbot rearm`", "the state is halted"
    assert sentences(result).index(will) < sentences(result).index(happened)
    assert supervisor.heard[0] == ("halt", {})


def test_swap_waits_until_the_old_pair_is_gone_and_the_new_one_quotes(home: Home) -> None:
    with FakeSupervisor(home, an_obedient({})) as supervisor:
        supervisor.shows(a_document(traders=[a_trader("SOL/USDC")]))
        result = wildbot("swap", "BTC/USDC", "SOL/USDC", "--json")
    outcome = json.loads(result.stdout)
    assert (result.exit_code, outcome["effect"]) == (0, "BTC/USDC is flat and gone, SOL/USDC quotes")
    assert supervisor.heard[0] == ("swap", {"out": "BTC/USDC", "in": "SOL/USDC"})


def test_a_pair_is_stopped_and_started_again(home: Home) -> None:
    with FakeSupervisor(home, an_obedient({})) as supervisor:
        supervisor.shows(a_document(traders=[a_trader("SOL/USDC")]))
        stopped = wildbot("stop", "BTC/USDC", "--yes")
        supervisor.shows(a_document())
        started = wildbot("start", "BTC/USDC")
    assert (stopped.exit_code, started.exit_code) == (0, 0)
    assert "BTC/USDC is not traded" in sentences(stopped) and "BTC/USDC is traded" in sentences(started)
    asked = [heard for heard in supervisor.heard if heard[0] in ("stop", "start")]
    assert asked == [("stop", {"pair": "BTC/USDC"}), ("start", {"pair": "BTC/USDC"})]


def test_a_pair_may_be_written_in_small_letters(home: Home) -> None:
    with FakeSupervisor(home, an_obedient({})) as supervisor:
        supervisor.shows(a_document(traders=[a_trader("SOL/USDC", state="paused")]))
        wildbot("pause", "sol/usdc")
    assert [heard for heard in supervisor.heard if heard[0] == "pause"] == [("pause", {"pair": "SOL/USDC"})]


@pytest.mark.parametrize(
    ("words", "code", "word"),
    [
        (("status",), 4, "not_running"),
        (("pairs",), 4, "not_running"),
        (("down",), 4, "not_running"),
        (("pause",), 4, "not_running"),
        (("logs", "nobody"), 1, "failed"),
        (("config", "nosuch"), 78, "configuration"),
    ],
)
def test_who_asked_for_json_gets_one_document_for_a_failure_too(
    home: Home, words: tuple[str, ...], code: int, word: str
) -> None:
    result = wildbot(*words, "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["ok"], document["error"]["code"]) == (code, False, word)
    assert document["error"]["message"]
    assert wildbot(*words).stdout.lstrip()[:1] != "{", "and nobody else does"


def test_an_accepted_verb_without_effect_times_out_with_code_5(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steer, "EFFECT_WAIT_S", 0.2)
    with FakeSupervisor(home, an_obedient({})) as supervisor:
        supervisor.shows(a_document())
        result = wildbot("swap", "BTC/USDC", "SOL/USDC", "--yes")
    assert (result.exit_code, "no effect showed" in sentences(result)) == (5, True)


def test_a_refused_verb_gives_the_reason_and_code_1(home: Home) -> None:
    refusal = {"ok": False, "error": {"code": "unknown_pair", "message": "no trader of FOO/USDC"}}
    with FakeSupervisor(home, lambda verb, args: refusal):
        result = wildbot("flatten", "FOO/USDC", "--yes")
    assert (result.exit_code, "no trader of FOO/USDC" in sentences(result)) == (1, True)


def test_config_masks_secrets_and_names_origins(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WILDBOT_CAPITAL__STARTING", "20")
    result = wildbot("config", "--json")
    rows = json.loads(result.stdout)
    assert rows["capital.starting"] == {"value": "20", "origin": "environment"}
    assert rows["exchange.api_secret"]["value"] == "****"


def test_config_shows_the_universe_that_the_owner_chose_until_the_settings_name_another(home: Home) -> None:
    configured = tuple(json.loads(json.loads(wildbot("config", "--json").stdout)["trading.universe"]["value"]))
    record = DurableRecord(home.data / "sim.supervisor.json", SupervisorState)
    record.save(SupervisorState(universe=("BTC/USDC",), universe_of=configured))
    row = json.loads(wildbot("config", "--json").stdout)["trading.universe"]
    assert row == {"value": '["BTC/USDC"]', "origin": "set_universe"}
    record.save(SupervisorState(universe=("BTC/USDC",), universe_of=("ETH/USDC",)))
    assert json.loads(wildbot("config", "--json").stdout)["trading.universe"]["origin"] == "config/default.toml"


def test_status_watch_draws_until_it_is_interrupted(home: Home) -> None:
    with FakeSupervisor(home, an_obedient(a_document())) as supervisor:
        supervisor.shows(a_document())
        with started("status", "--watch") as watcher:
            assert watcher.stdout is not None
            drawn = ""
            while "equity 16.24" not in drawn:
                drawn += watcher.stdout.read(1)
            watcher.send_signal(signal.SIGINT)
            assert watcher.wait(10) == 0


@pytest.mark.parametrize("module", ["actors", "wildbot.cli"])
def test_a_name_that_nobody_has_is_a_mistake_in_usage(module: str) -> None:
    asked = subprocess.run([sys.executable, "-m", module, "nobody"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (asked.returncode, "nobody" in asked.stderr or "usage" in asked.stderr) == (EXIT_USAGE, True)


def test_a_call_that_is_not_answered_in_time_ends_with_five() -> None:
    assert exit_code_of(Reply(ok=False, code=CallError.TIMED_OUT.value)) == EXIT_TIMED_OUT
