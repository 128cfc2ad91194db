from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest
from lxml import etree

from forecourt.ocpp import v16
from forecourt.ocpp.message import Message
from forecourt.ocpp.soap import Operation, Service, parse_request, parse_response, write_request, write_response, wsdl
from tests.ocpp.soap.envelopes import SOAP
from tests.ocpp.soap.samples import ALL, bare, drawn, full, name_of

XSD = "http://www.w3.org/2001/XMLSchema"


@pytest.fixture(scope="module")
def schemas() -> dict[Service, etree.XMLSchema]:
    """The schema in each of our service descriptions."""
    found: dict[Service, etree.XMLSchema] = {}
    for service in Service:
        schema = etree.fromstring(wsdl(service, "http://csms.example/")).find(f".//{{{XSD}}}schema")
        assert schema is not None
        # Alone it has the prefixes that the whole description declares.
        found[service] = etree.XMLSchema(etree.fromstring(etree.tostring(schema)))
    return found


def body_of(envelope: bytes) -> etree._Element:
    body = etree.fromstring(envelope).find(f"{{{SOAP}}}Body")
    assert body is not None
    return body[0]


def ask(operation: Operation, message: Message) -> bytes:
    return write_request(message, service=operation.service, identity="CP1", message_id="urn:uuid:1", to="http://a/")


def answer(operation: Operation, message: Message) -> bytes:
    return write_response(message, service=operation.service, message_id="urn:uuid:2", relates_to="urn:uuid:1")


def samples(struct: type[Message]) -> list[Message]:
    random = Random(struct.__name__)
    return [full(struct), bare(struct), *(drawn(struct, random) for _ in range(40))]


@pytest.mark.parametrize("operation", ALL, ids=name_of)
def test_every_request_comes_back_as_it_was(operation: Operation, schemas: dict[Service, etree.XMLSchema]) -> None:
    for message in samples(operation.request):
        envelope = ask(operation, message)
        request = parse_request(envelope, service=operation.service)
        assert request.message == message
        assert request.deviations == ()
        schemas[operation.service].assertValid(body_of(envelope))


@pytest.mark.parametrize("operation", ALL, ids=name_of)
def test_every_response_comes_back_as_it_was(operation: Operation, schemas: dict[Service, etree.XMLSchema]) -> None:
    for message in samples(operation.response):
        envelope = answer(operation, message)
        response = parse_response(envelope, service=operation.service, action=operation.name, message_id="urn:uuid:1")
        assert response.message == message
        assert response.deviations == ()
        schemas[operation.service].assertValid(body_of(envelope))


def test_a_decimal_with_a_zero_too_many_is_valid_and_keeps_it(schemas: dict[Service, etree.XMLSchema]) -> None:
    period = v16.ChargingSchedulePeriod(start_period=0, limit=Decimal("16.00"))
    schedule = v16.ChargingSchedule(charging_rate_unit="A", charging_schedule_period=(period,))
    message = v16.GetCompositeScheduleResponse(status="Accepted", charging_schedule=schedule)
    operation = next(operation for operation in ALL if operation.name == "GetCompositeSchedule")
    element = body_of(answer(operation, message))
    assert b">16.00<" in etree.tostring(element)
    schemas[operation.service].assertValid(element)
