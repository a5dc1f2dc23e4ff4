"""What the owner is told without asking: each condition once, its end, profit, the day, and that all is well."""

import msgspec

from tests.messenger.builders_messenger import NOON_NS, SECOND, account, alert, status
from wildbot.analytics.status_view import StatusView
from wildbot.messenger.notices import START_GRACE_NS, Memory, Notices
from wildbot.messenger.outbox import Outbox

DAY_NS = 86_400 * SECOND


class Owner:
    """Looks as the notifier does, and keeps what reaches the owner."""

    def __init__(self, memory: Memory | None = None, *, digest_h: int = 0, now_ns: int = NOON_NS) -> None:
        self.now_ns = now_ns
        self.memory = memory or Memory()
        self._outbox = Outbox(profit_every_ns=60 * SECOND, now_ns=now_ns)
        self._notices = Notices(self._outbox, self.memory, digest_every_ns=digest_h * 3_600 * SECOND, now_ns=now_ns)

    def sees(
        self,
        view: StatusView | None,
        *,
        age_s: float = 0.1,
        after_s: float = 5,
        unhealthy: tuple[str, ...] = (),
        turns: int = 8,
    ) -> str:
        """Return what is told of one look, once everything that waited has gone out."""
        self.now_ns += int(after_s * SECOND)
        if view is not None and age_s < 1:
            view = msgspec.structs.replace(view, ts_ns=self.now_ns)
        self._notices.look(view, age_s, list(unhealthy), self.now_ns)
        self.memory = self._notices.memory() or self.memory
        told = []
        for _ in range(turns):
            parcel = self._outbox.next(self.now_ns)
            if parcel is not None:
                told.append(parcel.text)
                self._outbox.delivered(self.now_ns)
            self.now_ns += SECOND
        return "\n".join(told)


def an_owner(**fields: int) -> Owner:
    """Return one who has heard that it runs."""
    owner = Owner(**fields)
    assert "running since" in owner.sees(status())
    return owner


def test_an_alert_is_told_once_while_it_stands() -> None:
    owner = an_owner()
    told = owner.sees(status(alert()))
    assert "[SIM] CRITICAL" in told and "supervisor: something about halt" in told
    assert all(owner.sees(status(alert())) == "" for _ in range(20))


def test_its_end_is_told_and_when_it_comes_again_it_is_told_again() -> None:
    owner = an_owner()
    owner.sees(status(alert()))
    assert "over since" in owner.sees(status(alert(), standing=()))
    assert owner.sees(status(alert(), standing=())) == ""
    assert "CRITICAL" in owner.sees(status(alert(), alert(ts_ns=NOON_NS + 60 * SECOND)))


def test_an_alert_that_came_and_went_between_two_looks_is_told() -> None:
    assert "CRITICAL" in an_owner().sees(status(alert(), standing=()))


def test_what_was_told_before_a_restart_of_ours_is_not_told_again() -> None:
    owner = an_owner()
    owner.sees(status(alert(), alert("other")))
    again = Owner(msgspec.json.decode(msgspec.json.encode(owner.memory), type=Memory), now_ns=owner.now_ns)
    assert again.sees(status(alert(), alert("other"))) == ""
    assert "third" in again.sees(status(alert(), alert("third", ts_ns=NOON_NS + SECOND)))


def test_a_new_run_tells_what_still_stands_and_calls_nothing_over() -> None:
    owner = an_owner()
    owner.sees(status(alert()))
    told = owner.sees(status(alert(ts_ns=NOON_NS + 90 * SECOND), run="run-2"))
    assert "CRITICAL" in told and "running since" in told and "over" not in told
    assert "over" not in owner.sees(status(run="run-3")), "the run that could say so is gone"


def test_information_and_our_own_alerts_are_no_messages() -> None:
    assert an_owner().sees(status(alert(level="info"), alert("telegram", level="warning", actor="notifier"))) == ""


def test_a_supervisor_that_falls_silent_is_an_alert_and_its_return_is_told() -> None:
    owner = an_owner()
    assert owner.sees(status(), age_s=9) == ""
    told = owner.sees(status(), age_s=11)
    assert "CRITICAL" in told and "has said nothing for 11 s; 2 orders rest" in told
    assert owner.sees(status(), age_s=99) == ""
    assert "heard again" in owner.sees(status())


def test_an_ordered_end_is_told_as_such() -> None:
    owner = an_owner()
    owner.sees(status(state="stopping", resting=0))
    assert "UTC; no orders rest" in owner.sees(status(state="stopping", resting=0), age_s=4)
    assert owner.sees(status(state="stopping", resting=0), age_s=400) == ""


def test_a_whole_that_never_speaks_is_an_alert_after_the_time_a_start_takes() -> None:
    owner = Owner()
    assert owner.sees(None, age_s=float("inf"), after_s=START_GRACE_NS / SECOND - 30) == ""
    assert "ever since this start; whether orders rest is unknown" in owner.sees(None, age_s=float("inf"), after_s=60)


