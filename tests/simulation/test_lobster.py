import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildbot.model.errors import ProtocolError
from wildbot.model.orders import Side
from wildbot.simulation.lobster import (
    BookRow,
    LobsterMessage,
    MessageType,
    message_line,
    nearest_ticks,
    parse_messages,
    parse_rows,
    price_of,
    row_line,
    stock,
    ticks_of,
)
from wildbot.simulation.recording_files import book_path_of, read_lines


def test_message_is_read_with_and_without_a_header():
    line = "34200.004241176,1,16113575,18,5853300,1"
    expected = LobsterMessage(34_200_004_241_176, MessageType.NEW, 16113575, 18, 5853300, Side.BUY)
    assert list(parse_messages([line])) == [expected]
    assert list(parse_messages(["seconds,message_type,order_id,quantity,price,direction", line, ""])) == [expected]


def test_float_noise_behind_the_ninth_decimal_is_rounded_away():
    (message,) = parse_messages(["35821.088778456004,4,1,18,5853300,-1"])
    assert message.ts_ns == 35_821_088_778_456 and message.side is Side.SELL


@pytest.mark.parametrize("line", ["1,2,3", "x.5,1,1,1,1,1", "1.5,9,1,1,1,1", "1.5,1,1,1.5,1,1", "nan,1,1,1,1,1"])
def test_line_that_is_no_message_is_refused_by_number(line):
    good = "1.5,1,1,1,100,1"
    with pytest.raises(ProtocolError, match="line 2"):
        list(parse_messages([good, line]))


def test_empty_levels_are_left_out_of_a_row_and_written_back():
    row = BookRow(asks=((5859400, 200),), bids=((5853300, 18), (5853000, 150)))
    text = row_line(row, 2)
    assert text == "5859400,200,5853300,18,9999999999,0,5853000,150"
    assert list(parse_rows([text])) == [row]


@pytest.mark.parametrize("line", ["1,2,3", "1,2,x,4"])
def test_line_that_is_no_book_row_is_refused(line):
    with pytest.raises(ProtocolError, match="book line 1"):
        list(parse_rows([line]))


@given(
    st.integers(0, 86_400 * 10**9),
    st.sampled_from(MessageType),
    st.integers(0, 10**9),
    st.integers(0, 10**6),
    st.integers(-1, 10**8),
    st.sampled_from(Side),
)
def test_messages_survive_writing_and_reading(ts_ns, kind, order_id, size, price, side):
    message = LobsterMessage(ts_ns, kind, order_id, size, price, side)
    assert list(parse_messages([message_line(message)])) == [message]


def test_prices_change_scale_exactly_or_not_at_all():
    cents = stock("AAPL")
    assert ticks_of(cents, 5853300) == 58533 and price_of(cents, 58533) == 5853300
    assert nearest_ticks(cents, 5853350) == 58534
    with pytest.raises(ProtocolError):
        ticks_of(cents, 5853350)


def test_book_file_is_named_after_its_message_file():
    assert book_path_of("/data_message_/A_2012_message_5.csv.gz") == "/data_message_/A_2012_orderbook_5.csv.gz"


def test_lines_are_read_from_plain_and_compressed_files(tmp_path):
    plain, packed = tmp_path / "a.csv", tmp_path / "a.csv.gz"
    plain.write_text("1\n2\n", encoding="ascii")
    packed.write_bytes(gzip.compress(b"1\n2\n"))
    assert (
        [line.strip() for line in read_lines(str(plain))]
        == [line.strip() for line in read_lines(str(packed))]
        == ["1", "2"]
    )
