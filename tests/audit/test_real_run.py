"""The checker on the real thing: the whole system with real processes trades for a while, stops, and every rule holds."""

import json
import time
from collections.abc import Iterator

import pytest

from wildbot.audit.__main__ import main
from wildbot.audit.audit import audit
from wildbot.drill.surroundings import DRILL_SETTINGS
from wildbot.drill.whole import Whole, is_trading

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

TRADES_FOR_S = 20
SEEN_IN_ANY_RUN = {
    "I-00", "I-01", "I-02", "I-03", "I-04", "I-05", "I-06", "I-07", "I-08", "I-09", "I-10", "I-11", "I-12", "I-13", "I-14", "I-15",
    "I-17", "I-18", "I-20", "I-21", "I-25", "I-26", "I-28", "I-30", "I-33", "I-34", "I-38", "I-40",
}  # fmt: skip


@pytest.fixture
def whole() -> Iterator[Whole]:
    # An exchange of its own outlives the bot: its ledger sees the end of the run too.
    whole = Whole({**DRILL_SETTINGS, "WILDBOT_KRAKEN__REST_CALLS_PER_S": "1"}, wired=True)
    yield whole
    whole.close()


def test_a_real_run_breaks_no_rule(whole: Whole, capsys: pytest.CaptureFixture[str]) -> None:
    whole.start()
    until_s = time.monotonic() + TRADES_FOR_S
    while time.monotonic() < until_s:
        for trader in whole.status()["traders"]:
            for order in trader["open_orders"]:
                whole.others_order(trader["pair"], "sell" if order["side"] == "buy" else "buy", order["price"], "1000000")
    whole.wait(is_trading, "still trading at the end")
    assert whole.stop() == 0

    evidence = whole.evidence()
    report = audit(evidence)
    assert report.violations == ()
    unseen = {rule for rule in SEEN_IN_ANY_RUN if report.verdict(rule).outcome != "held"}
    assert not unseen, [report.verdict(rule) for rule in sorted(unseen)]
    assert report.verdict("I-01").compared >= 3, "others traded with us all the time"

    # The same from files, as somebody who does not trust us would do it.
    ledger = whole.home / "told.jsonl"
    ledger.write_text("".join(f"{json.dumps(line)}\n" for line in evidence.ledger))
    journal = whole.home / "data" / "sim.sqlite"
    words = ["--ledger", str(ledger), "--journal", str(journal), "--capital", evidence.capital, "--json"]
    assert main([*words, "--log", *map(str, (whole.home / "log").glob("*.log"))]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"]
    assert {each["rule"] for each in told["verdicts"] if each["outcome"] == "held"} >= {
        "I-01",
        "I-02",
        "I-03",
        "I-08",
        "I-15",
    }