def test_profit_is_told_when_it_has_changed_and_not_otherwise() -> None:
    owner = an_owner()
    assert owner.sees(status(), after_s=120) == ""
    told = owner.sees(status(of=account(trades=2, realised="0.5")), after_s=120)
    assert "equity 16.1 USDC (+0.60 %), today +0.1, realised +0.5" in told
    assert owner.sees(status(of=account(trades=2, realised="0.5", equity="17")), after_s=120) == ""


def test_a_day_is_summed_up_once_when_it_is_over() -> None:
    owner = an_owner()
    owner.sees(status(of=account(trades=5, wins=2, fees="0.04", drawdown_pct=3.0, day_pnl="-0.2")))
    told = owner.sees(status(of=account(trades=6, day_pnl="0")), after_s=DAY_NS / SECOND)
    assert "profit -0.2 USDC" in told and "5 trades, 2 round trips won, 0 lost, fees 0.03" in told
    assert "drawdown 3.00 %" in told
    assert "Day" not in owner.sees(status(of=account(trades=6)))
    assert "0 trades" in owner.sees(status(of=account(trades=6)), after_s=DAY_NS / SECOND)


def test_a_day_that_ended_while_we_were_away_is_summed_up_at_our_return() -> None:
    owner = an_owner()
    owner.sees(status(of=account(trades=5)), after_s=61)
    again = Owner(owner.memory, now_ns=owner.now_ns + DAY_NS)
    assert "Day" in again.sees(status())
    third = Owner(again.memory, now_ns=again.now_ns)
    assert "Day" not in third.sees(status())


def test_each_account_has_a_day_of_its_own() -> None:
    owner = an_owner()
    owner.sees(status(of=account(trades=1, fees="0.10")))
    owner.sees(status(of=account(trades=5, fees="0.20")))
    paper = msgspec.structs.replace(status(run="run-2", of=account(trades=40, fees="9.00")), mode="paper")
    assert "Day" not in owner.sees(paper)
    told = owner.sees(paper, after_s=DAY_NS / SECOND, turns=20)
    sim, _, other = told.partition("[PAPER] Day")
    assert "[SIM] Day" in sim and "5 trades" in sim and "fees 0.19" in sim
    assert "0 trades" in other and "fees 0," in other.replace("\n", ",")
    assert "Day" not in owner.sees(paper)


def test_counters_that_went_back_are_another_account_and_begin_the_day_again() -> None:
    owner = an_owner()
    owner.sees(status(of=account(trades=50, fees="5")))
    owner.sees(status(of=account(trades=1, fees="0.01")))
    owner.sees(status(of=account(trades=3, fees="0.03")))
    assert "2 trades, 0 round trips won, 0 lost, fees 0.02" in owner.sees(status(), after_s=DAY_NS / SECOND)


def test_a_clock_that_was_set_back_sums_up_no_day_twice() -> None:
    owner = an_owner()
    assert "Day" in owner.sees(status(), after_s=DAY_NS / SECOND)
    assert "Day" not in owner.sees(status(), after_s=-DAY_NS / SECOND)
    assert "Day" not in owner.sees(status(), after_s=DAY_NS / SECOND)


def test_now_and_again_the_owner_hears_that_all_is_well_or_not() -> None:
    owner = an_owner(digest_h=12)
    assert "all is well" in owner.sees(status(), after_s=12 * 3_600)
    told = owner.sees(status(alert()), after_s=12 * 3_600, unhealthy=("the feed is dead",))
    assert "not well: the feed is dead" in told and "stands: something about halt" in told


def test_text_from_outside_forges_no_line() -> None:
    told = an_owner().sees(status(alert(text="x\n[LIVE] CRITICAL halted\u202e" + "y" * 5_000)))
    assert len(told.splitlines()) == 1 and len(told) < 800 and told.isprintable()


def test_after_a_flood_and_on_a_clock_set_back_each_alert_is_still_told_once() -> None:
    owner = an_owner()
    old = alert("old")
    owner.sees(status(old))
    for number in range(30):
        told = owner.sees(status(*(alert(f"k{number}-{each}") for each in range(30)), standing=(old,)))
        assert "about old" not in told and told.count("CRITICAL") == 30
    assert "about old" not in owner.sees(status(old))
    assert "CRITICAL" in owner.sees(status(alert("old", ts_ns=NOON_NS - 3_600 * SECOND), standing=()))


def test_an_end_that_was_not_told_yet_is_taken_back_when_the_condition_returns() -> None:
    owner = an_owner()
    owner.sees(status(alert()))
    owner.sees(status(alert(), standing=()), turns=0)
    again = alert(ts_ns=NOON_NS + SECOND)
    told = owner.sees(status(alert(), again, standing=(again,)))
    assert "CRITICAL" in told and "over" not in told
