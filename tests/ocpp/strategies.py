"""Random payloads from a JSON schema: ones that keep it, ones that break it in exactly one place, ones that may do either.

A payload is plain JSON in Python: dict, list, str, int, Decimal, bool and None. What strict reading treats otherwise than the
schemas, on purpose, is not made here: see `DIFFERENCES` in test_oracle.py.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta, timezone
from decimal import Decimal
from typing import Any, TypeAlias

from hypothesis import strategies as st

Schema: TypeAlias = dict[str, Any]
Payload: TypeAlias = dict[str, Any]

INT64_MAX = 2**63 - 1

_CHARACTERS = st.sampled_from(
    ["a", "Z", "7", " ", '"', "\\", "/", "é", "ß", "漢", "😀", "\u200d", "\t", "\n", "\x7f", "\ufeff"]
)
_SHORT_TEXTS = st.text(_CHARACTERS, max_size=6)
_EDGES_OF_INTEGERS = [0, 1, -1, 2**31 - 1, 2**31, -(2**31), INT64_MAX, -(2**63)]
_DECIMALS = st.sampled_from(
    ["0", "1", "0.1", "21.4", "21.40", "-0.0", "1e3", "1E-3", "100", "-99.5", "123456789.123", "1e30", "7"]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | _SHORT_TEXTS | _DECIMALS.map(Decimal),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_SHORT_TEXTS, inner, max_size=3),
    max_leaves=5,
)
_MALFORMED_TIMES = [
    "",
    "now",
    "2026-11-20",
    "2026-11-20T12:00:00",
    "2026-11-20T12:00Z",
    "2026-11-20T24:00:00Z",
    "2026-02-30T12:00:00Z",
    "2026-11-20T12:00:00,5Z",
    "2026-11-20T12:00:00+01",
    "20261120T120000Z",
    "2026-11-20T12:00:00.Z",
    " 2026-11-20T12:00:00Z",
    "2026-11-20T12:00:00+25:00",
]
_ANYTHING_ELSE = [
    None,
    True,
    0,
    -1,
    Decimal("1.5"),
    "",
    "Accepted",
    "2026-11-20T12:00:00Z",
    [],
    {},
    [0],
    {"vendorId": "x"},
]


def inlined(schema: Schema) -> Schema:
    """`schema` with its definitions put where they are referred to. The strategies and places want it so."""
    return _inlined(schema, schema.get("definitions", {}))


def _inlined(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].removeprefix("#/definitions/")], definitions)
    result = schema.copy()
    if "properties" in schema:
        result["properties"] = {name: _inlined(inner, definitions) for name, inner in schema["properties"].items()}
    if "items" in schema:
        result["items"] = _inlined(schema["items"], definitions)
    return result


def is_open(schema: Schema) -> bool:
    """Whether an object may have fields that its schema does not list, as customData may."""
    return schema.get("additionalProperties") is not False


@st.composite
def times(draw: st.DrawFn) -> str:
    """A date-time as RFC 3339 has it, with up to three places, which is what we write."""
    minutes = draw(st.sampled_from([0, 0, 60, -300, 330, 839]))
    instant = draw(st.datetimes(timezones=st.just(timezone(timedelta(minutes=minutes)))))
    instant = instant.replace(year=min(max(instant.year, 2), 9998), microsecond=instant.microsecond // 1000 * 1000)
    text = instant.isoformat(timespec=draw(st.sampled_from(["seconds", "milliseconds"])))
    return text.replace("+00:00", draw(st.sampled_from(["Z", "z", "+00:00", "-00:00"])))


@st.composite
def _texts(draw: st.DrawFn, schema: Schema) -> str:
    longest: int = schema.get("maxLength", 3000)
    if draw(st.integers(0, 3)) == 0:
        return draw(_CHARACTERS) * longest
    return draw(_SHORT_TEXTS)[:longest]


@st.composite
def _numbers(draw: st.DrawFn, schema: Schema) -> int | Decimal:
    least, most = schema.get("minimum"), schema.get("maximum")
    if schema["type"] == "integer":
        low = -(2**63) if least is None else int(least)
        high = INT64_MAX if most is None else int(most)
        edges = [edge for edge in (low, high, *_EDGES_OF_INTEGERS) if low <= edge <= high]
        return draw(st.sampled_from(edges) | st.integers(low, high))
    if "multipleOf" in schema:
        return Decimal(draw(st.integers(-(10**6), 10**6))).scaleb(-1)
    number = Decimal(draw(_DECIMALS))
    if (least is not None and number < Decimal(least)) or (most is not None and number > Decimal(most)):
        number = Decimal(least or most or 0)
    return int(number) if number == number.to_integral_value() and draw(st.booleans()) else number


@st.composite
def _arrays(draw: st.DrawFn, schema: Schema, depth: int) -> list[Any]:
    least = schema.get("minItems", 0)
    most = min(schema.get("maxItems", least + 2), 5)
    items = _values(schema["items"], depth + 1)
    return draw(st.lists(items, min_size=least, max_size=max(least, most if depth < 2 else least)))


@st.composite
def _objects(draw: st.DrawFn, schema: Schema, depth: int) -> Payload:
    properties = schema.get("properties", {})
    required = schema.get("required", [])
    optional = sorted(properties.keys() - set(required))
    chosen = draw(st.lists(st.sampled_from(optional), unique=True, max_size=max(1, 5 - depth))) if optional else []
    payload = {name: draw(_values(properties[name], depth + 1)) for name in [*required, *chosen]}
    if is_open(schema):
        payload |= {f"x{name}": value for name, value in draw(st.dictionaries(_SHORT_TEXTS, _JSON, max_size=2)).items()}
    return payload


def _values(schema: Schema, depth: int) -> st.SearchStrategy[Any]:
    match schema:
        case {"enum": values}:
            return st.sampled_from(values)
        case {"type": "object"}:
            return _objects(schema, depth)
        case {"type": "array"}:
            return _arrays(schema, depth)
        case {"type": "string", "format": "date-time"}:
            return times()
        case {"type": "string"}:
            return _texts(schema)
        case {"type": "integer" | "number"}:
            return _numbers(schema)
        case {"type": "boolean"}:
            return st.booleans()
    return _JSON


def payloads(schema: Schema) -> st.SearchStrategy[Payload]:
    """Payloads that keep `schema`."""
    return _objects(schema, 0)


@dataclass(frozen=True)
class Place:
    """One value in a payload: where it stands, and its schema."""

    holder: Any
    key: Any
    schema: Schema
    other: Schema | None
    """The schema of the same place in the other version of the dialect, if it has that place."""

    @property
    def value(self) -> Any:
        return self.holder[self.key]


def places(root: list[Any], schema: Schema, other: Schema | None = None) -> list[Place]:
    """Every value that has a schema in the payload that is the only item of `root`, the payload itself first."""
    return list(_places(Place(root, 0, schema, other)))


def _places(place: Place) -> Iterator[Place]:
    yield place
    other = place.other or {}
    if isinstance(place.value, dict):
        for name, schema in place.schema.get("properties", {}).items():
            if name in place.value:
                yield from _places(Place(place.value, name, schema, other.get("properties", {}).get(name)))
    elif isinstance(place.value, list) and "items" in place.schema:
        for index in range(len(place.value)):
            yield from _places(Place(place.value, index, place.schema["items"], other.get("items")))


def full(schema: Schema) -> Payload:
    """The payload that has every field of `schema`, each with one simple value, and one item in each array."""
    return {name: _full(inner) for name, inner in schema.get("properties", {}).items()}


def _full(schema: Schema) -> Any:
    match schema:
        case {"enum": values}:
            return values[0]
        case {"type": "object"}:
            return full(schema)
        case {"type": "array"}:
            return [_full(schema["items"])] * max(1, schema.get("minItems", 1))
        case {"type": "string", "format": "date-time"}:
            return "2026-11-20T12:00:00Z"
        case {"type": "string"}:
            return "A"
        case {"type": "integer" | "number"}:
            limit: Any = schema.get("minimum", schema.get("maximum", 1))
            return int(limit)
        case {"type": "boolean"}:
            return True
    return "anything"


@dataclass(frozen=True)
class Damage:
    """A way to make the value at `place` break its schema: by putting `value` there."""

    how: str
    place: Place
    value: Any

    def do(self) -> None:
        self.place.holder[self.place.key] = self.value


def damages(place: Place) -> Iterator[Damage]:
    """Every way that this module knows."""
    for how, value in [*_worse(place.schema, place.value), *_foreign(place)]:
        yield Damage(how, place, value)


def _foreign(place: Place) -> Iterator[tuple[str, Any]]:
    """What only the other version has."""
    if place.other is None:
        return
    for name, schema in place.other.get("properties", {}).items():
        if name not in place.schema.get("properties", {}) and not is_open(place.schema):
            yield f"{name} of the other version", place.value | {name: _full(schema)}
    for value in place.other.get("enum", []):
        if value not in place.schema.get("enum", [value]):
            yield "a value of the other version", value


def _worse(schema: Schema, value: Any) -> Iterator[tuple[str, Any]]:
    kind = schema.get("type")
    if kind == "object":
        for name in schema.get("required", []):
            yield f"{name} missing", {known: inner for known, inner in value.items() if known != name}
        if not is_open(schema):
            yield "an unknown field", value | {"unheardOf": 1}
    if kind is not None:
        others: list[Any] = [None, "x", 1, Decimal("1.5"), True, [], {}, "1", "21.4", "true"]
        for other in others:
            if not _is_of(kind, other):
                yield f"{type(other).__name__} instead of {kind}", other
    if "enum" in schema:
        for other in ("", value + "x", value.swapcase()):
            if other not in schema["enum"]:
                yield "a value that is not listed", other
    if "maxLength" in schema:
        for character in ("a", "é", "😀"):
            yield "a text too long", character * (schema["maxLength"] + 1)
    if schema.get("format") == "date-time":
        for text in _MALFORMED_TIMES:
            yield "a malformed date-time", text
    if "minimum" in schema:
        yield "a number too small", int(schema["minimum"]) - 1
    if "maximum" in schema:
        yield "a number too large", int(schema["maximum"]) + 1
    if "multipleOf" in schema:
        yield "a number between the steps", Decimal("21.45")
    if schema.get("minItems", 0) > 0:
        yield "no items", []
    if "maxItems" in schema:
        yield "too many items", [value[0]] * (schema["maxItems"] + 1)


def _is_of(kind: str, value: Any) -> bool:
    if kind == "number":
        return type(value) in (int, Decimal)
    return type(value) is {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}[kind]


@st.composite
def damaged(draw: st.DrawFn, schema: Schema, payload: Payload) -> tuple[str, Any]:
    """`payload`, which keeps `schema`, broken in exactly one place, and how."""
    root = [copy.deepcopy(payload)]
    damage = draw(st.sampled_from([damage for place in places(root, schema) for damage in damages(place)]))
    damage.do()
    return damage.how, root[0]


@st.composite
def changed(draw: st.DrawFn, schema: Schema, payload: Payload) -> Any:
    """`payload` with something else in one place, which may keep `schema` or not."""
    root = [copy.deepcopy(payload)]
    place = draw(st.sampled_from(places(root, schema)))
    place.holder[place.key] = draw(st.sampled_from(_ANYTHING_ELSE))
    return root[0]
