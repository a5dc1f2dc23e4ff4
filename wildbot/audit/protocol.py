"""The wire: nonces that rise, epochs that do not mix, a ledger that does not contradict itself.

Source: invariants I-30, I-33; I-00 is the checker's own: without an honest ledger nothing is known.
"""

from collections import defaultdict
from decimal import Decimal

from wildbot.audit.exchange_books import ExchangeBooks
from wildbot.audit.facts import Facts
from wildbot.audit.trail import AMENDS, epoch_of
from wildbot.audit.verdict import Verdict, judge, unseen


def ledger_is_honest(facts: Facts) -> Verdict:
    """I-00: the ledger's numbers, times, replies, sums and executions agree with each other."""
    title = "the exchange's ledger does not contradict itself"
    if not facts.trail.is_whole:
        return unseen("I-00", title, "the ledger lost its beginning")
    return judge("I-00", title, len(facts.evidence.ledger), "lines", ExchangeBooks().read(facts.evidence.ledger).flaws)


def nonces_rise(facts: Facts) -> Verdict:
    """I-30: the nonces of an account's calls rise with every call, restarts included, and none was called invalid."""
    title = "nonces strictly rise, none is refused"
    calls = [each for each in facts.trail.requests if each.account and "nonce" in each.params]
    offenders = []
    latest = Decimal(-1)
    for each in calls:
        nonce = Decimal(str(each.params["nonce"]))
        if nonce <= latest:
            offenders.append(f"{each.method} at {each.ts_ns} has nonce {nonce}, {latest} was used before")
        latest = max(latest, nonce)
        if each.sent and "Invalid nonce" in (each.error or ""):
            offenders.append(f"{each.method} at {each.ts_ns} was answered {each.error}")
    return judge("I-30", title, len(calls), "signed calls", offenders)


def epochs_fenced(facts: Facts) -> Verdict:
    """I-33: the orders of a pair come from one trader start at a time, and never from an older one again."""
    title = "orders of a pair come from one epoch at a time"
    trail = facts.trail
    offenders = []
    by_pair = defaultdict(list)
    for order in trail.own:
        epoch = epoch_of(order.cl_ord_id)
        if epoch is None:
            offenders.append(f"{order.cl_ord_id} carries no epoch")
        else:
            by_pair[order.pair].append((order.steps[0].at, epoch, order))
        row = facts.row_of(order.cl_ord_id)
        if row is not None and row["epoch"] != epoch:
            offenders.append(f"{order.cl_ord_id} is of epoch {epoch}, its row says {row['epoch']}")
    owners = {order.cl_ord_id: order.pair for order in trail.own}
    amends = [each for each in trail.requests if each.method in AMENDS and each.cl_ord_id in owners]
    for pair, orders in by_pair.items():
        newest = 0
        for at, epoch, order in orders:
            if epoch < newest:
                offenders.append(f"{order.cl_ord_id} of {pair} is of epoch {epoch}, {newest} had begun")
            elif epoch > newest:
                older = [each for _, old, each in orders if old < epoch and each.steps[0].at < at]
                resting = [each.cl_ord_id for each in older if not each.ended or each.last.at > at]
                offenders += [
                    f"{name} still rests when {order.cl_ord_id} begins epoch {epoch} of {pair}" for name in resting
                ]
                names = {each.cl_ord_id for each in older}
                late = [each for each in amends if each.cl_ord_id in names and each.at > at]
                offenders += [f"{each.cl_ord_id} of {pair} is amended after epoch {epoch} began" for each in late]
            newest = max(newest, epoch)
    return judge("I-33", title, len(trail.own), "orders", offenders)
