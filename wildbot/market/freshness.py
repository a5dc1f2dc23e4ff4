"""How old the book of one pair really is: from the books themselves and from the feed handler's word.

Rules: a quiet book is current as long as the feed handler vouches for it with beats; silence of either is age. A beat
    that names a later book than we have seen means that the last message was lost: nothing is current until the next.
Owns: the last sequence number and the time the book was last known to be current.
"""

from wildbot.model.market_data import FeedBeat

NEVER_NS = -(10**18)


class Freshness:
    """Answers "as of when is this book true?" for one pair. `silence_max_ns`: venue silence that a beat may still cover.

    `is_valid`: the newest book we hold is the newest one published, as far as anybody knows; `as_of_ns`: when it was so.
    """

    __slots__ = ("_pair", "_seq", "_silence_max_ns", "as_of_ns", "is_valid")

    def __init__(self, pair: str, silence_max_ns: int) -> None:
        self._pair = pair
        self._silence_max_ns = silence_max_ns
        self._seq = 0
        self.as_of_ns = NEVER_NS
        self.is_valid = False

    def on_book(self, seq: int, recv_ts_ns: int) -> None:
        """A verified book came; it is true as of its receipt. A lower number is a feed handler's new start."""
        self._seq = seq
        self.as_of_ns = recv_ts_ns
        self.is_valid = True

    def on_invalid(self) -> None:
        """The book cannot be trusted until the next one."""
        self.is_valid = False

    def on_beat(self, beat: FeedBeat) -> None:
        """The feed handler vouches for what it published, or shows that we missed its last word."""
        named = beat.seqs.get(self._pair)
        if named is None or named > self._seq:
            self.is_valid = False
        elif named == self._seq and beat.connected and beat.ts_ns - beat.last_recv_ns <= self._silence_max_ns:
            self.as_of_ns = max(self.as_of_ns, beat.ts_ns)

    def age_ns(self, now_ns: int) -> int:
        """Return for how long nobody has vouched for the book; very large before the first."""
        return now_ns - self.as_of_ns
