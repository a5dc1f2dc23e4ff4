"""docs/drill.md lists the cases as they are. To bring it up to date: `python -m tests.drill.test_document`."""

import re
from pathlib import Path

import pytest

from wildbot.drill.catalogue import all_cases
from wildbot.drill.matrix import catalogue_table, not_drilled_table
from wildbot.drill.not_drilled import NOT_DRILLED

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "drill.md"
TABLES = {"cases": catalogue_table(all_cases()), "not drilled": not_drilled_table(NOT_DRILLED)}


def between(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.S)


@pytest.mark.parametrize("name", TABLES)
def test_the_document_lists_what_there_is(name: str) -> None:
    found = between(name).search(DOCUMENT.read_text(encoding="utf-8"))
    assert found is not None, f"{DOCUMENT} has no place for {name}"
    assert found.group(0) == f"<!-- {name} -->\n{TABLES[name]}<!-- end of {name} -->", __doc__


def rewrite() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, table in TABLES.items():
        text = between(name).sub(lambda found, table=table: found.group(1) + table + found.group(2), text)  # type: ignore[misc]
    DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    rewrite()
