"""One pass over the exchange's ledger: our orders step by step, executions, requests and answers, what befell the venue.

Rules: ours is what carries our account and our client id prefix; the rest of the account is foreign. `at` is a line's place
    in the evidence and orders everything; times may tie. The exchange forgets open orders when it starts anew.
Known limit: a ledger that lost its beginning shows orders without their opening and no opening balances.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

Row = Mapping[str, object]

NANOS = 1_000_000_000
ZERO = Decimal(0)
PPM = Decimal(1_000_000)
OWN_ID = re.compile(r"^wb([0-9a-f]+)x([0-9a-f]+)$")
"""Our client order ids: the trader start's epoch and a counter, both hexadecimal."""

OWN_PREFIX = "wb"
ADDS = frozenset({"add_order", "AddOrder", "batch_add", "AddOrderBatch"})
AMENDS = frozenset({"amend_order", "AmendOrder", "edit_order", "EditOrder"})
CANCELS = frozenset({"cancel_order", "CancelOrder", "batch_cancel", "CancelOrderBatch"})
CANCEL_ALLS = frozenset({"cancel_all", "CancelAll"})
FINAL = frozenset({"filled", "canceled", "expired"})
RESTARTED = "Exchange restarted"
LINE_KEYS = frozenset({"seq", "ts_ns", "kind"})


class EvidenceError(Exception):
    """What was given is not what it should be."""


def epoch_of(cl_ord_id: str) -> int | None:
    """Return the epoch in one of our ids, or None."""
    match = OWN_ID.match(cl_ord_id)
    return int(match[1], 16) if match else None


def number(value: object) -> Decimal:
    """Return a decimal text or an integer as an exact number."""
    return Decimal(str(value))


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to an order, and how it stood after it."""

    at: int
    ts_ns: int
    exec_type: str
    price: Decimal
    qty: Decimal
    filled: Decimal
    reason: str


@dataclass(slots=True)
class Order:
    """One order at the exchange."""

    order_id: str
    cl_ord_id: str
    pair: str
    side: str
    kind: str
    tif: str
    post_only: bool
    trigger: Decimal
    steps: list[Step] = field(default_factory=list)

    @property
    def is_own(self) -> bool:
        """Whether it carries our prefix."""
        return self.cl_ord_id.startswith(OWN_PREFIX)

    @property
    def opened_ns(self) -> int:
        """When it was first heard of."""
        return self.steps[0].ts_ns

    @property
    def last(self) -> Step:
        """How it stands."""
        return self.steps[-1]

    @property
    def ended(self) -> str:
        """How it ended, or "" while it rests."""
        return self.last.exec_type if self.last.exec_type in FINAL else ""

    @property
    def ended_ns(self) -> int | None:
        """When it ended, or None while it rests."""
        return self.last.ts_ns if self.ended else None

    def rests_at(self, ts_ns: int) -> bool:
        """Whether it rested at an instant; its last instant does not count."""
        return self.rests_between(ts_ns, ts_ns + 1)

    def rests_between(self, from_ns: int, to_ns: int) -> bool:
        """Whether it rested at some instant from `from_ns` on and before `to_ns`."""
        return from_ns < to_ns and self.opened_ns < to_ns and (self.ended_ns is None or from_ns < self.ended_ns)


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution of an order of the account; `cost` before the fee."""

    at: int
    ts_ns: int
    exec_id: str
    trade_id: str
    order: Order
    price: Decimal
    qty: Decimal
    cost: Decimal
    fee: Decimal
    fee_asset: str
    liquidity: str

    @property
    def signed_qty(self) -> Decimal:
        """Positive for a buy."""
        return self.qty if self.order.side == "buy" else -self.qty


@dataclass(slots=True)
class Request:
    """One request of the account, or of nobody in particular, and the answer to it; `sent` is False when a fault ate it."""

    at: int
    ts_ns: int
    via: str
    account: str
    method: str
    params: Row
    error: str | None = None
    applied: bool = False
    sent: bool = False
    answered_ns: int = 0

    @property
    def cl_ord_id(self) -> str:
        """The client order id of an add or amend, or ""."""
        named = self.params.get("cl_ord_id", "")
        return named if isinstance(named, str) else ""


@dataclass(frozen=True, slots=True)
class Happening:
    """Any other line that matters: dead_man, status, fault, connection, pair, account, balance."""

    at: int
    ts_ns: int
    kind: str
    line: Row


