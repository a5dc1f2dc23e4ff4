"""Several recordings at once, and samples in place of those that are missing."""

import gzip
import random
from pathlib import Path

import pytest

from actors.exchange_joint import open_recordings
from wildbot.model.errors import ConfigurationError
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.pace import Pace
from wildbot.simulation.tapes import OPEN_NS, lobster_sample

SECOND = 10**9
START = 1_700_000_000 * SECOND


def written(folder: Path, symbol: str, seed: int, shift_s: float = 0) -> Path:
    """A recording of a minute of one stock, compressed, `shift_s` later in the day than the open."""
    messages, rows = lobster_sample(random.Random(seed), symbol=symbol, seconds=60, levels=5)
    later = []
    for line in messages:
        time, _, rest = line.partition(",")
        later.append(f"{float(time) + shift_s:.9f},{rest}")
    path = folder / f"{symbol}_2012-06-21_34200000_34260000_message_5.csv.gz"
    path.write_bytes(gzip.compress("\n".join(later).encode()))
    Path(str(path).replace("_message_", "_orderbook_")).write_bytes(gzip.compress("\n".join(rows).encode()))
    return path


def played(paths: tuple[Path, ...], seconds: float) -> SimulatedExchange:
    recording = open_recordings(paths, "auto")
    exchange = SimulatedExchange(recording.instruments, rng=random.Random(1))
    market = recording.market(exchange, Pace())
    market.start(START)
    market.step(START + int(seconds * SECOND))
    return exchange


def test_books_of_recordings_played_together_are_those_of_each_alone(tmp_path: Path) -> None:
    paths = tuple(written(tmp_path, symbol, seed) for seed, symbol in enumerate(("AAPL", "AMZN", "GOOG")))
    together = played(paths, 30)
    for path in paths:
        pair = path.name.partition("_")[0] + "/USD"
        alone, first = played((path,), 30), played((path,), 0)
        assert together.depth(pair, 5) == alone.depth(pair, 5) != first.depth(pair, 5)


def test_recordings_keep_their_distance_in_time(tmp_path: Path) -> None:
    early, late = written(tmp_path, "AAPL", 1), written(tmp_path, "AMZN", 2, shift_s=20)
    seeded, before, after = (played((early, late), seconds) for seconds in (0, 19, 45))
    assert seeded.depth("AMZN/USD", 5) == before.depth("AMZN/USD", 5)
    assert seeded.depth("AAPL/USD", 5) != before.depth("AAPL/USD", 5)
    assert after.depth("AMZN/USD", 5) == played((late,), 25).depth("AMZN/USD", 5)


def test_a_missing_recording_is_a_sample_only_where_that_is_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "AAPL_2012-06-21_message_1.csv.gz"
    with pytest.raises(ConfigurationError, match="cannot be replayed"):
        open_recordings((missing,), "lobster")
    first, second = (open_recordings((missing,), "lobster", sample_seed=7) for _ in range(2))
    assert "is a generated sample" in capsys.readouterr().out
    assert [each.pair for each in first.instruments] == ["AAPL/USD"]
    books = []
    for recording in (first, second):
        exchange = SimulatedExchange(recording.instruments, rng=random.Random(1))
        market = recording.market(exchange, Pace())
        assert market.begins_ns is not None and abs(market.begins_ns - OPEN_NS) < SECOND
        market.start(START)
        market.step(START + 60 * SECOND)
        books.append(exchange.depth("AAPL/USD", 5))
    assert books[0] == books[1] and all(books[0])


def test_what_cannot_be_played_together_is_told_in_a_sentence(tmp_path: Path) -> None:
    aapl = written(tmp_path, "AAPL", 1)
    frames = tmp_path / "frames.ndjson"
    frames.write_text(
        '{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USD","bids":[{"price":100.5,"qty":1.0}],'
        '"asks":[{"price":101.0,"qty":2.0}],"checksum":1}]}\n'
    )
    for paths, words in (((), "must name"), ((aapl, aapl), "same pair"), ((aapl, frames), "different formats")):
        with pytest.raises(ConfigurationError, match=words):
            open_recordings(paths, "auto")
