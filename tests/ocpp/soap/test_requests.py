from __future__ import annotations

import pytest

from forecourt.ocpp import v16
from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.errors import ErrorCode
from forecourt.ocpp.soap import (
    CENTRAL_SYSTEM,
    CHARGE_POINT,
    FaultCode,
    Limits,
    Refusal,
    Service,
    SoapDeviation,
    SoapRequest,
    parse_request,
)
from tests.ocpp.soap.envelopes import (
    ACTION,
    FROM,
    HEADERS,
    HEARTBEAT,
    IDENTITY,
    MESSAGE_ID,
    REPLY_TO,
    SOAP,
    SOAP_1_1,
    TO,
    WSA_2004,
    asking,
    envelope,
    instead,
    without,
)

ANONYMOUS = "http://www.w3.org/2005/08/addressing/anonymous"
ELSEWHERE = "<wsa:{0}><wsa:Address>http://192.0.2.9/</wsa:Address></wsa:{0}>"


def strict(body: bytes, service: Service = CENTRAL_SYSTEM) -> SoapRequest:
    request = parse_request(body, service=service)
    assert request.deviations == ()
    return request


def refused(body: bytes, service: Service = CENTRAL_SYSTEM, reading: Reading = Reading.STRICT) -> Refusal:
    with pytest.raises(Refusal) as caught:
        parse_request(body, service=service, reading=reading)
    return caught.value


def forgiven(body: bytes, kind: SoapDeviation, service: Service = CENTRAL_SYSTEM) -> SoapRequest:
    """What tolerant reading makes of a body that has this one deviation, for which strict reading refuses it."""
    request = parse_request(body, service=service, reading=Reading.TOLERANT)
    assert [deviation.kind for deviation in request.deviations] == [kind]
    refused(body, service)
    return request


def test_a_request_is_read_with_its_headers() -> None:
    assert strict(envelope()) == SoapRequest(
        action="Heartbeat",
        identity="CP1234",
        message_id="urn:uuid:1",
        reply_to=ANONYMOUS,
        from_address="http://192.0.2.7:8080/ocpp",
        to="http://csms.example/ocpp",
        message=v16.Heartbeat(),
    )


def test_a_request_to_a_station_is_read() -> None:
    request = strict(asking("Reset", "<o:type>Soft</o:type>", service=CHARGE_POINT), CHARGE_POINT)
    assert request.message == v16.Reset(type="Soft")


@pytest.mark.parametrize("action", ["/Heartbeat", "Heartbeat", "urn://Ocpp/Cs/2015/10/Heartbeat", " /Heartbeat\n"])
def test_the_last_part_of_the_action_names_the_operation(action: str) -> None:
    assert strict(envelope(headers=instead(ACTION, f"<wsa:Action>{action}</wsa:Action>"))).action == "Heartbeat"


@pytest.mark.parametrize("action", ["/heartbeat", "urn://Ocpp/Cs/2015/10/Service/HeartbeatRequest", "HEARTBEAT"])
def test_an_action_in_other_words_for_the_operation_is_a_deviation(action: str) -> None:
    body = envelope(headers=instead(ACTION, f"<wsa:Action>{action}</wsa:Action>"))
    request = forgiven(body, SoapDeviation.ACTION)
    assert request.action == "Heartbeat"
    assert request.deviations[0].path == "Header/Action"
    assert action in request.deviations[0].value
    assert "should be /Heartbeat" in request.deviations[0].detail


@pytest.mark.parametrize("headers", [without(ACTION), instead(ACTION, "<wsa:Action/>")])
def test_without_an_action_the_body_says_what_is_asked(headers: tuple[str, ...]) -> None:
    request = forgiven(envelope(headers=headers), SoapDeviation.ACTION)
    assert request.action == "Heartbeat"
    assert "missing" in request.deviations[0].detail


def test_an_action_and_a_body_that_disagree_are_refused_under_any_reading() -> None:
    refusal = refused(envelope("<o:authorizeRequest/>"), reading=Reading.TOLERANT)
    assert refusal.code is ErrorCode.PROTOCOL_ERROR
    assert "'authorizeRequest' where heartbeatRequest belongs" in refusal.reason


