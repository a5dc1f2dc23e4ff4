"""Settings in force as tables: key, value, origin; secrets come masked and stay so."""

from collections.abc import Sequence

import msgspec

from wildbot.dashboard.view.wording import cells, div, panel, span, table

SettingRow = tuple[str, str, str]
"""(dotted key, value as text, where it came from)."""

DEFAULTS = ("built-in default", "config/default.toml")
VALUE_MAX = 400
UNIVERSE = "trading.universe"
RUN_TIME = "changed while it runs"


def is_own(row: SettingRow) -> bool:
    """Whether somebody chose this value: it is neither built in nor of the default file."""
    return row[2] not in DEFAULTS


def chosen(rows: Sequence[SettingRow], *, containing: str, own_only: bool) -> list[SettingRow]:
    """Return the rows whose key or value contains a text, in any case; only chosen ones when asked for."""
    wanted = containing.casefold().strip()
    return [
        row for row in rows if (not own_only or is_own(row)) and (not wanted or wanted in f"{row[0]} {row[1]}".casefold())
    ]


def in_force(rows: Sequence[SettingRow], watched: Sequence[str], own_pairs: Sequence[str]) -> list[SettingRow]:
    """Return the rows with the universe the desk watches now, where the owner changed it while it runs.

    `watched`: the pairs the scanner rates, none when that is not known; `own_pairs`: universe and pairs of the settings.
    """
    if not watched or set(watched) == set(own_pairs):
        return list(rows)
    value = msgspec.json.encode(sorted(watched)).decode()
    return [(row[0], value, RUN_TIME) if row[0] == UNIVERSE else row for row in rows]


def settings_html(rows: Sequence[SettingRow], total: int) -> str:
    """Return the table of all settings, one block per section."""
    lines: list[str] = []
    before = ""
    for key, value, origin in rows:
        section = key.rpartition(".")[0]
        own = is_own((key, value, origin))
        lines.append(
            cells(
                ("dim", section if section != before else ""),
                ("wb-strong", key.rpartition(".")[2]),
                ("wb-setting", value[:VALUE_MAX]),
                ("warn" if own else "dim", f"◆ {origin}" if own else origin),
                title=f"WILDBOT_{key.upper().replace('.', '__')}",
            )
        )
        before = section
    headings = ["section", "setting", "value", "origin"]
    aside = span("", f"{len(rows)} of {total} · ◆ chosen by you or the profile")
    body = div("wb-scroll", table(headings, lines, css="wb-settings", empty="no setting matches"))
    return panel("Settings in force", body, css="page", aside=aside)


def parameters_html(strategy: str, rows: Sequence[SettingRow]) -> str:
    """Return one strategy's own parameters."""
    own = [row for row in rows if row[0].startswith(f"{strategy}.")]
    lines = [
        cells(
            ("", row[0].partition(".")[2].replace("_", " ")),
            ("r wb-strong", row[1][:VALUE_MAX]),
            ("warn" if is_own(row) else "dim", "◆" if is_own(row) else ""),
            title=f"{row[0]} from {row[2]}",
        )
        for row in own
    ]
    body = div("wb-scroll", table(["parameter", ">value", ""], lines, empty="this strategy has no parameters"))
    return panel("Parameters", body, css="tall", aside=span("", strategy))
