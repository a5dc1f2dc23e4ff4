"""Other people's recordings turned into WildBot's: the books and trades a backtest reads from them, written down.

    python -m actors recording_import --format lobster PATH [PATH ...] --data recordings

Rules: a backtest of the imported recording is one of the original: the same books, trades and gaps at the same times; both
    clocks are the recording's own. Several paths are one recording in pieces, in order. What cannot be read
    from its beginning, or is there already, leaves no trace; what breaks off later is kept as far as it goes, and said.
Known limit: a level recording without its pair's rules is given digits by its prices, and small minimums.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from actors.exchange_tapes import FORMATS, WILDBOT
from actors.recording_desk import RecordingDesk, make_root
from actors.spec import EXIT_DONE, ActorSpec
from wildbot.adapters.recording import folder_of
from wildbot.adapters.recording_folders import IMPORTED, adopt
from wildbot.backtest.tape_notes import TapeNotes
from wildbot.commands.backtest_tapes import TapeFile, open_tape
from wildbot.model.errors import ConfigurationError
from wildbot.model.market_data import InstrumentChanged

NAME = "recording_import"
DEPTH = 10
NO_CAP = 1 << 62


def import_recording(
    paths: Sequence[Path], form: str, root: Path, depth: int = DEPTH, instrument: str = ""
) -> tuple[int, str, TapeNotes]:
    """Write one foreign recording below `root`; return how many rows it gave, its pair, and what was passed over.

    Raises: ConfigurationError when it cannot be read, holds no book, or is there already.
    """
    tape = open_tape(TapeFile(paths[0], form, instrument, continued=tuple(paths[1:]), levels=depth))
    pair = tape.instrument.pair
    make_root(root)
    unfinished = Path(tempfile.mkdtemp(prefix=".import-", dir=root))
    try:
        desk = RecordingDesk(unfinished, f"{IMPORTED.decode()}{paths[0].name}", cap_bytes=NO_CAP)
        desk.hear(InstrumentChanged(tape.instrument))
        for event in tape.events:
            desk.hear(event)
        desk.close()
        if not tape.notes.books:
            why = "; ".join(tape.notes.remarks)
            raise ConfigurationError(f"the recording {str(paths[0])!r} holds no book{f' ({why})' if why else ''}")
        adopt(folder_of(unfinished, pair), folder_of(root, pair))
    finally:
        shutil.rmtree(unfinished)
    return desk.rows, pair, tape.notes


def _start(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="wildbot import-recording")
    parser.add_argument("paths", type=Path, nargs="+")
    parser.add_argument("--format", default="auto", choices=[form for form in FORMATS if form != WILDBOT])
    parser.add_argument("--instrument", default="")
    parser.add_argument("--data", type=Path, default=Path("recordings"))
    parser.add_argument("--depth", type=int, default=DEPTH)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(words)
    if options.depth <= 0:
        raise ConfigurationError(f"--depth is {options.depth} but must be above 0")
    rows, pair, notes = import_recording(options.paths, options.format, options.data, options.depth, options.instrument)
    skipped = notes.counts
    if options.json:
        told = {
            "rows": rows,
            "pair": pair,
            "folder": str(options.data),
            "began_ns": notes.began_ns,
            "ended_ns": notes.ended_ns,
            "skipped": skipped,
            "remarks": notes.remarks,
        }
        sys.stdout.write(f"{msgspec.json.encode(told).decode()}\n")
        return EXIT_DONE
    lines = [f"imported {rows} rows of {pair} into {options.data}"]
    if any(skipped.values()):
        lines.append("skipped " + ", ".join(f"{count} {kind}" for kind, count in skipped.items() if count))
    sys.stdout.writelines(f"{line}\n" for line in [*lines, *notes.remarks])
    return EXIT_DONE


ACTOR = ActorSpec(NAME, "turns a LOBSTER, Kraken, Binance or Bitstamp recording into WildBot's own", _start)
