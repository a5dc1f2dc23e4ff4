"""The account itself is disturbed: keys, limits, money and orders not ours: cases A15 to A17, A19, A28 to A30, A32.

Source: the fault catalogue's group A, account.
"""

import base64
import hashlib
import hmac
import time
import urllib.parse
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from functools import partial

import requests as http

from wildbot.drill.case import Case, Group, Severity
from wildbot.drill.failure import DrillError, NotStruckError
from wildbot.drill.moves import (
    a_quote,
    alerts,
    demand,
    requests,
    resting,
    stir,
    until,
    wait_alert,
    wait_struck,
)
from wildbot.drill.status_tap import Document
from wildbot.drill.whole import Whole
from wildbot.settings_loading import load

Fault = Mapping[str, object]
NANOS = 1_000_000_000
PUBLIC = ("Time", "AssetPairs", "SystemStatus", "Ticker", "Depth", "Assets", "Trades", "OHLC", "Spread")
LOCKOUT_S = 40
DAYS_AHEAD_NS = 10 * 86_400 * NANOS
"""How far the second program's numbers are ahead of ours."""

AUDIT_S = 45.0
"""The books are compared with the exchange every half minute."""


def _private_calls(whole: Whole, since: int) -> list[Document]:
    return [
        line for line in requests(whole, since) if not str(line["via"]).startswith("ws") and line["method"] not in PUBLIC
    ]


KEYLESS = ("Ticker", "Time", "SystemStatus", "AssetPairs")
"""What anybody may ask: no key is shown."""


def key_revoked(whole: Whole) -> None:
    """A15."""
    a_quote(whole)
    since, at_ns = whole.exchange.seq(), whole.status()["ts_ns"]
    whole.faults([{"verb": "key.revoke"}])
    struck = wait_struck(whole, "key.revoke", since, provoke=False)
    document = whole.wait(lambda d: d["state"] == "halted", "halted after the key was revoked", 60)
    told = alerts(document, at_ns, "cannot cancel", "cannot be cancelled", "refused", "key")
    demand(bool(told), "halted without an alert that names the key or what cannot be cancelled")
    end_ns = struck["ts_ns"] + 30 * NANOS
    until(whole, lambda: time.time_ns() > end_ns, "thirty seconds to pass", 40)
    # An open connection goes on taking orders: what counts is what follows the first refusal.
    first = next(line for line in whole.exchange.ledger(struck["seq"]) if "Invalid key" in str(line.get("error")))
    calls = [line for line in whole.exchange.ledger(first["seq"]) if line["kind"] in ("request", "refused")]
    ours = [
        line
        for line in calls
        if line.get("account") in ("main", "") and line.get("via") != "admin" and line.get("method") not in KEYLESS
    ]
    kinds = ", ".join(f"{count} {name}" for name, count in Counter(str(line.get("method")) for line in ours).most_common(4))
    demand(len(ours) <= 30, f"{len(ours)} requests in 30 s with a key that is void: {kinds}")
    adds = [line for line in requests(whole, first["seq"], "add_order") if line["ts_ns"] > first["ts_ns"] + NANOS]
    demand(not adds, f"{len(adds)} orders were still sent after the key was void")


def locked_out(whole: Whole) -> None:
    """A16."""
    a_quote(whole)
    since, at_ns = whole.exchange.seq(), whole.status()["ts_ns"]
    whole.faults([{"verb": "lockout", "s": LOCKOUT_S}, {"verb": "ws.close", "which": "private", "abrupt": True}])
    struck = wait_struck(whole, "lockout", since, provoke=False)
    wait_alert(whole, at_ns, "lockout", "locked", timeout_s=20)
    until(whole, lambda: time.time_ns() > struck["ts_ns"] + LOCKOUT_S * NANOS, "the lockout to pass", LOCKOUT_S + 10)
    calls = [line for line in whole.exchange.ledger(struck["seq"]) if line["kind"] == "reply" and "ockout" in line["error"]]
    demand(len(calls) <= 6, f"{len(calls)} private calls during a lockout of {LOCKOUT_S} s: each may prolong it")


