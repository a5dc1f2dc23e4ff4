"""Between the desk's integers and the journal's exact decimal text, both ways.

Rules: text is written with the pair's digits of the day and read with those of today; a number that no longer fits is a
    ConfigurationError, since guessing a position is worse than not starting.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wildbot.desk.gateway_commands import GatewayCommand, WriteEvent, WriteFill, WriteLeases, WriteMeta, WriteOrder
from wildbot.desk.intents import Intent
from wildbot.desk.venue_queries import JournalSeen, Query, StoredFill
from wildbot.model.desk import CapitalLease, LeaseTable
from wildbot.model.errors import ConfigurationError, ProtocolError
from wildbot.model.executions import Filled
from wildbot.model.instrument import Instrument, Liquidity, Money, money_from_text, money_text
from wildbot.model.journal import EventRow, FillRow, LeaseRow, OrderRow
from wildbot.model.orders import NewOrder, OrderType, Purpose, Side, TimeInForce
from wildbot.trading.order_state import OrderState


@dataclass(frozen=True, slots=True)
class JournalBatch:
    """The rows of one batch of commands: one transaction. `leases` replaces all leases in force; None leaves them."""

    fills: tuple[FillRow, ...] = ()
    orders: tuple[OrderRow, ...] = ()
    leases: tuple[LeaseRow, ...] | None = None
    events: tuple[EventRow, ...] = ()
    meta: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.fills or self.orders or self.events or self.meta or self.leases is not None)

    def after(self, earlier: "JournalBatch") -> "JournalBatch":
        """Return one batch of both: what an earlier write could not leave on disk goes first, or it would be lost."""
        return JournalBatch(
            earlier.fills + self.fills,
            earlier.orders + self.orders,
            earlier.leases if self.leases is None else self.leases,
            earlier.events + self.events,
            {**earlier.meta, **self.meta},
        )


@dataclass(frozen=True, slots=True)
class JournalContents:
    """All the journal holds that the gateway reads on start: the fills oldest first, the orders that count, and so on."""

    fills: Iterable[FillRow]
    orders: Iterable[OrderRow]
    leases: Iterable[LeaseRow]
    meta: dict[str, str]


def journal_batch(commands: Iterable[GatewayCommand], instruments: Mapping[str, Instrument]) -> JournalBatch:
    """Return the rows of a batch of commands; an order that changed more than once has its last state."""
    fills: list[FillRow] = []
    orders: dict[str, OrderRow] = {}
    leases: tuple[LeaseRow, ...] | None = None
    events: list[EventRow] = []
    meta: dict[str, str] = {}
    for command in commands:
        match command:
            case WriteFill():
                fills.append(fill_row(command, instruments[command.fill.pair]))
            case WriteOrder():
                intent = command.intent
                orders[intent.cl_ord_id] = order_row(intent, instruments[intent.pair], command.now_ns)
            case WriteLeases():
                leases = lease_rows(command.table)
            case WriteEvent():
                events.append(EventRow(command.ts_ns, command.kind, command.pair, command.text))
            case WriteMeta():
                meta[command.key] = command.value
            case _:
                pass
    return JournalBatch(tuple(fills), tuple(orders.values()), leases, tuple(events), meta)


def journal_seen(
    query: Query, contents: JournalContents, instruments: Mapping[str, Instrument], settle_ns: int
) -> JournalSeen:
    """Return the answer to the question for the journal; `settle_ns` as in `stored_intent`.

    Raises: ConfigurationError when today's digits cannot hold what was written.
    """
    return JournalSeen(
        query,
        tuple(stored_fill(row, instruments) for row in contents.fills),
        tuple(stored_intent(row, instruments, settle_ns) for row in contents.orders),
        tuple(stored_lease(row) for row in contents.leases),
        contents.meta,
    )


def fill_row(command: WriteFill, instrument: Instrument) -> FillRow:
    """Return a fill's row."""
    fill = command.fill
    return FillRow(
        trade_id=fill.exec_id,
        order_id=fill.order_id,
        cl_ord_id=fill.cl_ord_id,
        pair=fill.pair,
        side=fill.side.value,
        price=instrument.price_text(fill.ticks),
        qty=instrument.lots_text(fill.lots),
        cost=money_text(fill.cost),
        fee=money_text(fill.fee),
        fee_asset=fill.fee_asset,
        liquidity=fill.liquidity.value,
        pnl=money_text(command.realised),
        reason=command.reason,
        pair_trade_id=fill.trade_id,
        ts_ns=fill.ts_ns,
        epoch=command.epoch,
    )


