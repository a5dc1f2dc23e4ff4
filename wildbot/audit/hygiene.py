"""What must appear nowhere: secrets, in any form they are commonly carried in; Kraken's private hosts outside of live.

Source: invariants I-38, I-40.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from wildbot.audit.facts import Facts, Row
from wildbot.audit.verdict import Verdict, judge, unseen

SHORTEST = 8
"""A shorter secret would be found in every text."""

PRIVATE_HOSTS = ("api.kraken.com/0/private", "ws-auth.kraken.com")


def no_secret_shown(facts: Facts) -> Verdict:
    """I-38: no secret, plain, URL-encoded, base64 or hex, is in any output, the journal, a status or the ledger."""
    title = "no secret in outputs, journal, statuses or the exchange's ledger"
    secrets = [each for each in facts.evidence.secrets if len(each) >= SHORTEST]
    if not secrets:
        return unseen("I-38", title, "no secret of eight characters or more was named")
    wanted = [(number, form) for number, secret in enumerate(secrets, start=1) for form in forms_of(secret)]
    offenders, compared = [], 0
    for place, text in _texts(facts):
        compared += 1
        for number, form in wanted:
            if form in text:
                at = text.index(form)
                offenders.append(f"secret {number} is in {place}, character {at}, {len(form)} characters long")
                break
    return judge("I-38", title, compared, "texts", offenders)


def forms_of(secret: str) -> set[str]:
    """Return how a secret may be written; base64 at any offset, so that it is found inside an encoded text."""
    raws = {secret.encode()}
    try:
        raws.add(base64.b64decode(secret, validate=True))
    except (binascii.Error, ValueError):
        pass
    forms = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    for raw in raws:
        forms |= {raw.hex(), raw.hex().upper()}
        for offset in range(3):
            padded = bytes(offset) + raw
            # The first and the last characters depend on what stands beside the secret.
            inner = slice(-(-offset * 8 // 6), len(padded) * 8 // 6)
            forms |= {base64.b64encode(padded).decode()[inner], base64.urlsafe_b64encode(padded).decode()[inner]}
    return {form for form in forms if len(form) >= SHORTEST}


def _texts(facts: Facts) -> Iterator[tuple[str, str]]:
    evidence = facts.evidence
    yield from evidence.outputs.items()
    journal = evidence.journal
    for name in ("fills", "orders", "leases", "events"):
        for index, row in enumerate(getattr(journal, name), start=1):
            yield f"row {index} of {name}", "\n".join(str(value) for value in row.values())
    yield "the journal's meta", "\n".join(f"{key} {value}" for key, value in journal.meta.items())
    for status in evidence.statuses:
        yield f"the status of {status.seen_ns}", _printed(status.document)
    for note in evidence.processes:
        yield f"the note on {note.actor} of {note.at_ns}", note.detail
    for request in facts.trail.requests:
        yield (
            f"the request {request.method} of {request.ts_ns}",
            _printed(request.params),
        )


def _printed(value: Row) -> str:
    return json.dumps(dict(value), ensure_ascii=False, default=str)


def no_private_host_named(facts: Facts) -> Verdict:
    """I-40: outside of live, nothing that was printed speaks of Kraken's private addresses, and the mode never changes."""
    title = "outside of live, nothing speaks to Kraken's private addresses; the mode stays"
    modes = {str(status.document.get("mode")) for status in facts.evidence.statuses if status.document.get("mode")}
    outputs = facts.evidence.outputs
    if not modes:
        return unseen("I-40", title, "no status names the mode")
    offenders = [f"the mode changed: {', '.join(sorted(modes))}"] if len(modes) > 1 else []
    if "live" not in modes:
        offenders += [f"{name} names {host}" for name, text in outputs.items() for host in PRIVATE_HOSTS if host in text]
    return judge("I-40", title, len(facts.evidence.statuses) + len(outputs), "statuses and outputs", offenders)
