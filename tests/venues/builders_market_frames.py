"""Frames as Kraken sends them, and where the recorded ones lie."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from wildbot.model.instrument import Instrument, Lots, Money, PairStatus, scaled_text
from wildbot.venues.kraken.checksum import checksum_of_levels

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "kraken" / "samples"

Levels = Sequence[tuple[int, int]]


def recorded(name: str) -> list[bytes]:
    """Return the frames of a recording, one per line; skip the test where recordings are not at hand."""
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"recording {name} is not on this machine")
    content = path.read_bytes()
    return [content] if path.suffix == ".json" else [line for line in content.splitlines() if line.strip()]


def an_instrument(pair: str = "BTC/USDC", *, price_decimals: int = 2, lot_decimals: int = 8) -> Instrument:
    base, _, quote = pair.partition("/")
    return Instrument(
        pair=pair, base=base, quote=quote, rest_key=base + quote, price_decimals=price_decimals,
        lot_decimals=lot_decimals, cost_decimals=5, tick_step=1, lot_step=1, min_lots=Lots(5_000),
        min_cost=Money(5_000_000_000), status=PairStatus.ONLINE,
    )  # fmt: skip


BIDS = [(10_000 - i, 100 + i) for i in range(10)]
ASKS = [(10_001 + i, 200 + i) for i in range(10)]


def book_frame(
    pair: str,
    kind: str,
    bids: Levels,
    asks: Levels,
    checksum: int,
    *,
    decimals: tuple[int, int] = (2, 8),
    timestamp: str = "2026-01-05T00:00:01.000002Z",
) -> bytes:
    def printed(levels: Levels) -> str:
        return ",".join(
            f'{{"price":{scaled_text(ticks, decimals[0])},"qty":{scaled_text(lots, decimals[1])}}}'
            for ticks, lots in levels
        )

    return (
        f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"{pair}","bids":[{printed(bids)}],'
        f'"asks":[{printed(asks)}],"checksum":{checksum},"timestamp":"{timestamp}"}}]}}'
    ).encode()


def a_snapshot(pair: str = "BTC/USDC", bids: Levels = BIDS, asks: Levels = ASKS) -> bytes:
    return book_frame(pair, "snapshot", bids, asks, checksum_of_levels(bids, asks))


def a_bid_change(pair: str = "BTC/USDC", *, lots: int = 777, checksum: int | None = None) -> bytes:
    """The best bid of `a_snapshot` gets another size; with the right checksum unless another is given."""
    bids = [(BIDS[0][0], lots), *BIDS[1:]]
    right = checksum_of_levels(bids, ASKS)
    return book_frame(pair, "update", bids[:1], [], right if checksum is None else checksum)


def an_ack(channel: str, pair: str, **more: object) -> bytes:
    result = {"channel": channel, "snapshot": True, "symbol": pair, **more}
    return json.dumps({"method": "subscribe", "result": result, "success": True, "time_in": "", "time_out": ""}).encode()


def a_trade_frame(pair: str, *trade_ids: int, kind: str = "update") -> bytes:
    trades = ",".join(
        f'{{"symbol":"{pair}","side":"buy","price":100.01,"qty":0.00000500,"ord_type":"limit","trade_id":{number},'
        f'"timestamp":"2026-01-05T00:00:01.000002Z"}}'
        for number in trade_ids
    )
    return f'{{"channel":"trade","type":"{kind}","data":[{trades}]}}'.encode()


def an_instrument_frame(*pairs: str, price_precision: int = 2, kind: str = "snapshot") -> bytes:
    described = ",".join(
        f'{{"symbol":"{pair}","base":"{pair.split("/")[0]}","quote":"{pair.split("/")[1]}","status":"online",'
        f'"qty_precision":8,"qty_increment":1e-08,"price_precision":{price_precision},"cost_precision":5,'
        f'"marginable":false,"has_index":true,"cost_min":0.50,"tick_size":{10**-price_precision:.10f},'
        f'"price_increment":{10**-price_precision:.10f},"qty_min":0.00005}}'
        for pair in pairs
    )
    return f'{{"channel":"instrument","type":"{kind}","data":{{"assets":[],"pairs":[{described}]}}}}'.encode()
