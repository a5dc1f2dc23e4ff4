"""The API keys of the simulated exchange: what was chosen about each, from `--key-info KEY:NAME=VALUE`.

Rules: several words about one key add up. What a key says of itself (`GetApiKeyInfo`) and what it may do are one thing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from actors.exchange_accounts import AccountOption
from wildbot.model.errors import ConfigurationError
from wildbot.venues.kraken.server_keys import STANDARD_TERMS, TIERS, ApiKey, KeyRing
from wildbot.venues.kraken.server_rights import ALL_RIGHTS, KeyTerms
from wildbot.venues.kraken.server_unconfirmed import Unconfirmed

NAMES = ("permissions", "nonce_window", "valid_until", "ip_allowlist")
WHOLE_DIGITS_MAX = 18


def key_ring(accounts: Sequence[AccountOption], words: Iterable[str], tier: str, assume: Unconfirmed) -> KeyRing:
    """Return a key per account. Raises: ConfigurationError for a word that says nothing about one of them."""
    terms = parse_key_words(words)
    known = {each.key for each in accounts}
    for key in terms:
        if key not in known:
            raise ConfigurationError(f"--key-info names key {key!r} but there are: {', '.join(sorted(known))}")
    ring = KeyRing()
    for each in accounts:
        ring.add(ApiKey(each.name, each.key, each.secret, TIERS[tier], assume, terms.get(each.key, STANDARD_TERMS)))
    return ring


def parse_key_words(words: Iterable[str]) -> Mapping[str, KeyTerms]:
    """Return the terms of each key that is named. Raises: ConfigurationError naming the word and the rule."""
    terms: dict[str, KeyTerms] = {}
    for word in words:
        key, _, rest = word.rpartition(":") if word.count(":") == 1 else word.partition(":")
        name, separator, value = rest.partition("=")
        if not key or not separator or name not in NAMES:
            raise ConfigurationError(
                f"--key-info is {word!r} but must be KEY:NAME=VALUE with one of: {', '.join(NAMES)}; lists have commas"
            )
        terms[key] = _with(terms.get(key, STANDARD_TERMS), name, value)
    return terms


def _with(terms: KeyTerms, name: str, value: str) -> KeyTerms:
    if name == "nonce_window":
        return replace(terms, nonce_window=_whole(name, value))
    if name == "valid_until":
        return replace(terms, valid_until_s=_whole(name, value))
    listed = tuple(part.strip() for part in value.split(",") if part.strip())
    if name == "ip_allowlist":
        return replace(terms, ip_allowlist=listed)
    for right in listed:
        if right not in ALL_RIGHTS:
            raise ConfigurationError(f"permissions has {right!r} but a key's rights are: {', '.join(ALL_RIGHTS)}")
    return replace(terms, rights=listed)


def _whole(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > WHOLE_DIGITS_MAX:
        raise ConfigurationError(f"{name} is {text!r} but must be a whole number")
    return int(text)
