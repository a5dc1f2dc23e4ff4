"""The desk's questions as Kraken's calls: one cancel or a batch, by either id, and the dead man's switch over REST."""

import json
from urllib.parse import parse_qs

from wildbot.desk.venue_queries import CancelTaken, Query, QueryRefused, TimerTaken, Topic
from wildbot.liaison.questions import Questions
from wildbot.model.errors import VenueRefusal
from wildbot.venues.kraken.rest import signed_request
from wildbot.venues.kraken.rest_calls import RestOutcome

QUESTIONS = Questions(("SOL/USDC",))


def test_one_cancel_names_its_id_by_kind() -> None:
    by_order = QUESTIONS.call(Query(Topic.CANCEL, ids=("OAAAAA-BBBBB-CCCCCC",)))
    by_client = QUESTIONS.call(Query(Topic.CANCEL, ids=("wb7x1",)))
    assert (by_order.endpoint, by_order.params) == ("CancelOrder", {"txid": "OAAAAA-BBBBB-CCCCCC"})
    assert (by_client.endpoint, by_client.params) == ("CancelOrder", {"cl_ord_id": "wb7x1"})


def test_several_cancels_are_one_batch_with_each_kind_of_id_in_its_place() -> None:
    call = QUESTIONS.call(Query(Topic.CANCEL, ids=("OAAAAA-BBBBB-CCCCCC", "wb7x1", "wb7x2"), urgent=True))
    assert call.endpoint == "CancelOrderBatch"
    assert call.params == {"orders": ["OAAAAA-BBBBB-CCCCCC"], "cl_ord_ids": ["wb7x1", "wb7x2"]}
    assert (call.private, call.urgent) == (True, True)


def test_batch_is_signed_as_the_json_it_is_sent_as() -> None:
    call = QUESTIONS.call(Query(Topic.CANCEL, ids=("wb7x1", "wb7x2")))
    request = signed_request(call.endpoint, call.params, nonce=7, key="key", secret="c2VjcmV0")
    assert json.loads(request.body) == {"nonce": "7", "cl_ord_ids": ["wb7x1", "wb7x2"]}
    assert request.headers["Content-Type"] == "application/json"
    plain = signed_request("CancelOrder", {"txid": "O1"}, nonce=7, key="key", secret="c2VjcmV0")
    assert parse_qs(plain.body.decode()) == {"nonce": ["7"], "txid": ["O1"]}
    assert request.headers["API-Sign"] != plain.headers["API-Sign"]


def test_switch_is_armed_with_its_timeout_and_a_refusal_keeps_the_venues_words() -> None:
    query = Query(Topic.TIMER, urgent=True, timeout_s=60)
    call = QUESTIONS.call(query)
    assert (call.endpoint, call.params, call.private) == ("CancelAllOrdersAfter", {"timeout": "60"}, True)
    assert QUESTIONS.answer(RestOutcome(query, b'{"currentTime":"x","triggerTime":"y"}')) == TimerTaken(query)
    refused = QUESTIONS.answer(RestOutcome(query, VenueRefusal("EGeneral:Permission denied")))
    assert refused == QueryRefused(query, "EGeneral:Permission denied")


def test_count_of_a_batch_is_read() -> None:
    query = Query(Topic.CANCEL, ids=("wb7x1", "wb7x2"))
    assert QUESTIONS.answer(RestOutcome(query, b'{"count":2}')) == CancelTaken(query, 2)


def test_public_questions_wait_for_no_key() -> None:
    assert not QUESTIONS.call(Query(Topic.CLOCK)).private
    assert QUESTIONS.call(Query(Topic.BALANCES)).private
