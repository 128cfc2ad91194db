"""Messages of the types that SOAP carries: as full or as bare as the type allows, or drawn at random from what SOAP can say."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from forecourt.ocpp.fields import Array, Choice, Field, Flag, Fraction, Moment, Nested, Shape, Text, Whole, fields_of
from forecourt.ocpp.message import Message
from forecourt.ocpp.soap import OPERATIONS, Operation
from forecourt.ocpp.soap.operations import LOCATIONS

ALL: tuple[Operation, ...] = tuple(operation for operations in OPERATIONS.values() for operation in operations.values())
JSON_ONLY = {"Celcius", "Hertz"}
LOCATION = "ftp://user:p%20w@192.0.2.1:2121/a/b?c=d&e#f"
CHARACTERS = "aZ09 .:;<>&'\"]]>{}\t\n\r\xa0é€\u2028漢\ufffd😀"
EPOCH = datetime(2026, 1, 1, 12, tzinfo=UTC)


def name_of(operation: Operation) -> str:
    """Name of a test case."""
    return f"{operation.service.name.lower()}-{operation.name}"


def full(struct: type[Message]) -> Message:
    """A message with every field and two items in every array. Every value names its place, so that none passes for another."""
    return _message(struct, itertools.count(1), full=True)


def bare(struct: type[Message]) -> Message:
    """A message with the required fields and one item in every required array."""
    return _message(struct, itertools.count(1), full=False)


def drawn(struct: type[Message], random: Random) -> Message:
    """A message that JSON and SOAP can say. No array is empty: SOAP could not tell it from an absent one."""
    return struct(
        **{
            field.attribute: _drawn(field.shape, random) if (struct, field.wire) not in LOCATIONS else LOCATION
            for field in fields_of(struct)
            if field.required or random.random() < 0.5
        }
    )


def _message(struct: type[Message], numbers: Iterator[int], *, full: bool) -> Message:
    return struct(
        **{
            field.attribute: _value(field, field.shape, numbers, full=full)
            for field in fields_of(struct)
            if full or field.required
        }
    )


def _value(field: Field, shape: Shape, numbers: Iterator[int], *, full: bool) -> object:
    number = next(numbers)
    match shape:
        case Array(item=item):
            return tuple(_value(field, item, numbers, full=full) for _ in range(2 if full else 1))
        case Nested(type=struct):
            return _message(struct, numbers, full=full)
        case Text():
            return f"{number} {field.wire}"[:20]
        case Choice(values=values):
            sayable = sorted(values - JSON_ONLY)
            return sayable[number % len(sayable)]
        case Whole():
            return number
        case Fraction():
            return number + Decimal("0.1")
        case Flag():
            return number % 2 == 0
        case Moment():
            return EPOCH + timedelta(seconds=number)
        case _:
            raise TypeError(f"no sample for {field}")


def _drawn(shape: Shape, random: Random) -> object:
    match shape:
        case Array(item=item):
            return tuple(_drawn(item, random) for _ in range(random.randint(1, 3)))
        case Nested(type=struct):
            return drawn(struct, random)
        case Text(max_length=longest):
            text = "".join(random.choices(CHARACTERS, k=random.randint(0, min(longest or 99, 99))))
            # Lines around a limited text are what a printer of XML would put there.
            return text if longest is None else text.strip("\t\r\n ")
        case Choice(values=values):
            return random.choice(sorted(values - JSON_ONLY))
        case Whole():
            return random.choice((0, 1, -1, 2**31 - 1, -(2**31), random.randrange(10**6)))
        case Fraction():
            return Decimal(random.randrange(-(10**6), 10**6)).scaleb(-1)
        case Flag():
            return random.random() < 0.5
        case Moment():
            return EPOCH + timedelta(milliseconds=random.randrange(-(10**12), 10**12))
        case _:
            raise TypeError(f"nothing to draw for {shape}")
