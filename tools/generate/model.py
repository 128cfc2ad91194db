"""What the generator knows between reading schemas and writing Python: the shapes of a dialect."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["string", "integer", "number", "boolean", "timestamp", "custom data", "anything"]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value without parts. None means without limit; the numbers limit integers and numbers, `max_length` text."""

    kind: Kind
    max_length: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    multiple_of: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A struct or an enumeration of the dialect, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Array:
    """Zero or more items."""

    item: Shape
    min_items: int | None = None
    max_items: int | None = None


Shape: TypeAlias = Scalar | Named | Array


@dataclass(frozen=True, slots=True)
class Field:
    """One property: its name on the wire and in Python, its shape, and whether it must be there."""

    wire: str
    attribute: str
    shape: Shape
    required: bool


@dataclass(frozen=True, slots=True)
class Struct:
    """An object with named properties, in the order of the schema."""

    name: str
    fields: tuple[Field, ...]

    def by_wire(self) -> dict[str, Field]:
        """The fields by wire name, in order."""
        return {known.wire: known for known in self.fields}


@dataclass(slots=True)
class Dialect:
    """All shapes of one version, or of several made into one. Messages are structs named after their action."""

    enums: dict[str, tuple[str, ...]] = field(default_factory=dict)
    types: dict[str, Struct] = field(default_factory=dict)
    messages: dict[str, Struct] = field(default_factory=dict)

    def structs(self) -> dict[str, Struct]:
        """Types and messages together."""
        return {**self.types, **self.messages}
