"""All rules, one after the other, over one run's evidence."""

from collections.abc import Callable

from wildbot.audit import capital, hygiene, liveness, money, orders, pace, protocol, stops
from wildbot.audit.evidence import Evidence
from wildbot.audit.facts import Facts, read_facts
from wildbot.audit.verdict import AuditReport, Verdict, unseen

RULES: tuple[Callable[[Facts], Verdict], ...] = (
    protocol.ledger_is_honest,
    money.fills_agree,
    money.booked_once,
    money.balances_explained,
    money.equity_adds_up,
    money.never_oversold,
    money.realised_recomputed,
    orders.never_crossed,
    orders.one_intent_one_order,
    orders.ends_are_known,
    stops.ready_before_orders,
    orders.within_collar,
    orders.on_the_grid,
    pace.within_rates,
    stops.nothing_leaves_when_stopped,
    stops.nothing_rests_at_the_end,
    stops.foreign_untouched,
    capital.grants_within_capital,
    capital.holds_within_grants,
    capital.orders_have_leases,
    capital.no_entry_beyond_loss_limit,
    liveness.trader_orders_go,
    liveness.orders_go_without_guards,
    liveness.switch_is_armed,
    liveness.status_is_fresh,
    liveness.growth_is_bounded,
    liveness.recovers,
    protocol.nonces_rise,
    protocol.epochs_fenced,
    orders.journalled_before_sent,
    stops.quiet_when_shut_out,
    hygiene.no_secret_shown,
    hygiene.no_private_host_named,
)

OUT_OF_SIGHT = {
    "I-19": "leases are granted and released exactly once: needs the allocator's own log",
    "I-23": "quotes go when the feed is stale: needs to know what the bot could still hear",
    "I-27": "every serious fault raises an alert: needs to know which faults were serious",
    "I-31": "no gap in the data used for a decision: needs the traders' inputs",
    "I-32": "no wrong or crossed book used for a decision: needs the traders' inputs",
    "I-36": "same seed, same run: needs two runs",
    "I-37": "replaying the journal twice changes nothing: needs a restart to compare",
    "I-39": "nothing is left behind after the end: needs a look at the machine",
    "I-41": "no state is reachable only through a crash: needs runs without faults to compare",
}
"""What this evidence cannot decide; other tests do."""


def audit(evidence: Evidence) -> AuditReport:
    """Judge a run by every rule."""
    facts = read_facts(evidence)
    found = [rule(facts) for rule in RULES]
    found += [unseen(rule, *why.split(": ", 1)) for rule, why in OUT_OF_SIGHT.items()]
    return AuditReport(tuple(sorted(found, key=lambda verdict: verdict.rule)))
