"""The judge must be able to condemn: well-known mistakes, put into the real brains, are found within a few seeds."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.rehearsal.judging import judged_with
from wildbot.commands.compiled import runs_compiled
from wildbot.desk.booking import Books
from wildbot.desk.capital_ledger import CapitalLedger
from wildbot.desk.fill_desk import FillDesk
from wildbot.desk.gateway_commands import Send, WriteOrder
from wildbot.desk.intents import Intent
from wildbot.desk.order_desk import OrderDesk
from wildbot.desk.report_desk import ReportDesk
from wildbot.model.executions import Canceled, Filled
from wildbot.model.instrument import Instrument, Money
from wildbot.protocol.reliability import SequenceGuard
from wildbot.rehearsal.brains import project_brains
from wildbot.rehearsal.plan import Blow, RehearsalPlan
from wildbot.trader_seat import TraderSeat
from wildbot.trading.order_state import OrderNews
from wildbot.trading.position import FillOutcome

SEEDS = 4
Patch = pytest.MonkeyPatch


def resend_on_timeout(patch: Patch) -> None:
    right = ReportDesk.unknown

    def unknown(self: ReportDesk, intent: Intent, about: str, reason: str, now_ns: int) -> None:
        right(self, intent, about, reason, now_ns)
        if about == "new":
            self._state.do(Send(intent.order, now_ns + 5_000_000_000))

    patch.setattr(ReportDesk, "unknown", unknown)


def forget_fills_of_orders_that_are_being_cancelled(patch: Patch) -> None:
    right = FillDesk.fill

    def fill(self: FillDesk, fill: Filled, now_ns: int) -> None:
        intent = self._state.intents.find(fill.cl_ord_id, fill.order_id)
        if intent is None or not (intent.cancel_wanted or intent.cancel_tries):
            right(self, fill, now_ns)

    patch.setattr(FillDesk, "fill", fill)


def book_every_copy_of_a_fill(patch: Patch) -> None:
    right = Books.book

    def book(self: Books, fill: Filled, instrument: Instrument) -> FillOutcome:
        self._seen.pop(fill.exec_id, None)
        return right(self, fill, instrument)

    patch.setattr(Books, "has", lambda self, exec_id: False)
    patch.setattr(Books, "book", book)


def ignore_holes_in_the_numbering(patch: Patch) -> None:
    patch.setattr(SequenceGuard, "check", lambda self, seq: 0)
    patch.setattr(TraderSeat, "_on_count", lambda self, told, now_ns: ())


def grant_the_same_money_twice(patch: Patch) -> None:
    def all_of_it(self: CapitalLedger, pair: str) -> Money:
        return self.capital

    patch.setattr(CapitalLedger, "available_to", all_of_it)
    patch.setattr(CapitalLedger, "share_of", all_of_it)
    patch.setattr(CapitalLedger, "check", lambda self: None)
    patch.setattr(CapitalLedger, "_fit", lambda self: set())


def take_a_sent_cancel_for_the_end(patch: Patch) -> None:
    right = OrderDesk.send_cancel

    def send_cancel(self: OrderDesk, intent: Intent, now_ns: int) -> None:
        right(self, intent, now_ns)
        intent.learn(OrderNews.CANCELED)
        self._state.do(WriteOrder(intent, now_ns))
        ended = Canceled(intent.cl_ord_id, intent.filled_lots, "cancelled", now_ns)
        self._peers.report(intent.pair, intent.epoch, ended)

    patch.setattr(OrderDesk, "send_cancel", send_cancel)


def lost_orders() -> Iterator[Blow]:
    for at_s in range(7, 27, 2):
        yield Blow(at_s, "venue", {"verb": "fill", "order": "newest", "qty": "100%"})
        yield Blow(at_s, "venue", {"verb": "noapply+drop", "method": "add_order", "for_s": 2})


def fills(qty: str, *others: Blow) -> Iterator[Blow]:
    for at_s in range(7, 27):
        yield Blow(at_s, "venue", {"verb": "fill", "order": "newest", "qty": qty})
    yield from others


def told_twice() -> Iterator[Blow]:
    yield from fills("50%", Blow(6.5, "venue", {"verb": "ws.dup", "count": 100, "for_s": 20}))


def lost_reports() -> Iterator[Blow]:
    wire = {"kind": "lose", "channel": "orders", "s": 15.0, "probability": 0.3, "delay_s": 0.0}
    yield from fills("50%", Blow(8.0, "wire", wire))


def filled_while_cancelled() -> Iterator[Blow]:
    for at_s in range(7, 27, 2):
        fill = {"verb": "fill", "order": "oldest", "qty": "30%", "before": "cancel_order"}
        yield Blow(at_s, "venue", fill)
    for at_s in (10.0, 16.0, 22.0):
        yield Blow(at_s, "owner", {"verb": "halt", "which": 0, "into": "SOL/USDC"})
        yield Blow(at_s + 3, "owner", {"verb": "rearm", "which": 0, "into": "SOL/USDC"})


def lost_cancels() -> Iterator[Blow]:
    yield Blow(6.5, "venue", {"verb": "noapply+drop", "method": "cancel_order", "for_s": 20, "count": 12})
    for step in range(6):
        yield Blow(7.0 + 3 * step, "owner", {"verb": "pause", "which": step, "into": "SOL/USDC"})
        yield Blow(8.5 + 3 * step, "owner", {"verb": "resume", "which": step, "into": "SOL/USDC"})


MUTANTS: dict[str, tuple[Callable[[Patch], None], Callable[[], Iterator[Blow]]]] = {
    "resend on timeout": (resend_on_timeout, lost_orders),
    "partial fill forgotten on cancel": (forget_fills_of_orders_that_are_being_cancelled, filled_while_cancelled),
    "a fill booked twice": (book_every_copy_of_a_fill, told_twice),
    "hole in the numbering ignored": (ignore_holes_in_the_numbering, lost_reports),
    "money granted twice": (grant_the_same_money_twice, lambda: fills("100%")),
    "cancel taken for final": (take_a_sent_cancel_for_the_end, lost_cancels),
}

CALLED_DIRECTLY = {"money granted twice"}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_in_a_brain_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name in CALLED_DIRECTLY and runs_compiled():
        pytest.skip("machine code calls its own methods directly: nothing can be put in their place")
    mistake, misfortunes = MUTANTS[name]
    plan = RehearsalPlan(seed=1, trouble_s=21, settle_s=30, blows=tuple(misfortunes()))
    assert judged_with(plan, project_brains(plan)) == [], "these misfortunes harm nobody whose brains are sound"
    mistake(monkeypatch)
    assert any(judged_with(replace(plan, seed=seed), project_brains(plan)) for seed in range(1, SEEDS + 1))