def test_the_operations_of_the_other_service_are_not_supported() -> None:
    refusal = refused(asking("Reset", "<o:type>Soft</o:type>"), reading=Reading.TOLERANT)
    assert refusal.code is ErrorCode.NOT_SUPPORTED
    assert "Reset is no operation of the CentralSystemService" in refusal.reason


def test_the_messages_of_the_whitepaper_have_no_soap_form() -> None:
    refusal = refused(asking("SecurityEventNotification", ""), reading=Reading.TOLERANT)
    assert refusal.code is ErrorCode.NOT_SUPPORTED
    assert "SecurityEventNotification has no SOAP form" in refusal.reason
    assert (refusal.fault.code, refusal.fault.subcode) == (FaultCode.RECEIVER, "NotSupported")


@pytest.mark.parametrize("headers", [without(ACTION), instead(ACTION, "<wsa:Action>/launchMissiles</wsa:Action>")])
def test_unknown_actions_are_not_implemented(headers: tuple[str, ...]) -> None:
    refusal = refused(envelope("<o:launchMissilesRequest/>", headers=headers), reading=Reading.TOLERANT)
    assert refusal.code is ErrorCode.NOT_IMPLEMENTED
    assert "unknown action 'LaunchMissiles'" in refusal.reason
    assert refusal.fault.subcode == "NotSupported"


@pytest.mark.parametrize(("year", "version"), [("2010/08", "1.2"), ("2012/06", "1.5")])
def test_older_versions_are_told_from_1_6(year: str, version: str) -> None:
    body = envelope().replace(b"2015/10", year.encode())
    refusal = refused(body, reading=Reading.TOLERANT)
    assert refusal.code is ErrorCode.NOT_SUPPORTED
    assert f"OCPP {version}" in refusal.reason


@pytest.mark.parametrize("headers", [without(FROM), without(REPLY_TO), without(FROM, REPLY_TO)])
def test_from_and_reply_to_may_be_missing(headers: tuple[str, ...]) -> None:
    strict(envelope(headers=headers))


@pytest.mark.parametrize(
    "sender",
    [
        f"<wsa:From><wsa:Address>{ANONYMOUS}</wsa:Address></wsa:From>",
        "<wsa:From><wsa:Address>http://www.w3.org/2005/08/addressing/none</wsa:Address></wsa:From>",
        "<wsa:From><wsa:Address/></wsa:From>",
        "<wsa:From>http://192.0.2.7/</wsa:From>",
    ],
)
def test_an_address_that_leads_nowhere_is_no_address_to_call(sender: str) -> None:
    assert strict(envelope(headers=instead(FROM, sender))).from_address is None


@pytest.mark.parametrize(
    ("header", "kind", "field"),
    [
        (MESSAGE_ID, SoapDeviation.MESSAGE_ID, "message_id"),
        (IDENTITY, SoapDeviation.IDENTITY, "identity"),
        (TO, SoapDeviation.RECIPIENT, "to"),
    ],
)
def test_a_missing_header_is_a_deviation(header: str, kind: SoapDeviation, field: str) -> None:
    request = forgiven(envelope(headers=without(header)), kind)
    assert getattr(request, field) is None
    assert "missing" in request.deviations[0].detail


def test_an_envelope_without_header_can_be_read_tolerantly() -> None:
    body = (
        f"<e:Envelope xmlns:e='{SOAP}'><e:Body><heartbeatRequest xmlns='urn://Ocpp/Cs/2015/10/'/></e:Body></e:Envelope>"
    )
    request = parse_request(body.encode(), service=CENTRAL_SYSTEM, reading=Reading.TOLERANT)
    assert request.message == v16.Heartbeat()
    assert [deviation.kind for deviation in request.deviations] == ["action", "message id", "identity", "recipient"]


@pytest.mark.parametrize("name", ["chargeBoxIdentity", "ChargeBoxIdentity", "CHARGEBOXIDENTITY"])
def test_the_name_of_the_identity_header_is_case_insensitive(name: str) -> None:
    header = f"<o:{name} soap:mustUnderstand='true'> CP-7 </o:{name}>"
    assert strict(envelope(headers=instead(IDENTITY, header))).identity == "CP-7"


def test_the_namespace_of_the_identity_may_lack_its_last_slash() -> None:
    header = "<chargeBoxIdentity xmlns='urn://Ocpp/Cs/2015/10'>CP-7</chargeBoxIdentity>"
    assert strict(envelope(headers=instead(IDENTITY, header))).identity == "CP-7"


