"""Reading requests and responses: from the bytes of an HTTP body to a message of `v16`, a fault, or a refusal.

Nothing but `ProtocolError` leaves these functions, whatever the bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from forecourt.ocpp.deviations import Deviation, Reading
from forecourt.ocpp.errors import ErrorCode, RemoteProtocolError
from forecourt.ocpp.message import Message
from forecourt.ocpp.reading import read
from forecourt.ocpp.soap.elements import read_elements
from forecourt.ocpp.soap.faults import FaultCode, Refusal, SoapFault, read_fault
from forecourt.ocpp.soap.findings import Findings, SoapDeviation
from forecourt.ocpp.soap.headers import (
    ACTION,
    FROM,
    IDENTITY,
    MESSAGE_ID,
    NOWHERE,
    RELATES_TO,
    REPLY_TO,
    TO,
    path_of,
    read_headers,
)
from forecourt.ocpp.soap.namespaces import ENVELOPE
from forecourt.ocpp.soap.operations import (
    OLDER_NAMESPACES,
    OPERATIONS,
    WITHOUT_SOAP,
    Operation,
    Service,
    operation_of,
)
from forecourt.ocpp.soap.xml import LIMITS, Limits, Node, parse
from forecourt.ocpp.versions import V16


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapRequest:
    """A request as it was understood. A header that was not there is None.

    `identity` is the chargeBoxIdentity: who calls the central system, or who is meant at a station. `from_address` is where
    the sender listens, `reply_to` what it says about answers, which changes nothing. `message_id` is for `relates_to` of the answer.
    """

    action: str
    identity: str | None
    message_id: str | None
    reply_to: str | None
    from_address: str | None
    to: str | None
    message: Message
    deviations: tuple[Deviation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapResponse:
    """The answer to a request of ours: either `message` or `fault`, the other is None."""

    message: Message | None
    fault: SoapFault | None
    deviations: tuple[Deviation, ...] = ()


def parse_request(
    body: bytes, *, service: Service, reading: Reading = Reading.STRICT, limits: Limits = LIMITS
) -> SoapRequest:
    """Read a request to `service`.

    Raises Refusal, which holds the fault to answer and as much of the headers as could be read; nothing else.
    """
    headers: dict[str, str] = {}
    try:
        return _request(body, service, Findings(reading), limits, headers)
    except RemoteProtocolError as error:
        refusal = error if isinstance(error, Refusal) else Refusal(error)
        refusal.message_id = headers.get(MESSAGE_ID)
        refusal.identity = headers.get(IDENTITY)
        refusal.action = headers.get(ACTION)
        raise refusal from None


def _request(body: bytes, service: Service, findings: Findings, limits: Limits, headers: dict[str, str]) -> SoapRequest:
    header, element = _opened(parse(body, limits), findings)
    read_headers(header, service, findings, headers)
    operation = _operation_asked(headers.get(ACTION), element, service, findings)
    _judge_element(element, operation.request_element, service, findings)
    for name, kind, consequence in _REQUIRED_HEADERS:
        if name not in headers:
            findings.forgive(kind, path_of(name), "", f"the header is missing; {consequence}")
    message, deviations = _message(element, operation.request, findings)
    address = headers.get(FROM)
    return SoapRequest(
        action=operation.name,
        identity=headers.get(IDENTITY),
        message_id=headers.get(MESSAGE_ID),
        reply_to=headers.get(REPLY_TO),
        from_address=None if address in NOWHERE else address,
        to=headers.get(TO),
        message=message,
        deviations=deviations,
    )


def parse_response(
    body: bytes,
    *,
    service: Service,
    action: str,
    message_id: str,
    reading: Reading = Reading.STRICT,
    limits: Limits = LIMITS,
) -> SoapResponse:
    """Read what `service` answered to our request for `action`, which carried `message_id`.

    A fault is an answer and is returned. Raises RemoteProtocolError for everything that is neither a fault nor the response,
    and LocalProtocolError for an action that the service does not have.
    """
    operation = operation_of(service, action)
    findings = Findings(reading)
    header, element = _opened(parse(body, limits), findings)
    if (element.namespace, element.name) == (ENVELOPE, "Fault"):
        return SoapResponse(message=None, fault=read_fault(element))
    headers: dict[str, str] = {}
    read_headers(header, service, findings, headers)
    said = headers.get(ACTION, "")
    if _last_segment(said) != f"{action}Response":
        detail = f"the Action header should be /{action}Response"
        findings.forgive(SoapDeviation.ACTION, path_of(ACTION), said, detail)
    related = headers.get(RELATES_TO, "")
    if related != message_id:
        detail = "the response does not say that it belongs to the request"
        findings.forgive(SoapDeviation.RELATES_TO, path_of(RELATES_TO), related, detail)
    _judge_element(element, operation.response_element, service, findings)
    message, deviations = _message(element, operation.response, findings)
    return SoapResponse(message=message, fault=None, deviations=deviations)


def _opened(root: Node, findings: Findings) -> tuple[Node, Node]:
    """The header of an envelope, empty if there is none, and the one element of its body."""
    if root.name != "Envelope":
        raise _refusal(
            f"{_DOCUMENTS.get(root.name.lower(), f'XML whose root is {root.name[:60]!r}')}, not a SOAP envelope"
        )
    if root.namespace != ENVELOPE:
        # OCPP-S 1.6 section 2: SOAP 1.2 and no other.
        error = _refusal(f"a SOAP envelope of the version {root.namespace[:100]!r}, not of SOAP 1.2")
        raise Refusal(error, SoapFault(code=FaultCode.VERSION_MISMATCH, reason=error.reason))
    headers = [child for child in root.children if (child.namespace, child.name) == (ENVELOPE, "Header")]
    bodies = [child for child in root.children if (child.namespace, child.name) == (ENVELOPE, "Body")]
    if len(headers) > 1 or len(bodies) != 1:
        raise _refusal(f"an envelope of {len(headers)} headers and {len(bodies)} bodies")
    if root.children != headers + bodies:
        detail = "the envelope should have a header, a body and nothing else, in this order"
        findings.forgive(SoapDeviation.ENVELOPE, "Envelope", " ".join(child.name for child in root.children), detail)
    (body,) = bodies
    if len(body.children) != 1:
        raise _refusal(f"a body of {len(body.children)} elements where there must be one")
    return (headers[0] if headers else Node(ENVELOPE, "Header")), body.children[0]


def _operation_asked(action: str | None, element: Node, service: Service, findings: Findings) -> Operation:
    """The operation that the Action header names, or without one the body's element."""
    operations = OPERATIONS[service]
    name = element.name if action is None else _last_segment(action)
    older = OLDER_NAMESPACES.get(element.namespace)
    if older is not None:
        raise RemoteProtocolError(
            ErrorCode.NOT_SUPPORTED, f"a message of OCPP {older}; {V16.name} is spoken here", "Body"
        )
    if action is not None and name in operations:
        return operations[name]
    for operation in operations.values():
        if name.lower() in (operation.name.lower(), operation.request_element.lower()):
            detail = f"the Action header is missing; the body says {operation.name}"
            if action is not None:
                detail = f"the Action header should be /{operation.name}"
            findings.forgive(SoapDeviation.ACTION, path_of(ACTION), action or "", detail)
            return operation
    raise _unknown(name.removesuffix("Request"), service)


