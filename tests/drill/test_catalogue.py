"""The catalogue of the drill is whole: stable ids, plain words, every grave fault drilled or excused."""

import re

import pytest

from wildbot.drill.case import Case, Group, Severity
from wildbot.drill.catalogue import CatalogueError, all_cases, batches, select
from wildbot.drill.not_drilled import NOT_DRILLED

GRAVE = {
    "A": set(range(1, 36)), "B": set(range(1, 14)), "C": set(range(1, 26)), "D": set(range(1, 15)),
    "E": set(range(1, 12)), "F": set(range(1, 7)), "G": set(range(1, 13)), "H": set(range(1, 11)),
}  # fmt: skip
"""Group -> the numbers of its S1 and S2 faults."""

CODE_WORDS = re.compile(r"\b(None|True|False|def|json|ack|pub/sub|epoch|cl_ord_id|socket|REST|ipc|SIGKILL)\b")


def a_case(number: str, **more: object) -> Case:
    words = {"group": Group.EXCHANGE, "severity": Severity.S1, "title": "t", "promise": "p", "run": lambda whole: None}
    return Case(id=number, **{**words, **more})  # type: ignore[arg-type]


def test_ids_are_unique_and_named_like_the_faults() -> None:
    ids = [case.id for case in all_cases()]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-HK]\d\d", each) for each in ids)


@pytest.mark.parametrize("group", sorted(GRAVE))
def test_every_grave_fault_is_drilled_or_excused(group: str) -> None:
    drilled = {case.id for case in all_cases()}
    missing = [f"{group}{n:02}" for n in sorted(GRAVE[group]) if f"{group}{n:02}" not in drilled | set(NOT_DRILLED)]
    assert not missing, f"neither drilled nor excused: {', '.join(missing)}"


def test_nothing_is_both_drilled_and_excused() -> None:
    assert not {case.id for case in all_cases()} & set(NOT_DRILLED)


@pytest.mark.parametrize("case", [c for c in all_cases() if c.id[0] in "ABG"], ids=lambda case: case.id)
def test_a_case_speaks_to_people(case: Case) -> None:
    for words in (case.title, case.promise):
        assert len(words) > 15 and not words[0].islower()
        assert not CODE_WORDS.search(words), words


def test_cases_that_are_alike_share_an_instance_and_lone_ones_do_not() -> None:
    cases = [
        a_case("A01"),
        a_case("A02", lone=True),
        a_case("A03"),
        a_case("A04", wired=True),
        a_case("A05", settings={"X": "1"}),
        a_case("A06", started=False),
        a_case("A07", wired=True),
    ]
    assert [[case.id for case in batch] for batch in batches(cases)] == [
        ["A01", "A03"],
        ["A02"],
        ["A04", "A07"],
        ["A05"],
        ["A06"],
    ]


def test_a_selection_takes_what_is_named_and_nothing_else() -> None:
    cases = [a_case("A01", fast=True), a_case("B01", group=Group.NETWORK), a_case("A02")]
    assert [case.id for case in select(cases, only=["A02", "A01"])] == ["A01", "A02"]
    assert [case.id for case in select(cases, group="network")] == ["B01"]
    assert [case.id for case in select(cases, fast=True)] == ["A01"]


@pytest.mark.parametrize(("words", "named"), [({"only": ["A99"]}, "A99"), ({"group": "weather"}, "network")])
def test_a_selection_of_nothing_names_what_there_is(words: dict[str, object], named: str) -> None:
    with pytest.raises(CatalogueError, match=named):
        select([a_case("A01"), a_case("B01", group=Group.NETWORK)], **words)  # type: ignore[arg-type]


def test_a_fast_drill_has_cases_of_several_groups() -> None:
    assert len({case.group for case in select(all_cases(), fast=True)}) >= 2


def test_only_a_lone_case_may_excuse_rules_of_the_checker() -> None:
    assert [case.id for case in all_cases() if case.breaks and not case.lone] == []
