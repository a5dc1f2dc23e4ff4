"""Who may command by Telegram: the owner, in a private chat, now, once."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.messenger.builders_messenger import NOON_NS, OWNER, SECOND, update
from wildbot.messenger.door import AGE_S_MAX, ALLOWANCE, Door

NOW_NS = NOON_NS + 60 * SECOND


def a_door(*, chat: int = OWNER, users: frozenset[int] = frozenset({OWNER}), seen: tuple[int, ...] = ()) -> Door:
    return Door(chat_id=chat, users=users, seen=seen, now_ns=NOON_NS)


def test_the_owners_message_is_heard() -> None:
    assert a_door().enter(update(5, now_ns=NOW_NS, text="/status"), NOW_NS).text == "/status"


STRANGER = {"id": 666, "is_bot": False}


@pytest.mark.parametrize(
    "changes",
    [
        {"from": STRANGER},
        {"from": STRANGER, "chat": {"id": 666, "type": "private"}},
        {"chat": {"id": 666, "type": "private"}},
        {"chat": {"id": OWNER, "type": "group"}},
        {"chat": {"id": -100, "type": "supergroup"}},
        {"chat": {"id": OWNER, "type": "channel"}},
        {"from": None},
        {"from": {"id": OWNER, "is_bot": True}},
        {"from": {"id": str(OWNER)}},
        {"forward_date": 1},
        {"forward_origin": {"type": "user"}},
        {"forward_from": {"id": OWNER}},
        {"sender_chat": {"id": OWNER}},
        {"via_bot": {"id": 1}},
        {"edit_date": 1},
        {"text": None},
        {"text": ""},
        {"text": 17},
        {"date": "now"},
    ],
    ids=str,
)
def test_whoever_is_not_the_owner_in_private_is_turned_away_without_a_word(changes: dict[str, Any]) -> None:
    entry = a_door().enter(update(1, now_ns=NOW_NS, **changes), NOW_NS)
    assert entry.turned_away and not entry.text and not entry.told


@pytest.mark.parametrize("kind", ["edited_message", "channel_post", "callback_query", "business_message", "inline_query"])
def test_what_is_no_new_message_is_turned_away(kind: str) -> None:
    message = update(1, now_ns=NOW_NS)["message"]
    assert a_door().enter({"update_id": 1, kind: message}, NOW_NS).turned_away


def test_an_empty_list_of_users_lets_nobody_in() -> None:
    assert a_door(users=frozenset()).enter(update(1, now_ns=NOW_NS), NOW_NS).turned_away


def test_an_old_message_is_discarded_and_one_of_now_is_not() -> None:
    door = a_door()
    old = door.enter(update(1, now_ns=NOW_NS - (AGE_S_MAX + 1) * SECOND), NOW_NS)
    assert "old" in old.turned_away and old.told
    assert door.enter(update(2, now_ns=NOW_NS - AGE_S_MAX * SECOND), NOW_NS).text
    assert door.enter(update(3, now_ns=NOW_NS + (AGE_S_MAX + 1) * SECOND), NOW_NS).turned_away, "from the future"


def test_what_was_sent_before_this_run_is_discarded_however_fresh() -> None:
    now_ns = NOON_NS + 5 * SECOND
    assert a_door().enter(update(1, now_ns=NOON_NS), now_ns).turned_away
    assert a_door().enter(update(2, now_ns=NOON_NS + SECOND), now_ns).text


def test_an_update_counts_once_also_after_a_restart() -> None:
    door = a_door()
    assert door.enter(update(7, now_ns=NOW_NS), NOW_NS).text
    assert door.enter(update(7, now_ns=NOW_NS), NOW_NS).turned_away
    again = a_door(seen=tuple(door.seen))
    assert again.enter(update(7, now_ns=NOW_NS), NOW_NS).turned_away
    assert again.enter(update(3, now_ns=NOW_NS), NOW_NS).text, "numbers may begin anew, smaller"


def test_too_many_commands_are_told_once_and_strangers_use_up_nothing() -> None:
    door = a_door()
    for number in range(100):
        door.enter(update(number, now_ns=NOW_NS, **{"from": STRANGER}), NOW_NS)
    entries = [door.enter(update(1_000 + number, now_ns=NOW_NS), NOW_NS) for number in range(ALLOWANCE + 5)]
    assert [bool(entry.text) for entry in entries] == [True] * ALLOWANCE + [False] * 5
    assert [entry.told for entry in entries] == [False] * ALLOWANCE + [True] + [False] * 4
    later_ns = NOW_NS + 10 * SECOND
    assert door.enter(update(5_000, now_ns=later_ns), later_ns).text


PARTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["date", "chat", "from", "text", "forward_origin", "edit_date"])


@given(st.dictionaries(FIELDS, PARTS, max_size=4), st.one_of(PARTS, st.just(3)))
def test_no_update_breaks_the_door_and_only_the_owners_words_come_through(changes: dict[str, Any], number: object) -> None:
    hostile = json.loads(json.dumps(update(1, now_ns=NOW_NS) | {"update_id": number}))
    hostile["message"] |= changes
    entry = a_door().enter(hostile, NOW_NS)
    if entry.text:
        assert hostile["message"]["from"]["id"] == OWNER and hostile["message"]["chat"]["id"] == OWNER
