"""2.0.1 and 2.1 made into one dialect that is as loose as both, and what each of them forbids of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from tools.generate.model import Array, Dialect, Field, Named, Scalar, Shape, Struct

Limits: TypeAlias = dict[str, int | bool]
"""Arguments of `forecourt.ocpp.delta.Bounds`."""


def loosened(newer: Dialect, older: Dialect) -> Dialect:
    """Every shape of both; what both have accepts whatever either accepts. Order follows `newer`.

    Raises ValueError when no shape is as loose as both.
    """
    types = _loose_structs(newer.types, older.types)
    messages = _loose_structs(newer.messages, older.messages)
    used = {_name(known.shape) for struct in (*types.values(), *messages.values()) for known in struct.fields}
    enums = {
        name: tuple(_union(newer.enums.get(name, ()), older.enums.get(name, ())))
        for name in _union(newer.enums, older.enums)
        if name in used  # one that a version opened to any text is used no more
    }
    return Dialect(enums, types, messages)


def _union(newer: Iterable[str], older: Iterable[str]) -> list[str]:
    return list(dict.fromkeys((*newer, *older)))


def _name(shape: Shape) -> str | None:
    """The struct or enumeration that `shape` is or has as items."""
    if isinstance(shape, Array):
        return _name(shape.item)
    return shape.name if isinstance(shape, Named) else None


def _loose_structs(newer: Mapping[str, Struct], older: Mapping[str, Struct]) -> dict[str, Struct]:
    either = {**older, **newer}
    return {
        name: _loose_struct(newer[name], older[name]) if name in newer and name in older else either[name]
        for name in _union(newer, older)
    }


def _loose_struct(newer: Struct, older: Struct) -> Struct:
    new, old = newer.by_wire(), older.by_wire()
    either = {**old, **new}
    return Struct(
        newer.name,
        tuple(
            Field(
                wire,
                either[wire].attribute,
                _loose(new[wire].shape, old[wire].shape) if wire in new and wire in old else either[wire].shape,
                required=wire in new and wire in old and new[wire].required and old[wire].required,
            )
            for wire in _union(new, old)
        ),
    )


def _loose(one: Shape, other: Shape) -> Shape:
    match one, other:
        case Array(), Array():
            item = _loose(one.item, other.item)
            return Array(item, _least(one.min_items, other.min_items), _most(one.max_items, other.max_items))
        case Scalar(), Scalar() if one.multiple_of == other.multiple_of:
            return Scalar(
                one.kind if one.kind == other.kind else _loose_kind(one, other),
                _most(one.max_length, other.max_length),
                _least(one.minimum, other.minimum),
                _most(one.maximum, other.maximum),
                one.multiple_of,
            )
        case (Scalar("string") as text, Named()) | (Named(), Scalar("string") as text):
            return text
        case Named(), Named() if one == other:
            return one
    raise ValueError(f"no shape is as loose as both {one} and {other}")


def _loose_kind(one: Scalar, other: Scalar) -> Literal["number"]:
    if {one.kind, other.kind} != {"integer", "number"}:
        raise ValueError(f"no shape is as loose as both {one} and {other}")
    return "number"


def _least(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else min(one, other)


def _most(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else max(one, other)


@dataclass(slots=True)
class Narrowing:
    """What one version forbids of the loose dialect; the parts are those of `forecourt.ocpp.delta.Delta`, with types by name."""

    actions: list[str] = field(default_factory=list)
    absent: dict[str, list[str]] = field(default_factory=dict)
    required: dict[str, list[str]] = field(default_factory=dict)
    values: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    bounds: dict[tuple[str, str], Limits] = field(default_factory=dict)


def narrowing(loose: Dialect, version: Dialect) -> Narrowing:
    """What `version` forbids of `loose`. Types that it does not have need no entry: only absent attributes lead to them."""
    result = Narrowing()
    result.actions += [
        name for name in loose.messages if not name.endswith("Response") and name not in version.messages
    ]
    own = version.structs()
    for name, struct in loose.structs().items():
        if name not in own:
            continue
        fields = own[name].by_wire()
        for known in struct.fields:
            if known.wire not in fields:
                result.absent.setdefault(name, []).append(known.attribute)
                continue
            if fields[known.wire].required and not known.required:
                result.required.setdefault(name, []).append(known.attribute)
            if values := _values(known.shape, fields[known.wire].shape, loose, version):
                result.values[name, known.attribute] = values
            if limits := _limits(known.shape, fields[known.wire].shape):
                result.bounds[name, known.attribute] = limits
    return result


def _values(wide: Shape, narrow: Shape, loose: Dialect, version: Dialect) -> tuple[str, ...]:
    """The only values that `narrow` allows, nothing if it is no enumeration or one that allows as much as `wide`."""
    allowed = version.enums.get(_name(narrow) or "", ())
    return () if set(loose.enums.get(_name(wide) or "", ())) == set(allowed) else allowed


def _limits(wide: Shape, narrow: Shape) -> Limits:
    """The limits of `narrow` that `wide` has not."""
    match wide, narrow:
        case Array(), Array():
            return _differing(wide, narrow, ("min_items", "max_items")) | _limits(wide.item, narrow.item)
        case Scalar(), Scalar():
            integral: Limits = {} if wide.kind == narrow.kind else {"integral": True}
            return _differing(wide, narrow, ("max_length", "minimum", "maximum")) | integral
    return {}


def _differing(wide: Shape, narrow: Shape, limits: Iterable[str]) -> Limits:
    return {limit: getattr(narrow, limit) for limit in limits if getattr(narrow, limit) != getattr(wide, limit)}
