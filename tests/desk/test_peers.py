"""Traders as the gateway knows them: what they are told, and how they learn that they missed something."""

from tests.desk.builders_router import EPOCH, PAIR, Desk, a_ready_desk, a_resting_desk
from wildbot.desk.gateway_commands import TellTrader
from wildbot.desk.peers import NUMBER_LOST
from wildbot.model.control import EndEpoch
from wildbot.model.desk import CountQuestion, FromGateway, Inheritance, ReportCount, TraderHello


def told(desk: Desk, kind: type[FromGateway]) -> list[FromGateway]:
    return [each.message for each in desk.done if isinstance(each, TellTrader) and isinstance(each.message, kind)]


def count(desk: Desk, epoch: int = EPOCH) -> list[FromGateway]:
    desk.done.clear()
    desk.take(desk.router.on_peer(CountQuestion(PAIR, epoch), desk.now))
    return told(desk, ReportCount)


def test_an_inheritance_names_the_hello_it_answers() -> None:
    desk = Desk().start()
    for number in (1, 2):
        desk.take(desk.router.on_peer(TraderHello(PAIR, EPOCH, number), desk.now))
    assert [each.hello for each in told(desk, Inheritance) if isinstance(each, Inheritance)] == [1, 2]


def test_a_trader_learns_how_many_reports_it_was_sent() -> None:
    assert count(a_ready_desk()) == [ReportCount(EPOCH, 0)]
    assert count(a_resting_desk()) == [ReportCount(EPOCH, 1)]


def test_a_trader_that_outlived_a_gateway_learns_that_it_missed_everything() -> None:
    desk = Desk().start()
    assert count(desk) == [ReportCount(EPOCH, NUMBER_LOST)]


def test_an_ended_epoch_is_told_nothing() -> None:
    desk = Desk().start().trade()
    desk.take(desk.router.on_supervisor(EndEpoch(PAIR, EPOCH), desk.now))
    assert count(desk) == []


def test_a_number_that_two_pairs_claim_stops_nobody() -> None:
    desk = a_ready_desk()
    other = "XRP/USDC"
    desk.take(desk.router.on_supervisor(EndEpoch(other, EPOCH), desk.now))
    desk.router.state.epochs[other] = EPOCH
    desk.take(desk.router.on_supervisor(EndEpoch(other, EPOCH), desk.now))
    assert count(desk) == [ReportCount(EPOCH, NUMBER_LOST)]


def test_a_gateway_that_has_not_read_its_journal_tells_no_count() -> None:
    assert count(Desk()) == []
