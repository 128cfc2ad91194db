"""A field as one version has it: what the loose type of the dialect says, and what the version's delta forbids of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from forecourt.ocpp.delta import Bounds
from forecourt.ocpp.fields import Shape, fields_of
from forecourt.ocpp.message import Message
from forecourt.ocpp.versions import Version


@dataclass(frozen=True, slots=True)
class Rule:
    """One field of a type in one version.

    `known` is False for a field that the version does not have. `required` says whether it must be there, and
    `required_by_type` whether the type demands it already. `values`, when not empty, are the only texts allowed, and `bounds` limits beyond those of
    `shape`; both are meant for each item where the field is an array.
    """

    attribute: str
    wire: str
    shape: Shape
    known: bool
    required: bool
    required_by_type: bool
    values: frozenset[str]
    bounds: Bounds


_NOTHING: Final[frozenset[str]] = frozenset()
_NO_BOUNDS: Final = Bounds()


@cache
def rules_of(version: Version, struct: type[Message]) -> tuple[Rule, ...]:
    """The rules of all fields of `struct`, in the order of their declaration."""
    delta = version.delta
    absent, required = delta.absent.get(struct, _NOTHING), delta.required.get(struct, _NOTHING)
    return tuple(
        Rule(
            attribute=field.attribute,
            wire=field.wire,
            shape=field.shape,
            known=field.attribute not in absent,
            required=field.required or field.attribute in required,
            required_by_type=field.required,
            values=delta.values.get((struct, field.attribute), _NOTHING),
            bounds=delta.bounds.get((struct, field.attribute), _NO_BOUNDS),
        )
        for field in fields_of(struct)
    )
