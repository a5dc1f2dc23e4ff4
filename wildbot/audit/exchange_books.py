"""The exchange's books rebuilt from its ledger alone: open orders, balances, holds, order-rate counters, switches.

Rules: exact decimals, the published rate table and the wording of the ledger are all it knows. It also notes what no honest
    ledger breaks: numbers rise by one, times never fall, every reply answers a request, balances add up.
    A stated 30-day volume (`fee_terms`) overrules the sum of the trades.
Source: Kraken "API Order Rate Limits", by way of `exchange_rates`.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from wildbot.audit.exchange_rates import (
    DECAY_PER_S,
    NANOS,
    NO_SUCH_ORDER,
    PAIR_NAMED,
    PRICED,
    ZERO,
    Counter,
    fixed_cost,
    is_free,
    places_an_order,
    touch_cost,
)

Line = Mapping[str, Any]
PPM = Decimal(1_000_000)
LIMITED = frozenset({"limit", "stop-loss-limit", "take-profit-limit"})
FINAL = frozenset({"filled", "canceled", "expired"})


@dataclass(slots=True)
class OpenOrder:
    """An order that was announced, as it stood last; `hold` is an asset and how much of it the order ties up."""

    account: str
    pair: str
    side: str
    kind: str
    post_only: bool
    fee_asset: str = ""
    qty: Decimal = ZERO
    price: Decimal = ZERO
    trigger: Decimal = ZERO
    filled: Decimal = ZERO
    touched_ns: int = 0
    age_before_amend_ns: int = 0
    hold: tuple[str, Decimal] = ("", ZERO)


@dataclass(slots=True)
class ExchangeBooks:
    """Everything the lines tell; `flaws` is what an honest ledger would not say."""

    pairs: dict[str, Line] = field(default_factory=dict)
    open: dict[str, OpenOrder] = field(default_factory=dict)
    balances: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    counters: dict[tuple[str, str], Counter] = field(default_factory=lambda: defaultdict(Counter))
    executions: dict[str, Line] = field(default_factory=dict)
    volume: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    stated_volume: dict[str, Decimal] = field(default_factory=dict)
    rate_max: dict[str, int] = field(default_factory=dict)
    armed: dict[str, int] = field(default_factory=dict)
    requests: dict[int, Line] = field(default_factory=dict)
    order_pairs: dict[str, str] = field(default_factory=dict)
    answered: set[int] = field(default_factory=set)
    filled: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    counted_before: list[tuple[Line, str, Decimal]] = field(default_factory=list)
    """Every request for an order that was counted: the request, its pair, the counter as it stood before."""
    flaws: list[str] = field(default_factory=list)
    system: str = "online"
    last_ns: int = 0
    last_seq: int = 0
    _nonces: dict[int, tuple[str, int]] = field(default_factory=dict)

    def read_text(self, lines: Iterable[str]) -> "ExchangeBooks":
        """Read a ledger of JSON lines."""
        return self.read(json.loads(text) for text in lines)

    def read(self, lines: Iterable[Line]) -> "ExchangeBooks":
        """Read a whole ledger; an exchange that starts anew in it has forgotten orders, counters and switches."""
        for line in lines:
            if line["seq"] == 1 and self.last_seq:
                self._start_anew()
            self._expect(line["seq"] == self.last_seq + 1, line, f"number {line['seq']} follows {self.last_seq}")
            self._expect(line["ts_ns"] >= self.last_ns, line, "time falls")
            self.last_seq, self.last_ns = line["seq"], line["ts_ns"]
            handler = _HANDLERS.get(line["kind"])
            if handler is not None:
                handler(self, line)
        self._check_nonces()
        return self

    def holds(self, account: str) -> dict[str, Decimal]:
        """Return what an account's open orders tie up, by asset."""
        sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for order in self.open.values():
            if order.account == account:
                sums[order.hold[0]] += order.hold[1]
        return {asset: held for asset, held in sums.items() if held}

    def counter(self, account: str, pair: str, ts_ns: int) -> Decimal:
        """Return an order-rate counter."""
        return self.counters[account, pair].now(ts_ns, self._decay(account))

    def _start_anew(self) -> None:
        self._check_nonces()
        for told in (self.open, self.counters, self.armed, self.requests, self.answered, self.balances, self.stated_volume):
            told.clear()
        self.last_seq, self.last_ns, self.system = 0, 0, "online"

    def _check_nonces(self) -> None:
        """Accepted nonces rise in the order of the requests; answers may come in any."""
        latest: dict[str, int] = {}
        for seq, (account, nonce) in sorted(self._nonces.items()):
            if nonce <= latest.get(account, -1):
                self.flaws.append(f"line {seq} (request): the old nonce {nonce} of {account} was accepted")
            latest[account] = nonce
        self._nonces.clear()

    def _expect(self, is_so: bool, line: Line, flaw: str) -> None:
        if not is_so:
            self.flaws.append(f"line {line['seq']} ({line['kind']}): {flaw}")

    # --- what there is ----------------------------------------------------------------------------------------------

    def _on_pair(self, line: Line) -> None:
        self.pairs[line["pair"]] = line

    def _on_account(self, line: Line) -> None:
        account = line["account"]
        self.rate_max[account] = line["rate_max"]
        for asset, text in line["balances"].items():
            self.balances[account, asset] = Decimal(text)

    def _on_request(self, line: Line) -> None:
        self.requests[line["seq"]] = line

    def _on_reply(self, line: Line) -> None:
        request = self.requests.get(line["to"])
        if request is None:
            self._expect(False, line, f"answers {line['to']}, which is no request")
            return
        self._expect(request["method"] == line["method"], line, f"answers a {request['method']}")
        self.answered.add(line["to"])
        params, account, error, method = request["params"], line["account"], line["error"], line["method"]
        if "nonce" in params and not error.startswith(("EAPI", "EGeneral:Temporary lockout")):
            self._nonces[line["to"]] = account, int(params["nonce"])
        if line["applied"] and method in PRICED and self._is_counted(method, params, line.get("truth", error)):
            pair = self._pair_of(method, params)
            if pair is None:
                self._expect(False, line, "names no order or pair that there is")
                return
            counter, decay = self.counters[account, pair], self._decay(account)
            self.counted_before.append((request, pair, counter.now(line["ts_ns"], decay)))
            counter.add(fixed_cost(method, params), line["ts_ns"], decay)

    def _is_counted(self, method: str, params: Line, error: str) -> bool:
        if error in NO_SUCH_ORDER and method in PAIR_NAMED:
            # An order that has triggered stands, but cannot be edited: that is a refusal of the engine, and costs.
            order = self.open.get(str(params.get("order_id", params.get("txid", ""))))
            return order is not None and order.pair == self._pair_of(method, params)
        return not is_free(error)

    def _pair_of(self, method: str, params: Line) -> str | None:
        if method in PAIR_NAMED:
            named = params.get("symbol", params.get("pair"))
            return next((name for name, pair in self.pairs.items() if named in (name, pair["rest_name"])), None)
        named = (str(params[name]) for name in ("order_id", "txid", "cl_ord_id") if params.get(name))
        return next((self.order_pairs.get(name) for name in named), None)

    def _on_status(self, line: Line) -> None:
        self.system = line["system"]

    def _on_dead_man(self, line: Line) -> None:
        account = line["account"]
        if line["action"] in ("arm", "renew"):
            self._expect((account in self.armed) == (line["action"] == "renew"), line, f"no time to {line['action']}")
            # Armed in maintenance, it fires as soon as the engine is back.
            due_ns = line["ts_ns"] + line["timeout_s"] * NANOS
            self.armed[account] = 0 if self.system == "maintenance" else due_ns
            return
        due = self.armed.pop(account, None)
        if line["action"] == "fire" and "cause" not in line:
            self._expect(due is not None and due <= line["ts_ns"], line, "fires before its time")

    def _on_fault(self, line: Line) -> None:
        arguments = line.get("arguments", {})
        named = [arguments["pair"]] if arguments.get("pair") else list(self.pairs)
        if places_an_order(line):
            account = arguments["account"] or next(iter(self.rate_max))
            self.counters[account, named[0]].add(Decimal(1), line["ts_ns"], self._decay(account))
        elif line["action"] == "fired" and line["verb"] == "counter.set" and "failed" not in line:
            for key in [(account, pair) for account in self.rate_max for pair in named]:
                self.counters[key] = Counter(Decimal(arguments["n"]), line["ts_ns"])

    def _on_fee_terms(self, line: Line) -> None:
        self.stated_volume.pop(line["account"], None)
        if line["volume"] is not None:
            self.stated_volume[line["account"]] = Decimal(line["volume"])

    # --- money ------------------------------------------------------------------------------------------------------

    def _on_balance(self, line: Line) -> None:
        key = line["account"], line["asset"]
        balance = self.balances.get(key, ZERO) + Decimal(line["amount"]) - Decimal(line["fee"])
        self._expect(balance == Decimal(line["balance"]), line, f"{balance} expected, {line['balance']} told")
        self.balances[key] = balance

    # --- orders -----------------------------------------------------------------------------------------------------

    def _on_order(self, line: Line) -> None:
        told, ts_ns, exec_type = line["order"], line["ts_ns"], line["exec_type"]
        order_id = told["order_id"]
        order = self.open.get(order_id)
        if order is None:
            self._expect(exec_type == "pending_new", line, f"{order_id} was never announced")
            order = self.open[order_id] = OpenOrder(
                told["account"], told["pair"], told["side"], told["type"], told["post_only"], touched_ns=ts_ns
            )
            order.fee_asset = told.get("fee_asset") or self.pairs[order.pair]["quote"]
        self.order_pairs[order_id] = self.order_pairs[told["cl_ord_id"]] = order.pair
        order.qty, order.price = Decimal(told["qty"]), Decimal(told["price"])
        order.trigger, order.filled = Decimal(told["trigger_price"]), Decimal(told["filled_qty"])
        self._expect(order.filled <= order.qty, line, f"{order_id} executed {order.filled} of {order.qty}")
        if exec_type == "trade":
            self._on_execution(line, order)
        self._expect(self.filled[order_id] == order.filled, line, f"executions sum to {self.filled[order_id]}")
        self._count_touch(order, told["reason"], exec_type, ts_ns)
        order.hold = self._hold(order)
        if exec_type == "trade":
            self.volume[order.account] += Decimal(line["execution"]["cost"])
        if exec_type in FINAL:
            del self.open[order_id]

    def _on_execution(self, line: Line, order: OpenOrder) -> None:
        execution = line["execution"]
        self._expect(execution["exec_id"] not in self.executions, line, f"execution {execution['exec_id']} again")
        self.executions[execution["exec_id"]] = execution
        self.filled[line["order"]["order_id"]] += Decimal(execution["qty"])
        if order.kind in LIMITED:
            price = Decimal(execution["price"])
            within = price <= order.price if order.side == "buy" else price >= order.price
            self._expect(within, line, f"executed at {price}, beyond its limit {order.price}")

    def _hold(self, order: OpenOrder) -> tuple[str, Decimal]:
        pair, left = self.pairs[order.pair], order.qty - order.filled
        if order.kind == "market":
            return pair["quote"], ZERO
        volume = self.stated_volume.get(order.account, self.volume[order.account])
        tier = [tier for tier in pair["fees"] if Decimal(tier["volume"]) <= volume][-1]
        rate = (tier["maker_ppm"] if order.post_only else max(tier["maker_ppm"], tier["taker_ppm"])) / PPM
        fee_in_base = order.fee_asset == pair["base"]
        if order.side == "sell":
            fee = _rounded(left * rate, pair["qty_decimals"]) if fee_in_base else ZERO
            return pair["base"], left + max(ZERO, fee)
        price = order.price if order.kind in LIMITED else order.trigger
        cost = _rounded(price * left, pair["cost_decimals"])
        fee = ZERO if fee_in_base else _rounded(cost * rate, pair["cost_decimals"])
        return pair["quote"], cost + max(ZERO, fee)

    # --- order rates ------------------------------------------------------------------------------------------------

    def _count_touch(self, order: OpenOrder, reason: str, exec_type: str, ts_ns: int) -> None:
        age_ns = ts_ns - order.touched_ns
        if exec_type == "canceled" and order.qty == order.filled and age_ns == 0 and order.age_before_amend_ns:
            age_ns = order.age_before_amend_ns  # an amend cut it down to what had filled
        self._charge(order, touch_cost(exec_type, reason, age_ns), ts_ns)
        if exec_type == "amended":
            order.age_before_amend_ns, order.touched_ns = age_ns, ts_ns

    def _charge(self, order: OpenOrder, cost: int, ts_ns: int) -> None:
        if order.account in self.rate_max:
            self.counters[order.account, order.pair].add(Decimal(cost), ts_ns, self._decay(order.account))

    def _decay(self, account: str) -> Decimal:
        return DECAY_PER_S[self.rate_max[account]]


_HANDLERS = {
    "pair": ExchangeBooks._on_pair,
    "account": ExchangeBooks._on_account,
    "request": ExchangeBooks._on_request,
    "reply": ExchangeBooks._on_reply,
    "status": ExchangeBooks._on_status,
    "dead_man": ExchangeBooks._on_dead_man,
    "fault": ExchangeBooks._on_fault,
    "fee_terms": ExchangeBooks._on_fee_terms,
    "balance": ExchangeBooks._on_balance,
    "order": ExchangeBooks._on_order,
}


def _rounded(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
