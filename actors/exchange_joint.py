"""Several recordings replayed at once by the simulated exchange, and samples in place of those that are not here.

Rules: recordings that are replayed together are of one format and of different instruments; they keep their distances in
    time. A sample is the synthetic market of a stock, written as a recording; it stands in for a LOBSTER recording that
    is missing only where the owner allows it, and the exchange says so.
"""

import random
import sys
from pathlib import Path

from actors.exchange_tapes import AUTO, LOBSTER, format_of, lobster_recording, open_recording
from wildbot.model.errors import ConfigurationError
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.pace import Pace
from wildbot.simulation.recording_files import MESSAGE_MARK
from wildbot.simulation.replay_joint import JointMarket, RecordedMarket, Recording
from wildbot.simulation.tapes import lobster_sample

SAMPLE_S = 900
SAMPLE_LEVELS = 10


def open_recordings(
    paths: tuple[Path, ...], form: str, pairs: tuple[str, ...] = (), sample_seed: int | None = None
) -> Recording:
    """Open all of them as one; with a `sample_seed`, missing LOBSTER recordings become samples of their stock.

    Raises: ConfigurationError when there is none, one cannot be read, two are of the same pair or of different formats.
    """
    if not paths:
        raise ConfigurationError("market is replay, so data must name a recording")
    opened = [_open(path, form, pairs, sample_seed) for path in paths]
    if len(opened) == 1:
        return opened[0]
    forms = {_form(path, form) for path in paths}
    if len(forms) > 1:
        raise ConfigurationError(f"recordings of different formats cannot be replayed together: {', '.join(sorted(forms))}")
    instruments = tuple(instrument for recording in opened for instrument in recording.instruments)
    names = [instrument.pair for instrument in instruments]
    if len(set(names)) < len(names):
        raise ConfigurationError(f"two of the recordings are of the same pair: {', '.join(sorted(names))}")

    def market(exchange: SimulatedExchange, pace: Pace) -> RecordedMarket:
        return JointMarket([recording.market(exchange, pace) for recording in opened])

    return Recording(instruments, market)


def _open(path: Path, form: str, pairs: tuple[str, ...], sample_seed: int | None) -> Recording:
    if sample_seed is None or path.exists() or _form(path, form) != LOBSTER:
        return open_recording(path, form, pairs)
    symbol = path.name.partition("_")[0]
    rng = random.Random(f"{sample_seed} sample {symbol}")
    lines, rows = lobster_sample(rng, symbol=symbol, seconds=SAMPLE_S, levels=SAMPLE_LEVELS)
    sys.stdout.write(f"the recording {path.name} is not here: {symbol} is a generated sample of {SAMPLE_S} s\n")
    sys.stdout.flush()
    return lobster_recording(path.name, lines, rows)


def _form(path: Path, form: str) -> str:
    if form != AUTO:
        return form
    return format_of(path) if path.exists() or MESSAGE_MARK not in path.name else LOBSTER
