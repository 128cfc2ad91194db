"""Envelopes to begin mutations from, and mutations that keep them XML: what only bytes can break never gets past the parser."""

from __future__ import annotations

from copy import deepcopy
from random import Random

from lxml import etree

from forecourt.ocpp.soap import FaultCode, Service, SoapFault, write_fault, write_request, write_response
from tests.ocpp.soap.envelopes import SOAP, SOAP_1_1, WSA, WSA_2004, XSI
from tests.ocpp.soap.samples import ALL, bare, drawn, full

TEXTS = (
    "", " ", "0", "-1", "+007", "1.0", "1e3", "9" * 400, "true", "TRUE", "NaN", "2026-11-20T12:00:00", "2026-11-20T24:00:00Z",
    "Accepted", "accepted", "Hertz", "\n\tA \n", "x" * 600, "é\u2028😀", "/Reset", "/SignCertificate", "urn:a:b/Heartbeat",
    f"{WSA}/anonymous", f"{WSA}/none",
)  # fmt: skip
NAMESPACES = (
    "",
    "urn:x",
    SOAP,
    SOAP_1_1,
    WSA,
    WSA_2004,
    *(service.namespace for service in Service),
    "urn://Ocpp/Cs/2012/06/",
)


def corpus() -> tuple[bytes, ...]:
    """A request and a response of every operation, in full, bare and drawn at random, and every kind of fault."""
    random = Random(1)
    found: list[bytes] = []
    for operation in ALL:
        for make in (full, bare, lambda struct: drawn(struct, random)):
            request, response = make(operation.request), make(operation.response)
            service = operation.service
            found.append(
                write_request(
                    request,
                    service=service,
                    identity="CP1",
                    message_id="urn:uuid:1",
                    to="http://a/",
                    from_address="http://b/",
                )
            )
            found.append(write_response(response, service=service, message_id="urn:uuid:2", relates_to="urn:uuid:1"))
    for service in Service:
        for code in FaultCode:
            fault = SoapFault(code=code, subcode="NotSupported", reason="why", not_understood=(("urn:x", "a"),))
            found.append(write_fault(fault, service=service, message_id="urn:uuid:2", relates_to="urn:uuid:1"))
    return tuple(found)


def mutate(envelope: bytes, random: Random) -> bytes:
    """The envelope after one to four changes of its tree."""
    root = etree.fromstring(envelope)
    for _ in range(random.choice((1, 1, 1, 2, 3, 4))):
        _change(root, random)
    return etree.tostring(root)


def _change(root: etree._Element, random: Random) -> None:
    elements = list(root.iter())
    element, other = random.choice(elements), random.choice(elements)
    parent = element.getparent()
    match random.randrange(10):
        case 0 if parent is not None:
            parent.remove(element)
        case 1 if parent is not None:
            parent.insert(random.randint(0, len(parent)), deepcopy(element))
        case 2 if parent is not None:
            parent.insert(random.randint(0, len(parent)), element)
        case 3:
            element.append(deepcopy(other))
        case 4:
            element.tag = other.tag
        case 5:
            name = etree.QName(element).localname
            name = random.choice((name, name.lower(), name.upper(), name.removesuffix("Request")))
            namespace = random.choice(NAMESPACES)
            element.tag = f"{{{namespace}}}{name}" if namespace else name
        case 6:
            element.set(f"{{{XSI}}}nil", random.choice(("true", "1", "false", "maybe")))
        case 7:
            element.set(
                random.choice(("x", f"{{{SOAP}}}mustUnderstand", f"{{{SOAP}}}role")), random.choice(("", "1", "true"))
            )
        case 8:
            element.tail = random.choice(TEXTS)
        case _:
            element.text = random.choice(TEXTS)
