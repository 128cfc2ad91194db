from __future__ import annotations

import pytest
from lxml import etree

from forecourt.ocpp.errors import ErrorCode, LocalProtocolError, RemoteProtocolError
from forecourt.ocpp.soap import (
    CENTRAL_SYSTEM,
    CHARGE_POINT,
    FaultCode,
    Refusal,
    Service,
    SoapFault,
    fault_of,
    parse_response,
    write_fault,
)
from tests.ocpp.soap.envelopes import SOAP, WSA, envelope

XML = "http://www.w3.org/XML/1998/namespace"


def round_trip(fault: SoapFault, service: Service = CHARGE_POINT) -> SoapFault:
    """The fault as the peer reads it."""
    body = write_fault(fault, service=service, message_id="urn:uuid:2", relates_to="urn:uuid:1")
    response = parse_response(body, service=service, action="DataTransfer", message_id="urn:uuid:1")
    assert response.fault is not None
    return response.fault


def read(fault: str) -> SoapFault:
    response = parse_response(envelope(fault), service=CENTRAL_SYSTEM, action="Heartbeat", message_id="1")
    assert response.fault is not None
    return response.fault


@pytest.mark.parametrize(
    ("code", "fault_code", "subcode"),
    [
        (ErrorCode.SECURITY_ERROR, FaultCode.SENDER, "SecurityError"),
        (ErrorCode.PROTOCOL_ERROR, FaultCode.SENDER, "ProtocolError"),
        (ErrorCode.FORMAT_VIOLATION, FaultCode.SENDER, "ProtocolError"),
        (ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, FaultCode.SENDER, "ProtocolError"),
        (ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, FaultCode.SENDER, "ProtocolError"),
        (ErrorCode.TYPE_CONSTRAINT_VIOLATION, FaultCode.SENDER, "ProtocolError"),
        (ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED, FaultCode.SENDER, "ProtocolError"),
        (ErrorCode.RPC_FRAMEWORK_ERROR, FaultCode.SENDER, "ProtocolError"),
        (ErrorCode.NOT_IMPLEMENTED, FaultCode.RECEIVER, "NotSupported"),
        (ErrorCode.NOT_SUPPORTED, FaultCode.RECEIVER, "NotSupported"),
        (ErrorCode.INTERNAL_ERROR, FaultCode.RECEIVER, "InternalError"),
        (ErrorCode.GENERIC_ERROR, FaultCode.RECEIVER, "InternalError"),
    ],
)
def test_every_error_has_a_fault(code: ErrorCode, fault_code: FaultCode, subcode: str) -> None:
    fault = fault_of(RemoteProtocolError(code, "no such luck", "$.idTag"))
    assert fault == SoapFault(code=fault_code, subcode=subcode, reason=f"{code}: no such luck at $.idTag")
    assert round_trip(fault) == fault
    assert fault.http_status == (400 if fault_code is FaultCode.SENDER else 500)


def test_our_own_mistake_is_not_told_to_the_peer() -> None:
    fault = fault_of(LocalProtocolError(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "secret", "$.secret"))
    assert (fault.code, fault.subcode) == (FaultCode.RECEIVER, "InternalError")
    assert "secret" not in fault.reason


def test_the_fault_of_a_refusal_is_its_own() -> None:
    fault = SoapFault(code=FaultCode.VERSION_MISMATCH, reason="too old")
    assert fault_of(Refusal(RemoteProtocolError(ErrorCode.PROTOCOL_ERROR, "too old"), fault)) is fault
    assert fault_of(Refusal(RemoteProtocolError(ErrorCode.SECURITY_ERROR, "no"))).subcode == "SecurityError"


@pytest.mark.parametrize(
    ("code", "subcode", "meaning"),
    [
        (FaultCode.SENDER, "SecurityError", ErrorCode.SECURITY_ERROR),
        (FaultCode.SENDER, "IdentityMismatch", ErrorCode.GENERIC_ERROR),
        (FaultCode.SENDER, "ProtocolError", ErrorCode.PROTOCOL_ERROR),
        (FaultCode.RECEIVER, "InternalError", ErrorCode.INTERNAL_ERROR),
        (FaultCode.RECEIVER, "NotSupported", ErrorCode.NOT_SUPPORTED),
        (FaultCode.SENDER, "ActionNotSupported", ErrorCode.NOT_SUPPORTED),
        (FaultCode.SENDER, "MessageAddressingHeaderRequired", ErrorCode.PROTOCOL_ERROR),
        (FaultCode.SENDER, "OutOfCoffee", ErrorCode.GENERIC_ERROR),
        (FaultCode.SENDER, "", ErrorCode.GENERIC_ERROR),
        (FaultCode.RECEIVER, "", ErrorCode.INTERNAL_ERROR),
        (FaultCode.MUST_UNDERSTAND, "", ErrorCode.NOT_SUPPORTED),
        (FaultCode.VERSION_MISMATCH, "", ErrorCode.PROTOCOL_ERROR),
        (FaultCode.DATA_ENCODING_UNKNOWN, "", ErrorCode.FORMAT_VIOLATION),
    ],
)
def test_every_fault_means_an_error_code(code: FaultCode, subcode: str, meaning: ErrorCode) -> None:
    fault = SoapFault(code=code, subcode=subcode, reason="because")
    assert fault.error_code is meaning
    assert fault.description == f"{subcode or code}: because"


