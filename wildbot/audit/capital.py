"""Capital: what is granted never exceeds what there is; what rests and what is held never exceeds what was granted.

Rules: capital is the starting sum and the realised result, fees included, recomputed from fills. A buy weighs its cost and
    the least fee its account may pay, so that no tier can make a false alarm.
Source: invariants I-17, I-18, I-20, I-21.
"""

from collections.abc import Iterator
from decimal import Decimal

from wildbot.audit.facts import Facts, Row, mapping, rows
from wildbot.audit.inventory import Inventory
from wildbot.audit.leases import LeasesSeen
from wildbot.audit.trail import NANOS, PPM, ZERO, Execution, Order, Step, epoch_of, number
from wildbot.audit.verdict import Verdict, judge, unseen

FOREVER = 2**63
CLOSED_BY_LOSS = "the day's loss limit"
"""What the event of a closed door says then; the other reason is the owner's pause."""


def grants_within_capital(facts: Facts) -> Verdict:
    """I-17: in every status, leases and what positions lock are not negative and sum to no more than the capital."""
    title = "the sum of all grants never exceeds the capital"
    most, journalled = _largest_capital(facts), facts.evidence.journal.leases
    offenders, compared = [], len(journalled)
    for status in facts.evidence.statuses:
        row, seen = mapping(status.document.get("allocator")), f"in the status of {status.seen_ns}"
        if row.get("capital") is None:
            continue
        compared += 1
        capital, granted, locked = (number(row.get(name) or 0) for name in ("capital", "granted", "locked"))
        amounts = [number(lease["amount"]) for lease in rows(row.get("leases"))]
        if min([granted, locked, *amounts]) < 0:
            offenders.append(f"a negative grant {seen}")
        granted = max(granted, sum(amounts, ZERO))
        if granted + locked > capital:
            offenders.append(f"{granted} granted and {locked} locked of a capital of {capital} {seen}")
        if capital > most:
            offenders.append(f"a capital of {capital} {seen}, the fills explain at most {most}")
    in_force = sum((number(row["amount"]) for row in journalled), ZERO)
    if in_force > most:
        offenders.append(f"the journal's leases sum to {in_force}, the capital was at most {most}")
    return judge("I-17", title, compared, "statuses and leases", offenders)


def _starting(facts: Facts) -> Decimal:
    """Return the capital the bot was told to use: as named, as the status says, or what the account had at first."""
    if facts.evidence.capital:
        return number(facts.evidence.capital)
    for status in facts.evidence.statuses:
        if starting := mapping(status.document.get("account")).get("starting"):
            return number(starting)
    opened = [mapping(each.line["balances"]) for each in facts.trail.of("account")]
    return number(opened[0].get(facts.evidence.quote, 0)) if opened else ZERO


def _largest_capital(facts: Facts) -> Decimal:
    """The most that may ever have been believed: a loss not heard of yet lowers nothing, so only gains count."""
    largest, books, before = _starting(facts), Inventory(facts.trail.lots), ZERO
    for row in facts.fills_by_time:
        books.book_row(row)
        largest += max(ZERO, books.realised_net - before)
        before = books.realised_net
    return largest


def holds_within_grants(facts: Facts) -> Verdict:
    """I-18: at every instant, positions at cost and resting buys take no more than the capital there is.

    And a pair takes no more than its lease when a buy of it is placed or amended.
    """
    title = "positions and resting buys never exceed the capital, nor a pair its lease"
    if not facts.trail.is_whole:
        return unseen("I-18", title, "the ledger lost its beginning")
    exposure, leases, starting = _Exposure(facts), LeasesSeen(facts), _starting(facts)
    offenders, compared = [], 0
    for order, step in _steps(facts):
        exposure.take(order, step)
        if step.exec_type in ("pending_new", "trade"):
            continue  # weighed at the line that follows, when the exchange is done with it
        compared += 1
        after = f"after {order.cl_ord_id} {step.exec_type} at {step.ts_ns}"
        taken, capital = exposure.in_all(), starting + exposure.books.realised_net
        if taken > capital:
            offenders.append(f"{taken} taken of a capital of {capital} {after}")
        lease = leases.largest_near(order.pair, step.ts_ns)
        grows = order.side == "buy" and step.exec_type in ("new", "amended")
        if grows and lease is not None and exposure.of(order.pair) > lease:
            offenders.append(f"{exposure.of(order.pair)} taken of {order.pair}'s lease of {lease} {after}")
    return judge("I-18", title, compared, "changes of our orders", offenders)


def _steps(facts: Facts) -> list[tuple[Order, Step]]:
    return sorted(((order, step) for order in facts.trail.own for step in order.steps), key=lambda each: each[1].at)


