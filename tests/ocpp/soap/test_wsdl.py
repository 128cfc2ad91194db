"""What a stranger's SOAP framework makes of our service descriptions, and of our envelopes by them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
import zeep
from lxml import etree
from zeep.helpers import serialize_object
from zeep.transports import Transport

from forecourt.ocpp.errors import LocalProtocolError
from forecourt.ocpp.message import Message
from forecourt.ocpp.soap import (
    CONTENT_TYPE,
    OPERATIONS,
    FaultCode,
    Operation,
    Service,
    SoapFault,
    parse_request,
    write_fault,
    write_response,
    wsdl,
)
from tests.ocpp.soap.samples import ALL, bare, full, name_of

ADDRESS = "http://csms.example:8080/ocpp?a=1&b=2"
WSDL = "http://schemas.xmlsoap.org/wsdl/"


class Reply:
    """What zeep wants to see of an HTTP response."""

    def __init__(self, content: bytes, status_code: int) -> None:
        self.content = content
        self.status_code = status_code
        self.headers = {"Content-Type": CONTENT_TYPE}
        self.encoding = "utf-8"


class Wire(Transport):
    """zeep's way to the network, which leads to our own functions instead."""

    def __init__(self, document: bytes) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._document = document
        self.answer: Callable[[bytes], bytes] = lambda _: b""
        self.status_code = 200
        self.address = ""
        self.headers: dict[str, str] = {}

    def load(self, url: str) -> bytes:
        assert url == "http://csms.example/wsdl"
        return self._document

    def post_xml(self, address: str, envelope: etree._Element, headers: dict[str, str]) -> Reply:
        self.address, self.headers = address, headers
        return Reply(self.answer(etree.tostring(envelope)), self.status_code)


@pytest.fixture(scope="module", params=Service, ids=lambda service: service.name.lower())
def peer(request: pytest.FixtureRequest) -> tuple[Service, zeep.Client, Wire]:
    wire = Wire(wsdl(request.param, ADDRESS))
    return request.param, zeep.Client("http://csms.example/wsdl", transport=wire), wire  # type: ignore[no-untyped-call]


def words(message: Message) -> dict[str, Any]:
    """The message in plain values, as users of zeep write them."""
    plain: dict[str, Any] = lists(msgspec.to_builtins(message, builtin_types=(datetime, Decimal)))
    return plain


def lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: lists(inner) for name, inner in value.items()}
    return [lists(inner) for inner in value] if isinstance(value, tuple | list) else value


def said(value: Any) -> Any:
    """What zeep returned, without what is absent."""
    if isinstance(value, dict):
        return {name: said(inner) for name, inner in value.items() if inner not in (None, [])}
    return [said(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("make", [full, bare])
def test_zeep_asks_by_our_description_and_understands_our_answers(
    peer: tuple[Service, zeep.Client, Wire], make: Callable[[type[Message]], Message]
) -> None:
    service, client, wire = peer
    assert len(OPERATIONS[service]) == {"CENTRAL_SYSTEM": 10, "CHARGE_POINT": 19}[service.name]
    for operation in OPERATIONS[service].values():
        message, reply = make(operation.request), make(operation.response)

        def answer(body: bytes, message: Message = message, reply: Message = reply) -> bytes:
            request = parse_request(body, service=service)
            assert request.message == message
            assert (request.identity, request.deviations) == ("CP1", ())
            return write_response(reply, service=service, message_id="urn:uuid:2", relates_to=request.message_id)

        wire.answer, wire.status_code = answer, 200
        call = getattr(client.service, operation.name)
        returned = call(**words(message), _soapheaders={"ChargeBoxIdentity": "CP1"})
        understood = said(serialize_object(returned, dict))  # type: ignore[no-untyped-call]
        expected = words(reply)
        # zeep returns the only element of an answer instead of the answer.
        alone = next(iter(expected.values())) if len(expected) == 1 else None
        assert understood in (expected, alone, expected or None), operation.name
        assert wire.address == ADDRESS
        assert f'action="/{operation.name}"' in wire.headers["Content-Type"]


def test_zeep_understands_our_faults(peer: tuple[Service, zeep.Client, Wire]) -> None:
    service, client, wire = peer
    fault = SoapFault(code=FaultCode.SENDER, subcode="SecurityError", reason="not you")
    wire.answer = lambda _: write_fault(fault, service=service, message_id="2", relates_to="1")
    wire.status_code = fault.http_status
    with pytest.raises(zeep.exceptions.Fault) as caught:
        client.service.DataTransfer(vendorId="v", _soapheaders={"ChargeBoxIdentity": "CP1"})
    assert caught.value.message == "not you"
    assert caught.value.code == "soap:Sender"
    assert [name.text for name in caught.value.subcodes] == [f"{{{service.namespace}}}SecurityError"]


@pytest.mark.parametrize("operation", ALL, ids=name_of)
def test_the_description_has_every_operation_with_its_actions(operation: Operation) -> None:
    root = etree.fromstring(wsdl(operation.service, ADDRESS))
    port = root.find(f"{{{WSDL}}}portType/{{{WSDL}}}operation[@name='{operation.name}']")
    assert port is not None
    for year, vocabulary in (("2006/05", "wsdl"), ("2007/05", "metadata")):
        action = f"{{http://www.w3.org/{year}/addressing/{vocabulary}}}Action"
        assert [part.get(action) for part in port] == [f"/{operation.name}", f"/{operation.name}Response"]


def test_the_description_says_where_the_service_is() -> None:
    root = etree.fromstring(wsdl(Service.CHARGE_POINT, ADDRESS))
    address = root.find(f"{{{WSDL}}}service/{{{WSDL}}}port/*")
    assert address is not None
    assert address.get("location") == ADDRESS
    assert root.get("targetNamespace") == "urn://Ocpp/Cp/2015/10/"


def test_the_description_is_the_same_every_time() -> None:
    assert wsdl(Service.CENTRAL_SYSTEM, ADDRESS) == wsdl(Service.CENTRAL_SYSTEM, ADDRESS)


@pytest.mark.parametrize("address", ["", " ", "http://a/\x00"])
def test_an_address_that_cannot_be_written_is_refused(address: str) -> None:
    with pytest.raises(LocalProtocolError):
        wsdl(Service.CENTRAL_SYSTEM, address)
