"""Other people's recordings turned into WildBot's: replayed through the simulated exchange and written down as heard there.

    python -m actors recording_import --format lobster PATH --data recordings

Rules: whatever the simulated exchange can replay can be imported, and means the same in both forms; the recorded books are
    the best `--depth` levels after each event. Both clocks are the recording's own.
Known limit: LOBSTER tells seconds after midnight in New York and the day in its name; that day's midnight is counted as
    UTC. A level recording without its pair's rules is given digits by its prices, and small minimums.
"""

import argparse
import random
import re
import sys
from calendar import timegm
from collections.abc import Sequence
from pathlib import Path

import msgspec

from actors.exchange_tapes import FORMATS, WILDBOT, open_recording
from actors.recording_desk import RecordingDesk
from actors.spec import EXIT_DONE, ActorSpec
from wildbot.model.errors import ConfigurationError, ProtocolError
from wildbot.model.exchange import BookChange, PublicTrade
from wildbot.model.instrument import NANOS_PER_SECOND
from wildbot.model.market_data import BookSnapshot, InstrumentChanged, TradePrint
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.pace import Pace

NAME = "recording_import"
DEPTH = 10
NO_CAP = 1 << 62
_DAY = re.compile(r"_(\d{4})-(\d\d)-(\d\d)_")


def import_recording(path: Path, form: str, root: Path, depth: int) -> tuple[int, str]:
    """Write one foreign recording below `root`; return how many rows it gave, and its pair.

    Raises: ConfigurationError when it cannot be read.
    """
    recording = open_recording(path, form)
    (instrument,) = recording.instruments
    exchange = SimulatedExchange([instrument], rng=random.Random(NAME))
    market = recording.market(exchange, Pace())
    begins_ns = market.begins_ns
    if begins_ns is None:
        raise ConfigurationError(f"the recording {str(path)!r} is empty")
    desk = RecordingDesk(root, path.name, cap_bytes=NO_CAP)
    desk.hear(InstrumentChanged(instrument))
    seq = 0
    due_ns: int | None = begins_ns + _day_ns(path.name)
    try:
        market.start(due_ns or 0)
        while due_ns is not None:
            market.step(due_ns)
            moved = False
            for event in exchange.drain():
                if isinstance(event, PublicTrade):
                    desk.hear(
                        TradePrint(
                            event.pair, event.trade_id, event.side, event.ticks, event.lots, event.ts_ns, event.ts_ns
                        )
                    )
                moved = moved or isinstance(event, BookChange)
            if moved:
                seq += 1
                bids, asks = exchange.depth(instrument.pair, depth)
                desk.hear(_book(instrument.pair, seq, due_ns, bids, asks))
            due_ns = market.next_due_ns()
    except ProtocolError as error:
        raise ConfigurationError(f"the recording {str(path)!r} cannot be read on: {error}") from None
    finally:
        desk.close()
    return desk.rows, instrument.pair


def _book(pair: str, seq: int, ts_ns: int, bids: list[tuple[int, int]], asks: list[tuple[int, int]]) -> BookSnapshot:
    return BookSnapshot(
        pair=pair,
        seq=seq,
        venue_ts_ns=ts_ns,
        recv_ts_ns=ts_ns,
        bid_ticks=tuple(ticks for ticks, _ in bids),
        bid_lots=tuple(lots for _, lots in bids),
        ask_ticks=tuple(ticks for ticks, _ in asks),
        ask_lots=tuple(lots for _, lots in asks),
    )


def _day_ns(name: str) -> int:
    """Return midnight of the day in a LOBSTER file's name; other recordings tell whole times."""
    day = _DAY.search(name) if "_message_" in name else None
    return timegm((int(day[1]), int(day[2]), int(day[3]), 0, 0, 0)) * NANOS_PER_SECOND if day else 0


def _start(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="wildbot import-recording")
    parser.add_argument("path", type=Path)
    parser.add_argument("--format", default="auto", choices=[form for form in FORMATS if form != WILDBOT])
    parser.add_argument("--data", type=Path, default=Path("recordings"))
    parser.add_argument("--depth", type=int, default=DEPTH)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(words)
    if options.depth <= 0:
        raise ConfigurationError(f"--depth is {options.depth} but must be above 0")
    rows, pair = import_recording(options.path, options.format, options.data, options.depth)
    told = {"rows": rows, "pair": pair, "folder": str(options.data)}
    text = msgspec.json.encode(told).decode() if options.json else f"imported {rows} rows of {pair} into {options.data}"
    sys.stdout.write(f"{text}\n")
    return EXIT_DONE


ACTOR = ActorSpec(NAME, "turns LOBSTER, Binance, Bitstamp and Kraken recordings into WildBot's", _start)
