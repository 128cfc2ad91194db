from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from lxml import etree

from forecourt.ocpp import v2, v16
from forecourt.ocpp.errors import ErrorCode, LocalProtocolError
from forecourt.ocpp.message import Message
from forecourt.ocpp.soap import (
    ANONYMOUS,
    CENTRAL_SYSTEM,
    CHARGE_POINT,
    Service,
    parse_request,
    write_request,
    write_response,
)
from tests.ocpp.soap.envelopes import SOAP, WSA

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
UNDERSTAND = f"{{{SOAP}}}mustUnderstand"


def request(message: Message, service: Service = CENTRAL_SYSTEM) -> bytes:
    return write_request(message, service=service, identity="CP1", message_id="urn:uuid:1", to="http://csms.example/")


def refused(message: Message, service: Service = CENTRAL_SYSTEM) -> LocalProtocolError:
    with pytest.raises(LocalProtocolError) as caught:
        request(message, service)
    return caught.value


def headers(body: bytes) -> dict[str, tuple[str, str | None]]:
    """Text and mustUnderstand of every header by its name."""
    header = etree.fromstring(body).find(f"{{{SOAP}}}Header")
    assert header is not None
    return {etree.QName(block).text: ("".join(block.itertext()), block.get(UNDERSTAND)) for block in header}


def sampled(unit: str) -> v16.MeterValues:
    value = v16.SampledValue(value="21", measurand="Temperature", unit=unit)  # type: ignore[arg-type]
    return v16.MeterValues(connector_id=1, meter_value=(v16.MeterValue(timestamp=NOON, sampled_value=(value,)),))


def scheduled(limit: str) -> v16.SetChargingProfile:
    period = v16.ChargingSchedulePeriod(start_period=0, limit=Decimal(limit))
    schedule = v16.ChargingSchedule(charging_rate_unit="A", charging_schedule_period=(period,))
    profile = v16.ChargingProfile(
        charging_profile_id=1,
        stack_level=0,
        charging_profile_purpose="TxDefaultProfile",
        charging_profile_kind="Relative",
        charging_schedule=schedule,
    )
    return v16.SetChargingProfile(connector_id=1, cs_charging_profiles=profile)


def test_a_request_carries_the_headers_that_the_specification_asks() -> None:
    body = write_request(
        v16.Heartbeat(),
        service=CENTRAL_SYSTEM,
        identity="CP1",
        message_id="urn:uuid:1",
        to="http://csms.example/",
        from_address="http://192.0.2.7/",
    )
    assert headers(body) == {
        "{urn://Ocpp/Cs/2015/10/}chargeBoxIdentity": ("CP1", "true"),
        f"{{{WSA}}}Action": ("/Heartbeat", "true"),
        f"{{{WSA}}}MessageID": ("urn:uuid:1", None),
        f"{{{WSA}}}From": ("http://192.0.2.7/", None),
        f"{{{WSA}}}ReplyTo": (ANONYMOUS, "true"),
        f"{{{WSA}}}To": ("http://csms.example/", "true"),
    }


def test_a_request_without_an_address_of_ours_has_no_from() -> None:
    assert f"{{{WSA}}}From" not in headers(request(v16.Heartbeat()))


def test_an_answer_says_to_which_request_it_belongs() -> None:
    answer = v16.HeartbeatResponse(current_time=NOON)
    body = write_response(answer, service=CENTRAL_SYSTEM, message_id="urn:uuid:2", relates_to="urn:uuid:1")
    assert headers(body) == {
        f"{{{WSA}}}Action": ("/HeartbeatResponse", "true"),
        f"{{{WSA}}}MessageID": ("urn:uuid:2", None),
        f"{{{WSA}}}RelatesTo": ("urn:uuid:1", None),
        f"{{{WSA}}}To": (ANONYMOUS, None),
    }


def test_an_answer_to_a_request_without_id_belongs_to_none() -> None:
    answer = v16.HeartbeatResponse(current_time=NOON)
    body = write_response(answer, service=CENTRAL_SYSTEM, message_id="urn:uuid:2", relates_to=None)
    assert f"{{{WSA}}}RelatesTo" not in headers(body)


def test_a_declaration_stands_before_the_envelope() -> None:
    assert request(v16.Heartbeat()).startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope ')


def test_every_element_is_in_the_namespace_of_its_service() -> None:
    body = etree.fromstring(request(scheduled("16.5"), CHARGE_POINT)).find(f"{{{SOAP}}}Body")
    assert body is not None
    assert {etree.QName(element).namespace for element in body.iterdescendants()} == {"urn://Ocpp/Cp/2015/10/"}


