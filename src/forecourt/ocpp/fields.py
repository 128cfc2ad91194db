"""What a message type says of its fields, in a form that checks and repairs are built from.

The generated types say it in annotations, which msgspec understands; here they are taken apart once per type. Everything that
needs to know what a field may hold (`constraints`, `repair`, `writing`) asks `fields_of` and never looks at an annotation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin

from msgspec import NODEFAULT, Meta, UnsetType
from msgspec.structs import fields

from forecourt.ocpp.message import CustomData, Message


@dataclass(frozen=True, slots=True)
class Text:
    """A string of at most `max_length` characters; None is without limit."""

    max_length: int | None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of listed strings."""

    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer between two limits, both allowed."""

    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class Fraction:
    """A number with or without fraction, held as Decimal; None is without limit, `multiple_of` its step."""

    minimum: Decimal | None
    maximum: Decimal | None
    multiple_of: Decimal | None


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A date-time with a zone."""


@dataclass(frozen=True, slots=True)
class Array:
    """Items of one shape, `min_items` to `max_items` of them; None is without limit."""

    item: Shape
    min_items: int
    max_items: int | None


@dataclass(frozen=True, slots=True)
class Nested:
    """An object that is a type of its own."""

    type: type[Message]


@dataclass(frozen=True, slots=True)
class VendorData:
    """The customData of 2.x: an object of a vendor's own fields and the required `vendorId`."""


@dataclass(frozen=True, slots=True)
class Anything:
    """Any JSON value."""


Shape: TypeAlias = Text | Choice | Whole | Fraction | Flag | Moment | Array | Nested | VendorData | Anything


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a type: its Python attribute, its name on the wire, whether it must be there, and what it may hold."""

    attribute: str
    wire: str
    required: bool
    shape: Shape


INT64: Final = Whole(-(2**63), 2**63 - 1)
"""What `forecourt.ocpp.message.Integer` takes."""


@cache
def fields_of(struct: type[Message]) -> tuple[Field, ...]:
    """The fields of a message or type, in the order of their declaration.

    Raises TypeError for an annotation that no generated type has.
    """
    return tuple(
        Field(known.name, known.encode_name, known.default is NODEFAULT, _shape(known.type, {}))
        for known in fields(struct)
    )


def _shape(annotation: Any, limits: dict[str, Any]) -> Shape:
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *metas = get_args(annotation)
        for meta in metas:
            limits |= _limits(meta)
        return _shape(inner, limits)
    if origin in (Union, UnionType):
        (inner,) = (one for one in get_args(annotation) if one is not UnsetType)
        return _shape(inner, limits)
    if origin is Literal:
        return Choice(frozenset(get_args(annotation)))
    if origin is tuple:
        return Array(_shape(get_args(annotation)[0], {}), limits.get("min_length", 0), limits.get("max_length"))
    if annotation is Any:
        return _number(limits) if "number" in limits else Anything()
    if annotation is str:
        return Text(limits.get("max_length"))
    if annotation is int:
        return Whole(limits.get("ge", INT64.minimum), limits.get("le", INT64.maximum))
    if annotation in _ALIKE:
        return _ALIKE[annotation]
    if isinstance(annotation, type) and issubclass(annotation, Message):
        return Nested(annotation)
    raise TypeError(f"no message type has a field of {annotation}")


_ALIKE: Final[dict[Any, Shape]] = {bool: Flag(), datetime: Moment(), CustomData: VendorData()}


def _limits(meta: Meta) -> dict[str, Any]:
    carried = {name: getattr(meta, name) for name in ("ge", "le", "min_length", "max_length")}
    return {name: limit for name, limit in carried.items() if limit is not None} | (meta.extra or {})


def _number(limits: dict[str, Any]) -> Fraction:
    def limit(name: str) -> Decimal | None:
        return Decimal(limits[name]) if name in limits else None

    return Fraction(limit("minimum"), limit("maximum"), limit("multiple_of"))