@pytest.mark.parametrize(
    "header", ["<chargeBoxIdentity>CP-7</chargeBoxIdentity>", "<x:chargeBoxIdentity>CP-7</x:chargeBoxIdentity>"]
)
def test_an_identity_in_another_namespace_is_a_deviation(header: str) -> None:
    assert forgiven(envelope(headers=instead(IDENTITY, header)), SoapDeviation.NAMESPACE).identity == "CP-7"


@pytest.mark.parametrize("header", [ACTION, MESSAGE_ID, TO, REPLY_TO, FROM, IDENTITY])
def test_a_header_that_comes_twice_is_refused_under_any_reading(header: str) -> None:
    refusal = refused(envelope(headers=(*HEADERS, header)), reading=Reading.TOLERANT)
    assert refusal.code is ErrorCode.PROTOCOL_ERROR
    assert refusal.reason == "the header occurs twice"


def test_two_identities_in_different_spelling_are_refused() -> None:
    second = "<ChargeBoxIdentity>CP9</ChargeBoxIdentity>"
    assert refused(envelope(headers=(*HEADERS, second)), reading=Reading.TOLERANT).path == "Header/chargeBoxIdentity"


@pytest.mark.parametrize("name", ["ReplyTo", "FaultTo"])
def test_an_answer_asked_for_elsewhere_is_given_here(name: str) -> None:
    request = forgiven(envelope(headers=(*without(REPLY_TO), ELSEWHERE.format(name))), SoapDeviation.REPLY_ADDRESS)
    assert request.deviations[0].value == '"http://192.0.2.9/"'
    assert request.reply_to == ("http://192.0.2.9/" if name == "ReplyTo" else None)


def test_headers_of_the_draft_of_addressing_are_a_deviation() -> None:
    headers = f"<a:MessageID xmlns:a='{WSA_2004}'>7</a:MessageID>"
    assert forgiven(envelope(headers=instead(MESSAGE_ID, headers)), SoapDeviation.ADDRESSING_VERSION).message_id == "7"
    role = f"<a:ReplyTo xmlns:a='{WSA_2004}'><a:Address>{WSA_2004}/role/anonymous</a:Address></a:ReplyTo>"
    forgiven(envelope(headers=instead(REPLY_TO, role)), SoapDeviation.ADDRESSING_VERSION)


@pytest.mark.parametrize(
    "block",
    [
        "<x:Security soap:mustUnderstand='true'/>",
        "<x:Security soap:mustUnderstand='1' soap:role=''/>",
        f"<x:Security soap:mustUnderstand='1' soap:role='{SOAP}/role/next'/>",
        f"<x:Security soap:mustUnderstand='1' soap:role='{SOAP}/role/ultimateReceiver'/>",
        "<wsa:Security soap:mustUnderstand='true'/>",
    ],
)
def test_a_header_that_must_be_understood_and_is_not_is_refused_under_any_reading(block: str) -> None:
    refusal = refused(envelope(headers=(block, *HEADERS)), reading=Reading.TOLERANT)
    assert refusal.fault.code is FaultCode.MUST_UNDERSTAND
    assert [name for _, name in refusal.fault.not_understood] == ["Security"]
    assert "Security" in refusal.fault.reason
    assert refusal.message_id == "urn:uuid:1"


@pytest.mark.parametrize(
    "block",
    [
        "<x:Trace>1</x:Trace>",
        "<x:Trace soap:mustUnderstand='false'/>",
        "<x:Trace soap:mustUnderstand='0'/>",
        f"<x:Trace soap:mustUnderstand='1' soap:role='{SOAP}/role/none'/>",
        "<wsa:ReferenceParameters/>",
    ],
)
def test_other_headers_that_we_do_not_know_are_ignored(block: str) -> None:
    strict(envelope(headers=(block, *HEADERS)))


def test_a_flood_of_headers_is_not_echoed() -> None:
    block = "<x:Security soap:mustUnderstand='true'/>"
    assert len(refused(envelope(headers=(block,) * 100)).fault.not_understood) == 16


