"""Status views, alerts and updates as the messenger's tests need them."""

from typing import Any

from wildbot.analytics.status_view import AccountView, AlertView, GatewayView, ScannerView, StatusView, TraderView
from wildbot.messenger.answers import Seen
from wildbot.model.instrument import NANOS_PER_SECOND

NOON_NS = 1_790_000_000 * NANOS_PER_SECOND
SECOND = NANOS_PER_SECOND
OWNER = 4711


def account(trades: int = 0, realised: str = "0", day_pnl: str = "0.10", equity: str = "16.10", **more: Any) -> AccountView:
    fields: dict[str, Any] = {"currency": "USDC", "cash": "10", "unrealised_pnl": "0", "fees": "0.01", "drawdown_pct": 1.5}
    return AccountView(
        **fields
        | {"equity": equity, "realised_pnl": realised, "trades": trades, "day_pnl": day_pnl, "return_pct": 0.6}
        | more
    )


def alert(
    key: str = "halt", level: str = "critical", ts_ns: int = NOON_NS, text: str = "", actor: str = "supervisor"
) -> AlertView:
    return AlertView(ts_ns, level, actor, text or f"something about {key}", key)


def status(
    *alerts: AlertView,
    standing: tuple[AlertView, ...] | None = None,
    run: str = "run-1",
    state: str = "running",
    ts_ns: int = NOON_NS,
    of: AccountView | None = None,
    resting: int = 2,
) -> StatusView:
    """Return a view in which these alerts were raised; unless told otherwise, all of them stand."""
    return StatusView(
        run_id=run,
        mode="sim",
        state=state,
        ts_ns=ts_ns,
        uptime_s=3_600,
        account=of or account(),
        traders=[TraderView("SOL/USDC", state="quoting", position="0.5", open_orders=[{"side": "buy", "price": "10"}])],
        scanner=[ScannerView("SOL/USDC", score=1.5, active=True)],
        alerts=list(alerts),
        standing=list(alerts if standing is None else standing),
        gateway=GatewayView("serving", resting, 0),
    )


def seen(view: StatusView | None = None, age_s: float = 0.1) -> Seen:
    return Seen(status() if view is None else view, age_s, [], None, "WildBot build x")


def update(update_id: int = 1, *, now_ns: int = NOON_NS, text: str = "/status", **message: Any) -> dict[str, Any]:
    """Return an update as the Bot API gives it: the owner's private message of this second."""
    fields: dict[str, Any] = {
        "message_id": 9,
        "date": now_ns // SECOND,
        "chat": {"id": OWNER, "type": "private"},
        "from": {"id": OWNER, "is_bot": False},
        "text": text,
    }
    return {"update_id": update_id, "message": fields | message}
