"""Where a journal's money came from, in all, by pair and by day: spread, adverse selection, drift, fees, markouts.

Rules: the live system's own ledger is used, with the mids it wrote down; each line sums exactly to its change. Days share a
    position's last value: a fill's drift counts on the day of the fill.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from wildbot.analytics.markout import exact_text
from wildbot.model.executions import Filled
from wildbot.truth.profit_ledger import Mark, ProfitLedger


class TruthRow(msgspec.Struct, frozen=True):
    """One line: exact decimal text, `change` = spread + adverse_selection + inventory - fees; markouts in basis points."""

    name: str
    fills: int
    unmarked: int
    spread: str
    adverse_selection: str
    inventory: str
    fees: str
    change: str
    markout_1s: float | None
    markout_5s: float | None
    markout_30s: float | None
    markout_300s: float | None


def truth_rows(fills: Sequence[Filled], marks: Mapping[str, Mark], mids: Mapping[str, int]) -> list[TruthRow]:
    """Return the total first, then pairs, then UTC days; `mids` (twice, common scale) value what is left of a pair."""
    last = {fill.pair: 2 * fill.ticks for fill in fills} | dict(mids)
    rows = [_row("total", fills, marks, last)] if fills else []
    for key in (_pair, _day):
        groups: dict[str, list[Filled]] = {}
        for fill in fills:
            groups.setdefault(key(fill), []).append(fill)
        rows += [_row(name, groups[name], marks, last) for name in sorted(groups)]
    return rows


def _pair(fill: Filled) -> str:
    return fill.pair


def _day(fill: Filled) -> str:
    return f"{datetime.fromtimestamp(fill.ts_ns / 1e9, UTC):%Y-%m-%d}"


def _row(name: str, fills: Sequence[Filled], marks: Mapping[str, Mark], last: Mapping[str, int]) -> TruthRow:
    ledger = ProfitLedger({fill.exec_id: marks[fill.exec_id] for fill in fills if fill.exec_id in marks})
    for fill in fills:
        ledger.on_fill(fill, is_late=True)
    for pair in {fill.pair for fill in fills}:
        ledger.on_mid(pair, last[pair], 0)  # a value of what is left; no horizon is reached by it
    split = ledger.split()
    means = [None if each.mean_bps is None else round(each.mean_bps, 4) for each in ledger.markouts()]
    return TruthRow(
        name,
        ledger.fills,
        ledger.unmarked,
        exact_text(split.spread),
        exact_text(split.adverse_selection),
        exact_text(split.inventory),
        exact_text(split.fees),
        exact_text(split.total),
        *means,
    )
