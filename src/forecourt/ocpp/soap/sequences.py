"""The types of `v16` as SOAP sees them: which elements, in which order, how often, with what content.

Derived from the fields of the types and the tables of `forecourt.ocpp.soap.operations`. Reading, writing and the service
descriptions all go by these sequences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from forecourt.ocpp.fields import Array, Choice, Field, Flag, Fraction, Moment, Nested, Text, Whole, fields_of
from forecourt.ocpp.message import Message
from forecourt.ocpp.soap.operations import LOCATIONS, MAY_BE_EMPTY, ORDER, SPELLINGS


@dataclass(frozen=True, slots=True)
class Location:
    """Text that is an address."""


Content = Text | Location | Choice | Whole | Fraction | Flag | Moment | Nested
"""What one element holds."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a sequence. Its name is that of the field in JSON.

    `required` and `many` are what JSON has. `at_least` is how often SOAP has it, which the type may leave open. `spellings` has
    what JSON can say in this place and SOAP cannot, each with the text to write instead, or None if there is none.
    """

    name: str
    content: Content
    required: bool
    many: bool
    at_least: int
    spellings: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Sequence:
    """The elements of one type in the order in which they are written, and the place of each by name."""

    elements: tuple[Element, ...]
    places: Mapping[str, int]


@cache
def sequence_of(struct: type[Message]) -> Sequence:
    """The sequence of a message or type of `v16` that has a SOAP form."""
    elements = {field.wire: _element(struct, field) for field in fields_of(struct)}
    ordered = tuple(elements[name] for name in ORDER.get(struct, tuple(elements)))
    return Sequence(ordered, MappingProxyType({element.name: place for place, element in enumerate(ordered)}))


def _element(struct: type[Message], field: Field) -> Element:
    place = (struct, field.wire)
    many = isinstance(field.shape, Array)
    return Element(
        name=field.wire,
        content=Location() if place in LOCATIONS else _content(field),
        required=field.required,
        many=many,
        at_least=int(field.required and place not in MAY_BE_EMPTY),
        spellings=SPELLINGS.get(place, _NO_SPELLINGS),
    )


def _content(field: Field) -> Content:
    shape = field.shape.item if isinstance(field.shape, Array) else field.shape
    if isinstance(shape, Content):
        return shape
    raise TypeError(f"no element can hold {field}")


_NO_SPELLINGS: Final[Mapping[str, str | None]] = MappingProxyType({})
