"""Every request that other clients were recorded to send is understood by our server, signature and all."""

import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.venues.builders_kraken_server import KEY, SAMPLES, Venue
from wildbot.model.orders import Side
from wildbot.simulation.venue_pairs import UNIVERSE

pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="the recordings are not on this machine")

ABOUT_THE_STATE = (
    "EOrder:Unknown order",
    "EOrder:Invalid order",
    "EOrder:Insufficient funds",
    "EGeneral:Invalid arguments:txid",
)
"""Answers that understood the request: such an order or trade is not there, or the money for it is not."""


def requests_of(client: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads((SAMPLES / "requests" / f"{client}.json").read_text())["requests"]
    return rows


@pytest.mark.parametrize("client", ["ccxt_4_5_90_generated", "python_kraken_sdk_3_5_1_generated"])
def test_recorded_rest_requests_are_answered_as_they_came(client: str) -> None:
    venue = Venue(tuple(UNIVERSE))
    venue.house("AVAX/USDC", Side.SELL, 2_500, 100 * 10**8)  # a market buy needs somebody who sells
    for request in requests_of(client):
        url = urlsplit(request["url"])
        venue.pass_seconds(10)  # the REST counter is another test's business
        if request["http_method"] == "GET":
            answer = venue.get(url.path.removeprefix("/0/public/"), **dict(parse_qsl(url.query)))
        else:
            headers = {"api-key": KEY, "api-sign": request["api_sign"], "content-type": request["content_type"]}
            reply = venue.rest.post(url.path, headers, request["body"].encode(), venue.now_ns)
            answer = json.loads(reply.body)
        assert all(error in ABOUT_THE_STATE for error in answer["error"]), (request["url"], request["body"], answer)


def test_recorded_websocket_requests_are_understood() -> None:
    venue = Venue(tuple(UNIVERSE))
    for folder in ("ws_docs_public", "ws_docs_private", "ws_private"):
        client = venue.connect(private="private" in folder)
        for line in (SAMPLES / folder / "requests.ndjson").read_text().splitlines():
            request = json.loads(line.replace('/USD"', '/USDC"').replace("ALGO/", "ADA/").replace("MATIC/", "XRP/"))
            params = request.get("params", {})
            if client.token:
                params["token"] = client.token
            params.pop("deadline", None)
            for reply in (frame for frame in client.say(json.dumps(request)) if "method" in frame):
                error = str(reply.get("error", ""))
                told = ("Unsupported", "Malformed", "ESession", "Token", "Currency pair")
                assert not error.startswith(told), (line, error)
                assert not error.endswith("field must be a number_float"), (line, error)
