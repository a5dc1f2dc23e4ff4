"""What the cases share: provoking the bot to trade, and looking at what became of it in three independent places.

Rules: the exchange's ledger says what is true, the journal what the bot believes, the status what it tells its owner.
    Waiting is looking again at each status document, with a deadline; every failure is one sentence.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from wildbot.drill.exchange_door import ALL_OF_IT, Line
from wildbot.drill.failure import DrillError, NotStruckError
from wildbot.drill.status_tap import Document
from wildbot.drill.whole import Whole

T = TypeVar("T")
ACCOUNT = "main"
OWN_PREFIX = "wb"
OPPOSITE = {"buy": "sell", "sell": "buy"}
STRIKE_S = 60.0
RECOVERY_S = 90.0
SETTLE_S = 25.0
"""An unexplained order has to be explained within its deadline, twice a look, and patience on top."""


@dataclass(frozen=True, slots=True)
class Quote:
    """One resting order of ours as the status shows it; price and size as decimal text."""

    pair: str
    cl_ord_id: str
    side: str
    price: str
    qty: Decimal


# --- looking ------------------------------------------------------------------------------------------------------------


def until(
    whole: Whole, look: Callable[[], T | None], what: str, timeout_s: float, provoke: Callable[[], None] | None = None
) -> T:
    """Return the first true thing `look` finds, provoking before each further look. Raises: DrillError naming `what`."""
    found: list[T] = []

    def again(document: Document) -> bool:
        result = look()
        if result:
            found.append(result)
        elif provoke is not None:
            provoke()
        return bool(result)

    whole.wait(again, what, timeout_s)
    return found[0]


def quotes(document: Document) -> list[Quote]:
    """Return all our resting orders in a status document."""
    return [
        Quote(row["pair"], order["cl_ord_id"], order["side"], order["price"], Decimal(order["qty"]))
        for row in document["traders"]
        for order in row["open_orders"]
        if order["state"] == "open"
    ]


def a_quote(whole: Whole, side: str = "") -> Quote:
    """Return one of our resting orders, of one side or any, waiting for it if need be."""

    def found(document: Document) -> list[Quote]:
        return [each for each in quotes(document) if side in ("", each.side)]

    return found(whole.wait(lambda d: bool(found(d)), f"a resting {side} order of ours".replace("  ", " ")))[0]


def resting(whole: Whole) -> dict[str, Line]:
    """Return our orders that rest at the exchange, by client id, as its ledger has them."""
    found: dict[str, Line] = {}
    for line in whole.ledger():
        if line["kind"] == "order" and line["order"]["account"] == ACCOUNT:
            order = line["order"]
            if order["cl_ord_id"].startswith(OWN_PREFIX):
                if order["status"] in ("filled", "canceled", "expired"):
                    found.pop(order["cl_ord_id"], None)
                else:
                    found[order["cl_ord_id"]] = order
    return found


def requests(whole: Whole, since: int, *methods: str) -> list[Line]:
    """Return what the bot asked of the exchange after ledger line `since`; without methods everything."""
    return [
        line
        for line in whole.exchange.ledger(since)
        if line["kind"] == "request" and line["account"] == ACCOUNT and line["via"] != "admin"
        and (not methods or line["method"] in methods)
    ]  # fmt: skip


def executions(whole: Whole) -> dict[str, Line]:
    """Return our executions at the exchange by their id, as its ledger has them."""
    return {
        line["execution"]["exec_id"]: line
        for line in whole.ledger()
        if line["kind"] == "order" and "execution" in line and line["order"]["account"] == ACCOUNT
        and line["order"]["cl_ord_id"].startswith(OWN_PREFIX)
    }  # fmt: skip


def journal_order(whole: Whole, cl_ord_id: str) -> Document | None:
    """Return an order as the journal has it."""
    rows = whole.rows("SELECT * FROM orders WHERE cl_ord_id = ?", cl_ord_id)
    return rows[0] if rows else None


def events(whole: Whole, since_id: int, *kinds: str) -> list[Document]:
    """Return the journal's events after number `since_id`, of these kinds or all."""
    rows = whole.rows("SELECT * FROM events WHERE id > ? ORDER BY id", since_id)
    return [row for row in rows if not kinds or row["kind"] in kinds]


def last_event(whole: Whole) -> int:
    """Return the number of the journal's last event."""
    rows = whole.rows("SELECT max(id) AS last FROM events")
    return int(rows[0]["last"] or 0) if rows else 0


def alerts(document: Document, since_ns: int, *words: str) -> list[Document]:
    """Return the alerts raised after `since_ns` whose text or actor holds one of the words."""
    return [
        each
        for each in document["alerts"]
        if each["ts_ns"] >= since_ns and (not words or any(word in each["text"].lower() for word in words))
    ]


def wait_alert(whole: Whole, since_ns: int, *words: str, timeout_s: float = 15) -> Document:
    """Return the status document in which such an alert stands."""
    return whole.wait(lambda d: bool(alerts(d, since_ns, *words)), f"an alert that says {' or '.join(words)}", timeout_s)