def test_text_is_escaped_and_comes_back() -> None:
    data = "<a b='1'>&amp;\r\n\t]]> \u20ac \U0001f600 </a>"
    message = v16.DataTransfer(vendor_id="&<>\"'", data=data)
    assert parse_request(request(message), service=CENTRAL_SYSTEM).message == message


@pytest.mark.parametrize(
    ("limit", "written"), [("16", b">16<"), ("16.5", b">16.5<"), ("1E+2", b">100<"), ("0.1", b">0.1<")]
)
def test_decimals_are_written_without_exponent(limit: str, written: bytes) -> None:
    assert written in request(scheduled(limit), CHARGE_POINT)


def test_a_decimal_too_fine_is_refused() -> None:
    error = refused(scheduled("16.55"), CHARGE_POINT)
    assert error.code is ErrorCode.PROPERTY_CONSTRAINT_VIOLATION
    assert error.path == "$.csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].limit"


def test_the_unit_that_1_6_misspells_is_written_as_soap_spells_it() -> None:
    body = request(sampled("Celcius"))
    assert b">Celsius<" in body
    assert b"Celcius" not in body
    assert b">Celsius<" in request(sampled("Celsius"))


def test_a_unit_that_soap_lacks_is_refused_with_its_place() -> None:
    error = refused(sampled("Hertz"))
    assert (error.code, error.path) == (ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "$.meterValue[0].sampledValue[0].unit")
    assert "'Hertz'" in error.reason


def test_an_integer_of_more_than_32_bits_is_refused() -> None:
    assert b">2147483647<" in request(v16.UnlockConnector(connector_id=2**31 - 1), CHARGE_POINT)
    assert b">-2147483648<" in request(v16.UnlockConnector(connector_id=-(2**31)), CHARGE_POINT)
    for beyond in (2**31, -(2**31) - 1):
        error = refused(v16.UnlockConnector(connector_id=beyond), CHARGE_POINT)
        assert (error.code, error.path) == (ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "$.connectorId")


def test_an_array_that_soap_wants_filled_is_refused_when_empty() -> None:
    message = v16.MeterValues(connector_id=1, meter_value=(v16.MeterValue(timestamp=NOON, sampled_value=()),))
    error = refused(message)
    assert (error.code, error.path) == (ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "$.meterValue[0].sampledValue")


def test_an_array_that_may_be_empty_is_written_as_nothing() -> None:
    message = v16.MeterValues(connector_id=1, meter_value=())
    assert parse_request(request(message), service=CENTRAL_SYSTEM).message == message


@pytest.mark.parametrize("text", ["a\x00b", "a\x0bb", "\ufffe", "\ud800"])
def test_a_character_that_xml_cannot_carry_is_refused(text: str) -> None:
    error = refused(v16.DataTransfer(vendor_id="v", data=text))
    assert (error.code, error.path) == (ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "$.data")


def test_what_the_type_forbids_is_refused_as_in_json() -> None:
    error = refused(v16.Authorize(id_tag="x" * 21))
    assert (error.code, error.path) == (ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "$.idTag")


@pytest.mark.parametrize(
    ("message", "service"),
    [
        (v16.Reset(type="Soft"), CENTRAL_SYSTEM),
        (v16.Heartbeat(), CHARGE_POINT),
        (v16.SignCertificate(csr="x"), CENTRAL_SYSTEM),
        (v16.HeartbeatResponse(current_time=NOON), CENTRAL_SYSTEM),
    ],
)
def test_what_is_no_request_of_the_service_is_refused(message: Message, service: Service) -> None:
    assert refused(message, service).code is ErrorCode.NOT_SUPPORTED


def test_a_message_of_another_version_is_refused() -> None:
    assert refused(v2.Heartbeat()).code is ErrorCode.NOT_IMPLEMENTED


def test_a_request_is_no_response() -> None:
    with pytest.raises(LocalProtocolError, match="Heartbeat is no response of the CentralSystemService"):
        write_response(v16.Heartbeat(), service=CENTRAL_SYSTEM, message_id="2", relates_to="1")


@pytest.mark.parametrize("text", ["", "  ", "a\x00"])
@pytest.mark.parametrize(
    ("argument", "header"),
    [("identity", "chargeBoxIdentity"), ("message_id", "MessageID"), ("to", "To"), ("from_address", "From")],
)
def test_a_header_that_cannot_be_said_is_refused(argument: str, header: str, text: str) -> None:
    said = {"identity": "CP1", "message_id": "1", "to": "http://csms.example/", "from_address": "http://192.0.2.7/"}
    with pytest.raises(LocalProtocolError) as caught:
        write_request(v16.Heartbeat(), service=CENTRAL_SYSTEM, **(said | {argument: text}))
    assert caught.value.path == f"Header/{header}"