def test_a_fault_stands_in_the_namespaces_of_the_specification() -> None:
    fault = SoapFault(code=FaultCode.SENDER, subcode="IdentityMismatch", reason="Not me")
    body = write_fault(fault, service=CHARGE_POINT, message_id="urn:uuid:2", relates_to="urn:uuid:1")
    root = etree.fromstring(body)
    names = {"s": SOAP, "a": WSA}
    assert root.xpath("string(//s:Body/s:Fault/s:Code/s:Value)", namespaces=names) == "soap:Sender"
    assert root.xpath("string(//s:Subcode/s:Value)", namespaces=names) == "ocpp:IdentityMismatch"
    assert root.xpath("string(//s:Reason/s:Text[@xml:lang='en'])", namespaces=names) == "Not me"
    assert root.nsmap["ocpp"] == "urn://Ocpp/Cp/2015/10/"
    assert root.nsmap["soap"] == SOAP
    assert root.xpath("string(//a:Action)", namespaces=names) == f"{WSA}/soap/fault"
    assert root.xpath("string(//a:RelatesTo)", namespaces=names) == "urn:uuid:1"
    assert root.xpath("string(//a:MessageID)", namespaces=names) == "urn:uuid:2"
    assert root.xpath("string(//a:To)", namespaces=names) == f"{WSA}/anonymous"


def test_a_fault_without_subcode_to_a_request_without_id_leaves_both_out() -> None:
    body = write_fault(SoapFault(code=FaultCode.RECEIVER, reason="so"), service=CENTRAL_SYSTEM, message_id="2")
    assert b"Subcode" not in body
    assert b"RelatesTo" not in body


def test_a_version_mismatch_says_which_envelope_is_understood() -> None:
    fault = SoapFault(code=FaultCode.VERSION_MISMATCH, reason="old")
    root = etree.fromstring(write_fault(fault, service=CENTRAL_SYSTEM, message_id="2"))
    supported = root.find(f".//{{{SOAP}}}Upgrade/{{{SOAP}}}SupportedEnvelope")
    assert supported is not None
    assert supported.get("qname") == "soap:Envelope"


def test_headers_that_were_not_understood_are_named() -> None:
    fault = SoapFault(
        code=FaultCode.MUST_UNDERSTAND,
        reason="what is this",
        not_understood=(("urn:x", "Security"), ("", "Bare"), (XML, "base"), ("not an address <", "Odd")),
    )
    root = etree.fromstring(write_fault(fault, service=CENTRAL_SYSTEM, message_id="2"))
    named = root.findall(f".//{{{SOAP}}}NotUnderstood")
    assert [(header.get("qname"), header.nsmap.get("it")) for header in named] == [
        ("it:Security", "urn:x"),
        ("Bare", None),
        ("base", None),
    ]


def test_words_that_xml_cannot_carry_do_not_keep_a_fault_from_being_written() -> None:
    fault = round_trip(SoapFault(code=FaultCode.SENDER, subcode="Odd\x00", reason="not \x00 <b>&amp; \ud800"))
    assert (fault.subcode, fault.reason) == ("Odd\ufffd", "not \ufffd <b>&amp; \ufffd")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("<soap:Fault/>", SoapFault(code=FaultCode.RECEIVER, reason="no reason given")),
        ("<soap:Fault><soap:Code/></soap:Fault>", SoapFault(code=FaultCode.RECEIVER, reason="no reason given")),
        (
            "<soap:Fault><soap:Code><soap:Value>Sender</soap:Value><soap:Subcode/></soap:Code></soap:Fault>",
            SoapFault(code=FaultCode.SENDER, reason="Sender"),
        ),
        (
            "<soap:Fault><soap:Code><soap:Value>x:Whatever</soap:Value></soap:Code><soap:Reason/></soap:Fault>",
            SoapFault(code=FaultCode.RECEIVER, reason="no reason given"),
        ),
        (
            "<soap:Fault><faultcode>Client</faultcode><faultstring>it is\n  broken</faultstring></soap:Fault>",
            SoapFault(code=FaultCode.RECEIVER, reason="Client it is broken"),
        ),
    ],
)
def test_an_odd_fault_is_still_a_fault(fault: str, expected: SoapFault) -> None:
    assert read(fault) == expected


def test_of_several_languages_english_is_taken() -> None:
    texts = "<soap:Text xml:lang='de'>kaputt</soap:Text><soap:Text xml:lang='EN-us'>broken</soap:Text>"
    assert read(f"<soap:Fault><soap:Reason>{texts}</soap:Reason></soap:Fault>").reason == "broken"
    assert (
        read("<soap:Fault><soap:Reason><soap:Text xml:lang='nl'>stuk</soap:Text></soap:Reason></soap:Fault>").reason
        == "stuk"
    )


def test_what_a_fault_says_is_cut_to_a_bearable_length() -> None:
    long = "x" * 5_000
    fault = read(
        f"<soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value><soap:Subcode><soap:Value>x:{long}</soap:Value></soap:Subcode>"
        f"</soap:Code><soap:Reason><soap:Text>{long}</soap:Text></soap:Reason></soap:Fault>"
    )
    assert (len(fault.subcode), len(fault.reason)) == (100, 1_000)
