"""What goes first, how far apart, and what becomes of a note that Telegram does not take."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.messenger.builders_messenger import NOON_NS, SECOND
from wildbot.messenger.outbox import NOTES_MAX, SPACING_NS, WARNING_AGAIN_NS, Outbox
from wildbot.messenger.texts import UNITS_MAX, fitted, one_line, plainest, units
from wildbot.model.messaging import MessengerTrouble, Note, NoteKind, Trouble

DOWN = MessengerTrouble(Trouble.UNREACHABLE)


def an_outbox(*notes: Note, quiet_until_ns: int = 0) -> Outbox:
    return Outbox(notes, quiet_until_ns=quiet_until_ns, profit_every_ns=60 * SECOND, now_ns=NOON_NS)


def text_of(outbox: Outbox, now_ns: int) -> str | None:
    parcel = outbox.next(now_ns)
    return None if parcel is None else parcel.text


def test_critical_goes_first_then_answers_then_the_rest() -> None:
    outbox = an_outbox()
    for kind in (NoteKind.DIGEST, NoteKind.NEWS, NoteKind.WARNING, NoteKind.ANSWER, NoteKind.CRITICAL):
        outbox.add(kind, kind.name, kind.name, NOON_NS)
    told, now_ns = [], NOON_NS
    while len(told) < 5:
        parcel = outbox.next(now_ns)
        if parcel is not None:
            told.append(parcel.text)
            outbox.delivered(now_ns)
        now_ns += SECOND
    # The answer need not wait for the five seconds between two messages.
    assert told == ["CRITICAL", "ANSWER", "WARNING", "NEWS", "DIGEST"]
    assert now_ns - NOON_NS >= 3 * SPACING_NS


def test_two_messages_are_five_seconds_apart() -> None:
    outbox = an_outbox()
    outbox.add(NoteKind.CRITICAL, "a", "a", NOON_NS)
    assert text_of(outbox, NOON_NS) == "a"
    outbox.delivered(NOON_NS)
    outbox.add(NoteKind.CRITICAL, "b", "b", NOON_NS)
    assert text_of(outbox, NOON_NS + SPACING_NS - 1) is None
    assert text_of(outbox, NOON_NS + SPACING_NS) == "b"


def test_everything_that_waits_of_a_kind_goes_in_one_message() -> None:
    outbox = an_outbox()
    for key in "abc":
        outbox.add(NoteKind.CRITICAL, key, key, NOON_NS)
    assert text_of(outbox, NOON_NS) == "a\nb\nc"
    outbox.delivered(NOON_NS)
    assert len(outbox) == 0


def test_a_condition_that_comes_again_before_it_was_told_is_told_once_with_its_count() -> None:
    outbox = an_outbox()
    for _ in range(3):
        outbox.add(NoteKind.CRITICAL, "k", "text", NOON_NS)
    assert text_of(outbox, NOON_NS) == "text (3 times)"
    outbox.add(NoteKind.CRITICAL, "k", "text", NOON_NS)  # while the first is on its way
    outbox.delivered(NOON_NS)
    assert text_of(outbox, NOON_NS + SPACING_NS) == "text"


def test_a_warning_that_comes_and_goes_is_told_once_a_minute() -> None:
    outbox = an_outbox()
    outbox.add(NoteKind.WARNING, "k", "text", NOON_NS)
    outbox.next(NOON_NS)
    outbox.delivered(NOON_NS)
    outbox.add(NoteKind.WARNING, "k", "text", NOON_NS)
    assert text_of(outbox, NOON_NS + WARNING_AGAIN_NS - 1) is None
    assert text_of(outbox, NOON_NS + WARNING_AGAIN_NS) == "text"


def test_what_telegram_asks_us_to_wait_is_waited_by_everything() -> None:
    outbox = an_outbox()
    outbox.add(NoteKind.CRITICAL, "k", "k", NOON_NS)
    outbox.next(NOON_NS)
    outbox.failed(MessengerTrouble(Trouble.LIMITED, 429, 37.0), NOON_NS)
    outbox.add(NoteKind.ANSWER, "answer", "a", NOON_NS)
    assert outbox.next(NOON_NS + 37 * SECOND - 1) is None
    assert outbox.quiet_until_ns == NOON_NS + 37 * SECOND
    assert text_of(outbox, NOON_NS + 37 * SECOND) == "k"
    assert an_outbox(Note(1, NoteKind.CRITICAL, "k", "k", NOON_NS), quiet_until_ns=NOON_NS + 5).next(NOON_NS) is None


@pytest.mark.parametrize("seconds", [1e9, float("1e300")])
def test_an_absurd_wait_is_bounded(seconds: float) -> None:
    outbox = an_outbox()
    outbox.add(NoteKind.CRITICAL, "k", "k", NOON_NS)
    outbox.next(NOON_NS)
    outbox.failed(MessengerTrouble(Trouble.LIMITED, 429, seconds), NOON_NS)
    assert text_of(outbox, NOON_NS + 3_600 * SECOND) == "k"


def test_a_failure_is_tried_again_slower_and_slower_and_nothing_is_lost() -> None:
    outbox, now_ns, tries = an_outbox(), NOON_NS, []
    outbox.add(NoteKind.CRITICAL, "k", "k", NOON_NS)
    while len(tries) < 9:
        if outbox.next(now_ns) is not None:
            tries.append(now_ns)
            outbox.failed(DOWN, now_ns)
        now_ns += SECOND
    gaps = [(b - a) // SECOND for a, b in itertools.pairwise(tries)]
    assert gaps == sorted(gaps) and gaps[0] >= 5 and gaps[-1] == 60
    assert len(outbox) == 1


def test_a_refused_note_lets_the_others_pass_and_goes_in_its_plainest_form_at_last() -> None:
    outbox = an_outbox()
    outbox.add(NoteKind.CRITICAL, "bad", "bäd\x00*_[" + "x" * 500, NOON_NS)
    now_ns, told, refused = NOON_NS, [], 0
    while not any(text.startswith("b?d") for text in told):
        parcel = outbox.next(now_ns)
        if parcel is not None and parcel.text.startswith("bä"):
            outbox.failed(MessengerTrouble(Trouble.REFUSED, 400), now_ns)
            refused += 1
            outbox.add(NoteKind.NEWS, "other", "other", now_ns)
        elif parcel is not None:
            outbox.delivered(now_ns)
            told.append(parcel.text)
        now_ns += SECOND
        assert now_ns < NOON_NS + 600 * SECOND
    assert refused == 2 and told[0] == "other" and len(told[-1]) <= 200 and told[-1].isascii()


def test_profit_is_told_at_most_once_a_minute_and_only_the_latest() -> None:
    outbox = an_outbox()
    told = []
    for second in range(300):
        now_ns = NOON_NS + second * SECOND
        outbox.add(NoteKind.PROFIT, "profit", str(second), now_ns)
        if outbox.next(now_ns) is not None:
            told.append(second)
            outbox.delivered(now_ns)
    assert told == [60, 120, 180, 240]


def test_an_answer_that_comes_too_late_is_not_given() -> None:
    outbox = an_outbox()
    outbox.add(NoteKind.ANSWER, "answer", "a", NOON_NS)
    assert outbox.next(NOON_NS + 121 * SECOND) is None and len(outbox) == 0


def test_only_what_lasts_is_written_down() -> None:
    outbox = an_outbox()
    for kind in NoteKind:
        outbox.add(kind, "k", "k", NOON_NS)
    changes = outbox.changes()
    assert changes is not None
    assert [note.kind for note in changes.kept] == [NoteKind.CRITICAL, NoteKind.WARNING, NoteKind.NEWS]
    assert outbox.changes() is None
    outbox.next(NOON_NS)
    outbox.delivered(NOON_NS)
    changes = outbox.changes()
    assert changes is not None and (changes.kept, changes.dropped) == ((), (1,))


def test_a_flood_is_counted_not_kept() -> None:
    outbox = an_outbox()
    for number in range(NOTES_MAX + 500):
        outbox.add(NoteKind.CRITICAL, f"k{number}", "x", NOON_NS)
    assert len(outbox) == NOTES_MAX + 1


def test_a_clock_that_is_set_back_does_not_silence_us() -> None:
    outbox = an_outbox()
    outbox.add(NoteKind.CRITICAL, "a", "a", NOON_NS)
    outbox.next(NOON_NS)
    outbox.delivered(NOON_NS)
    outbox.add(NoteKind.CRITICAL, "b", "b", NOON_NS)
    earlier_ns = NOON_NS - 86_400 * SECOND
    assert outbox.next(earlier_ns) is None
    assert text_of(outbox, earlier_ns + SPACING_NS) == "b"


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from([NoteKind.CRITICAL, NoteKind.WARNING]), st.sampled_from("abcd")),
        st.tuples(st.just("go"), st.sampled_from(["ok", *Trouble]), st.integers(0, 70)),
    ),
    max_size=60,
)


@given(STEPS)
def test_whatever_happens_every_alert_is_told_in_the_end_or_still_waits_on_disk(steps: list[tuple[str, str, int]]) -> None:
    outbox, now_ns, wanted, told, disk = an_outbox(), NOON_NS, set[str](), set[str](), dict[int, Note]()

    def turn(outcome: str) -> None:
        parcel = outbox.next(now_ns)
        if parcel is not None and outcome == "ok":
            told.update(parcel.text.replace("\n", " ").split())
            outbox.delivered(now_ns)
        elif parcel is not None:
            outbox.failed(MessengerTrouble(Trouble(outcome), 0, 5.0), now_ns)

    for what, kind, third in steps:
        if what == "add":
            wanted.add(f"{kind}-{third}")
            outbox.add(NoteKind(kind), f"{third}", f"{kind}-{third}", now_ns)  # type: ignore[arg-type]
        else:
            now_ns += third * SECOND
            turn(kind)
        changes = outbox.changes()
        if changes is not None:
            disk = {number: note for number, note in disk.items() if number not in changes.dropped}
            disk |= {note.id: note for note in changes.kept}
    outbox = an_outbox(*disk.values())  # killed, and started again
    for _ in range(200):
        now_ns += 10 * SECOND
        turn("ok")
    assert wanted <= told and len(outbox) == 0


@given(st.text(max_size=9_000))
def test_every_text_becomes_one_that_the_bot_api_takes(text: str) -> None:
    whole = fitted(text * 3)
    assert whole and units(whole) <= UNITS_MAX and all(each.isprintable() or each == "\n" for each in whole)
    assert "\n" not in one_line(text) and one_line(text).isprintable() and len(one_line(text)) <= 600
    assert plainest(text) and plainest(text).isascii() and len(plainest(text)) <= 200
