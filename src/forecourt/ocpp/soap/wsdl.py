"""Our description of the two services (WSDL 1.1, document/literal, SOAP 1.2), made from the types for whoever asks.

It says what we write and accept under strict reading, in our words: no line of it is the Alliance's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from forecourt.ocpp.errors import ErrorCode, LocalProtocolError
from forecourt.ocpp.fields import Choice, Flag, Fraction, Moment, Nested, Text, Whole
from forecourt.ocpp.message import Message
from forecourt.ocpp.soap.headers import IDENTITY
from forecourt.ocpp.soap.namespaces import XSD
from forecourt.ocpp.soap.operations import OPERATIONS, Operation, Service
from forecourt.ocpp.soap.sequences import Content, Element, Location, sequence_of
from forecourt.ocpp.soap.xml import is_legal
from forecourt.ocpp.versions import V16

WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
WSDL_SOAP: Final = "http://schemas.xmlsoap.org/wsdl/soap12/"
SOAP_OVER_HTTP: Final = "http://schemas.xmlsoap.org/soap/http"
ADDRESSING_WSDL: Final = "http://www.w3.org/2006/05/addressing/wsdl"
ADDRESSING_METADATA: Final = "http://www.w3.org/2007/05/addressing/metadata"


def wsdl(service: Service, address: str) -> bytes:
    """The description of `service` where it is reached at `address`, complete in one document.

    Raises LocalProtocolError for an address that XML cannot carry.
    """
    if not address.strip() or not is_legal(address):
        raise LocalProtocolError(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, f"no address: {address[:60]!r}")
    prefixes = {
        "wsdl": WSDL,
        "soap": WSDL_SOAP,
        "wsaw": ADDRESSING_WSDL,
        "wsam": ADDRESSING_METADATA,
        "xs": XSD,
        "tns": service.namespace,
    }
    root = etree.Element(f"{{{WSDL}}}definitions", nsmap=prefixes)
    root.set("name", service.value)
    root.set("targetNamespace", service.namespace)
    _add(root, WSDL, "documentation").text = f"OCPP {V16.name} over SOAP, {service.value}"
    operations = tuple(OPERATIONS[service].values())
    _add_schema(_add(root, WSDL, "types"), service, operations)
    _add(_add(root, WSDL, "message", name="Header"), WSDL, "part", name="ChargeBoxIdentity", element=f"tns:{IDENTITY}")
    for operation in operations:
        for suffix, element in (("Input", operation.request_element), ("Output", operation.response_element)):
            message = _add(root, WSDL, "message", name=f"{operation.name}{suffix}")
            _add(message, WSDL, "part", name="parameters", element=f"tns:{element}")
    _add_port_type(root, service, operations)
    _add_binding(root, service, operations)
    described = _add(root, WSDL, "service", name=service.value)
    port = _add(described, WSDL, "port", name=f"{service.value}Soap12", binding=f"tns:{service.value}Soap")
    _add(port, WSDL_SOAP, "address", location=address)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)


def _add(parent: etree._Element, namespace: str, name: str, /, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{namespace}}}{name}", attributes)


def _add_schema(types: etree._Element, service: Service, operations: tuple[Operation, ...]) -> None:
    schema = _add(types, XSD, "schema", targetNamespace=service.namespace, elementFormDefault="qualified")
    _add(schema, XSD, "element", name=IDENTITY, type="xs:string")
    nested: dict[str, type[Message]] = {}
    for operation in operations:
        for element, struct in (
            (operation.request_element, operation.request),
            (operation.response_element, operation.response),
        ):
            type_name = element[0].upper() + element[1:]
            _add(schema, XSD, "element", name=element, type=f"tns:{type_name}")
            _add_type(schema, type_name, struct)
            nested |= {inner.__name__: inner for inner in _types_in(struct)}
    for name, struct in sorted(nested.items()):
        _add_type(schema, name, struct)


def _types_in(struct: type[Message]) -> Iterator[type[Message]]:
    for element in sequence_of(struct).elements:
        if isinstance(element.content, Nested):
            yield element.content.type
            yield from _types_in(element.content.type)


def _add_type(schema: etree._Element, name: str, struct: type[Message]) -> None:
    sequence = _add(_add(schema, XSD, "complexType", name=name), XSD, "sequence")
    for element in sequence_of(struct).elements:
        maximum = "unbounded" if element.many else "1"
        declared = _add(sequence, XSD, "element", name=element.name, minOccurs=str(element.at_least), maxOccurs=maximum)
        _add_content(declared, element)


def _add_content(declared: etree._Element, element: Element) -> None:
    match element.content:
        case Text(int(max_length)):
            _restrict(declared, "xs:string", ("maxLength", str(max_length)))
        case Choice(values):
            sayable = sorted(values - element.spellings.keys())
            _restrict(declared, "xs:string", *(("enumeration", value) for value in sayable))
        case Fraction(_, _, step) if step is not None:
            _restrict(declared, "xs:decimal", ("fractionDigits", str(len(str(step).partition(".")[2]))))
        case content:
            declared.set("type", _named(content))


def _restrict(declared: etree._Element, base: str, *facets: tuple[str, str]) -> None:
    restriction = _add(_add(declared, XSD, "simpleType"), XSD, "restriction", base=base)
    for facet, value in facets:
        _add(restriction, XSD, facet, value=value)


def _named(content: Content) -> str:
    return f"tns:{content.type.__name__}" if isinstance(content, Nested) else _SCHEMA_TYPES[type(content)]


def _add_port_type(root: etree._Element, service: Service, operations: tuple[Operation, ...]) -> None:
    port_type = _add(root, WSDL, "portType", name=service.value)
    for operation in operations:
        described = _add(port_type, WSDL, "operation", name=operation.name)
        for side, suffix, action in (
            ("input", "Input", f"/{operation.name}"),
            ("output", "Output", f"/{operation.name}Response"),
        ):
            part = _add(described, WSDL, side, message=f"tns:{operation.name}{suffix}")
            part.set(f"{{{ADDRESSING_WSDL}}}Action", action)
            part.set(f"{{{ADDRESSING_METADATA}}}Action", action)


def _add_binding(root: etree._Element, service: Service, operations: tuple[Operation, ...]) -> None:
    binding = _add(root, WSDL, "binding", name=f"{service.value}Soap", type=f"tns:{service.value}")
    _add(binding, WSDL_SOAP, "binding", style="document", transport=SOAP_OVER_HTTP)
    _add(binding, ADDRESSING_WSDL, "UsingAddressing").set(f"{{{WSDL}}}required", "true")
    for operation in operations:
        described = _add(binding, WSDL, "operation", name=operation.name)
        _add(described, WSDL_SOAP, "operation", soapAction=f"/{operation.name}", style="document")
        asked = _add(described, WSDL, "input")
        _add(asked, WSDL_SOAP, "header", message="tns:Header", part="ChargeBoxIdentity", use="literal")
        _add(asked, WSDL_SOAP, "body", use="literal")
        _add(_add(described, WSDL, "output"), WSDL_SOAP, "body", use="literal")


_SCHEMA_TYPES: Final[dict[type[Content], str]] = {
    Text: "xs:string",
    Location: "xs:anyURI",
    Whole: "xs:int",
    Fraction: "xs:decimal",
    Flag: "xs:boolean",
    Moment: "xs:dateTime",
}