def second_user_of_the_key(whole: Whole) -> None:
    """A17."""
    a_quote(whole)
    since, at_ns = whole.exchange.seq(), whole.status()["ts_ns"]
    _call_as_another_program(whole)
    whole.faults([{"verb": "ws.close", "which": "private", "abrupt": True}])  # so that the bot has to sign something

    def refusals() -> list[Document]:
        lines = whole.exchange.ledger(since)
        return [line for line in lines if line["kind"] == "reply" and "nonce" in str(line["error"])]

    try:
        first = until(whole, refusals, "the exchange refuses one of our numbers", 45)[0]
    except DrillError as error:
        raise NotStruckError(f"the second program never disturbed the first: {error}") from None
    wait_alert(whole, at_ns, "nonce", "shared", timeout_s=15)
    until(whole, lambda: time.time_ns() > first["ts_ns"] + 10 * NANOS, "ten seconds to pass", 20)
    adds = [line for line in requests(whole, first["seq"], "add_order") if line["ts_ns"] > first["ts_ns"] + NANOS]
    demand(not adds, f"{len(adds)} orders were sent after the exchange said that somebody else uses the key")
    demand(len(refusals()) <= 10, f"{len(refusals())} calls with refused numbers")


def _call_as_another_program(whole: Whole) -> None:
    """Ask for the balance with the same key and a much higher number, as a second program would."""
    exchange = load({"profile": "sim"}, environment={}).settings.exchange
    path, nonce = "/0/private/Balance", str(time.time_ns() + DAYS_AHEAD_NS)
    body = urllib.parse.urlencode({"nonce": nonce})
    digest = path.encode() + hashlib.sha256((nonce + body).encode()).digest()
    signature = hmac.new(base64.b64decode(exchange.api_secret), digest, hashlib.sha512).digest()
    answer = http.post(
        f"http://127.0.0.1:{whole.exchange_port}{path}",
        data=body,
        headers={
            "API-Key": exchange.api_key,
            "API-Sign": base64.b64encode(signature).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        },
        timeout=10,
    )
    if answer.json().get("error"):
        raise NotStruckError(f"the second program was refused: {answer.json()['error']}")


def order_rate_spent(whole: Whole) -> None:
    """A19."""
    quote = a_quote(whole)
    since = whole.exchange.seq()
    whole.faults([{"verb": "counter.set", "n": 200}])
    wait_struck(whole, "counter.set", since, provoke=False)
    stir(whole)
    answer = whole.control("halt")
    demand(answer["ok"], f"the command to halt was refused: {answer}")
    until(whole, lambda: not resting(whole), f"every order is taken back, {quote.cl_ord_id} among them", 25)
    tries = [
        line
        for line in whole.exchange.ledger(since)
        if line["kind"] == "reply" and "Rate limit" in str(line["error"]) and line["method"] in ("add_order", "amend_order")
    ]
    demand(len(tries) <= 12, f"{len(tries)} orders were sent although the exchange had no room for them")


def money_moved_to_earn(whole: Whole) -> None:
    """A28."""
    _money_moves(whole, {"verb": "earn.sweep", "asset": "USDC", "qty": "3"}, "earn.sweep")


def withdrawal_and_deposit(whole: Whole) -> None:
    """A30."""
    _money_moves(whole, {"verb": "foreign", "what": "balance", "asset": "USDC", "amount": "-3"}, "foreign")
    whole.faults([{"verb": "foreign", "what": "balance", "asset": "USDC", "amount": "23"}])
    document = whole.status()
    demand(
        Decimal(document["allocator"]["granted"]) <= Decimal(60),
        f"after a deposit {document['allocator']['granted']} are at work, allowed are 60",
    )


def _money_moves(whole: Whole, fault: Fault, verb: str) -> None:
    since, at_ns = whole.exchange.seq(), whole.status()["ts_ns"]
    before = whole.status()["account"]
    whole.faults([fault])
    wait_struck(whole, verb, since, provoke=False)
    fills = len(whole.rows("SELECT trade_id FROM fills"))
    document = wait_alert(whole, at_ns, "moved without us", timeout_s=AUDIT_S)
    if len(whole.rows("SELECT trade_id FROM fills")) == fills:
        same = Decimal(document["account"]["realised_pnl"]) == Decimal(before["realised_pnl"])
        demand(same, "money that was moved by somebody else is shown as our profit or loss")


