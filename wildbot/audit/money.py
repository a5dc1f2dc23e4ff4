"""Money and position: every fill once and exactly, balances explained to the last unit, never a sale of what is not ours.

Rules: decimals are compared for equality; nothing is rounded here except where a rule of the books says how.
Source: invariants I-01 to I-06.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from wildbot.audit.facts import Facts, Row
from wildbot.audit.inventory import Inventory
from wildbot.audit.trail import ZERO, Execution, number
from wildbot.audit.verdict import Verdict, judge, unseen


def fills_agree(facts: Facts) -> Verdict:
    """I-01: the journal's fills are the exchange's executions of our orders, field by field."""
    title = "the journal's fills are the exchange's fills"
    theirs = {each.exec_id: each for each in facts.trail.own_executions}
    offenders = [f"{_named(each)} is not in the journal" for name, each in theirs.items() if name not in facts.fills]
    for trade_id, row in facts.fills.items():
        if trade_id in theirs:
            offenders += _differences(row, theirs[trade_id])
        elif not facts.is_before_ledger(row):
            offenders.append(f"the journal's fill {trade_id} of {row['cl_ord_id']} never happened at the exchange")
    return judge("I-01", title, len(theirs.keys() | facts.fills.keys()), "fills", offenders)


def _differences(row: Row, execution: Execution) -> list[str]:
    order = execution.order
    pairs = {
        "price": (number(row["price"]), execution.price),
        "qty": (number(row["qty"]), execution.qty),
        "cost": (number(row["cost"]), execution.cost),
        "fee": (number(row["fee"]), execution.fee),
        "fee_asset": (row["fee_asset"], execution.fee_asset),
        "liquidity": (row["liquidity"], execution.liquidity),
        "pair": (row["pair"], order.pair),
        "side": (row["side"], order.side),
        "order_id": (row["order_id"], order.order_id),
        "cl_ord_id": (row["cl_ord_id"], order.cl_ord_id),
    }
    return [
        f"fill {execution.exec_id}: {name} is {ours} in the journal and {theirs} at the exchange"
        for name, (ours, theirs) in pairs.items()
        if ours != theirs
    ]


def booked_once(facts: Facts) -> Verdict:
    """I-02: no trade is booked twice, and what is booked of an order is what the exchange executed of it."""
    title = "each trade is booked once, and no order beyond its size"
    rows = facts.evidence.journal.fills
    offenders = []
    for name, times in Counter(str(row["trade_id"]) for row in rows).items():
        if times > 1:
            offenders.append(f"trade {name} is booked {times} times")
    for (order_id, pair_trade), times in Counter((row["order_id"], row["pair_trade_id"]) for row in rows).items():
        if times > 1:
            offenders.append(f"public trade {pair_trade} is booked {times} times for order {order_id}")
    booked: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        booked[str(row["order_id"])] += number(row["qty"])
    for order in facts.trail.own:
        sum_booked, last = booked.pop(order.order_id, ZERO), order.last
        if sum_booked != last.filled:
            offenders.append(f"{order.cl_ord_id}: {sum_booked} booked, {last.filled} executed at the exchange")
        if sum_booked > last.qty:
            offenders.append(f"{order.cl_ord_id}: {sum_booked} booked of an order of {last.qty}")
        kept = facts.row_of(order.cl_ord_id)
        if kept is not None and number(kept["filled_qty"]) != sum_booked:
            offenders.append(f"{order.cl_ord_id}: its row says {kept['filled_qty']} filled, its fills say {sum_booked}")
    return judge("I-02", title, len(rows) + len(facts.trail.own), "fills and orders", offenders)


def balances_explained(facts: Facts) -> Verdict:
    """I-03: opening balance, the journal's fills and outside movements give the exchange's balance, for every asset."""
    title = "opening balance + booked fills + outside movements = the exchange's balance"
    trail = facts.trail
    if not trail.is_whole or not trail.of("account"):
        return unseen("I-03", title, "the ledger lost its beginning")
    expected: dict[str, Decimal] = defaultdict(lambda: ZERO)
    actual: dict[str, Decimal] = {}
    opening = trail.of("account")[0]
    balances = opening.line["balances"]
    assert isinstance(balances, Mapping), opening
    for asset, text in balances.items():
        expected[asset] = actual[asset] = number(text)
    ours = {each.exec_id for each in trail.own_executions}
    for happening in trail.of("balance"):
        line, asset = happening.line, str(happening.line["asset"])
        if happening.at < opening.at:
            continue
        actual[asset] = number(line["balance"])
        if str(line["ref_id"]) not in ours:
            expected[asset] += number(line["amount"]) - number(line["fee"])
    for row in facts.evidence.journal.fills:
        pair = trail.pairs.get(str(row["pair"]))
        if pair is None or facts.is_before_ledger(row):
            continue
        sign = 1 if row["side"] == "buy" else -1
        expected[str(pair["base"])] += sign * number(row["qty"])
        expected[str(pair["quote"])] -= sign * number(row["cost"])
        expected[str(row["fee_asset"])] -= number(row["fee"])
    assets = sorted(expected.keys() | actual.keys())
    offenders = [
        f"{asset}: the exchange has {actual.get(asset, ZERO)}, the books explain {expected[asset]},"
        f" difference {actual.get(asset, ZERO) - expected[asset]}"
        for asset in assets
        if expected[asset] != actual.get(asset, ZERO)
    ]
    return judge("I-03", title, len(assets), "assets", offenders)


def equity_adds_up(facts: Facts) -> Verdict:
    """I-04: in every marked status equity = starting + realised + unrealised, and cash and realised are what some prefix
    of the fills gives: a status may lag behind the journal, but it shows no sum that never was."""
    title = "equity = starting + realised + unrealised; cash and realised follow from the fills"
    books = Inventory(facts.trail.lots)
    known = {(books.cash_flow, books.realised_net)}
    for row in facts.evidence.journal.fills:
        books.book_row(row)
        known.add((books.cash_flow, books.realised_net))
    offenders, compared = [], 0
    for status in facts.evidence.statuses:
        account = status.document.get("account")
        if not isinstance(account, Mapping) or not account.get("is_marked", True) or not account.get("equity"):
            continue
        names = ("starting", "cash", "equity", "realised_pnl", "unrealised_pnl")
        starting, cash, equity, realised, unrealised = (number(account[name]) for name in names)
        compared += 1
        if equity != starting + realised + unrealised:
            offenders.append(f"at {status.seen_ns} equity {equity} is not {starting} + {realised} + {unrealised}")
        if (cash - starting, realised) not in known:
            offenders.append(f"at {status.seen_ns} cash {cash} and realised {realised} follow from no prefix of the fills")
    return judge("I-04", title, compared, "statuses", offenders)


def never_oversold(facts: Facts) -> Verdict:
    """I-05: what our fills leave of each pair is never negative, so the owner's own holdings are never sold."""
    title = "never sold what WildBot did not buy"
    if not facts.trail.is_whole:
        return unseen("I-05", title, "the ledger lost its beginning")
    held: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in facts.fills.values():
        if facts.is_before_ledger(row):
            held[str(row["pair"])] += number(row["qty"]) * (1 if row["side"] == "buy" else -1) - _base_fee(row)
    offenders = []
    for each in facts.trail.own_executions:
        pair = each.order.pair
        held[pair] += each.signed_qty - (each.fee if each.fee_asset == pair.partition("/")[0] else ZERO)
        if held[pair] < 0:
            offenders.append(f"{_named(each)} leaves {held[pair]} of {pair}")
    return judge("I-05", title, len(facts.trail.own_executions), "executions", offenders)


