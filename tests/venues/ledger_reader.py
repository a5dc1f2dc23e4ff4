"""Reads the simulated exchange's ground-truth ledger and rebuilds, from its lines alone, what must be true at its end.

Rules: imports nothing of WildBot: exact decimals, the published rate table and the wording of the ledger are all it knows. It
    also checks what no honest ledger breaks: numbers rise by one, times never fall, every reply answers a request.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

Line = dict[str, object]
ZERO = Decimal(0)
PPM = Decimal(1_000_000)
NANOS = 1_000_000_000

DECAY_PER_S = {60: Decimal("1"), 125: Decimal("2.34"), 180: Decimal("3.75")}
AMEND_AGES = ((5, 3), (10, 2), (15, 1))
CANCEL_AGES = ((5, 8), (10, 6), (15, 5), (45, 4), (90, 2), (300, 1))

ADDS = {"add_order", "AddOrder"}
AMENDS = {"amend_order", "AmendOrder"}
NOT_COUNTED = {"EOrder:Rate limit exceeded", "EOrder:Unknown order", "EOrder:Invalid order"}
LIMITED = {"limit", "stop-loss-limit", "take-profit-limit"}
FINAL = {"filled", "canceled", "expired"}
REQUESTED = "User requested"


@dataclass
class Order:
    """An order that was announced, as it stood last."""

    account: str
    pair: str
    side: str
    kind: str
    post_only: bool
    qty: Decimal = ZERO
    price: Decimal = ZERO
    trigger: Decimal = ZERO
    filled: Decimal = ZERO
    touched_ns: int = 0
    age_before_amend_ns: int = 0
    hold: tuple[str, Decimal] = ("", ZERO)


@dataclass
class Counter:
    """One order-rate counter."""

    value: Decimal = ZERO
    at_ns: int = 0

    def now(self, ts_ns: int, decay: Decimal) -> Decimal:
        return max(ZERO, self.value - decay * (ts_ns - self.at_ns) / NANOS)

    def add(self, cost: Decimal, ts_ns: int, decay: Decimal) -> None:
        self.value, self.at_ns = self.now(ts_ns, decay) + cost, ts_ns


@dataclass
class Ledger:
    """Everything the lines tell."""

    pairs: dict[str, Line] = field(default_factory=dict)
    open: dict[str, Order] = field(default_factory=dict)
    balances: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    counters: dict[tuple[str, str], Counter] = field(default_factory=lambda: defaultdict(Counter))
    executions: dict[str, Line] = field(default_factory=dict)
    volume: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    rate_max: dict[str, int] = field(default_factory=dict)
    armed: dict[str, int] = field(default_factory=dict)
    requests: dict[int, Line] = field(default_factory=dict)
    order_pairs: dict[str, str] = field(default_factory=dict)
    answered: set[int] = field(default_factory=set)
    nonces: dict[int, tuple[str, int]] = field(default_factory=dict)
    sent_fills: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    system: str = "online"
    last_ns: int = 0
    last_seq: int = 0

    def read(self, lines: Iterable[str]) -> "Ledger":
        for text in lines:
            line = json.loads(text)
            assert line["seq"] == self.last_seq + 1, line
            assert line["ts_ns"] >= self.last_ns, line
            self.last_seq, self.last_ns = line["seq"], line["ts_ns"]
            handler = getattr(self, f"on_{line['kind']}", None)
            if handler is not None:
                handler(line)
        accepted = [self.nonces[seq] for seq in sorted(self.nonces)]
        for account in {owner for owner, _ in accepted}:
            nonces = [nonce for owner, nonce in accepted if owner == account]
            assert nonces == sorted(set(nonces)), "an old nonce was accepted"
        return self

    # --- what there is ----------------------------------------------------------------------------------------------

    def on_pair(self, line: Line) -> None:
        self.pairs[str(line["pair"])] = line

    def on_account(self, line: Line) -> None:
        account = str(line["account"])
        self.rate_max[account] = int(str(line["rate_max"]))
        for asset, text in line["balances"].items():  # type: ignore[attr-defined]
            self.balances[account, asset] = Decimal(text)

    def on_request(self, line: Line) -> None:
        self.requests[int(str(line["seq"]))] = line

    def on_reply(self, line: Line) -> None:
        request = self.requests[int(str(line["to"]))]
        assert request["method"] == line["method"], line
        self.answered.add(int(str(line["to"])))
        params = request["params"]
        assert isinstance(params, dict)
        account, error, method = str(line["account"]), str(line["error"]), str(line["method"])
        if "nonce" in params and not error.startswith("EAPI"):
            self.nonces[int(str(line["to"]))] = account, int(params["nonce"])
        if line["applied"] and method in ADDS | AMENDS and str(line.get("truth", error)) not in NOT_COUNTED:
            pair = self.pair_of(method, params)
            self.counters[account, pair].add(Decimal(1), int(str(line["ts_ns"])), self.decay(account))

    def pair_of(self, method: str, params: Line) -> str:
        if method in ADDS:
            named = params.get("symbol", params.get("pair"))
            return next(name for name, pair in self.pairs.items() if named in (name, pair["rest_name"]))
        for name in ("order_id", "txid", "cl_ord_id"):
            if params.get(name):
                return self.order_pairs[str(params[name])]
        raise AssertionError(params)

    def on_status(self, line: Line) -> None:
        self.system = str(line["system"])

    def on_dead_man(self, line: Line) -> None:
        account = str(line["account"])
        if line["action"] in ("arm", "renew"):
            assert (account in self.armed) == (line["action"] == "renew"), line
            due_ns = int(str(line["ts_ns"])) + int(str(line["timeout_s"])) * NANOS
            # Armed in maintenance, it fires as soon as the engine is back.
            self.armed[account] = 0 if self.system == "maintenance" else due_ns
        else:
            due = self.armed.pop(account, None)
            if line["action"] == "fire" and "cause" not in line:
                assert due is not None, line
                assert due <= int(str(line["ts_ns"])), line

    def on_fault(self, line: Line) -> None:
        if line["action"] == "fired" and line["verb"] == "counter.set" and "failed" not in line:
            arguments = line["arguments"]
            assert isinstance(arguments, dict)
            for account in self.rate_max:
                for pair in [arguments["pair"]] if arguments["pair"] else list(self.pairs):
                    self.counters[account, pair] = Counter(Decimal(arguments["n"]), int(str(line["ts_ns"])))

    # --- money ------------------------------------------------------------------------------------------------------

    def on_balance(self, line: Line) -> None:
        key = str(line["account"]), str(line["asset"])
        balance = self.balances.get(key, ZERO) + Decimal(str(line["amount"])) - Decimal(str(line["fee"]))
        assert balance == Decimal(str(line["balance"])), line
        self.balances[key] = balance

    # --- orders -----------------------------------------------------------------------------------------------------

    def on_order(self, line: Line) -> None:
        told, ts_ns = line["order"], int(str(line["ts_ns"]))
        assert isinstance(told, dict)
        order_id, exec_type = told["order_id"], str(line["exec_type"])
        order = self.open.get(order_id)
        if order is None:
            assert exec_type == "pending_new", line
            order = self.open[order_id] = Order(
                told["account"], told["pair"], told["side"], told["type"], told["post_only"], touched_ns=ts_ns
            )
        self.order_pairs[order_id] = self.order_pairs[told["cl_ord_id"]] = order.pair
        order.qty, order.price = Decimal(told["qty"]), Decimal(told["price"])
        order.trigger, order.filled = Decimal(told["trigger_price"]), Decimal(told["filled_qty"])
        assert order.filled <= order.qty, line
        if exec_type == "trade":
            self.on_execution(order_id, order, line["execution"])  # type: ignore[arg-type]
        assert self.sent_fills[order_id] == order.filled, line
        age_ns = ts_ns - order.touched_ns
        if exec_type == "amended":
            self.charge(order, age_cost(AMEND_AGES, age_ns), ts_ns)
            order.age_before_amend_ns, order.touched_ns = age_ns, ts_ns
        if exec_type == "canceled" and told["reason"] == REQUESTED:
            cut_down = order.qty == order.filled and ts_ns == order.touched_ns and order.age_before_amend_ns
            self.charge(order, age_cost(CANCEL_AGES, order.age_before_amend_ns if cut_down else age_ns), ts_ns)
        order.hold = self.hold(order)
        if exec_type == "trade":
            self.volume[order.account] += Decimal(line["execution"]["cost"])  # type: ignore[index]
        if exec_type in FINAL:
            del self.open[order_id]

    def on_execution(self, order_id: str, order: Order, execution: Line) -> None:
        assert execution["exec_id"] not in self.executions, execution
        self.executions[str(execution["exec_id"])] = execution
        self.sent_fills[order_id] += Decimal(str(execution["qty"]))
        if order.kind in LIMITED:
            price = Decimal(str(execution["price"]))
            assert price <= order.price if order.side == "buy" else price >= order.price, execution

    def hold(self, order: Order) -> tuple[str, Decimal]:
        pair, left = self.pairs[order.pair], order.qty - order.filled
        if order.kind == "market":
            return str(pair["quote"]), ZERO
        if order.side == "sell":
            return str(pair["base"]), left
        unit = Decimal(1).scaleb(-int(str(pair["cost_decimals"])))
        price = order.price if order.kind in LIMITED else order.trigger
        cost = (price * left).quantize(unit, ROUND_HALF_UP)
        tiers = [t for t in pair["fees"] if Decimal(t["volume"]) <= self.volume[order.account]]  # type: ignore[attr-defined]
        rate = tiers[-1]["maker_ppm"] if order.post_only else max(tiers[-1]["maker_ppm"], tiers[-1]["taker_ppm"])
        return str(pair["quote"]), cost + (cost * rate / PPM).quantize(unit, ROUND_HALF_UP)

    def holds(self, account: str) -> dict[str, Decimal]:
        sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for order in self.open.values():
            if order.account == account:
                sums[order.hold[0]] += order.hold[1]
        return {asset: held for asset, held in sums.items() if held}

    # --- order rates ------------------------------------------------------------------------------------------------

    def charge(self, order: Order, cost: int, ts_ns: int) -> None:
        if order.account in self.rate_max:
            counter = self.counters[order.account, order.pair]
            counter.add(Decimal(cost), ts_ns, self.decay(order.account))

    def decay(self, account: str) -> Decimal:
        return DECAY_PER_S[self.rate_max[account]]

    def counter(self, account: str, pair: str, ts_ns: int) -> Decimal:
        return self.counters[account, pair].now(ts_ns, self.decay(account))


def age_cost(table: tuple[tuple[int, int], ...], age_ns: int) -> int:
    """Return what touching an order of this age costs."""
    return next((cost for below_s, cost in table if age_ns < below_s * NANOS), 0)
