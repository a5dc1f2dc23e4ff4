"""Pages as the navigation would draw them, what they put out, and a journal with fills for them to show."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from tests.dashboard.builders_dashboard import NOW_NS, SECOND, Json
from wildbot.adapters.journal import Journal
from wildbot.model.journal import FillRow


def opened(name: str) -> AppTest:
    """One page by its address, as the navigation would draw it."""
    script = f"from wildbot.dashboard.app import PAGES\n\nPAGES[{name!r}][1]()"
    page = AppTest.from_string(script, default_timeout=30).run()
    assert not page.exception, page.exception
    return page


def shown(page: AppTest) -> str:
    return "\n".join(element.proto.body for element in page.get("html"))


def a_fill(number: int, **changes: object) -> FillRow:
    fields: Json = {
        "trade_id": f"T{number}", "order_id": "O", "cl_ord_id": "C", "pair": "BTC/USDC", "side": "buy" if number % 2 else "sell",
        "price": "97150.0", "qty": "0.0001", "cost": "9.7150", "fee": "0.0200", "fee_asset": "USDC",
        "liquidity": "maker" if number % 3 else "taker", "pnl": "0.0500" if number % 2 == 0 else "0.0000", "reason": "quoting",
        "pair_trade_id": number, "ts_ns": NOW_NS + number * SECOND, "epoch": 1,
    } | changes  # fmt: skip
    return FillRow(**fields)


def a_journal(home: Path, *fills: FillRow) -> None:
    (home / "data").mkdir(mode=0o700, exist_ok=True)
    journal = Journal(home / "data" / "sim.sqlite", profile="sim", key_fingerprint="k", place="loopback")
    journal.write(fills=fills)
    journal.close()
