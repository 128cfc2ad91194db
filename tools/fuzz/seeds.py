"""Valid messages built from the types: every request and response of a version, as its strict reading accepts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

from forecourt.ocpp import fields
from forecourt.ocpp.delta import Bounds
from forecourt.ocpp.fields import Field, Shape, fields_of
from forecourt.ocpp.message import Message
from forecourt.ocpp.versions import Version
from forecourt.ocpp.writing import write

WORDS = ("charge", "DE*ABC*E12345", "Zürich", "a/b?c=d&e", "<tag>", '"quoted"', "東京", "😀", "0", "true")
NO_BOUNDS = Bounds()


@dataclass(frozen=True, eq=False)
class Seed:
    """A valid message and its payload in one version."""

    version: Version
    struct: type[Message]
    message: Message
    payload: bytes


@cache
def seeds(version: Version) -> tuple[Seed, ...]:
    """Three messages of each request and response: with all optional fields, with half of them, with none."""
    random = Random(f"seeds of {version.name}")
    built = []
    for struct in struct_types(version):
        for fullness in (0.0, 0.5, 1.0):
            message = Builder(version, random, fullness).message(struct)
            built.append(Seed(version, struct, message, write(version, message)))
    return tuple(built)


def struct_types(version: Version) -> list[type[Message]]:
    """Requests and responses of all actions of `version`."""
    actions = version.actions.values()
    return [struct for action in actions for struct in (action.request, action.response) if struct is not None]


class Builder:
    """Makes messages of one version. `fullness` is the chance of an optional field to be there."""

    def __init__(self, version: Version, random: Random, fullness: float = 0.5) -> None:
        self.delta = version.delta
        self.random = random
        self.fullness = fullness

    def message(self, struct: type[Message], depth: int = 0) -> Message:
        """A value of `struct` that the version allows."""
        demanded = self.delta.required.get(struct, frozenset())
        absent = self.delta.absent.get(struct, frozenset())
        chance = self.fullness / (depth + 1)
        present = {
            field.attribute: self._value(struct, field, depth)
            for field in fields_of(struct)
            if field.attribute not in absent
            and (field.required or field.attribute in demanded or self.random.random() < chance)
        }
        return struct(**present)

    def _value(self, struct: type[Message], field: Field, depth: int) -> Any:
        bounds = self.delta.bounds.get((struct, field.attribute), NO_BOUNDS)
        allowed = self.delta.values.get((struct, field.attribute))
        if not isinstance(field.shape, fields.Array):
            return self._one(field.shape, bounds, allowed, depth)
        fewest = max(field.shape.min_items, bounds.min_items or 0)
        most = min(limit for limit in (field.shape.max_items, bounds.max_items, fewest + 2) if limit is not None)
        items = range(self.random.randint(fewest, most))
        return tuple(self._one(field.shape.item, bounds, allowed, depth) for _ in items)

    def _one(self, shape: Shape, bounds: Bounds, allowed: frozenset[str] | None, depth: int) -> Any:
        random = self.random
        match shape:
            case fields.Nested(type=struct):
                return self.message(struct, depth + 1)
            case fields.Choice(values=values):
                return random.choice(sorted(values if allowed is None else allowed & values))
            case fields.Text() if allowed is not None:
                return random.choice(sorted(allowed))
            case fields.Text():
                return self._text(shape, bounds)
            case fields.Whole():
                return self._integer(shape, bounds)
            case fields.Fraction():
                return self._number(shape, bounds)
            case fields.Flag():
                return random.random() < 0.5
            case fields.Moment():
                return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=random.randrange(10**11))
            case fields.VendorData():
                return {"vendorId": "org.example", "more": [1, {"deep": None}, random.choice(WORDS)]}
            case fields.Anything():
                return random.choice((None, 1, "text", [1.5, {}], {"a": {"b": [True]}}))
            case fields.Array(item=item):
                return (self._one(item, bounds, allowed, depth),)

    def _text(self, shape: fields.Text, bounds: Bounds) -> str:
        fewest = bounds.min_length or 0
        most = min(limit for limit in (shape.max_length, bounds.max_length, 10_000) if limit is not None)
        words = " ".join(self.random.choices(WORDS, k=self.random.randint(1, 3)))
        text = words[:most] if self.random.random() < 0.95 else (words * most)[:most]
        return text.ljust(fewest, "x")

    def _integer(self, shape: fields.Whole, bounds: Bounds) -> int:
        least = max(limit for limit in (shape.minimum, bounds.minimum) if limit is not None)
        most = min(limit for limit in (shape.maximum, bounds.maximum) if limit is not None)
        near = self.random.randint(max(least, min(-1000, most)), min(most, max(100_000, least)))
        return self.random.choice((near, near, near, least, most))

    def _number(self, shape: fields.Fraction, bounds: Bounds) -> Decimal:
        least = max(Decimal(limit) for limit in (shape.minimum, bounds.minimum, -100) if limit is not None)
        most = min(Decimal(limit) for limit in (shape.maximum, bounds.maximum, 40_000) if limit is not None)
        step = Decimal(1) if bounds.integral else shape.multiple_of or Decimal("0.001")
        steps = self.random.randint(0, max(0, int((max(most, least) - least) / step)))
        return least + steps * step
