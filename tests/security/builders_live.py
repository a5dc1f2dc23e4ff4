"""A whole WildBot in profile live against a simulated exchange on loopback, with canaries for keys; and what a stranger sends."""

import contextlib
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.e2e.instance import ROOT, Instance
from tests.security.builders_security import CANARY_KEY, CANARY_SECRET, disguises
from wildbot.drill.surroundings import DRILL_SETTINGS
from wildbot.model.desk import OrderRequest
from wildbot.model.orders import NewOrder, Purpose, Side, TimeInForce

DISGUISES = disguises(CANARY_KEY) | disguises(CANARY_SECRET)
STRANGER = "security-test"
HOUR_NS = 3_600_000_000_000


class LiveWhole(Instance):
    """A WildBot of profile live, and its exchange as a process that is not its own."""

    def __init__(self) -> None:
        super().__init__(**DRILL_SETTINGS, WILDBOT_MARKET_MAKER__EDGE_POLICY="ignore")
        here = f"127.0.0.1:{self.exchange_port}"
        self.exchange_home = self.home.with_name(f"{self.home.name}x")
        self.reserved_to = "0"
        words = [
            "exchange",
            "--api-key",
            CANARY_KEY,
            "--api-secret",
            CANARY_SECRET,
            "--balance",
            "USDC=60",
            "--fees",
            "0.25,0.40",
        ]
        self.venue = subprocess.Popen(
            [sys.executable, "-m", "wildbot.cli", *words], cwd=ROOT, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            env=self.environment | {"WILDBOT_HOME": str(self.exchange_home)},
        )  # fmt: skip
        self.exchange.wait_until_up(60)
        self.environment |= {
            "WILDBOT_PROFILE": "live",
            "WILDBOT_LIVE_CONFIRM": "i-understand-live",
            "WILDBOT_LOG__LEVEL": "DEBUG",
            "WILDBOT_CAPITAL__ACCOUNT_EXCLUSIVE": "true",
            "WILDBOT_EXCHANGE__EMBEDDED": "false",
            "WILDBOT_KRAKEN__REST_URL": f"http://{here}",
            "WILDBOT_KRAKEN__WS_URL": f"ws://{here}/public/v2",
            "WILDBOT_KRAKEN__WS_AUTH_URL": f"ws://{here}/private/v2",
            "KRAKEN_API_KEY_FILE": str(self.secret("key", CANARY_KEY)),
            "KRAKEN_API_SECRET_FILE": str(self.secret("secret", CANARY_SECRET)),
        }

    def secret(self, name: str, text: str) -> Path:
        folder = self.exchange_home
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def close(self) -> None:
        super().close()
        self.venue.kill()
        self.venue.wait(10)
        shutil.rmtree(self.exchange_home, ignore_errors=True)


def actors(live: LiveWhole) -> dict[str, int]:
    return {row["name"]: row["pid"] for row in live.status()["actors"]}


def forged(live: LiveWhole) -> dict[str, OrderRequest]:
    """Return orders that a stranger on the socket might send in a living trader's name, each wrong in one way."""
    document = live.wait(lambda d: any(row["open_orders"] for row in d["traders"]), "an order to imitate")
    row = next(each for each in document["traders"] if each["open_orders"])
    ticks, lots = (int(row["open_orders"][0][name].replace(".", "")) for name in ("price", "qty"))
    now_ns = live.status()["ts_ns"]

    def order(
        name: str, *, pair: str = row["pair"], epoch: int = row["epoch"], price: int = ticks, size: int = lots
    ) -> OrderRequest:
        command = NewOrder(
            cl_ord_id=f"wb{epoch}x{name}", pair=pair, side=Side.BUY, ticks=price, lots=size, time_in_force=TimeInForce.GTC,
            post_only=True, purpose=Purpose.ENTRY, reason="forged",
        )  # fmt: skip
        return OrderRequest(epoch, command, now_ns, now_ns + HOUR_NS)

    return {
        "pair": order("7a01", pair="BTC/EUR"),
        "other pair": order("7a02", pair="BTC/USDC"),
        "epoch": order("7a03", epoch=row["epoch"] + 1_000),
        "collar": order("7a04", price=ticks // 2),
        "crossing": order("7a05", price=ticks * 2),
        "size": order("7a06", size=lots * 100_000),
        "nothing": order("7a07", size=0),
        "negative": order("7a08", size=-lots),
    }


def let_the_reserved_numbers_pass(live: LiveWhole) -> None:
    """Make the journal what it is a minute later: no reserved number of a call lies ahead of the clock."""
    with contextlib.closing(sqlite3.connect(live.home / "data" / "live.sqlite")) as journal:
        (live.reserved_to,) = journal.execute("SELECT value FROM meta WHERE key = 'nonce_ceiling'").fetchone()
        journal.execute("UPDATE meta SET value = '0' WHERE key = 'nonce_ceiling'")
        journal.commit()


def tell_the_reserved_numbers_again(live: LiveWhole) -> None:
    """Undo `let_the_reserved_numbers_pass`: no minute has passed, and the exchange knows which numbers were used."""
    with contextlib.closing(sqlite3.connect(live.home / "data" / "live.sqlite")) as journal:
        journal.execute("UPDATE meta SET value = ? WHERE key = 'nonce_ceiling'", (live.reserved_to,))
        journal.commit()
