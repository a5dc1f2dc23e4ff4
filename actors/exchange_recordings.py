"""WildBot's own recordings for the simulated exchange: one pair, or all that were recorded together.

Loaded by name, only when such a recording is replayed: an exchange with a market of its own has no use for Parquet.
"""

from pathlib import Path

import msgspec
from loguru import logger

from wildbot.adapters.recording import instrument_of, pair_folders, read_rows
from wildbot.model.errors import ConfigurationError
from wildbot.model.instrument import Instrument
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.pace import Pace
from wildbot.simulation.replay_joint import JointMarket, RecordedMarket, Recording
from wildbot.simulation.replay_levels import LevelMarket
from wildbot.simulation.tape_wildbot import wildbot_events
from wildbot.venues.kraken.server_names import pair_altname


def open_wildbot(path: Path, pairs: tuple[str, ...]) -> Recording:
    """Open a pair's folder, or the folder above: then all pairs in it, or those named.

    Raises: ConfigurationError when it holds no recording, or none of a named pair.
    """
    listed = [(_with_rest_name(instrument_of(folder)), folder) for folder in pair_folders(path)]
    found = {instrument.pair: (instrument, folder) for instrument, folder in listed}
    if not found:
        raise ConfigurationError(f"{str(path)!r} holds no recording of WildBot")
    for pair in pairs:
        if pair not in found:
            raise ConfigurationError(f"{str(path)!r} holds no recording of {pair}; it has: {', '.join(found)}")
    chosen = [found[pair] for pair in pairs or found]

    def market(exchange: SimulatedExchange, pace: Pace) -> RecordedMarket:
        return JointMarket([_market(exchange, pace, instrument, folder) for instrument, folder in chosen])

    return Recording(tuple(instrument for instrument, _ in chosen), market)


def _with_rest_name(instrument: Instrument) -> Instrument:
    """The channel that a recorder hears does not tell a pair's REST name."""
    if instrument.rest_key != instrument.pair:
        return instrument
    return msgspec.structs.replace(instrument, rest_key=pair_altname(instrument))


def _market(exchange: SimulatedExchange, pace: Pace, instrument: Instrument, folder: Path) -> LevelMarket:
    rows = read_rows(folder, lambda text: logger.warning("recording of {}: {}", instrument.pair, text))
    return LevelMarket(exchange, instrument, wildbot_events(rows, instrument), pace=pace)