def stored_fill(row: FillRow, instruments: Mapping[str, Instrument]) -> StoredFill:
    """Return a row's fill. Raises: ConfigurationError when today's digits cannot hold it."""
    instrument = _instrument(row.pair, instruments)
    try:
        fill = Filled(
            cl_ord_id=row.cl_ord_id,
            order_id=row.order_id,
            exec_id=row.trade_id,
            trade_id=row.pair_trade_id,
            pair=row.pair,
            side=Side(row.side),
            ticks=instrument.ticks_from_text(row.price),
            lots=instrument.lots_from_text(row.qty),
            cost=money_from_text(row.cost),
            fee=money_from_text(row.fee),
            fee_asset=row.fee_asset,
            liquidity=Liquidity(row.liquidity),
            ts_ns=row.ts_ns,
        )
    except ProtocolError as error:
        raise ConfigurationError(f"the journal's fill {row.trade_id} does not fit {row.pair} any more: {error}") from None
    return StoredFill(fill, row.epoch, row.reason)


def order_row(intent: Intent, instrument: Instrument, now_ns: int) -> OrderRow:
    """Return an order's row as the intent stands."""
    order = intent.order
    return OrderRow(
        cl_ord_id=intent.cl_ord_id,
        order_id=intent.order_id,
        pair=intent.pair,
        side=intent.side.value,
        type=order.order_type.value,
        price=instrument.price_text(intent.ticks),
        qty=instrument.lots_text(intent.lots),
        filled_qty=instrument.lots_text(intent.filled_lots),
        state=intent.state.value,
        reason=intent.reason,
        purpose=order.purpose.value,
        time_in_force=order.time_in_force.value,
        post_only=int(order.post_only),
        strategy_reason=order.reason,
        created_ns=intent.created_ns,
        updated_ns=now_ns,
        epoch=intent.epoch,
    )


def stored_intent(row: OrderRow, instruments: Mapping[str, Instrument], settle_ns: int) -> Intent:
    """Return a row's intent; a look counts as proof of absence from `settle_ns` after its creation."""
    instrument = _instrument(row.pair, instruments)
    try:
        ticks, lots = instrument.ticks_from_text(row.price), instrument.lots_from_text(row.qty)
        filled_lots = instrument.lots_from_text(row.filled_qty)
    except ProtocolError as error:
        raise ConfigurationError(f"the journal's order {row.cl_ord_id} does not fit {row.pair} any more: {error}") from None
    order = NewOrder(
        cl_ord_id=row.cl_ord_id,
        pair=row.pair,
        side=Side(row.side),
        ticks=ticks,
        lots=lots,
        purpose=Purpose(row.purpose),
        order_type=OrderType(row.type),
        time_in_force=TimeInForce(row.time_in_force),
        post_only=bool(row.post_only),
        reason=row.strategy_reason,
    )
    return Intent(
        order=order,
        epoch=row.epoch,
        created_ns=row.created_ns,
        changed_ns=row.updated_ns,
        ticks=ticks,
        lots=lots,
        state=OrderState(row.state),
        order_id=row.order_id,
        filled_lots=filled_lots,
        venue_filled_lots=filled_lots,
        settled_ns=row.updated_ns + settle_ns,
        reason=row.reason,
    )


def lease_rows(table: LeaseTable) -> tuple[LeaseRow, ...]:
    """Return a table's rows."""
    return tuple(
        LeaseRow(lease.pair, lease.epoch, money_text(lease.amount), lease.expires_ns, table.version)
        for lease in table.leases
    )


def stored_lease(row: LeaseRow) -> CapitalLease:
    """Return a row's lease."""
    return CapitalLease(row.pair, row.epoch, Money(money_from_text(row.amount)), row.expires_ns)


def _instrument(pair: str, instruments: Mapping[str, Instrument]) -> Instrument:
    instrument = instruments.get(pair)
    if instrument is None:
        raise ConfigurationError(f"the journal holds {pair}, which is not in the universe the exchange knows; add it")
    return instrument
