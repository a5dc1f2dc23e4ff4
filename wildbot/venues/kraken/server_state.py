"""What an exchange does not forget over a restart, as JSON lines: deposits, balances, orders, trades of its accounts.

Rules: one line per event, appended as it happens, so that a file cut short anywhere loses at most its last line. An order
    that was open when the file ended comes back as cancelled.
"""

from collections.abc import Iterable, Sequence

import msgspec

from wildbot.model.errors import ConfigurationError
from wildbot.model.exchange import ExchangeEvent, Execution, LedgerEntry, OrderEvent, OrderStatus, OrderView

RESTART_REASON = "Exchange restarted"
FINAL = (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED)


class StateLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line: exactly one field is set."""

    order: OrderView | None = None
    execution: Execution | None = None
    entry: LedgerEntry | None = None


class AccountPast(msgspec.Struct):
    """What one account had: balances by asset, trades, closed orders and changes of balances, oldest first."""

    balances: dict[str, int] = {}
    executions: list[Execution] = []
    closed: list[OrderView] = []
    entries: list[LedgerEntry] = []


_decoder = msgspec.json.Decoder(StateLine)
_encoder = msgspec.json.Encoder()


def state_lines(events: Iterable[ExchangeEvent]) -> list[bytes]:
    """Return the lines that these events are worth; public news are worth none."""
    lines: list[bytes] = []
    for event in events:
        if isinstance(event, OrderEvent):
            lines.append(_encoder.encode(StateLine(order=event.order)))
            if event.execution is not None:
                lines.append(_encoder.encode(StateLine(execution=event.execution)))
        elif isinstance(event, LedgerEntry):
            lines.append(_encoder.encode(StateLine(entry=event)))
    return lines


def read_state(lines: Sequence[bytes]) -> dict[str, AccountPast]:
    """Return the past of every account in the lines.

    Raises: ConfigurationError when a line other than the last cannot be read.
    """
    pasts: dict[str, AccountPast] = {}
    orders: dict[str, OrderView] = {}
    executions: dict[str, Execution] = {}
    for number, line in enumerate(lines, start=1):
        try:
            entry = _decoder.decode(line)
        except msgspec.MsgspecError as error:
            if number == len(lines):
                break  # the process ended while it wrote this
            raise ConfigurationError(f"line {number} of the exchange's state file cannot be read: {error}") from None
        if entry.order is not None:
            orders.pop(entry.order.order_id, None)
            orders[entry.order.order_id] = entry.order
        if entry.execution is not None:
            executions[entry.execution.exec_id] = entry.execution
        if entry.entry is not None:
            past = _past(pasts, entry.entry.account)
            past.balances[entry.entry.asset] = entry.entry.balance
            past.entries.append(entry.entry)
    for execution in executions.values():
        _past(pasts, execution.account).executions.append(execution)
    for order in orders.values():
        _past(pasts, order.account).closed.append(order if order.status in FINAL else _cancelled(order))
    return pasts


def _past(pasts: dict[str, AccountPast], account: str) -> AccountPast:
    return pasts.setdefault(account, AccountPast())


def _cancelled(order: OrderView) -> OrderView:
    return msgspec.structs.replace(
        order, status=OrderStatus.CANCELED, reason=RESTART_REASON, closed_ns=order.closed_ns or order.opened_ns
    )
