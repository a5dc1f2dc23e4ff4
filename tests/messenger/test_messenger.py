"""The notifier's whole mind on virtual time: write down first, one request at a time, conflicts, cut off."""

from typing import Any

from tests.messenger.builders_messenger import NOON_NS, OWNER, SECOND, alert, status, update
from wildbot.desk.alerts import ClearAlert, RaiseAlert
from wildbot.messenger.commands import CallControl, ReadLog
from wildbot.messenger.messenger import (
    CONFLICT,
    CONFLICT_CLEAR_NS,
    CUT_OFF,
    Command,
    Controlled,
    Delivered,
    Ending,
    Event,
    LogRead,
    Looked,
    Messenger,
    Poll,
    Recall,
    Received,
    Rules,
    Save,
    Send,
)
from wildbot.model.messaging import MessengerTrouble, Note, NoteKind, Trouble

CODE = "135790"


class Stage:
    """The brain with a clock, and everything it asked for."""

    def __init__(self, recall: Recall | None = None, *, users: frozenset[int] = frozenset({OWNER})) -> None:
        self.now_ns = NOON_NS
        rules = Rules(OWNER, users, 60 * SECOND, 0, "WildBot build x")
        self.brain = Messenger(rules, recall or Recall(), lambda: CODE, self.now_ns)
        self.asked: list[Command] = []
        self._flies = False
        self.pass_s(1)

    def on(self, event: Event) -> list[Command]:
        done = self.brain.handle(event, self.now_ns)
        self.asked += done
        self._flies = (self._flies and not isinstance(event, Delivered)) or bool(of(Send, done))
        return done

    def pass_s(self, seconds: int, *alerts: Any) -> list[Command]:
        """Look once a second; everything that is sent arrives."""
        done: list[Command] = []
        for _ in range(seconds):
            self.now_ns += SECOND
            done += self.on(Looked(status(*alerts), 0.1, []))
            while self._flies:
                done += self.on(Delivered(None))
        return done

    def writes(self, text: str, number: int) -> list[Command]:
        """Receive one message of the owner's."""
        return self.on(Received([update(number, now_ns=self.now_ns, text=text)]))

    def told(self) -> str:
        return "\n".join(each.text for each in self.asked if isinstance(each, Send))


def of(kind: type[Any], commands: list[Command]) -> list[Any]:
    return [each for each in commands if isinstance(each, kind)]


def test_it_is_written_down_before_it_is_sent() -> None:
    stage = Stage()
    stage.pass_s(9)
    done = stage.on(Looked(status(alert()), 0.1, []))
    kinds = [type(each) for each in done]
    assert kinds.index(Save) < kinds.index(Send)
    assert [note.kind for note in of(Save, done)[0].notes.kept] == [NoteKind.CRITICAL]
    assert of(Save, stage.on(Delivered(None)))[0].notes.dropped


def test_an_update_is_written_down_before_its_command_is_done() -> None:
    stage = Stage()
    stage.pass_s(2)
    done = stage.writes("/pause", 50)
    kinds = [type(each) for each in done]
    assert kinds.index(Save) < kinds.index(CallControl) and 50 in of(Save, done)[0].updates


def test_one_message_and_one_question_are_on_their_way_at_a_time() -> None:
    stage = Stage()
    stage.asked.clear()
    for second in range(60):
        stage.now_ns += SECOND
        stage.on(Looked(status(alert(f"k{second}")), 0.1, []))
    assert len(of(Send, stage.asked)) == 1 and len(of(Poll, stage.asked)) == 0
    stage.on(Received([]))
    assert len(of(Poll, stage.asked)) == 1


def test_without_allowed_users_nobody_is_even_asked() -> None:
    stage = Stage(users=frozenset())
    stage.pass_s(60)
    assert not of(Poll, stage.asked)


def test_what_an_earlier_life_could_not_tell_is_told_first() -> None:
    stage = Stage(Recall(notes=(Note(7, NoteKind.CRITICAL, "k", "from before", NOON_NS),)))
    assert stage.told().startswith("from before")
    assert 7 in of(Save, stage.asked)[-1].notes.dropped


def test_a_halt_goes_through_its_code_to_the_control_socket_and_its_outcome_is_told() -> None:
    stage = Stage()
    stage.pass_s(5)
    assert not of(CallControl, stage.writes("/halt", 50))
    stage.pass_s(3)
    assert CODE in stage.told()
    assert of(CallControl, stage.writes(CODE, 51)) == [CallControl("halt", {})]
    stage.on(Controlled("halt", False, "no answer within 30 s; it may still be done"))
    stage.pass_s(3)
    assert "halt: not done, no answer within 30 s; it may still be done" in stage.told()


