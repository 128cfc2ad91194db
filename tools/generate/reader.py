"""From schemas to shapes. A keyword it does not know is an error: nothing of a schema is lost unseen."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, TypeVar

from forecourt.ocpp.message import VENDOR_ID_LENGTH
from tools.generate import names
from tools.generate.corrections import Schema
from tools.generate.model import Array, Dialect, Field, Kind, Named, Scalar, Shape, Struct

_WORDS: Final = frozenset(
    {"$schema", "$id", "id", "comment", "title", "description", "javaType", "default", "additionalItems"}
)
"""Keywords that constrain nothing here. The defaults are what an absent value means, which handlers know, not what is read into it."""

_KINDS: Final[dict[str, Kind]] = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean"}

_T = TypeVar("_T")


class _Reader:
    def __init__(self, type_names: Mapping[str, str]) -> None:
        self.dialect = Dialect()
        self._type_names = type_names
        self._definitions: Schema = {}

    def message(self, name: str, schema: Schema) -> None:
        self._definitions = schema.get("definitions", {})
        self.dialect.messages[name] = self._struct(name, schema)

    def _struct(self, name: str, schema: Schema) -> Struct:
        _expect(name, schema, {"type", "definitions", "properties", "required", "additionalProperties"})
        if schema.get("additionalProperties") is not False:
            raise ValueError(f"{name} is open to any property")
        required = schema.get("required", [])
        return Struct(
            name,
            tuple(
                Field(wire, names.attribute(wire), self._shape(f"{name}.{wire}", value), wire in required)
                for wire, value in schema.get("properties", {}).items()
            ),
        )

    def _shape(self, place: str, schema: Schema) -> Shape:
        if "$ref" in schema:
            _expect(place, schema, {"$ref"})
            definition = schema["$ref"].removeprefix("#/definitions/")
            if definition == "CustomDataType":
                return _custom_data(self._definitions[definition])
            return self._shape(definition, self._definitions[definition])
        if "type" not in schema:
            _expect(place, schema, set())
            return Scalar("anything")
        if schema["type"] == "object":
            name = self._name_of(place)
            self._put(self.dialect.types, name, self._struct(name, schema))
            return Named(name)
        if schema["type"] == "array":
            _expect(place, schema, {"type", "items", "minItems", "maxItems"})
            return Array(self._shape(place, schema["items"]), schema.get("minItems"), schema.get("maxItems"))
        if "enum" in schema:
            _expect(place, schema, {"type", "enum", "additionalProperties"})
            name = self._name_of(place)
            self._put(self.dialect.enums, name, tuple(schema["enum"]))
            return Named(name)
        return _scalar(place, schema)

    def _name_of(self, place: str) -> str:
        if place not in self._type_names:
            raise ValueError(f"no name is listed for the shape at {place}")
        return self._type_names[place]

    def _put(self, shapes: dict[str, _T], name: str, shape: _T) -> None:
        if shapes.setdefault(name, shape) != shape:
            raise ValueError(f"{name} has two shapes: {shapes[name]} and {shape}")


def _scalar(place: str, schema: Schema) -> Scalar:
    if schema["type"] == "string" and schema.get("format") == "date-time":
        _expect(place, schema, {"type", "format"})
        return Scalar("timestamp")
    allowed = {
        "string": {"maxLength"},
        "integer": {"minimum", "maximum"},
        "number": {"minimum", "maximum", "multipleOf"},
        "boolean": set(),
    }
    _expect(place, schema, {"type", *allowed[schema["type"]]})
    return Scalar(
        _KINDS[schema["type"]],
        max_length=schema.get("maxLength"),
        minimum=_whole(place, schema.get("minimum")),
        maximum=_whole(place, schema.get("maximum")),
        multiple_of=str(Decimal(repr(schema["multipleOf"]))) if "multipleOf" in schema else None,
    )


def _whole(place: str, limit: float | None) -> int | None:
    if limit is not None and limit != int(limit):
        raise ValueError(f"{place} has the limit {limit}, which is not whole")
    return None if limit is None else int(limit)


def _custom_data(schema: Schema) -> Scalar:
    vendor = {keyword: value for keyword, value in schema["properties"]["vendorId"].items() if keyword not in _WORDS}
    if (
        vendor != {"type": "string", "maxLength": VENDOR_ID_LENGTH}
        or schema["required"] != ["vendorId"]
        or len(schema["properties"]) != 1
    ):
        raise ValueError("CustomDataType is not as the hand-written forecourt.ocpp.message.CustomData has it")
    return Scalar("custom data")


def _expect(place: str, schema: Schema, keywords: set[str]) -> None:
    if unknown := set(schema) - keywords - _WORDS:
        raise ValueError(f"{place} has keywords the generator does not know: {sorted(unknown)}")


def read(schemas: Mapping[str, Schema], type_names: Mapping[str, str]) -> Dialect:
    """The shapes of all `schemas`, each once.

    `type_names` holds the Python name of every definition, and of the nameless shapes, which go by "Struct.property". Raises
    ValueError when a name is missing, when a name has two shapes, and when a struct has two names.
    """
    reader = _Reader(type_names)
    for name, schema in schemas.items():
        reader.message(name, schema)
    _refuse_twins(reader.dialect)
    return reader.dialect


def _refuse_twins(dialect: Dialect) -> None:
    by_fields: dict[tuple[Field, ...], str] = {}
    for struct in dialect.types.values():
        twin = by_fields.setdefault(struct.fields, struct.name)
        if twin != struct.name:
            raise ValueError(f"{twin} and {struct.name} are the same")
