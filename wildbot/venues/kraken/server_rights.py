"""What an API key may do: its rights, and what each call needs of them.

Rules: a call that needs a right is refused without it; `GetApiKeyInfo` needs none. Keys of the simulated exchange trade
    and never withdraw, unless somebody asks for such a key, to see a client refuse it.
Source: Kraken `GetApiKeyInfo` (names of the rights), REST and WebSocket pages (what a call needs).
Known limit: which error a key outside its address list gets is not documented; here it is that of a missing right. A
    right that an established stream needed may be taken away without ending the stream.
"""

from dataclasses import dataclass

from wildbot.model.errors import VenueRefusal

TRADING_RIGHTS = (
    "query-funds",
    "query-open-trades",
    "query-closed-trades",
    "modify-trades",
    "close-trades",
    "query-ledger",
    "create-ws-token",
)
"""What a key may do unless it is said otherwise."""

ALL_RIGHTS = (
    *TRADING_RIGHTS,
    "add-funds",
    "withdraw-funds",
    "earn-funds",
    "export-data",
    "add-withdraw-address",
    "update-withdraw-address",
)

PERMISSION_DENIED = "EGeneral:Permission denied"
INVALID_KEY = "EAPI:Invalid key"
LOOPBACK = "127.0.0.1"
"""Whence every call to a simulated exchange comes."""

_MODIFY, _TAKE_BACK = ("modify-trades",), ("modify-trades", "close-trades")
NEEDED: dict[str, tuple[str, ...]] = {
    "Balance": ("query-funds",),
    "BalanceEx": ("query-funds",),
    "TradeBalance": ("query-funds",),
    "TradeVolume": ("query-funds",),
    "Ledgers": ("query-ledger",),
    "QueryLedgers": ("query-ledger",),
    "OpenOrders": ("query-open-trades",),
    "OpenPositions": ("query-open-trades",),
    "OrderAmends": ("query-open-trades", "query-closed-trades"),
    "ClosedOrders": ("query-closed-trades",),
    "QueryOrders": ("query-open-trades", "query-closed-trades"),
    "TradesHistory": ("query-closed-trades",),
    "QueryTrades": ("query-closed-trades",),
    "GetWebSocketsToken": ("create-ws-token",),
    **dict.fromkeys(("AddOrder", "AddOrderBatch", "AmendOrder", "EditOrder"), _MODIFY),
    **dict.fromkeys(("CancelOrder", "CancelOrderBatch", "CancelAll", "CancelAllOrdersAfter"), _TAKE_BACK),
    **dict.fromkeys(("add_order", "batch_add", "amend_order", "edit_order"), _MODIFY),
    **dict.fromkeys(("cancel_order", "batch_cancel", "cancel_all", "cancel_all_orders_after"), _TAKE_BACK),
    "executions": ("query-open-trades",),
    "balances": ("query-funds",),
}
"""Of these rights each call, method or private channel needs one; what is not named needs none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerms:
    """What was chosen when a key was made. `valid_until_s` is in unix seconds, 0: for ever; no address: from anywhere."""

    rights: tuple[str, ...] = TRADING_RIGHTS
    nonce_window: int | None = None
    valid_until_s: int = 0
    ip_allowlist: tuple[str, ...] = (LOOPBACK,)


def check_right(rights: tuple[str, ...], call: str) -> None:
    """Refuse a call that these rights do not cover. Raises: VenueRefusal."""
    needed = NEEDED.get(call)
    if needed is not None and not set(needed) & set(rights):
        raise VenueRefusal(PERMISSION_DENIED)