def test_soap_1_1_gets_a_version_mismatch() -> None:
    refusal = refused(envelope(soap=SOAP_1_1), reading=Reading.TOLERANT)
    assert refusal.fault.code is FaultCode.VERSION_MISMATCH
    assert "not of SOAP 1.2" in refusal.reason


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<p:html xmlns:p='http://www.w3.org/1999/xhtml'/>", "an HTML page, not a SOAP envelope"),
        (b"<w:definitions xmlns:w='http://schemas.xmlsoap.org/wsdl/'/>", "a service description (WSDL), not a SOAP"),
        (b"<heartbeatRequest/>", "XML whose root is 'heartbeatRequest', not a SOAP envelope"),
        (f"<e:Envelope xmlns:e='{SOAP}'/>".encode(), "an envelope of 0 headers and 0 bodies"),
        (f"<e:Envelope xmlns:e='{SOAP}'><e:Body/><e:Body/></e:Envelope>".encode(), "0 headers and 2 bodies"),
        (f"<e:Envelope xmlns:e='{SOAP}'><Body/></e:Envelope>".encode(), "0 headers and 0 bodies"),
        (
            f"<e:Envelope xmlns:e='{SOAP}'><e:Header/><e:Header/><e:Body/></e:Envelope>".encode(),
            "2 headers and 1 bodies",
        ),
        (envelope(""), "a body of 0 elements"),
        (envelope(HEARTBEAT * 2), "a body of 2 elements"),
        (envelope("<soap:Fault/>"), "'Fault' where heartbeatRequest belongs"),
    ],
)
def test_what_is_no_envelope_of_a_request_is_refused_under_any_reading(body: bytes, words: str) -> None:
    refusal = refused(body, reading=Reading.TOLERANT)
    assert refusal.code is ErrorCode.PROTOCOL_ERROR
    assert words in refusal.reason
    assert (refusal.fault.code, refusal.fault.subcode) == (FaultCode.SENDER, "ProtocolError")


@pytest.mark.parametrize(
    "body",
    [
        envelope().replace(b"<soap:Header>", b"<x:Extra/><soap:Header>"),
        envelope().replace(b"</soap:Envelope>", b"<x:Extra/></soap:Envelope>"),
    ],
)
def test_more_than_header_and_body_is_a_deviation(body: bytes) -> None:
    forgiven(body, SoapDeviation.ENVELOPE)


def test_a_body_before_its_header_is_a_deviation() -> None:
    whole = envelope()
    start, end = whole.index(b"<soap:Header>"), whole.index(b"</soap:Header>") + len(b"</soap:Header>")
    turned = whole[:start] + whole[end:].replace(b"</soap:Envelope>", whole[start:end] + b"</soap:Envelope>")
    assert forgiven(turned, SoapDeviation.ENVELOPE).identity == "CP1234"


@pytest.mark.parametrize("namespace", ["", "urn:x", "urn://Ocpp/Cp/2015/10/", "urn://Ocpp/Cs/2015/10"])
def test_a_body_in_another_namespace_is_one_deviation(namespace: str) -> None:
    fields = f"<authorizeRequest xmlns='{namespace}'><idTag>A</idTag></authorizeRequest>"
    headers = instead(ACTION, "<wsa:Action>/Authorize</wsa:Action>")
    assert forgiven(envelope(fields, headers=headers), SoapDeviation.NAMESPACE).message == v16.Authorize(id_tag="A")


def test_an_element_in_other_capitals_is_a_deviation() -> None:
    forgiven(envelope("<o:HeartbeatRequest/>"), SoapDeviation.ELEMENT_NAME)


def test_a_refusal_knows_what_had_been_read() -> None:
    refusal = refused(asking("Authorize", ""))
    assert (refusal.message_id, refusal.identity, refusal.action) == ("urn:uuid:1", "CP1234", "/Authorize")
    assert refusal.code is ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION
    assert (refusal.fault.code, refusal.fault.subcode) == (FaultCode.SENDER, "ProtocolError")
    early = refused(b"<html/>")
    assert (early.message_id, early.identity, early.action) == (None, None, None)
    assert early.code is ErrorCode.FORMAT_VIOLATION


def test_the_limits_are_the_callers() -> None:
    with pytest.raises(Refusal, match="more than the 100 allowed"):
        parse_request(envelope(), service=CENTRAL_SYSTEM, limits=Limits(size_bytes=100))