def order_of_somebody_else(whole: Whole) -> None:
    """A29."""
    since = whole.exchange.seq()
    whole.faults([{"verb": "foreign", "what": "order", "pair": "ADA/USDC", "side": "buy"}])
    struck = wait_struck(whole, "foreign", since, provoke=False)
    order_id = str(struck["result"])
    whole.wait(lambda d: d["gateway"]["foreign_orders"] >= 1, "the stranger's order is shown", AUDIT_S)
    ended = [
        line
        for line in whole.exchange.ledger(since)
        if line["kind"] == "order" and line["order"]["order_id"] == order_id and line["exec_type"] == "canceled"
    ]
    demand(not ended, "the stranger's order was cancelled, and not by the stranger")
    journal = whole.rows("SELECT cl_ord_id FROM orders WHERE order_id = ?", order_id)
    demand(not journal, "the stranger's order was taken for one of ours")


def token_expired(whole: Whole) -> None:
    """A32."""
    since = whole.exchange.seq()
    whole.faults([{"verb": "token.expire"}, {"verb": "ws.close", "which": "private", "abrupt": True}])
    wait_struck(whole, "token.expire", since, provoke=False)
    whole.wait(lambda d: d["gateway"]["state"] != "ready", "the lost connection noticed", 10)
    whole.wait(lambda d: d["gateway"]["state"] == "ready", "connected again with a new token", 45)
    fetched = requests(whole, since, "GetWebSocketsToken")
    demand(1 <= len(fetched) <= 4, f"{len(fetched)} tokens were fetched for one reconnection")


_case = partial(Case, group=Group.EXCHANGE)
S1, S2 = Severity.S1, Severity.S2
CASES = (
    _case(
        id="A15",
        severity=S1,
        title="Our key is revoked while we trade",
        promise="Trading halts and the owner is told; nothing is hammered, no new order is tried",
        run=key_revoked,
        lone=True,
    ),
    _case(
        id="A16",
        severity=S1,
        title=f"The exchange locks our account's commands for {LOCKOUT_S} seconds",
        promise="The owner is told at once, and we keep quiet until it is over: every call could prolong it",
        run=locked_out,
        lone=True,  # the exchange does not say for how long: the bot keeps quiet for a quarter of an hour
        breaks=("I-09",),  # it may not ask how its orders ended before the next start
    ),
    _case(
        id="A17",
        severity=S1,
        title="A second program uses the same key",
        promise="The first refused number stops new orders and tells the owner; we never try to outbid the other one",
        run=second_user_of_the_key,
        lone=True,
        breaks=("I-30",),  # the second program's number is in the ledger, and ours are refused because of it
    ),
    _case(
        id="A19",
        severity=S1,
        title="The exchange's limit on order messages is used up",
        promise="All orders can still be taken back within seconds; no order is pushed against the limit in a loop",
        run=order_rate_spent,
    ),
    _case(
        id="A28",
        severity=S2,
        title="The exchange moves some of our money into a savings product",
        promise="The owner is told; it is neither a loss nor a fill",
        run=money_moved_to_earn,
    ),
    _case(
        id="A29",
        severity=S2,
        title="Somebody else places an order on our account",
        promise="It is shown, and neither adopted nor cancelled",
        run=order_of_somebody_else,
    ),
    _case(
        id="A30",
        severity=S2,
        title="Somebody withdraws money from the account, then deposits some",
        promise="The owner is told; it is no profit or loss; the capital at work never grows by itself",
        run=withdrawal_and_deposit,
    ),
    _case(
        id="A32",
        severity=S2,
        title="The pass for the private connection has expired when the connection is lost",
        promise="A new pass for the new connection, without hammering the exchange for it",
        run=token_expired,
    ),
)
