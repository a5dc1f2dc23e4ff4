"""What the documents name exists: commands, options, settings, files and links."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from wildbot.cli import app
from wildbot.settings_loading import NOT_SETTINGS, load

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


def texts() -> Iterator[tuple[Path, str]]:
    for path in DOCUMENTS:
        yield path, path.read_text(encoding="utf-8")


def commands_in(text: str) -> Iterator[list[str]]:
    """Yield the words of every `wildbot ...` command in code blocks and inline code."""
    blocks = re.findall(r"```(?:bash|sh)?\n(.*?)```", text, re.S) + re.findall(r"`([^`\n]+)`", text)
    for block in blocks:
        for line in block.splitlines():
            words = line.split("#")[0].split()
            while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
                words = words[1:]
            if words and words[0].rsplit("/", 1)[-1] == "wildbot":
                yield words[1:]


def root_command() -> Any:
    return typer.main.get_command(app)


def setting_names() -> set[str]:
    """Every setting as in the environment, strategies' parameters included."""
    rows = load(environment={}, env_file=ROOT / "no.env").rows()
    return {f"WILDBOT_{key.upper().replace('.', '__')}" for key, _, _ in rows}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_documented_command_and_option_exists(path: Path) -> None:
    group = root_command()
    for words in commands_in(path.read_text(encoding="utf-8")):
        if not words or not re.fullmatch(r"[a-z-]*[a-z]", words[0]) or words[0].startswith("-"):
            continue
        listed = group.commands.get(words[0])
        assert listed is not None, f"{path.name}: wildbot {' '.join(words)}"
        command, rest = listed.chosen, words[1:]
        if rest and rest[0] in getattr(command, "commands", {}):
            command, rest = command.commands[rest[0]], rest[1:]
        options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)} | {
            "--help"
        }
        for word in rest:
            if word.startswith("-"):
                assert word.split("=")[0] in options, f"{path.name}: {word} in wildbot {' '.join(words)}"


def test_every_documented_setting_exists() -> None:
    known = setting_names() | NOT_SETTINGS | {"WILDBOT_HOME", "WILDBOT_PROFILE"}
    for path, text in texts():
        for name in re.findall(r"\bWILDBOT_[A-Z0-9_]+[A-Z0-9]\b", text):
            assert name in known, f"{path.name}: {name}"


def test_every_line_of_the_configuration_files_is_a_setting() -> None:
    known = {name.removeprefix("WILDBOT_") for name in setting_names()}
    for path in (ROOT / "config").glob("*.toml"):
        for section, value in tomllib.loads(path.read_text(encoding="utf-8")).items():
            keys = [f"{section}__{key}" for key in value] if isinstance(value, dict) else [section]
            assert {key.upper() for key in keys} <= known, path.name


def test_every_link_and_named_file_is_there() -> None:
    for path, text in texts():
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
        for target in re.findall(r"`((?:wildbot|actors|tests|config|docs)/[\w/.-]+\.\w+)`", text):
            assert (ROOT / target).exists(), f"{path.name}: {target}"


def test_every_documented_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for path, text in texts():
        for target in re.findall(r"^(?:sudo |[A-Z_]+=\S+ )*make (?:-C \S+ )?(\w+)", text, re.M):
            assert re.search(rf"^{target}:", makefile, re.M), f"{path.name}: make {target}"


def test_every_verb_is_in_a_document_that_a_person_reads() -> None:
    shown = {words[0] for path, text in texts() if path.name != "CHANGELOG.md" for words in commands_in(text) if words}
    assert set(root_command().commands) - shown == set()


def test_every_document_is_in_the_list_of_documents() -> None:
    listed = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    missing = [
        path.name for path in (ROOT / "docs").glob("*.md") if path.name != "README.md" and f"({path.name})" not in listed
    ]
    assert missing == []


def test_every_documented_address_is_served_and_on_loopback() -> None:
    routes = {"/health", "/api/status", "/metrics"}
    for path, text in texts():
        for host, port, place in re.findall(r"https?://(127\.0\.0\.1|localhost):(\d+)(/[\w/]*)?", text):
            if port == "8080":
                assert not place or place in routes, f"{path.name}: http://{host}:{port}{place}"


def test_every_decision_is_numbered_and_listed_by_its_title() -> None:
    listed = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    for number, path in enumerate(records, 1):
        title = path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        assert path.name.startswith(f"{number:04}-") and title.startswith(f"{number}. "), path.name
        assert f"\n{number}. [{title.partition('. ')[2]}]({path.name})\n" in listed, path.name


def test_the_map_of_the_house_has_every_room() -> None:
    shown = re.findall(r"^\| (`.*?`) \|", (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"), re.M)
    named = {name.strip("`/") for cell in shown for name in cell.split(", ")}
    rooms = {path.name for path in (ROOT / "wildbot").iterdir() if not path.name.startswith("_")}
    assert rooms - named == set()
