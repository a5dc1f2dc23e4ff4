"""What the owner does or owns meets the running bot: cases G02, G04, G06.

Source: the fault catalogue's group G, the owner.
"""

from collections.abc import Callable
from decimal import Decimal

from wildbot.drill.case import Case, Group, Severity
from wildbot.drill.moves import a_quote, demand, executions, requests, resting, until, wait_struck
from wildbot.drill.whole import Whole

HALT_FILE = "HALT"
HALTED_S = 8.0
NANOS = 1_000_000_000


def _case(number: str, title: str, promise: str, run: Callable[[Whole], None]) -> Case:
    return Case(id=number, group=Group.PROCESS, severity=Severity.S1, title=title, promise=promise, run=run)


def own_holdings(whole: Whole) -> None:
    """G02."""
    pair = a_quote(whole).pair
    asset = pair.partition("/")[0]
    amount = Decimal(1000) if Decimal(a_quote(whole).price) < 10 else Decimal(2)
    since = whole.exchange.seq()
    whole.faults([{"verb": "foreign", "what": "balance", "asset": asset, "amount": f"{amount}"}])
    struck = wait_struck(whole, "foreign", since, provoke=False)
    end_ns = struck["ts_ns"] + 15 * NANOS
    until(whole, lambda: whole.ledger()[-1]["ts_ns"] > end_ns, "fifteen seconds to pass", 30)
    bought = sum(
        (Decimal(line["execution"]["qty"]) * (1 if line["order"]["side"] == "buy" else -1))
        for line in executions(whole).values()
        if line["order"]["pair"] == pair
    )
    demand(bought >= 0, f"{-bought} {asset} of the owner's own were sold")
    sells = [
        line
        for line in requests(whole, since, "add_order")
        if line["params"]["symbol"] == pair
        and line["params"]["side"] == "sell"
        and Decimal(str(line["params"]["order_qty"])) >= amount
    ]
    demand(not sells, f"{len(sells)} orders would have sold the owner's own {asset}")


def unknown_pair(whole: Whole) -> None:
    """G04."""
    quote = a_quote(whole)
    for wanted in ("NOPE/USDC", "BTC/EUR", "../../etc"):
        answer = whole.control("swap", out=quote.pair, **{"in": wanted})
        demand(not answer["ok"], f"a swap into {wanted!r} was accepted")
        demand(bool(answer["error"]["message"]), f"a swap into {wanted!r} was refused without a reason")
    document = whole.status()
    demand(any(row["pair"] == quote.pair for row in document["traders"]), f"{quote.pair} is not traded any more")


def halt_file(whole: Whole) -> None:
    """G06."""
    a_quote(whole)
    flag = whole.home / HALT_FILE
    pid = whole.freeze("supervisor")
    try:
        since = whole.exchange.seq()
        flag.touch()
        _wait_none_rest(whole)
        adds = requests(whole, since + 20, "add_order")
        demand(not adds, f"{len(adds)} orders were sent after the halt file was there")
    finally:
        flag.unlink(missing_ok=True)
        whole.thaw("supervisor", pid)
    whole.wait(lambda d: d["state"] == "halted", "halted, and kept halted", 30)


def _wait_none_rest(whole: Whole) -> None:
    """Wait without the status: whoever tells it is frozen."""
    left = whole.patiently(lambda: not resting(whole), HALTED_S)
    demand(left, f"orders still rest {HALTED_S:g} s after the halt file was there, with the supervisor hung")


CASES = (
    _case(
        "G02",
        "Coins of the owner's own arrive on the account",
        "They are never sold: only what was bought here is ours to sell",
        own_holdings,
    ),
    _case(
        "G04",
        "The owner asks to trade a pair that is unknown or not allowed",
        "Refused with a reason, and nothing changes",
        unknown_pair,
    ),
    _case(
        "G06",
        "The owner pulls the emergency brake while the supervisor hangs",
        "A file named HALT in the home is enough: all orders are withdrawn within seconds, none follows",
        halt_file,
    ),
)
