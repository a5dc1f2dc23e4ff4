"""What the next run has to know of this key's use: the nonces that may have been drawn, and how full the call counter is.

Rules: a ceiling is on disk before a nonce below it is used. Ours are the only numbers here; the journal belongs to the
    order gateway.
Owns: the nonce reserve, the last counter written.
"""

from collections.abc import Callable

from wildbot.desk.journal_keeper import JournalStore
from wildbot.model.errors import JournalError
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.venues.kraken.rest_calls import NonceReserve

NONCE_META = "nonce_ceiling"
COUNTER_META = "rest_counter_empty_ns"
COUNTER_NEWS_NS = NANOS_PER_SECOND


class KeyMemory:
    """`nonces` is drawn from by the client; `keep` is called many times a second. `complain` hears what went wrong."""

    def __init__(self, journal: JournalStore, now_ns: Callable[[], int], complain: Callable[[str], None]) -> None:
        self._journal = journal
        self._now_ns = now_ns
        self._complain = complain
        stored = journal.meta()
        self.nonces = NonceReserve(int(stored.get(NONCE_META, "0")), now_ns())
        self.counter_empty_ns = int(stored.get(COUNTER_META, "0"))
        self._reserve()

    def keep(self, empty_ns: int) -> None:
        """Write down what has changed enough to matter; `empty_ns` is when the venue's call counter is empty."""
        self._reserve()
        is_news = abs(empty_ns - self.counter_empty_ns) >= COUNTER_NEWS_NS
        if is_news and empty_ns - self._now_ns() >= COUNTER_NEWS_NS and self._write(COUNTER_META, empty_ns):
            self.counter_empty_ns = empty_ns

    def close(self) -> None:
        """The nonce reserve shrinks to what was used."""
        self._write(NONCE_META, self.nonces.last)

    def _reserve(self) -> None:
        ceiling = self.nonces.wanted_ceiling()
        if ceiling is not None and self._write(NONCE_META, ceiling):
            self.nonces.extend(ceiling)

    def _write(self, key: str, value: int) -> bool:
        try:
            self._journal.write(meta={key: str(value)})
        except JournalError as error:
            self._complain(f"{key} could not be written: {error}")
            return False
        return True
