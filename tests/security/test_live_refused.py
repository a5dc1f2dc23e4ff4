"""Profile live with a key the exchange refuses, at the start or later: paper, an end, or a stop, and always told."""

import contextlib
import sqlite3
from collections.abc import Iterator

import pytest

from tests.e2e.instance import free_port
from tests.security.builders_live import LiveWhole
from tests.security.builders_security import CANARY_SECRET

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.xdist_group("live_whole")]


@pytest.fixture(scope="module")
def live() -> Iterator[LiveWhole]:
    whole = LiveWhole()
    try:
        yield whole
    finally:
        whole.close()


def let_the_reserved_numbers_pass(live: LiveWhole) -> None:
    """Make the journal what it is a minute later: no reserved number of a call lies ahead of the clock."""
    with contextlib.closing(sqlite3.connect(live.home / "data" / "live.sqlite")) as journal:
        journal.execute("UPDATE meta SET value = '0' WHERE key = 'nonce_ceiling'")
        journal.commit()


def test_with_a_refused_key_a_live_start_becomes_a_paper_start_and_says_so(live: LiveWhole) -> None:
    other = {
        "KRAKEN_API_SECRET_FILE": str(live.secret("wrong", "A" * 86 + "==")),
        "WILDBOT_EXCHANGE__PORT": str(free_port()),
    }
    live.environment |= other
    let_the_reserved_numbers_pass(live)
    live.up()
    document = live.wait(
        lambda d: d["mode"] == "paper" and any("asked for live" in alert["text"] for alert in d["alerts"]),
        "paper, and said so",
        60,
    )
    assert document["mode"] == "paper"
    assert "asked for live, trading on PAPER" in (live.home / "up.txt").read_text()
    assert live.interrupt() == 0, live.last_words()


def test_with_orders_that_may_rest_a_live_start_with_a_refused_key_ends(live: LiveWhole) -> None:
    with contextlib.closing(sqlite3.connect(live.home / "data" / "live.sqlite")) as journal:
        journal.execute("UPDATE orders SET state = 'unknown' WHERE rowid = (SELECT min(rowid) FROM orders)")
        journal.commit()
    result = live.wildbot("up")
    assert result.returncode == 78
    assert "1 orders of the last run may still rest there" in result.stderr.replace("\n", " ")
    assert not live.processes()


def test_a_revoked_key_stops_the_trading_and_is_told(live: LiveWhole) -> None:
    with contextlib.closing(sqlite3.connect(live.home / "data" / "live.sqlite")) as journal:
        journal.execute("UPDATE orders SET state = 'cancelled' WHERE state = 'unknown'")
        journal.commit()
    live.environment["KRAKEN_API_SECRET_FILE"] = str(live.secret("secret", CANARY_SECRET))
    live.up()
    live.wait(lambda d: d["mode"] == "live" and d["state"] == "running", "live again", 90)
    live.faults([{"verb": "key.revoke"}])
    document = live.wait(lambda d: d["state"] != "running", "the revocation noticed", 30)
    assert document["mode"] == "live"  # never a change of profile while it runs
    sent = len([line for line in live.ledger() if line["kind"] == "order"])
    for _ in range(20):
        assert live.status()["mode"] == "live"
    assert len([line for line in live.ledger() if line["kind"] == "order" and line["order"]["status"] == "new"]) <= sent
