"""Writing requests, responses and faults: from a message of `v16` to the bytes of an HTTP body.

Writing is strict: what the type or SOAP cannot say is refused with LocalProtocolError and nothing is cut. Message ids are the
caller's, who has a source of them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec
from lxml import etree

from forecourt.ocpp.errors import ErrorCode, LocalProtocolError
from forecourt.ocpp.message import Message
from forecourt.ocpp.soap.elements import Plain, write_elements
from forecourt.ocpp.soap.faults import FaultCode, SoapFault
from forecourt.ocpp.soap.headers import ACTION, FROM, IDENTITY, MESSAGE_ID, RELATES_TO, REPLY_TO, TO, path_of
from forecourt.ocpp.soap.namespaces import ADDRESSING, ANONYMOUS, ENVELOPE, FAULT_ACTION, XML, XMLNS
from forecourt.ocpp.soap.operations import Operation, Service, operation_of
from forecourt.ocpp.soap.xml import is_legal, legal
from forecourt.ocpp.versions import V16
from forecourt.ocpp.writing import write

CONTENT_TYPE: Final = "application/soap+xml; charset=utf-8"
"""What every envelope of ours travels as."""


def write_request(
    message: Message, *, service: Service, identity: str, message_id: str, to: str, from_address: str | None = None
) -> bytes:
    """The envelope that asks `service` at the address `to`.

    `identity` is the station's chargeBoxIdentity in both directions; `from_address` is where the sender listens itself, which
    a station has to say (OCPP-S 1.6 section 3.7).

    Raises LocalProtocolError for a message that is no valid request of the service.
    """
    operation = _operation_with(message, service, "request")
    envelope, header, body = _envelope(service)
    _put(header, service.namespace, IDENTITY, identity, must_understand=True)
    _put(header, ADDRESSING, ACTION, f"/{operation.name}", must_understand=True)
    _put(header, ADDRESSING, MESSAGE_ID, message_id)
    if from_address is not None:
        _put_address(header, FROM, from_address)
    _put_address(header, REPLY_TO, ANONYMOUS, must_understand=True)
    _put(header, ADDRESSING, TO, to, must_understand=True)
    _put_message(body, operation.request_element, message, service)
    return _bytes(envelope)


def write_response(
    message: Message, *, service: Service, message_id: str, relates_to: str | None, to: str = ANONYMOUS
) -> bytes:
    """The envelope with which `service` answers the request whose MessageID was `relates_to`; None if it had none.

    Raises LocalProtocolError for a message that is no valid response of the service.
    """
    operation = _operation_with(message, service, "response")
    envelope, header, body = _envelope(service)
    _put(header, ADDRESSING, ACTION, f"/{operation.name}Response", must_understand=True)
    _put_relation(header, message_id, relates_to, to)
    _put_message(body, operation.response_element, message, service)
    return _bytes(envelope)


def write_fault(
    fault: SoapFault, *, service: Service, message_id: str, relates_to: str | None = None, to: str = ANONYMOUS
) -> bytes:
    """The envelope with which `service` refuses a request. Whatever the fault says, it can be written."""
    envelope, header, body = _envelope(service)
    _put(header, ADDRESSING, ACTION, FAULT_ACTION)
    _put_relation(header, message_id, relates_to, to)
    if fault.code is FaultCode.VERSION_MISMATCH:
        # SOAP 1.2 part 1, 5.4.7: which envelope would have been understood.
        upgrade = etree.SubElement(header, f"{{{ENVELOPE}}}Upgrade")
        etree.SubElement(upgrade, f"{{{ENVELOPE}}}SupportedEnvelope", qname="soap:Envelope")
    for namespace, name in fault.not_understood:
        _put_not_understood(header, namespace, name)
    element = etree.SubElement(body, f"{{{ENVELOPE}}}Fault")
    code = etree.SubElement(element, f"{{{ENVELOPE}}}Code")
    etree.SubElement(code, f"{{{ENVELOPE}}}Value").text = f"soap:{fault.code}"
    if fault.subcode:
        subcode = etree.SubElement(code, f"{{{ENVELOPE}}}Subcode")
        etree.SubElement(subcode, f"{{{ENVELOPE}}}Value").text = f"ocpp:{legal(fault.subcode)}"
    reason = etree.SubElement(element, f"{{{ENVELOPE}}}Reason")
    text = etree.SubElement(reason, f"{{{ENVELOPE}}}Text", {f"{{{XML}}}lang": "en"})
    text.text = legal(fault.reason)
    return _bytes(envelope)


def _operation_with(message: Message, service: Service, side: str) -> Operation:
    operation = operation_of(service, V16.action_of(message).name)
    expected = operation.request if side == "request" else operation.response
    if type(message) is not expected:
        reason = f"{type(message).__name__} is no {side} of the {service.value}"
        raise LocalProtocolError(ErrorCode.NOT_SUPPORTED, reason)
    return operation


def _envelope(service: Service) -> tuple[etree._Element, etree._Element, etree._Element]:
    prefixes = {"soap": ENVELOPE, "wsa": ADDRESSING, "ocpp": service.namespace}
    envelope = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap=prefixes)
    return (
        envelope,
        etree.SubElement(envelope, f"{{{ENVELOPE}}}Header"),
        etree.SubElement(envelope, f"{{{ENVELOPE}}}Body"),
    )


def _put(header: etree._Element, namespace: str, name: str, text: str, *, must_understand: bool = False) -> None:
    block = etree.SubElement(header, f"{{{namespace}}}{name}")
    if must_understand:
        block.set(f"{{{ENVELOPE}}}mustUnderstand", "true")
    _fill(block, name, text)


def _put_address(header: etree._Element, name: str, address: str, *, must_understand: bool = False) -> None:
    block = etree.SubElement(header, f"{{{ADDRESSING}}}{name}")
    if must_understand:
        block.set(f"{{{ENVELOPE}}}mustUnderstand", "true")
    _fill(etree.SubElement(block, f"{{{ADDRESSING}}}Address"), name, address)


def _fill(element: etree._Element, name: str, text: str) -> None:
    if not text.strip() or not is_legal(text):
        reason = f"a header cannot say {text[:60]!r}"
        raise LocalProtocolError(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, reason, path_of(name))
    element.text = text


def _put_relation(header: etree._Element, message_id: str, relates_to: str | None, to: str) -> None:
    _put(header, ADDRESSING, MESSAGE_ID, message_id)
    if relates_to is not None:
        _put(header, ADDRESSING, RELATES_TO, relates_to)
    _put(header, ADDRESSING, TO, to)


def _put_not_understood(header: etree._Element, namespace: str, name: str) -> None:
    if namespace in _WITHOUT_PREFIX:
        etree.SubElement(header, f"{{{ENVELOPE}}}NotUnderstood", qname=legal(name))
        return
    try:
        etree.SubElement(header, f"{{{ENVELOPE}}}NotUnderstood", {"qname": f"it:{legal(name)}"}, {"it": namespace})
    except ValueError:
        # A namespace that is no address can be read and not written. The reason of the fault has the name.
        return


def _put_message(body: etree._Element, name: str, message: Message, service: Service) -> None:
    plain: dict[str, Plain] = _PLAIN.decode(write(V16, message))
    write_elements(etree.SubElement(body, f"{{{service.namespace}}}{name}"), plain, type(message), service.namespace)


def _bytes(envelope: etree._Element) -> bytes:
    return _XML_DECLARATION + etree.tostring(envelope, encoding="utf-8")


_PLAIN: Final = msgspec.json.Decoder(dict, float_hook=Decimal)

_WITHOUT_PREFIX: Final = frozenset({"", XML, XMLNS})
"""Namespaces that no prefix may be bound to."""

# OCPP-S 1.6 section 3.1, in the quotes it has there: some readers know no others.
_XML_DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n'
