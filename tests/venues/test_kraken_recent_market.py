"""A pair's last minutes as REST tells them: read from our own server's answers, and refused when they are rubbish."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.venues.builders_kraken_server import BTC, Venue
from wildbot.model.errors import ProtocolError
from wildbot.model.orders import Side
from wildbot.venues.kraken.recent_market import read_spreads, read_trades

INSTRUMENT = Venue().exchange.instruments[BTC]
GARBAGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


def test_trades_and_touches_of_our_own_server_are_read() -> None:
    venue = Venue()
    venue.house(BTC, Side.BUY, 6_000_200, 15_000_000)
    venue.house(BTC, Side.SELL, 6_000_200, 5_000_000)
    venue.publish()
    trades = read_trades(msgspec.json.encode(venue.get("Trades", pair=BTC)["result"]), INSTRUMENT)
    spreads = read_spreads(msgspec.json.encode(venue.get("Spread", pair=BTC)["result"]), INSTRUMENT)
    assert [ticks for _, ticks in trades] == [6_000_100, 6_000_200]
    assert abs(trades[-1][0] - venue.now_ns) < 1_000
    assert spreads[-1] == (venue.now_ns // 10**9 * 10**9, 5_999_900, 6_000_200)


def test_rows_come_back_oldest_first() -> None:
    rows = b'{"XBTUSDC":[["2.0","1",20.5,"b","l","",2],["1.0","1",10.25,"b","l","",1]],"last":"9"}'
    assert read_trades(rows, INSTRUMENT) == [(10_250_000_000, 100), (20_500_000_000, 200)]


@pytest.mark.parametrize(
    "answer",
    [
        b"[",
        b'{"last":"1"}',
        b'{"a":[],"b":[],"last":1}',
        b'{"a":[["0","1",1]]}',
        b'{"a":[["-5","1",1]]}',
        b'{"a":[["1e9999","1",1]]}',
        b'{"a":[["1","1",1e400]]}',
        b'{"a":[["1","1","now"]]}',
        b'{"a":[7]}',
    ],
)
def test_an_answer_that_cannot_be_read_is_refused_whole(answer: bytes) -> None:
    for read in (read_trades, read_spreads):
        with pytest.raises(ProtocolError):
            read(answer, INSTRUMENT)


@given(GARBAGE)
def test_any_json_is_read_or_refused(answer: object) -> None:
    for read in (read_trades, read_spreads):
        try:
            rows = read(msgspec.json.encode({"pair": answer}), INSTRUMENT)
        except ProtocolError:
            continue
        assert all(isinstance(number, int) for row in rows for number in row)
