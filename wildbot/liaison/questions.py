"""Between the desk's questions and Kraken's REST endpoints, both ways.

Rules: which endpoint answers a question is decided here and nowhere else; an answer that cannot be read is silence.
"""

from typing import assert_never

from wildbot.desk.venue_queries import (
    Answer,
    BalancesSeen,
    CancelTaken,
    ClockSeen,
    FeesSeen,
    InstrumentsSeen,
    KeySeen,
    OrdersSeen,
    Query,
    QueryRefused,
    QuerySilent,
    SystemSeen,
    TimerTaken,
    TokenSeen,
    Topic,
    TradesSeen,
)
from wildbot.model.errors import ProtocolError, VenueRefusal, VenueSilence
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.orders import OWN_PREFIX
from wildbot.venues.kraken import rest
from wildbot.venues.kraken.rest import Params, RestReader
from wildbot.venues.kraken.rest_calls import RestCall, RestOutcome

_ENDPOINTS = {
    Topic.SYSTEM: "SystemStatus",
    Topic.CLOCK: "Time",
    Topic.INSTRUMENTS: "AssetPairs",
    Topic.KEY: "GetApiKeyInfo",
    Topic.FEES: "TradeVolume",
    Topic.BALANCES: "Balance",
    Topic.OPEN_ORDERS: "OpenOrders",
    Topic.CLOSED_ORDERS: "ClosedOrders",
    Topic.ORDERS: "QueryOrders",
    Topic.TRADES: "TradesHistory",
    Topic.CANCEL: "CancelOrder",
    Topic.TIMER: "CancelAllOrdersAfter",
    Topic.TOKEN: "GetWebSocketsToken",
}
CANCEL_BATCH = "CancelOrderBatch"


class Questions:
    """Turns questions into calls and outcomes into answers; learns the venue's names from AssetPairs."""

    def __init__(self, universe: tuple[str, ...]) -> None:
        self.reader = RestReader(universe)
        self._universe = universe

    def call(self, query: Query) -> RestCall:
        """Return the call that asks a question."""
        several = query.topic is Topic.CANCEL and len(query.ids) > 1
        endpoint = CANCEL_BATCH if several else _ENDPOINTS[query.topic]
        return RestCall(query, endpoint, self._params(query), query.topic.is_private, query.urgent)

    def answer(self, outcome: RestOutcome) -> Answer:
        """Return what an outcome says."""
        query = outcome.tag
        assert isinstance(query, Query)
        match outcome.result:
            case VenueRefusal() as refusal:
                return QueryRefused(query, str(refusal))
            case VenueSilence() as silence:
                return QuerySilent(query, str(silence))
            case bytes() as result:
                try:
                    return self._read(query, result)
                except ProtocolError as error:
                    return QuerySilent(query, str(error))

    def _params(self, query: Query) -> Params:
        match query.topic:
            case Topic.INSTRUMENTS:
                return {"pair": ",".join(self._universe)}
            case Topic.FEES:
                keys = [each.rest_key for each in self.reader.instruments.values()]
                return {"pair": ",".join(keys)}
            case Topic.CLOSED_ORDERS | Topic.TRADES:
                return {"start": str(max(0, query.since_ns) // NANOS_PER_SECOND), "ofs": str(query.offset)}
            case Topic.ORDERS:
                return {"txid": ",".join(query.ids)}
            case Topic.CANCEL:
                return _cancel_params(query.ids)
            case Topic.TIMER:
                return {"timeout": str(query.timeout_s)}
            case _:
                return {}

    def _read(self, query: Query, result: bytes) -> Answer:
        reader = self.reader
        match query.topic:
            case Topic.SYSTEM:
                return SystemSeen(query, rest.read_system(result))
            case Topic.CLOCK:
                return ClockSeen(query, rest.read_clock_ns(result))
            case Topic.INSTRUMENTS:
                return InstrumentsSeen(query, reader.asset_pairs(result))
            case Topic.KEY:
                return KeySeen(query, *rest.read_key(result))
            case Topic.FEES:
                return FeesSeen(query, reader.fees(result))
            case Topic.BALANCES:
                return BalancesSeen(query, reader.balances(result))
            case Topic.OPEN_ORDERS:
                views = reader.open_orders(result)
                return OrdersSeen(query, views, len(views), reader.foreign_holds(result))
            case Topic.CLOSED_ORDERS:
                return OrdersSeen(query, *reader.closed_orders(result))
            case Topic.ORDERS:
                views = reader.queried_orders(result)
                return OrdersSeen(query, views, len(views))
            case Topic.TRADES:
                return TradesSeen(query, *reader.trades(result))
            case Topic.CANCEL:
                return CancelTaken(query, rest.read_count(result))
            case Topic.TIMER:
                return TimerTaken(query)
            case Topic.TOKEN:
                return TokenSeen(query, rest.read_token(result))
            case Topic.JOURNAL:
                raise ProtocolError("the journal is not asked over REST")
            case _:
                assert_never(query.topic)


def _cancel_params(ids: tuple[str, ...]) -> Params:
    ours = [each for each in ids if each.startswith(OWN_PREFIX)]
    theirs = [each for each in ids if not each.startswith(OWN_PREFIX)]
    if len(ids) == 1:
        return {"cl_ord_id" if ours else "txid": ids[0]}
    return {name: part for name, part in (("orders", theirs), ("cl_ord_ids", ours)) if part}
