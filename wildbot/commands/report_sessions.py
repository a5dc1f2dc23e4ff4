"""The sessions of a journal: when each run of the system began and ended, how, with what, and what it changed.

Rules: a session begins with the first gateway of a run and lasts to the last line before another run's; a gateway that was
    started again within a run belongs to it. The end is clean when the venue confirmed that nothing rests and nothing came
    after it. What a session changed is cash and positions, each pair valued at its own last trade of that session.
Known limit: lines from before sessions were written down make one session without a name.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from wildbot.desk.recovery import SESSION_KIND
from wildbot.model.executions import Filled
from wildbot.model.instrument import MONEY_DECIMALS, Money, money_text, round_half_up
from wildbot.model.journal import EventRow

END_KINDS = ("none_rest",)


class SessionRow(msgspec.Struct, frozen=True):
    """One run of the system; times are UTC text, `equity_change` is after fees, in quote currency."""

    start: str
    end: str
    exit: str
    mode: str
    strategy: str
    pairs: str
    starts: int
    fills: int
    equity_change: str


@dataclass(slots=True)
class _Session:
    words: dict[str, str]
    start_ns: int
    end_ns: int
    starts: int = 0
    kinds: list[tuple[str, str]] = field(default_factory=list)
    pairs: set[str] = field(default_factory=set)
    fills: list[Filled] = field(default_factory=list)


def sessions_of(events: Sequence[EventRow], fills: Sequence[Filled]) -> list[SessionRow]:
    """Return the sessions, oldest first; both come oldest first, fills on the common scale."""
    found: list[_Session] = []
    for event in events:
        if event.kind == SESSION_KIND:
            words = dict(word.split("=", 1) for word in event.text.split() if "=" in word)
            if not found or found[-1].words.get("run") != words.get("run"):
                found.append(_Session(words, event.ts_ns, event.ts_ns))
            found[-1].starts += 1
        elif not found:
            found.append(_Session({}, event.ts_ns, event.ts_ns))
        session = found[-1]
        session.end_ns = max(session.end_ns, event.ts_ns)
        session.kinds.append((event.kind, event.text))
        if event.kind == "inheritance" and event.pair:
            session.pairs.add(event.pair)
    if fills and not found:
        found.append(_Session({}, fills[0].ts_ns, fills[-1].ts_ns))
    starts = [each.start_ns for each in found]
    for fill in fills:
        owner = found[max(0, bisect_right(starts, fill.ts_ns) - 1)]
        owner.fills.append(fill)
        owner.pairs.add(fill.pair)
        owner.end_ns = max(owner.end_ns, fill.ts_ns)
    holdings: dict[str, int] = {}
    prices: dict[str, int] = {}
    return [_row(each, holdings, prices, is_last=each is found[-1]) for each in found]


def _row(session: _Session, holdings: dict[str, int], prices: dict[str, int], *, is_last: bool) -> SessionRow:
    """Return one session's row; `holdings` and `prices` go on from one session to the next."""
    before = dict(holdings), dict(prices)
    cash = 0
    for fill in session.fills:
        in_coins = fill.fee_asset == fill.pair.partition("/")[0]
        holdings[fill.pair] = holdings.get(fill.pair, 0) + fill.side.sign * fill.lots - (fill.fee if in_coins else 0)
        prices[fill.pair] = fill.ticks
        cash -= fill.side.sign * fill.cost + (0 if in_coins else fill.fee)
    change = cash + _value(holdings, prices) - _value(*before)
    return SessionRow(
        start=_time(session.start_ns),
        end=_time(session.end_ns),
        exit=_exit(session.kinds, is_last=is_last),
        mode=session.words.get("mode", ""),
        strategy=session.words.get("strategy", ""),
        pairs=" ".join(sorted(session.pairs)),
        starts=max(1, session.starts),
        fills=len(session.fills),
        equity_change=money_text(Money(change), 8),
    )


def _value(holdings: dict[str, int], prices: dict[str, int]) -> int:
    return sum(round_half_up(lots * prices[pair], 10**MONEY_DECIMALS) for pair, lots in holdings.items())


def _exit(kinds: Sequence[tuple[str, str]], *, is_last: bool) -> str:
    halted = ""
    for kind, text in kinds:
        halted = text if kind == "halt" else "" if kind == "rearm" else halted
    ended = bool(kinds) and kinds[-1][0] in END_KINDS
    how = "clean" if ended else "running or broken off" if is_last else "broken off"
    return f"{how}, halted: {halted}" if halted else how


def _time(ts_ns: int) -> str:
    return f"{datetime.fromtimestamp(ts_ns / 1e9, UTC):%Y-%m-%d %H:%M:%S}"
