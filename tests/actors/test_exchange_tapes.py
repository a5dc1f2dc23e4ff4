"""Which recordings the exchange replays, and what it says when one cannot be or is over."""

import random
from pathlib import Path

import pytest

from actors.exchange_market import MarketClockwork, named_scenario
from actors.exchange_tapes import format_of, open_recording
from wildbot.adapters.venue_clock import VenueClock
from wildbot.model.errors import ConfigurationError
from wildbot.simulation.exchange import SimulatedExchange
from wildbot.simulation.pace import FULL_SPEED, Pace

FRAMES = (
    '{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USD","bids":[{"price":100.5,"qty":1.0}],'
    '"asks":[{"price":101.0,"qty":2.0}],"checksum":1}]}\n'
    '{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[{"price":100.5,"qty":3.0}],"asks":[],'
    '"checksum":1,"timestamp":"2023-07-30T15:29:58.343415Z"}]}\n'
    '{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"sell","price":100.5,"qty":1.0,'
    '"ord_type":"market","trade_id":1,"timestamp":"2023-07-30T16:29:58.343415Z"}]}\n'
)


def test_the_format_is_read_from_the_recording(tmp_path):
    path = tmp_path / "binance.txt"
    path.write_text(FRAMES, encoding="ascii")
    assert (format_of(path), format_of(tmp_path)) == ("kraken", "wildbot")


def test_a_recording_that_cannot_be_replayed_is_a_configuration_error(tmp_path):
    nonsense = tmp_path / "frames.ndjson"
    nonsense.write_text("{}\nnot json\n", encoding="ascii")
    for path, form in ((None, "auto"), (tmp_path / "gone.ndjson", "auto"), (nonsense, "auto"), (nonsense, "vhs")):
        with pytest.raises(ConfigurationError):
            open_recording(path, form)
    with pytest.raises(ConfigurationError):
        format_of(nonsense)
    with pytest.raises(ConfigurationError, match="bussy"):
        named_scenario("bussy")


def clockwork(path: Path, speed: float) -> tuple[MarketClockwork, SimulatedExchange, list[str]]:
    recording = open_recording(path, "kraken")
    exchange = SimulatedExchange(recording.instruments, rng=random.Random(1))
    pace, ends = Pace(speed), []
    market = recording.market(exchange, pace)
    market.start(0)
    pace.tie(0)
    made = MarketClockwork(market, VenueClock(0, 1.0), pace, ends=True)
    made.on_end = ends.append
    return made, exchange, ends


def test_at_full_speed_the_tape_ends_in_one_turn_and_is_said_to_once(tmp_path):
    path = tmp_path / "tape.ndjson"
    path.write_text(FRAMES, encoding="ascii")
    made, exchange, ends = clockwork(path, FULL_SPEED)
    made.turn()
    made.turn()
    assert len(ends) == 1 and "over" in ends[0]
    assert len(exchange.recent_trades("BTC/USD", 5)) == 1
    assert made.due_in_s() > 3_600


def test_a_tape_that_breaks_off_stands_still_and_says_why(tmp_path):
    path = tmp_path / "tape.ndjson"
    path.write_text(FRAMES + "{broken\n", encoding="ascii")
    made, exchange, ends = clockwork(path, FULL_SPEED)
    made.turn()
    assert len(ends) == 1 and "line 4" in ends[0]
    assert exchange.best("BTC/USD") == (1005, 1010)
