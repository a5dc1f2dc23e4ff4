"""API-Sign and nonces against published and recorded vectors."""

import json
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wildbot.model.errors import ConfigurationError
from wildbot.venues.kraken.signing import NONCE_MAX, NonceGuard, is_signed, next_nonce, parse_nonce, sign

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "kraken" / "samples"
SECRET = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="


def test_signature_is_the_published_one() -> None:
    body = b"nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
    signature = sign("/0/private/AddOrder", "1616492376594", body, SECRET)
    assert signature.startswith("4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==")


def test_signature_vectors_are_reproduced() -> None:
    path = SHARED / "vectors" / "api_sign.json"
    if not path.exists():
        pytest.skip("no recorded signature vectors here")
    for vector in json.loads(path.read_text()):
        assert sign(vector["path"], vector["nonce"], vector["body"].encode(), vector["secret"]) == vector["api_sign"]


@pytest.mark.parametrize("client", ["ccxt_4_5_90_generated", "python_kraken_sdk_3_5_1_generated"])
def test_signatures_of_other_clients_are_accepted(client: str) -> None:
    path = SHARED / "requests" / f"{client}.json"
    if not path.exists():
        pytest.skip("no recorded requests here")
    recording = json.loads(path.read_text())
    signed = [request for request in recording["requests"] if request["api_sign"]]
    assert signed
    for request in signed:
        body = request["body"]
        is_json = "json" in request["content_type"]
        nonce = json.loads(body)["nonce"] if is_json else parse_qs(body)["nonce"][0]
        url_path = "/0/private/" + request["url"].rsplit("/", 1)[1]
        assert is_signed(request["api_sign"], url_path, nonce, body.encode(), recording["secret"])
        assert not is_signed(request["api_sign"], url_path, nonce, body.encode() + b" ", recording["secret"])


def test_a_secret_that_is_no_base64_is_refused_without_repeating_it() -> None:
    with pytest.raises(ConfigurationError) as error:
        sign("/0/private/Balance", "1", b"nonce=1", "not base64!")
    assert "not base64!" not in str(error.value)


@given(last=st.integers(0, NONCE_MAX - 1), now_ns=st.integers(0, 2**62))
def test_next_nonce_always_rises(last: int, now_ns: int) -> None:
    assert next_nonce(last, now_ns) > last


@given(st.lists(st.integers(0, 2**64 + 5), max_size=30))
def test_guard_lets_a_nonce_pass_only_when_it_is_the_highest_so_far(nonces: list[int]) -> None:
    guard = NonceGuard()
    highest = 0
    for nonce in nonces:
        expected = highest < nonce <= NONCE_MAX
        assert guard.passes(str(nonce)) == expected
        highest = max(highest, nonce) if expected else highest
    assert guard.last == highest


@pytest.mark.parametrize("text", ["", "-1", "1.5", "1e9", " 1", "١", "9" * 30, str(NONCE_MAX + 1)])
def test_text_that_is_no_nonce_is_none(text: str) -> None:
    assert parse_nonce(text) is None