def _unknown(name: str, service: Service) -> RemoteProtocolError:
    name = name[:1].upper() + name[1:60]
    if name in WITHOUT_SOAP:
        return RemoteProtocolError(ErrorCode.NOT_SUPPORTED, f"{name} has no SOAP form", path_of(ACTION))
    if any(name in operations for operations in OPERATIONS.values()):
        reason = f"{name} is no operation of the {service.value}"
        return RemoteProtocolError(ErrorCode.NOT_SUPPORTED, reason, path_of(ACTION))
    return RemoteProtocolError(ErrorCode.NOT_IMPLEMENTED, f"unknown action {name!r}", path_of(ACTION))


def _judge_element(element: Node, expected: str, service: Service, findings: Findings) -> None:
    if element.name != expected:
        if element.name.lower() != expected.lower():
            raise _refusal(f"the body holds {element.name[:60]!r} where {expected} belongs")
        findings.forgive(SoapDeviation.ELEMENT_NAME, "Body", element.name, f"the element should be {expected}")
    if element.namespace != service.namespace:
        detail = f"the element is in the namespace {element.namespace!r} instead of {service.namespace!r}"
        findings.forgive(SoapDeviation.NAMESPACE, "Body", element.namespace, detail)


def _message(element: Node, struct: type[Message], findings: Findings) -> tuple[Message, tuple[Deviation, ...]]:
    # The element's own namespace, right or forgiven, is what its children are held to.
    plain = read_elements(element, struct, element.namespace, findings)
    read_message = read(V16, struct, msgspec.json.encode(plain), findings.reading)
    return read_message.message, findings.deviations + read_message.deviations


def _last_segment(action: str) -> str:
    """The name in an Action, which comes as `/Name`, `Name` or at the end of an address."""
    return action.rpartition("/")[2]


def _refusal(reason: str) -> RemoteProtocolError:
    return RemoteProtocolError(ErrorCode.PROTOCOL_ERROR, reason, "Envelope")


_DOCUMENTS: Final = {"html": "an HTML page", "definitions": "a service description (WSDL)"}

_REQUIRED_HEADERS: Final = (
    (MESSAGE_ID, SoapDeviation.MESSAGE_ID, "the answer cannot say to what it belongs"),
    (IDENTITY, SoapDeviation.IDENTITY, "the station must be known by other means"),
    (TO, SoapDeviation.RECIPIENT, "whoever reads it is meant"),
)
"""OCPP-S 1.6 sections 3.3, 3.5 and 3.9. From and ReplyTo are required too (3.7, 3.8), and peers in use leave them out."""