def _base_fee(row: Row) -> Decimal:
    return number(row["fee"]) if row["fee_asset"] == str(row["pair"]).partition("/")[0] else ZERO


def realised_recomputed(facts: Facts) -> Verdict:
    """I-06: the profit in each fill's row is what average cost gives, computed again from the first fill on.

    Fills are booked as they are heard of and read again by time; a row agrees when it agrees in either order.
    """
    title = "realised profit per fill = average cost recomputed"
    rows = facts.evidence.journal.fills
    booked, by_time = (_profits(facts, each) for each in (rows, facts.fills_by_time))
    offenders = [
        f"fill {row['trade_id']} of {row['cl_ord_id']}: {row['pnl']} booked, {booked[str(row['trade_id'])]} recomputed"
        for row in rows
        if number(row["pnl"]) not in (booked[str(row["trade_id"])], by_time[str(row["trade_id"])])
    ]
    return judge("I-06", title, len(rows), "fills", offenders)


def _profits(facts: Facts, rows: Sequence[Row]) -> dict[str, Decimal]:
    books = Inventory(facts.trail.lots)
    return {str(row["trade_id"]): books.book_row(row) for row in rows}


def _named(execution: Execution) -> str:
    order = execution.order
    return f"fill {execution.exec_id} of {order.cl_ord_id} ({order.side} {execution.qty} at {execution.price})"
