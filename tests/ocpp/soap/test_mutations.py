"""Whatever is made of an envelope, only the library's own errors come of it, and what strict reading accepts can be said again."""

from __future__ import annotations

from random import Random

import pytest

from forecourt.ocpp import v16
from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.errors import LocalProtocolError, RemoteProtocolError
from forecourt.ocpp.soap import (
    OPERATIONS,
    Refusal,
    Service,
    SoapRequest,
    parse_request,
    parse_response,
    write_fault,
    write_request,
)
from tests.ocpp.soap.corpus import corpus, mutate

ROUNDS = 3_000


@pytest.fixture(scope="module")
def envelopes() -> tuple[bytes, ...]:
    return corpus()


def request_in(body: bytes, service: Service, reading: Reading) -> SoapRequest | None:
    """What is asked in `body`; None if it is refused, after the fault for it was written and read."""
    try:
        return parse_request(body, service=service, reading=reading)
    except Refusal as error:
        refusal = error
    fault = write_fault(refusal.fault, service=service, message_id="urn:uuid:9", relates_to=refusal.message_id)
    answer = parse_response(fault, service=service, action="DataTransfer", message_id="urn:uuid:1")
    assert answer.fault is not None
    assert (answer.fault.code, answer.fault.subcode) == (refusal.fault.code, refusal.fault.subcode)
    return None


def test_mutated_requests_are_read_or_refused(envelopes: tuple[bytes, ...]) -> None:
    random = Random(20_261_120)
    accepted = 0
    for _ in range(ROUNDS):
        body = mutate(random.choice(envelopes), random)
        service = random.choice(list(Service))
        strict = request_in(body, service, Reading.STRICT)
        tolerant = request_in(body, service, Reading.TOLERANT)
        if strict is None:
            continue
        accepted += 1
        assert strict == tolerant, "tolerant reading is no other reading of what is right"
        try:
            again = write_request(
                strict.message, service=service, identity="CP1", message_id="urn:uuid:1", to="http://a/"
            )
        except LocalProtocolError:
            # Strict reading takes what JSON may say; writing says what SOAP may say.
            continue
        assert parse_request(again, service=service).message == strict.message
    assert ROUNDS / 50 < accepted < ROUNDS / 2


def test_mutated_responses_are_read_or_refused(envelopes: tuple[bytes, ...]) -> None:
    random = Random(11_202_026)
    answered = 0
    for _ in range(ROUNDS):
        service = random.choice(list(Service))
        action = random.choice(list(OPERATIONS[service]))
        body = random.choice([one for one in envelopes if action[1:].encode() + b"Response>" in one] or envelopes)
        try:
            response = parse_response(
                mutate(body, random),
                service=service,
                action=action,
                message_id="urn:uuid:1",
                reading=random.choice(list(Reading)),
            )
        except RemoteProtocolError:
            continue
        answered += response.message is not None
    assert answered > ROUNDS / 50


def test_every_envelope_of_the_corpus_is_valid_for_someone(envelopes: tuple[bytes, ...]) -> None:
    assert len(envelopes) == 29 * 6 + 10
    requests = [body for body in envelopes if b"ReplyTo" in body]
    read = [request_in(body, service, Reading.STRICT) for body in requests for service in Service]
    assert sum(request is not None for request in read) == len(requests)
    assert any(request is not None and isinstance(request.message, v16.StopTransaction) for request in read)