# --- provoking ----------------------------------------------------------------------------------------------------------


def trade_against(whole: Whole, quote: Quote) -> None:
    """Let another participant trade through one of our quotes, wherever in its level's queue it stands."""
    whole.others_order(quote.pair, OPPOSITE[quote.side], quote.price, ALL_OF_IT)


def stir(whole: Whole) -> None:
    """Let the market trade against one of our quotes, so that the bot has to act."""
    found = quotes(whole.status())
    if found:
        trade_against(whole, found[0])


def a_bid(whole: Whole) -> Quote:
    """Return a resting buy order (a pause takes those back, not exits), letting the market buy from us if need be."""

    def look() -> Quote | None:
        return next((each for each in quotes(whole.status()) if each.side == "buy"), None)

    return until(whole, look, "a resting buy order of ours", 60, lambda: stir(whole))


def wait_struck(whole: Whole, verb: str, since: int, timeout_s: float = STRIKE_S, provoke: bool = True) -> Line:
    """Return the first strike of a fault after ledger line `since`. Raises: NotStruckError when there is none in time."""

    def look() -> Line | None:
        strikes = whole.exchange.strikes(verb, since)
        return strikes[0] if strikes else None

    try:
        return until(whole, look, f"the fault {verb} strikes", timeout_s, (lambda: stir(whole)) if provoke else None)
    except DrillError as error:
        raise NotStruckError(f"the fault {verb} never struck: {error}") from None


def afflict(whole: Whole, script: list[Mapping[str, object]], verb: str, method: str = "add_order") -> tuple[int, Line]:
    """Arm a script, provoke until its request fault `verb` strikes; return (ledger line before, the struck request)."""
    since = whole.exchange.seq()
    whole.faults(script)
    strike = wait_struck(whole, verb, since)
    asked = [line for line in requests(whole, since, method) if line["seq"] <= strike["seq"]]
    if not asked:
        raise DrillError(f"the ledger names no {method} that {verb} struck")
    return since, asked[-1]


# --- judging ------------------------------------------------------------------------------------------------------------


def demand(condition: bool, sentence: str) -> None:
    """Raise DrillError with the sentence unless the condition holds."""
    if not condition:
        raise DrillError(sentence)


def wait_settled(whole: Whole, cl_ord_id: str, timeout_s: float = SETTLE_S) -> Document:
    """Return the journal's row of an order once its outcome is known and no order is unknown any more."""

    def look() -> Document | None:
        row = journal_order(whole, cl_ord_id)
        return row if row is not None and row["state"] not in ("pending", "unknown") else None

    return until(whole, look, f"the outcome of order {cl_ord_id} is known", timeout_s)


def demand_sent_once(whole: Whole, cl_ord_id: str) -> None:
    """Demand that an order was sent to the exchange exactly once."""
    sends = [line for line in requests(whole, 0, "add_order", "AddOrder") if line["params"].get("cl_ord_id") == cl_ord_id]
    demand(len(sends) == 1, f"order {cl_ord_id} was sent {len(sends)} times")


def demand_side_frozen(whole: Whole, struck: Line, until_seq: int) -> None:
    """Demand that no second order left for the same pair and side while the outcome of the first was open."""
    params = struck["params"]
    others = [
        line["params"]["cl_ord_id"]
        for line in requests(whole, struck["seq"], "add_order")
        if line["seq"] <= until_seq
        and (line["params"]["symbol"], line["params"]["side"]) == (params["symbol"], params["side"])
    ]
    demand(not others, f"{others[:3]} left for {params['symbol']} while {params['cl_ord_id']} was unexplained")


def wait_fills_agree(whole: Whole, timeout_s: float = 20) -> int:
    """Wait until the journal holds exactly the exchange's executions of ours; return how many there are."""
    seen: dict[str, set[str]] = {}

    def look() -> bool:
        seen["booked"] = {row["trade_id"] for row in whole.rows("SELECT trade_id FROM fills")}
        seen["true"] = set(executions(whole))
        return seen["booked"] == seen["true"]

    try:
        until(whole, look, "the journal holds every execution", timeout_s)
    except DrillError:
        missing, extra = seen["true"] - seen["booked"], seen["booked"] - seen["true"]
        raise DrillError(f"{len(missing)} executions are not in the journal, {len(extra)} in it never happened") from None
    return len(seen["true"])


def recover(whole: Whole, timeout_s: float = RECOVERY_S) -> None:
    """Clear all faults, lift a halt and every pause, and wait until the bot quotes again."""
    whole.clear_faults()
    whole.control("resume")

    def again(document: Document) -> bool:
        if document["state"] == "halted":
            whole.control("rearm")
        return document["state"] == "running" and bool(quotes(document)) and not document["gateway"]["unknown_orders"]

    whole.wait(again, "trading again after the fault is over", timeout_s)
