"""Nothing is at work without a lease in force."""

from tests.trading.builders_trading import PAIR, SECOND, START, a_lease, money
from wildbot.model.desk import LeaseRefused, LeaseRequest
from wildbot.trading.lease_keeper import RENEW_NS, LeaseKeeper


def test_a_lease_is_worth_nothing_once_it_has_run_out() -> None:
    keeper = LeaseKeeper(PAIR, 1)
    keeper.granted(a_lease("16", until=START + SECOND))
    assert keeper.amount(START + SECOND - 1) == money("16")
    assert keeper.amount(START + SECOND) == 0


def test_another_epochs_lease_is_ignored() -> None:
    keeper = LeaseKeeper(PAIR, 1)
    assert not keeper.granted(a_lease(epoch=2))
    assert keeper.amount(START) == 0


def test_a_refusal_is_told_once_and_leaves_what_was_granted() -> None:
    keeper = LeaseKeeper(PAIR, 1)
    keeper.granted(a_lease())
    refusal = LeaseRefused(PAIR, 1, money("20"), "needs 20")
    assert keeper.refused(refusal)
    assert not keeper.refused(refusal)
    assert keeper.amount(START) == money("16")


def test_renewals_are_asked_for_every_two_seconds() -> None:
    keeper = LeaseKeeper(PAIR, 1)
    assert keeper.renewal(money("5"), START) == LeaseRequest(PAIR, 1, money("5"))
    assert keeper.renewal(money("5"), START + RENEW_NS - 1) is None
    assert keeper.renewal(money("5"), START + RENEW_NS) is not None
