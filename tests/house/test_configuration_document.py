"""docs/configuration.md says what the settings are. To bring it up to date: `python -m tests.house.test_configuration_document`."""

import itertools
import tomllib
from pathlib import Path

import pytest

from wildbot.settings_loading import CONFIG_FOLDER, load
from wildbot.settings_reference import SettingRow, explained_settings, section_meanings

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"
BEGIN, END = "<!-- settings -->\n", "<!-- end of settings -->"
PROFILES = ("sim", "paper", "live")


def reference() -> str:
    lines: list[str] = []
    meanings = section_meanings()
    for section, rows in itertools.groupby(explained_settings(), key=lambda row: row.section):
        lines += [f"### {section or 'The top'}", "", meanings[section], "", "| setting | default | may be | meaning |"]
        lines += ["|---|---|---|---|", *map(table_row, rows), ""]
    lines += [
        "### What the profiles change",
        "",
        "| setting | sim | paper | live |",
        "|---|---|---|---|",
        *profile_rows(),
        "",
    ]
    return "\n".join(lines)


def table_row(row: SettingRow) -> str:
    rule = row.rule.replace("|", "\\|")
    return f"| `{row.dotted}` | `{row.default}` | {rule if rule[:1].isalpha() else f'`{rule}`'} | {row.meaning} |"


def profile_rows() -> list[str]:
    told: dict[str, dict[str, str]] = {}
    for profile in PROFILES:
        tree = tomllib.loads((CONFIG_FOLDER / f"{profile}.toml").read_text(encoding="utf-8"))
        for section, values in tree.items():
            for key, value in values.items() if isinstance(values, dict) else ():
                shown = "a pair of our own" if key.startswith("api_") else f"`{value}`"
                told.setdefault(f"{section}.{key}", {})[profile] = shown
    return [f"| `{key}` | {' | '.join(by.get(profile, '') for profile in PROFILES)} |" for key, by in sorted(told.items())]


def test_the_document_says_what_the_settings_are() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text.partition(BEGIN)[2].partition(END)[0] == reference(), __doc__


def test_every_setting_is_explained_once() -> None:
    rows = list(explained_settings())
    assert sorted(row.dotted for row in rows) == sorted(key for key, _, _ in load(environment={}).rows())
    assert [row.dotted for row in rows if len(row.meaning) < 5 or not row.rule] == []


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("trading.max_traders", "whole number from 1 to 3"),
        ("risk.max_drawdown_pct", "number above 0 to 100"),
        ("capital.starting", "number above 0 to 10,000,000"),
        ("trading.universe", "list of BASE/QUOTE"),
        ("exchange.speed", 'number from 0.1 to 1,000 or "max"'),
        ("log.level", "DEBUG, INFO, WARNING, ERROR"),
        ("market_maker.edge_policy", "ignore, require"),
        ("exchange.embedded", "true or false"),
    ],
)
def test_a_range_is_told_in_words(name: str, rule: str) -> None:
    (row,) = [row for row in explained_settings() if row.dotted == name]
    assert row.rule == rule


def test_a_setting_has_the_name_that_the_environment_knows(tmp_path: Path) -> None:
    (row,) = [row for row in explained_settings() if row.dotted == "risk.max_drawdown_pct"]
    in_force = load(environment={row.variable: "33"}, env_file=tmp_path / "none").settings
    assert in_force.risk.max_drawdown_pct == 33


def rewrite() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    DOCUMENT.write_text(before + BEGIN + reference() + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    rewrite()
