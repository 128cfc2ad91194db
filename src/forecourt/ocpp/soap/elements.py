"""The elements of a body to and from the plain values that JSON would carry in their place.

What XML and JSON say differently ends here: numbers and booleans in text, arrays as repeated elements, xsi:nil for null. Whether
a value is allowed is not judged here: the reading and writing of `v16` decide for both doors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final, TypeAlias

from lxml import etree
from msgspec import Raw

from forecourt.ocpp.errors import ErrorCode, LocalProtocolError, RemoteProtocolError
from forecourt.ocpp.fields import Choice, Flag, Fraction, Nested, Text, Whole
from forecourt.ocpp.message import Message
from forecourt.ocpp.soap.findings import Findings, SoapDeviation
from forecourt.ocpp.soap.namespaces import XML, XSI
from forecourt.ocpp.soap.operations import INTEGER_RANGE
from forecourt.ocpp.soap.sequences import Content, Element, Location, sequence_of
from forecourt.ocpp.soap.xml import Node, is_legal

Plain: TypeAlias = "bool | int | Decimal | str | Raw | list[Plain] | dict[str, Plain] | None"
"""A JSON value. A number that was read stays the text it was, as `Raw`."""


def read_elements(
    node: Node, struct: type[Message], namespace: str, findings: Findings, path: str = "$"
) -> dict[str, Plain]:
    """What the children of `node` say, as the JSON object that stands for a `struct`.

    Elements that `struct` does not have are kept under their name, for the reading of JSON to judge. Raises RemoteProtocolError
    for what no reading can live with, and under strict reading for every deviation.
    """
    sequence = sequence_of(struct)
    single: dict[str, Plain] = {}
    # XML cannot tell an empty array from an absent one. Where an array is required, none is empty.
    arrays: dict[str, list[Plain]] = {
        element.name: [] for element in sequence.elements if element.many and element.required
    }
    reached = 0
    _expect_only_elements(node, findings, path)
    for child in node.children:
        place = sequence.places.get(child.name)
        if place is None:
            single.setdefault(child.name, _anything(child))
            continue
        element = sequence.elements[place]
        where = f"{path}.{child.name}"
        if child.namespace != namespace:
            detail = f"the element is in the namespace {child.namespace!r} instead of {namespace!r}"
            findings.forgive(SoapDeviation.NAMESPACE, where, child.namespace, detail)
        if place < reached:
            detail = f"the element comes after {sequence.elements[reached].name} and belongs before it"
            findings.forgive(SoapDeviation.ELEMENT_ORDER, where, child.name, detail)
        reached = max(reached, place)
        if element.many:
            items = arrays.setdefault(child.name, [])
            items.append(_value(child, element.content, namespace, findings, f"{where}[{len(items)}]"))
        elif child.name in single:
            raise RemoteProtocolError(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "the element occurs twice", where)
        elif element.required or not _is_blank(child, element.content, findings, where):
            single[child.name] = _value(child, element.content, namespace, findings, where)
    return single | arrays


def _value(node: Node, content: Content, namespace: str, findings: Findings, path: str) -> Plain:
    if node.attributes.get(f"{{{XSI}}}nil", "").strip() in _TRUE:
        return None
    if isinstance(content, Nested):
        return read_elements(node, content.type, namespace, findings, path)
    if node.children:
        return _anything(node)
    _expect_no_attributes(node, findings, path)
    return _leaf(node.text, content, findings, path)


def _leaf(text: str, content: Content, findings: Findings, path: str) -> Plain:
    stripped = text.strip(_WHITE_SPACE)
    match content:
        case Text(max_length):
            # White space belongs to the text, but not the lines and indents of a printer of XML around a name or a number.
            if max_length is None or not _LINES_AROUND.search(text):
                return text
            findings.forgive(SoapDeviation.WHITE_SPACE, path, text, "lines or tabs around the text")
        case Choice():
            if stripped != text:
                findings.forgive(SoapDeviation.WHITE_SPACE, path, text, "white space around the value", _VALUE)
        case Whole() | Fraction() if _NUMBER.fullmatch(stripped):
            return Raw(_json_number(stripped).encode())
        case Flag() if stripped in _FLAGS:
            return _FLAGS[stripped]
    return stripped


def _is_blank(node: Node, content: Content, findings: Findings, path: str) -> bool:
    """Whether an optional element is there and says nothing, where nothing is no value."""
    if node.children or node.text.strip(_WHITE_SPACE) or isinstance(content, Text | Location | Nested):
        return False
    if node.attributes.get(f"{{{XSI}}}nil") is not None:
        return False
    findings.forgive(SoapDeviation.EMPTY_ELEMENT, path, "", "the element is empty; it should be absent", _VALUE)
    return True


def _anything(node: Node) -> Plain:
    if node.children:
        return {child.name: _anything(child) for child in node.children}
    return node.text


def _json_number(text: str) -> str:
    """The number in `text` as JSON writes it: no plus, no leading zeros, a digit on both sides of the point."""
    whole, _, fraction = text.lstrip("+-").partition(".")
    sign = "-" if text.startswith("-") else ""
    return f"{sign}{whole.lstrip('0') or '0'}" + (f".{fraction}" if fraction else "")


def _expect_only_elements(node: Node, findings: Findings, path: str) -> None:
    if node.text.strip(_WHITE_SPACE):
        findings.forgive(SoapDeviation.STRAY_TEXT, path, node.text.strip(), "text between the elements")
    _expect_no_attributes(node, findings, path)


def _expect_no_attributes(node: Node, findings: Findings, path: str) -> None:
    for name, value in node.attributes.items():
        if not name.startswith(_ATTRIBUTES_OF_XML):
            findings.forgive(SoapDeviation.ATTRIBUTE, path, value, f"unknown attribute {name!r}")


def write_elements(
    parent: etree._Element, plain: Mapping[str, Plain], struct: type[Message], namespace: str, path: str = "$"
) -> None:
    """Append to `parent` what the JSON object `plain`, a valid `struct`, says.

    Raises LocalProtocolError for what JSON can say and SOAP cannot.
    """
    for element in sequence_of(struct).elements:
        where = f"{path}.{element.name}"
        value = plain.get(element.name, [])
        values = value if isinstance(value, list) else [value]
        if len(values) < element.at_least:
            raise LocalProtocolError(
                ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, "over SOAP there must be at least one", where
            )
        for index, one in enumerate(values):
            place = f"{where}[{index}]" if element.many else where
            child = etree.SubElement(parent, f"{{{namespace}}}{element.name}")
            if isinstance(one, dict) and isinstance(element.content, Nested):
                write_elements(child, one, element.content.type, namespace, place)
            else:
                child.text = _text(one, element, place)


def _text(value: Plain, element: Element, path: str) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() if isinstance(element.content, Whole) and value not in INTEGER_RANGE:
            raise LocalProtocolError(_VALUE, f"over SOAP an integer has 32 bits, {value} has more", path)
        case Decimal():
            return format(value, "f")
        case str() if not is_legal(value):
            raise LocalProtocolError(_VALUE, "the text has a character that XML cannot carry", path)
        case str() if value in element.spellings:
            spelling = element.spellings[value]
            if spelling is None:
                raise LocalProtocolError(_VALUE, f"over SOAP there is no {value!r}", path)
            return spelling
    return str(value)


_VALUE: Final = ErrorCode.PROPERTY_CONSTRAINT_VIOLATION

# What white space, numbers and booleans are to XML Schema part 2 (3.2.2, 3.2.3, 4.3.6).
_WHITE_SPACE: Final = " \t\r\n"
_LINES_AROUND: Final = re.compile(r"\A *[\t\r\n]|[\t\r\n] *\Z")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_TRUE: Final = frozenset({"true", "1"})
_FLAGS: Final = MappingProxyType({"true": True, "1": True, "false": False, "0": False})
_ATTRIBUTES_OF_XML: Final = (f"{{{XSI}}}", f"{{{XML}}}")