def test_the_same_update_twice_is_one_command_also_in_the_next_life() -> None:
    stage = Stage()
    stage.pass_s(2)
    message = update(50, now_ns=stage.now_ns, text="/pause")
    assert len(of(CallControl, stage.on(Received([message, message])))) == 1
    again = Stage(Recall(updates=(50,)))
    again.now_ns = stage.now_ns
    assert not of(CallControl, again.on(Received([message])))


def test_the_next_question_begins_after_what_was_read_and_an_echo_is_no_busy_loop() -> None:
    stage = Stage()
    stage.on(Received([update(50), {"update_id": 51}, {"no": "number"}]))
    assert of(Poll, stage.asked)[-1].offset == 52
    stage.asked.clear()
    for _ in range(30):
        stage.on(Received([{"no": "number"}]))
        stage.pass_s(1)
    assert len(of(Poll, stage.asked)) <= 1


def test_another_reader_of_the_same_bot_switches_commands_off_and_the_owner_is_told() -> None:
    stage = Stage()
    stage.pass_s(5)
    done = stage.on(Received([], MessengerTrouble(Trouble.CONFLICT, 409)))
    assert [each.key for each in of(RaiseAlert, done)] == [CONFLICT]
    stage.pass_s(40)
    assert stage.told().count("another program reads this bot's messages") == 1
    assert not of(CallControl, stage.writes("/pause", 50)), "commands are not heard"
    stage.pass_s(30)
    stage.on(Received([], MessengerTrouble(Trouble.CONFLICT, 409)))
    stage.pass_s(CONFLICT_CLEAR_NS // SECOND)
    stage.on(Received([]))
    assert [each.key for each in of(ClearAlert, stage.asked)] == [CONFLICT]
    stage.pass_s(2)
    assert stage.told().count("another program") == 1 and of(CallControl, stage.writes("/pause", 60))


def test_a_messenger_that_does_not_answer_is_an_alert_in_the_status_and_its_return_clears_it() -> None:
    stage = Stage()
    stage.pass_s(10)
    stage.asked.clear()
    for _ in range(200):
        stage.now_ns += SECOND
        if of(Send, stage.on(Looked(status(alert()), 0.1, []))):
            stage.on(Delivered(MessengerTrouble(Trouble.UNREACHABLE)))
    assert [each.key for each in of(RaiseAlert, stage.asked)] == [CUT_OFF]
    assert 4 < len(of(Send, stage.asked)) < 15, "slower and slower"
    stage.pass_s(70)
    assert [each.key for each in of(ClearAlert, stage.asked)] == [CUT_OFF] and stage.brain.waiting == 0


def test_a_wait_that_telegram_asked_for_is_written_down() -> None:
    stage = Stage()
    stage.pass_s(10)
    stage.on(Looked(status(alert()), 0.1, []))
    done = stage.on(Delivered(MessengerTrouble(Trouble.LIMITED, 429, 40.0)))
    assert of(Save, done)[0].quiet_until_ns == stage.now_ns + 40 * SECOND
    assert not of(Send, stage.pass_s(39, alert())) and of(Send, stage.pass_s(1, alert()))


def test_a_log_is_answered_with_its_last_lines_and_an_unknown_one_with_those_there_are() -> None:
    stage = Stage()
    stage.pass_s(5)
    assert of(ReadLog, stage.writes("/logs supervisor", 50)) == [ReadLog("supervisor")]
    stage.on(LogRead("supervisor", [f"line {number}" for number in range(99)], ["supervisor"]))
    stage.pass_s(3)
    assert "line 98" in stage.told() and "line 80" not in stage.told()
    stage.on(LogRead("nobody", None, ["supervisor"]))
    stage.pass_s(3)
    assert "no log of 'nobody'; there are: supervisor" in stage.told()


def test_at_the_end_no_more_is_heard_and_what_waits_goes_faster() -> None:
    stage = Stage()
    stage.pass_s(10)
    stage.on(Looked(status(alert()), 0.1, []))
    stage.on(Delivered(None))
    stage.on(Ending())
    stage.now_ns += SECOND
    assert of(Send, stage.on(Looked(status(alert(), alert("b", ts_ns=NOON_NS + 1)), 0.1, [])))
    stage.asked.clear()
    stage.on(Received([]))
    stage.pass_s(5)
    assert not of(Poll, stage.asked)
