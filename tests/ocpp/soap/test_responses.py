from __future__ import annotations

from datetime import UTC, datetime

import pytest

from forecourt.ocpp import v16
from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError, RemoteProtocolError
from forecourt.ocpp.soap import CENTRAL_SYSTEM, FaultCode, Limits, SoapDeviation, SoapResponse, parse_response
from tests.ocpp.soap.envelopes import envelope

RELATES_TO = "<wsa:RelatesTo>urn:uuid:1</wsa:RelatesTo>"
ACTION = "<wsa:Action>/HeartbeatResponse</wsa:Action>"
BEAT = "<o:heartbeatResponse><o:currentTime>2026-11-20T12:00:00Z</o:currentTime></o:heartbeatResponse>"
NOON = v16.HeartbeatResponse(current_time=datetime(2026, 11, 20, 12, tzinfo=UTC))
FAULT = """<soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value><soap:Subcode><soap:Value>o:IdentityMismatch</soap:Value>
    </soap:Subcode></soap:Code><soap:Reason><soap:Text xml:lang='en'>Not me</soap:Text></soap:Reason></soap:Fault>"""


def read(body: bytes, reading: Reading = Reading.STRICT) -> SoapResponse:
    return parse_response(body, service=CENTRAL_SYSTEM, action="Heartbeat", message_id="urn:uuid:1", reading=reading)


def refused(body: bytes, reading: Reading = Reading.STRICT) -> RemoteProtocolError:
    with pytest.raises(RemoteProtocolError) as caught:
        read(body, reading)
    return caught.value


def test_the_response_to_our_request_is_read() -> None:
    assert read(envelope(BEAT, headers=(ACTION, RELATES_TO))) == SoapResponse(message=NOON, fault=None)


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ((ACTION,), SoapDeviation.RELATES_TO),
        ((ACTION, "<wsa:RelatesTo>urn:uuid:2</wsa:RelatesTo>"), SoapDeviation.RELATES_TO),
        ((RELATES_TO,), SoapDeviation.ACTION),
        ((RELATES_TO, "<wsa:Action>/Heartbeat</wsa:Action>"), SoapDeviation.ACTION),
    ],
)
def test_headers_that_are_wrong_are_deviations(headers: tuple[str, ...], kind: SoapDeviation) -> None:
    body = envelope(BEAT, headers=headers)
    response = read(body, Reading.TOLERANT)
    assert response.message == NOON
    assert [deviation.kind for deviation in response.deviations] == [kind]
    assert refused(body).code is ErrorCode.PROTOCOL_ERROR


def test_a_fault_is_an_answer_whatever_its_headers() -> None:
    response = read(envelope(FAULT, headers=()))
    assert response.message is None
    assert response.fault is not None
    assert (response.fault.code, response.fault.subcode, response.fault.reason) == (
        FaultCode.SENDER,
        "IdentityMismatch",
        "Not me",
    )


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (b"<html><h1>Please sign in</h1></html>", ErrorCode.FORMAT_VIOLATION, "an HTML page"),
        (b"", ErrorCode.FORMAT_VIOLATION, "an empty body"),
        (envelope(""), ErrorCode.PROTOCOL_ERROR, "a body of 0 elements"),
        (
            envelope("<o:authorizeResponse/>", headers=(ACTION, RELATES_TO)),
            ErrorCode.PROTOCOL_ERROR,
            "'authorizeResponse' where heartbeatResponse belongs",
        ),
        (
            envelope("<o:heartbeatRequest/>", headers=(ACTION, RELATES_TO)),
            ErrorCode.PROTOCOL_ERROR,
            "'heartbeatRequest' where heartbeatResponse belongs",
        ),
        (
            envelope("<o:heartbeatResponse/>", headers=(ACTION, RELATES_TO)),
            ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
            "missing",
        ),
        (
            envelope(BEAT, headers=(ACTION, RELATES_TO, "<x:Security soap:mustUnderstand='true'/>")),
            ErrorCode.NOT_SUPPORTED,
            "Security",
        ),
    ],
)
def test_what_is_neither_response_nor_fault_is_refused_under_any_reading(
    body: bytes, code: ErrorCode, words: str
) -> None:
    for reading in Reading:
        error = refused(body, reading)
        assert error.code is code
        assert words in error.reason


def test_an_action_that_the_service_lacks_is_our_own_mistake() -> None:
    with pytest.raises(LocalProtocolError):
        parse_response(envelope(BEAT), service=CENTRAL_SYSTEM, action="Reset", message_id="1")


def test_the_limits_are_the_callers() -> None:
    with pytest.raises(RemoteProtocolError, match="more than 2 elements"):
        parse_response(
            envelope(BEAT), service=CENTRAL_SYSTEM, action="Heartbeat", message_id="1", limits=Limits(elements=2)
        )
