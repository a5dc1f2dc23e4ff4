"""The network between the bot and its exchange is bad: connections die, hang, lag or lie. Cases B02, B08 to B10, B13, B14.

Source: the fault catalogue's group B, connections.
"""

import time
from functools import partial

from wildbot.drill.case import Case, Group, Severity
from wildbot.drill.failure import NotStruckError
from wildbot.drill.moves import (
    a_quote,
    alerts,
    demand,
    requests,
    resting,
    until,
    wait_alert,
    wait_struck,
)
from wildbot.drill.proxy import Mode
from wildbot.drill.tls_trap import TlsTrap
from wildbot.drill.whole import Whole

NANOS = 1_000_000_000
SILENCE_S = 2.0
"""What the settings call `feed.silence_max_s`."""

NOTICE_S = SILENCE_S + 6.0
"""The silence is noticed, the cancels travel, and the ledger is read."""


def pass_time(whole: Whole, seconds: float) -> None:
    """Let seconds pass while statuses arrive."""
    end_ns = time.time_ns() + int(seconds * NANOS)
    until(whole, lambda: time.time_ns() > end_ns, f"{seconds:g} s to pass", seconds + 10)


def _struck(whole: Whole, *names: str) -> None:
    if not any(whole.wires.struck(name) for name in names):
        raise NotStruckError(f"nothing passed the wires {', '.join(names)} while they were bad")


def half_open(whole: Whole) -> None:
    """B02."""
    a_quote(whole)
    since = whole.exchange.seq()
    whole.wires.set(Mode.HALF_OPEN, "public")
    until(whole, lambda: not resting(whole), "every quote is withdrawn after the feed went dead", NOTICE_S)
    _struck(whole, "public")
    whole.wires.set(Mode.PASS, "public")
    opened = [line for line in whole.exchange.ledger(since) if line["kind"] == "connection" and line["action"] == "opened"]
    until(whole, lambda: resting(whole), "quoting again over a new connection", 30)
    demand(len(opened) <= 5, f"{len(opened)} connections were opened for one that died")


def trading_path_gone(whole: Whole) -> None:
    """B08."""
    a_quote(whole)
    since, at_ns = whole.exchange.seq(), whole.status()["ts_ns"]
    whole.wires.set(Mode.BLACKHOLE, "private", "rest")
    whole.wait(lambda d: d["state"] != "running", "the loss of the trading path is shown", 20)
    _struck(whole, "private", "rest")
    wait_alert(whole, at_ns, "stream", "exchange", "private", "silent", timeout_s=15)
    lost = whole.exchange.seq()
    pass_time(whole, 5)
    adds = requests(whole, lost, "add_order")
    demand(not adds, f"{len(adds)} orders arrived over a path that is gone")
    whole.wires.heal()
    whole.wait(lambda d: d["state"] == "running", "trading again once the path is back", 90)
    demand(whole.exchange.seq() > since, "no ledger")


def feed_gone(whole: Whole) -> None:
    """B09."""
    a_quote(whole)
    at_ns = whole.status()["ts_ns"]
    whole.wires.set(Mode.BLACKHOLE, "public")
    until(whole, lambda: not resting(whole), "every quote is withdrawn after the feed fell silent", NOTICE_S)
    _struck(whole, "public")
    wait_alert(whole, at_ns, "market data", timeout_s=10)
    blind = whole.exchange.seq()
    pass_time(whole, 4)
    adds = requests(whole, blind, "add_order", "amend_order")
    demand(not adds, f"{len(adds)} orders were sent while the market could not be seen")


def false_certificate(whole: Whole) -> None:
    """B10."""
    trap = TlsTrap(whole.home)
    try:
        address = f"127.0.0.1:{trap.port}"
        whole.trade_elsewhere(
            {
                "WILDBOT_KRAKEN__REST_URL": f"https://{address}",
                "WILDBOT_KRAKEN__WS_URL": f"wss://{address}/v2",
                "WILDBOT_KRAKEN__WS_AUTH_URL": f"wss://{address}/v2",
            }
        )
        whole.up()
        whole.status(60)
        pass_time(whole, 20)
        if not trap.turned_away + trap.talked:
            raise NotStruckError("nobody came to the listener with the false certificate")
        demand(not trap.talked, f"{trap.talked} connections spoke to a listener that nobody vouches for")
        document = whole.status()
        demand(document["state"] != "running", "the bot trades with a listener that nobody vouches for")
    finally:
        trap.close()


def connect_storm(whole: Whole) -> None:
    """B13."""
    a_quote(whole)
    since = whole.exchange.seq()
    seconds = 25
    whole.faults(
        [
            {"verb": "ws.close", "which": "all", "abrupt": True},
            {"verb": "ws.close", "which": "all", "on_connect": True, "for_s": seconds, "count": 100_000},
        ]
    )
    wait_struck(whole, "ws.close", since, provoke=False)
    pass_time(whole, seconds)
    opened = [line for line in whole.exchange.ledger(since) if line["kind"] == "connection" and line["action"] == "opened"]
    demand(len(opened) >= 2, "nobody tried to connect again")
    demand(len(opened) <= 24, f"{len(opened)} connections in {seconds} s: the exchange bans an address for less")


def slow_link(whole: Whole) -> None:
    """B14."""
    a_quote(whole)
    pids = {row["name"]: row["pid"] for row in whole.status()["actors"]}
    whole.wires.set(Mode.SLOW, delay_s=3.0)
    at_ns = whole.status()["ts_ns"]
    pass_time(whole, 12)
    _struck(whole, "public", "private")
    document = whole.status()
    now = {row["name"]: row["pid"] for row in document["actors"]}
    standing = ("supervisor", "order_gateway", "balance_allocator")
    died = [name for name in standing if pids.get(name) != now.get(name)]
    demand(not died, f"{', '.join(died)} did not survive a slow link")
    noticed = document["state"] != "running" or not resting(whole) or bool(alerts(document, at_ns))
    demand(noticed, "market data three seconds old is quoted on as if it were new")


_case = partial(Case, group=Group.NETWORK, wired=True)
S1, S2, S3 = Severity.S1, Severity.S2, Severity.S3
CASES = (
    _case(
        id="B02",
        severity=S1,
        title="The connection to the market data dies without a word",
        promise="The silence is noticed within seconds, every quote is withdrawn, a new connection is made",
        run=half_open,
    ),
    _case(
        id="B08",
        severity=S1,
        title="The exchange can be seen but not reached: market data comes, commands do not pass",
        promise="The owner is told, no order leaves, and trading resumes after a comparison of the books",
        run=trading_path_gone,
    ),
    _case(
        id="B09",
        severity=S1,
        title="The exchange can be reached but not seen: commands pass, market data does not come",
        promise="Every quote is withdrawn within seconds, and nothing is sent while blind",
        run=feed_gone,
    ),
    _case(
        id="B10",
        severity=S1,
        title="Somebody between us and the exchange shows a false certificate",
        promise="Not one word is said to it, and nothing is traded",
        run=false_certificate,
        lone=True,
        started=False,
        wired=False,
    ),
    _case(
        id="B13",
        severity=S2,
        title="The exchange closes every connection as soon as it is made",
        promise="The tries get rarer; the exchange is not stormed until it bans us",
        run=connect_storm,
    ),
    _case(
        id="B14",
        severity=S3,
        title="Everything takes three seconds longer",
        promise="Nothing crashes, nothing is quoted on old prices, and the owner sees it",
        run=slow_link,
    ),
)
