"""Binance's differences are numbered: what is missing breaks the tape, and a snapshot mends it."""

import json
from collections.abc import Sequence

import pytest

from wildbot.model.errors import ProtocolError
from wildbot.simulation.level_tape import LevelsSet, TapeBreak, TapeEvent
from wildbot.simulation.tape_binance import binance_tape

START_NS = 1_723_161_254_000_000_000


def difference(first: int, last: int, before: int | None = None) -> dict[str, object]:
    frame = {"e": "depthUpdate", "s": "BTCUSDT", "U": first, "u": last, "b": [[f"{100 + last}.0", "1"]], "a": []}
    return {"stream": "btcusdt@depth", "data": frame if before is None else {**frame, "pu": before}}


def snapshot(last: int) -> dict[str, object]:
    return {"lastUpdateId": last, "bids": [["100.0", "1"]], "asks": [["900.5", "1"]]}


def told(frames: Sequence[dict[str, object]]) -> list[str]:
    """Return the tape in words: W a whole book, its bid a change, | a break."""
    lines = [f"{START_NS + number} {json.dumps(frame)}" for number, frame in enumerate(frames)]
    return [_word(event) for event in binance_tape(lines).events]


def _word(event: TapeEvent) -> str:
    if isinstance(event, TapeBreak):
        return "|"
    assert isinstance(event, LevelsSet)
    return "W" if event.is_whole else str(int(float(event.bids[0][0])) - 100)


def test_differences_that_follow_one_another_are_one_tape() -> None:
    assert told([difference(1, 4), snapshot(3), difference(5, 6), difference(7, 9)]) == ["W", "4", "6", "9"]


def test_a_missing_difference_breaks_the_tape_until_the_next_snapshot() -> None:
    frames = [difference(1, 3), snapshot(3), difference(4, 5), difference(8, 9), difference(10, 11)]
    assert told(frames) == ["W", "5", "|"]
    assert told([*frames, snapshot(10), difference(12, 12)]) == ["W", "5", "|", "W", "11", "12"]


def test_a_difference_that_is_missing_around_the_snapshot_is_noticed() -> None:
    assert told([difference(1, 2), snapshot(3), difference(6, 7)]) == ["W", "|"]
    assert told([difference(7, 8), snapshot(3), difference(9, 9)]) == ["W", "|"]


def test_perpetuals_say_which_difference_they_follow() -> None:
    frames = [difference(1, 3, 0), snapshot(3), difference(10, 20, 3), difference(40, 50, 20)]
    assert told(frames) == ["W", "20", "50"]
    assert told([*frames, difference(80, 90, 60)]) == ["W", "20", "50", "|"]


def test_a_snapshot_that_is_older_than_what_is_known_is_passed_over() -> None:
    assert told([difference(1, 3), snapshot(3), difference(4, 9), snapshot(6), difference(10, 11)]) == ["W", "9", "11"]


def test_rows_of_another_pair_are_refused_by_their_line() -> None:
    frames = [difference(1, 3), snapshot(3), {"data": {"e": "trade", "s": "ETHUSDT", "p": "2600.1", "q": "1", "m": True}}]
    with pytest.raises(ProtocolError, match=r"line 3 is of 'ETHUSDT' in a recording of BTCUSDT"):
        told(frames)
