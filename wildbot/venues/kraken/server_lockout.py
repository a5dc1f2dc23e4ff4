"""Who has signed wrongly too often: the temporary lockout of a key, and the lockouts a fault orders.

Rules: bad signatures and bad nonces count for the key they name; enough of them within a minute lock it for a quarter of an
    hour, in which every private REST call is refused, rightly signed or not. Unknown keys are not remembered.
Source: Kraken "Error Messages": repeated bad nonces or keys lead to `EGeneral:Temporary lockout`, about 15 minutes. After
    how many is not published.
"""

from collections import deque

from wildbot.model.instrument import NANOS_PER_SECOND

FAILURES_MAX = 10
WINDOW_NS = 60 * NANOS_PER_SECOND
LOCKOUT_NS = 900 * NANOS_PER_SECOND
LOCKED = "EGeneral:Temporary lockout"


class Lockouts:
    """The failures and lockouts of the keys that exist, by their public name."""

    def __init__(self) -> None:
        self._failures: dict[str, deque[int]] = {}
        self._until_ns: dict[str, int] = {}

    def failed(self, key: str, now_ns: int) -> None:
        """A call in this key's name was signed wrongly or had an old nonce."""
        failures = self._failures.setdefault(key, deque(maxlen=FAILURES_MAX))
        failures.append(now_ns)
        if len(failures) == FAILURES_MAX and now_ns - failures[0] <= WINDOW_NS:
            failures.clear()
            self.lock(key, now_ns + LOCKOUT_NS)

    def lock(self, key: str, until_ns: int) -> None:
        """Refuse the key's calls until then; a time past lets it in again."""
        self._until_ns[key] = until_ns

    def is_locked(self, key: str, now_ns: int) -> bool:
        """Whether the key's calls are refused now."""
        return self._until_ns.get(key, 0) > now_ns
