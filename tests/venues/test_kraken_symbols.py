"""Pair descriptions of both APIs, read exactly."""

import msgspec
import pytest

from tests.venues.builders_market_frames import recorded
from wildbot.model.errors import ProtocolError
from wildbot.model.instrument import Instrument, PairStatus
from wildbot.venues.kraken.market_wire import envelope_decoder
from wildbot.venues.kraken.symbols import (
    WirePair,
    instrument_from_wire,
    instruments_decoder,
    instruments_from_asset_pairs,
    merged,
    modern_pair,
)


def asset_pairs(name: str) -> dict[str, Instrument]:
    answer = msgspec.json.decode(recorded(name)[0], type=dict[str, msgspec.Raw])
    return instruments_from_asset_pairs(bytes(answer["result"]))


def a_wire_pair(**fields: object) -> WirePair:
    described = {"symbol": "BTC/USDC", "price_precision": 2, "qty_precision": 8, "cost_precision": 5, "status": "online"}
    return msgspec.json.decode(msgspec.json.encode(described | fields), type=WirePair)


@pytest.mark.parametrize(
    ("wsname", "symbol"),
    [("XBT/USDC", "BTC/USDC"), ("XDG/XBT", "DOGE/BTC"), ("AIXBT/EUR", "AIXBT/EUR"), ("ETH/USDC", "ETH/USDC")],
)
def test_old_names_are_translated_only_when_they_are_the_whole_asset(wsname: str, symbol: str) -> None:
    assert modern_pair(wsname) == symbol


def test_rest_entries_become_instruments_under_their_v2_names() -> None:
    instruments = asset_pairs("rest_public/AssetPairs_full_20250723.json")
    doge = instruments["DOGE/USDC"]
    assert (doge.base, doge.quote, doge.rest_key) == ("DOGE", "USDC", "XDGUSDC")
    assert (doge.price_decimals, doge.lot_decimals, doge.cost_decimals) == (5, 8, 9)
    assert doge.lots_text(doge.min_lots) == "13.00000000"
    assert doge.min_cost == 5_000_000_000
    assert instruments["BTC/USD"].rest_key == "XXBTZUSD"


def test_tick_step_is_counted_in_the_price_precision_when_the_tick_is_coarser() -> None:
    coarse = asset_pairs("rest_public/AssetPairs_full_20250723.json")["NPC/USD"]
    assert (coarse.price_decimals, coarse.tick_step) == (6, 10)


def test_every_recorded_asset_pair_can_be_read() -> None:
    for name in ("AssetPairs_1", "AssetPairs_3", "AssetPairs_4", "AssetPairs_full_20250723"):
        assert asset_pairs(f"rest_public/{name}.json")


def test_every_pair_of_a_recorded_instrument_snapshot_can_be_read() -> None:
    envelope = envelope_decoder.decode(recorded("ws_public/instrument_snapshot_full_202404.json")[0])
    pairs = instruments_decoder.decode(envelope.data).pairs
    instruments = {pair.symbol: instrument_from_wire(pair) for pair in pairs}
    assert len(instruments) == 683
    assert instruments["BTC/USD"].price_decimals == 1
    assert all(instrument.tick_step >= 1 and instrument.lot_step >= 1 for instrument in instruments.values())


def test_both_apis_describe_a_pair_alike() -> None:
    envelope = envelope_decoder.decode(recorded("ws_public/instrument_snapshot_full_202404.json")[0])
    stated = {pair.symbol: pair for pair in instruments_decoder.decode(envelope.data).pairs}
    rest = asset_pairs("rest_public/AssetPairs_full_20250723.json")
    for pair in ("BTC/USD", "ETH/USD"):
        wire = instrument_from_wire(stated[pair], rest[pair].rest_key)
        assert (wire.price_decimals, wire.lot_decimals, wire.rest_key) == (
            rest[pair].price_decimals, rest[pair].lot_decimals, rest[pair].rest_key,
        )  # fmt: skip


@pytest.mark.parametrize("printed", [b"1e-08", b"1E-8", b"0.00000001", b'"0.00000001"'])
def test_increments_are_read_however_they_are_printed(printed: bytes) -> None:
    frame = b'{"symbol":"A/B","price_precision":2,"qty_precision":8,"cost_precision":5,"qty_increment":' + printed + b"}"
    assert instrument_from_wire(msgspec.json.decode(frame, type=WirePair)).lot_step == 1


def test_an_update_changes_only_what_it_states() -> None:
    former = a_wire_pair(qty_min=0.00005, cost_min=0.5)
    after = instrument_from_wire(merged(former, WirePair("BTC/USDC", status="post_only")))
    assert after.status is PairStatus.POST_ONLY
    assert (after.min_lots, after.min_cost) == (5_000, 5_000_000_000)


def test_an_unheard_of_status_does_not_look_tradable() -> None:
    assert instrument_from_wire(a_wire_pair(status="party")).status is PairStatus.MAINTENANCE


def test_a_description_without_precision_is_refused() -> None:
    with pytest.raises(ProtocolError, match="price_precision"):
        instrument_from_wire(WirePair("BTC/USDC", status="online"))


def test_an_increment_finer_than_the_precision_is_refused() -> None:
    with pytest.raises(ProtocolError, match="more than 2 decimals"):
        instrument_from_wire(a_wire_pair(price_increment=0.001))


def test_bytes_that_are_no_asset_pairs_are_refused() -> None:
    with pytest.raises(ProtocolError, match="AssetPairs"):
        instruments_from_asset_pairs(b'{"XBTUSDC": 5}')
