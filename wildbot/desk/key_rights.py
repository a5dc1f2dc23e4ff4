"""Whether an API key may trade for us: exactly the rights that trading needs, and none that moves money.

Rules: a right that nobody here has judged is refused, since it may move money too. What only reads is too much, but no
    reason to stay away. Refusals come before warnings; every sentence says what to do in the exchange's key settings.
Source: Kraken GetApiKeyInfo; its permission names.
"""

from typing import NamedTuple

NEEDED = frozenset(
    {"query-funds", "query-open-trades", "query-closed-trades", "modify-trades", "close-trades", "create-ws-token"}
)
READS_ONLY = frozenset({"query-ledger", "export-data"})
MOVES_MONEY = frozenset({"withdraw-funds", "add-withdraw-address", "update-withdraw-address", "add-funds", "earn-funds"})

EXPIRY_WARNING_S = 7 * 86_400
"""A key that ends sooner is renewed in time, not in the middle of a position."""


class KeyFacts(NamedTuple):
    """What the exchange says of a key: rights by its names, how far nonces may fall back, the addresses it may be used
    from (empty: any), and when it ends (UTC seconds; 0: never)."""

    permissions: frozenset[str]
    nonce_window: int
    ip_allowlist: tuple[str, ...] = ()
    valid_until_s: int = 0


class KeyJudgement(NamedTuple):
    """Why the key must not be used, and what about it should be better; nothing of either is a good key."""

    refusals: tuple[str, ...]
    warnings: tuple[str, ...]


def judge_key(facts: KeyFacts, now_s: int) -> KeyJudgement:
    """Return what is wrong with a key at `now_s` (UTC seconds)."""
    refusals, warnings = [], []
    rights = facts.permissions
    if moving := sorted(rights & MOVES_MONEY):
        refusals.append(f"the API key must not carry the rights {', '.join(moving)}; make one without")
    if unknown := sorted(rights - NEEDED - READS_ONLY - MOVES_MONEY):
        refusals.append(
            f"the API key carries rights nobody here knows: {', '.join(map(_plain, unknown))}; make one without"
        )
    if missing := sorted(NEEDED - rights):
        refusals.append(f"the API key lacks the rights {', '.join(missing)}; trading needs them")
    if facts.nonce_window != 0:
        refusals.append(f"the API key's nonce window is {facts.nonce_window}; it has to be 0")
    if 0 < facts.valid_until_s <= now_s:
        refusals.append("the API key has expired; make a new one")
    elif 0 < facts.valid_until_s <= now_s + EXPIRY_WARNING_S:
        days = (facts.valid_until_s - now_s) / 86_400
        warnings.append(f"the API key ends in {days:.1f} days; make the next one now")
    if not any(facts.ip_allowlist):
        warnings.append("the API key may be used from any address; name this machine's in its IP allow-list")
    if reading := sorted(rights & READS_ONLY):
        warnings.append(f"the API key may also {', '.join(reading)}, which trading does not need")
    return KeyJudgement(tuple(refusals), tuple(warnings))


def _plain(name: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in name[:40])