@dataclass(slots=True)
class Trail:
    """What the ledger tells about one account; `own` are the orders that are ours, `adds` the account's order requests."""

    orders: dict[str, Order] = field(default_factory=dict)
    own: list[Order] = field(default_factory=list)
    own_executions: list[Execution] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    adds: list[Request] = field(default_factory=list)
    happenings: dict[str, list[Happening]] = field(default_factory=dict)
    prices: dict[str, list[tuple[int, Decimal]]] = field(default_factory=dict)
    pairs: dict[str, Row] = field(default_factory=dict)
    from_ns: int = 0
    to_ns: int = 0
    is_whole: bool = False
    """Whether the ledger has its first line."""

    def of(self, kind: str) -> list[Happening]:
        """Return the happenings of one kind."""
        return self.happenings.get(kind, [])

    @property
    def lots(self) -> dict[str, Decimal]:
        """The smallest size of each pair."""
        return {pair: Decimal(1).scaleb(-int(str(line["qty_decimals"]))) for pair, line in self.pairs.items()}

    def pair_named(self, name: object) -> str:
        """Return the pair called `name` in either dialect, or ""."""
        for pair, line in self.pairs.items():
            if name in (pair, line["rest_name"]):
                return pair
        return ""


def read_trail(lines: Iterable[Row], account: str) -> Trail:
    """Read the ledger once."""
    reader = _Reader(account)
    for at, line in enumerate(lines):
        reader.read(at, line)
    return reader.trail


class _Reader:
    """Keeps what is needed only while reading."""

    def __init__(self, account: str) -> None:
        self.trail = Trail()
        self._account = account
        self._asked: dict[int, Request] = {}
        self._seq = 0

    def read(self, at: int, line: Row) -> None:
        """Take one line."""
        if not line.keys() >= LINE_KEYS:
            raise EvidenceError(
                f"line {at + 1} is none of the exchange's ledger: it has no {', '.join(sorted(LINE_KEYS - line.keys()))}"
            )
        seq, ts_ns, kind = int(str(line["seq"])), int(str(line["ts_ns"])), str(line["kind"])
        if at == 0:
            self.trail.from_ns, self.trail.is_whole = ts_ns, seq == 1
        elif seq <= self._seq:
            self._restart(at, ts_ns)
        self._seq = seq
        self.trail.to_ns = max(self.trail.to_ns, ts_ns)
        match kind:
            case "trade":
                self.trail.prices.setdefault(str(line["pair"]), []).append((ts_ns, number(line["price"])))
            case "order":
                self._order(at, ts_ns, line)
            case "request":
                self._request(at, seq, ts_ns, line)
            case "reply":
                self._reply(ts_ns, line)
            case _:
                self._happening(at, ts_ns, kind, line)

    def _restart(self, at: int, ts_ns: int) -> None:
        self._asked.clear()
        for order in self.trail.orders.values():
            if not order.ended:
                last = order.last
                order.steps.append(Step(at, ts_ns, "canceled", last.price, last.qty, last.filled, RESTARTED))

    def _order(self, at: int, ts_ns: int, line: Row) -> None:
        told = line["order"]
        if not isinstance(told, Mapping) or told["account"] != self._account:
            return
        order_id = str(told["order_id"])
        order = self.trail.orders.get(order_id)
        if order is None:
            order = self.trail.orders[order_id] = Order(
                order_id,
                str(told["cl_ord_id"]),
                str(told["pair"]),
                str(told["side"]),
                str(told["type"]),
                str(told["tif"]),
                bool(told["post_only"]),
                number(told["trigger_price"]),
            )
            if order.is_own:
                self.trail.own.append(order)
        exec_type = str(line["exec_type"])
        price, qty, filled = (number(told[name]) for name in ("price", "qty", "filled_qty"))
        order.steps.append(Step(at, ts_ns, exec_type, price, qty, filled, str(told["reason"])))
        execution = line.get("execution")
        if order.is_own and isinstance(execution, Mapping):
            self.trail.own_executions.append(_execution(at, ts_ns, order, execution))

    def _request(self, at: int, seq: int, ts_ns: int, line: Row) -> None:
        params = line["params"]
        if line["account"] in (self._account, "") and line["via"] != "admin" and isinstance(params, Mapping):
            request = Request(at, ts_ns, str(line["via"]), str(line["account"]), str(line["method"]), params)
            self._asked[seq] = request
            self.trail.requests.append(request)
            if request.account and request.method in ADDS:
                self.trail.adds.append(request)

    def _reply(self, ts_ns: int, line: Row) -> None:
        request = self._asked.pop(int(str(line["to"])), None)
        if request is not None:
            request.error, request.answered_ns = str(line["error"]), ts_ns
            request.applied, request.sent = bool(line["applied"]), bool(line["sent"])

    def _happening(self, at: int, ts_ns: int, kind: str, line: Row) -> None:
        if line.get("account", self._account) != self._account:
            return
        if kind == "pair":
            self.trail.pairs[str(line["pair"])] = line
        self.trail.happenings.setdefault(kind, []).append(Happening(at, ts_ns, kind, line))


def _execution(at: int, ts_ns: int, order: Order, told: Row) -> Execution:
    price, qty, cost, fee = (number(told[name]) for name in ("price", "qty", "cost", "fee"))
    names = (str(told[name]) for name in ("fee_asset", "liquidity"))
    return Execution(at, ts_ns, str(told["exec_id"]), str(told["trade_id"]), order, price, qty, cost, fee, *names)