class _Exposure:
    """Positions at cost, and what resting buys may still take."""

    def __init__(self, facts: Facts) -> None:
        self.books = Inventory(facts.trail.lots)
        self._executions = {each.at: each for each in facts.trail.own_executions}
        self._rules = facts.trail.pairs
        self._resting: dict[str, tuple[str, Decimal]] = {}
        for row in facts.fills_by_time:
            if facts.is_before_ledger(row):
                self.books.book_row(row)

    def take(self, order: Order, step: Step) -> None:
        """Take one step of an order."""
        if (execution := self._executions.get(step.at)) is not None:
            _book(self.books, execution)
        if order.ended and step is order.last:
            self._resting.pop(order.order_id, None)
        elif order.side == "buy":
            self._resting[order.order_id] = order.pair, _hold(order, step, self._rules[order.pair])

    def of(self, pair: str) -> Decimal:
        """Return what a pair takes."""
        return self.books.basis(pair) + sum((hold for name, hold in self._resting.values() if name == pair), ZERO)

    def in_all(self) -> Decimal:
        """Return what all pairs take."""
        bases = sum((self.books.basis(pair) for pair in self.books.pairs), ZERO)
        return bases + sum((hold for _, hold in self._resting.values()), ZERO)


def _book(books: Inventory, execution: Execution) -> None:
    order = execution.order
    books.book_fill(order.pair, order.side, execution.qty, execution.cost, execution.fee, execution.fee_asset)


def _hold(order: Order, step: Step, rules: Row) -> Decimal:
    least = min(number(tier["maker_ppm"]) for tier in rows(rules["fees"])) / PPM
    return (step.price or order.trigger) * (step.qty - step.filled) * (1 + max(ZERO, least))


def orders_have_leases(facts: Facts) -> Verdict:
    """I-20: when a buy arrives, its pair holds a lease of its epoch that has not run out."""
    leases, offenders, compared = LeasesSeen(facts), [], 0
    for order in facts.trail.own:
        row = facts.row_of(order.cl_ord_id)
        is_exit = row is not None and row["purpose"] == "exit"
        if order.side != "buy" or is_exit or not leases.is_watched(order.pair, order.opened_ns):
            continue
        compared += 1
        near = leases.near(order.pair, order.opened_ns)
        mine = [each for each in near if each.epoch == epoch_of(order.cl_ord_id)]
        if not mine:
            epochs = sorted({each.epoch for each in near})
            offenders.append(f"{order.cl_ord_id} of {order.pair}: leases seen then are of epochs {epochs}")
        elif max(each.until_ns for each in mine) < order.opened_ns:
            offenders.append(f"{order.cl_ord_id} of {order.pair}: its lease ran out before {order.opened_ns}")
    return judge("I-20", "no buy without a lease of its own epoch in force", compared, "buys", offenders)


def no_entry_beyond_loss_limit(facts: Facts) -> Verdict:
    """I-21: once a status shows the drawdown at its limit, no entry is made until the owner has rearmed; and none while the
    gateway's own events say that entries are closed for the day's loss."""
    title, flight_ns = "no entry after the loss limit is reached", int(facts.evidence.limits.flight_s * NANOS)
    seen, closures = list(_drawdowns(facts)), list(_closures(facts))
    rearmed = [int(str(row["ts_ns"])) for row in facts.evidence.journal.events if row["kind"] == "rearm"]
    offenders, until_ns = [], 0
    for closed_ns, opened_ns in closures:
        for row in facts.orders.values():
            # The gateway itself wrote the event, and its order after it: nothing was in flight.
            if _is_entry(row) and closed_ns < int(str(row["created_ns"])) < opened_ns:
                offenders.append(f"{row['cl_ord_id']} was made while the day's loss limit had entries closed")
    for over_ns in [ts_ns for ts_ns, drawdown, most in seen if drawdown >= most]:
        if over_ns < until_ns:
            continue
        until_ns = min((at_ns for at_ns in rearmed if at_ns > over_ns), default=FOREVER)
        for row in facts.orders.values():
            made_ns = int(str(row["created_ns"]))
            if _is_entry(row) and over_ns + flight_ns < made_ns < until_ns:
                offenders.append(
                    f"{row['cl_ord_id']} was made {(made_ns - over_ns) / NANOS:.1f} s after the limit was reached"
                )
    return judge("I-21", title, len(seen) + len(closures), "statuses and closures", offenders)


def _is_entry(row: Row) -> bool:
    return row["purpose"] == "entry" and row["state"] != "denied"


def _closures(facts: Facts) -> Iterator[tuple[int, int]]:
    """Yield from when until when the day's loss had entries closed, by the gateway's own events."""
    said = [row for row in facts.evidence.journal.events if row["kind"] == "entries"]
    for place, row in enumerate(said):
        if CLOSED_BY_LOSS in str(row["text"]):
            opened = (int(str(later["ts_ns"])) for later in said[place + 1 :] if CLOSED_BY_LOSS not in str(later["text"]))
            yield int(str(row["ts_ns"])), next(opened, FOREVER)


def _drawdowns(facts: Facts) -> Iterator[tuple[int, float, float]]:
    for status in facts.evidence.statuses:
        account = mapping(status.document.get("account"))
        drawdown, most = account.get("drawdown_pct"), account.get("max_drawdown_pct")
        if drawdown is not None and most is not None:
            yield status.seen_ns, float(str(drawdown)), float(str(most))
