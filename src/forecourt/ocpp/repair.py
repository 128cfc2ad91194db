"""The tolerant lane: a walk over plain JSON that makes a message of what can be understood, and notes each thing it forgives.

It runs only after the strict lane has refused, so it may take its time. It must see everything that the strict lane checks: what
it does not note, nobody will. A field is refused, and with it the message, when it is missing and required, when its kind has
no reading as what it should be, when it is a date-time that means nothing, and when a number is out of all range.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final, TypeVar

import msgspec

from forecourt.ocpp.delta import Bounds
from forecourt.ocpp.deviations import Deviation, DeviationKind, excerpt
from forecourt.ocpp.errors import ErrorCode
from forecourt.ocpp.fields import (
    INT64,
    Anything,
    Array,
    Choice,
    Flag,
    Fraction,
    Moment,
    Nested,
    Shape,
    Text,
    VendorData,
    Whole,
)
from forecourt.ocpp.message import VENDOR_ID_LENGTH, Message, Timestamp
from forecourt.ocpp.moments import is_in_range, understood
from forecourt.ocpp.numbers import is_bounded, is_multiple
from forecourt.ocpp.open_data import check_anything
from forecourt.ocpp.payload_faults import (
    MISSING,
    NOT_AN_OBJECT,
    OUT_OF_RANGE,
    OUT_OF_TIME,
    UNBOUNDED,
    PayloadFault,
    fault_of,
    kind_of,
    member,
    number_of,
    plain,
)
from forecourt.ocpp.rules import Rule, rules_of
from forecourt.ocpp.versions import Version

MAX_DEVIATIONS: Final = 64
"""How many are listed of one message."""

M = TypeVar("M", bound=Message)

_NUMBER: Final = re.compile(r"\s*((?P<integer>[+-]?\d+)|[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*", re.ASCII)
_WORDS_OF_FLAGS: Final = {"true": True, "false": False}

_T, _P, _O = (
    ErrorCode.TYPE_CONSTRAINT_VIOLATION,
    ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
)


def repaired(version: Version, struct: type[M], payload: bytes) -> tuple[M, tuple[Deviation, ...]]:
    """The message in `payload` as far as it can be understood, and what was forgiven in it. Raises PayloadFault."""
    try:
        value = plain(payload)
    except (ValueError, RecursionError) as error:
        raise fault_of(error, payload) from None
    walk = _Walk(version)
    if value is None and not any(rule.required for rule in rules_of(version, struct)):
        walk.note(DeviationKind.NULL, "$", value, "read as an empty object")
        value = {}
    if not isinstance(value, dict):
        raise PayloadFault(ErrorCode.PROTOCOL_ERROR, NOT_AN_OBJECT, "")
    return walk.struct(struct, value, "$"), walk.deviations()


class _Walk:
    """One walk over one payload."""

    def __init__(self, version: Version) -> None:
        self._version = version
        self._noted: list[Deviation] = []
        self._unlisted = 0

    def note(self, kind: DeviationKind, path: str, value: Any, detail: str) -> None:
        """Forgive something."""
        if len(self._noted) < MAX_DEVIATIONS:
            self._noted.append(Deviation(kind, path, excerpt(value), detail))
        else:
            self._unlisted += 1

    def deviations(self) -> tuple[Deviation, ...]:
        """Everything that was forgiven so far."""
        if self._unlisted:
            more = Deviation(DeviationKind.MORE, "$", str(self._unlisted), "not listed one by one")
            return (*self._noted, more)
        return tuple(self._noted)

    def struct(self, struct: type[M], value: dict[str, Any], path: str) -> M:
        """The message or type that an object stands for."""
        rules = rules_of(self._version, struct)
        found: dict[str, Any] = {}
        for rule in rules:
            where = f"{path}.{rule.wire}"
            if self._is_there(rule, value, where):
                found[rule.attribute] = self._value(rule.shape, rule, value[rule.wire], where)
        known = {rule.wire for rule in rules}
        for name, given in value.items():
            if name not in known:
                self.note(DeviationKind.UNKNOWN_FIELD, member(path, name), given, "left out")
        return struct(**found)

    def _is_there(self, rule: Rule, value: dict[str, Any], where: str) -> bool:
        if rule.wire not in value:
            if rule.required:
                raise PayloadFault(_O, MISSING, where)
            return False
        given = value[rule.wire]
        if not rule.known:
            self.note(DeviationKind.OTHER_VERSION, where, given, f"not a field of OCPP {self._version.name}, kept")
        if rule.required or isinstance(rule.shape, Anything):
            return True
        if given is None:
            self.note(DeviationKind.NULL, where, given, "left out")
            return False
        if given == [] and isinstance(rule.shape, Array) and max(rule.shape.min_items, rule.bounds.min_items or 0):
            self.note(DeviationKind.ITEM_COUNT, where, given, "left out")
            return False
        return True

    def _value(self, shape: Shape, rule: Rule, value: Any, where: str) -> Any:
        match shape:
            case Text():
                return self._text(shape, rule, value, where)
            case Choice():
                return self._choice(shape.values, rule, self._string(value, where), where)
            case Whole():
                return self._whole(shape, rule.bounds, value, where)
            case Fraction():
                return self._fraction(shape, rule.bounds, value, where)
            case Flag():
                return self._flag(value, where)
            case Moment():
                return self._moment(value, where)
            case Array():
                return self._array(shape, rule, value, where)
            case Nested():
                return self.struct(shape.type, self._object(value, where), where)
            case VendorData():
                return self._vendor_data(self._object(value, where), where)
        return self._anything(value, where)

    def _string(self, value: Any, where: str) -> str:
        if isinstance(value, str):
            return self._without_nul(value, where)
        if isinstance(value, bool):
            self.note(DeviationKind.TEXT_AS_FLAG, where, value, "read as text")
            return "true" if value else "false"
        if isinstance(value, int | Decimal) and is_bounded(value):
            self.note(DeviationKind.TEXT_AS_NUMBER, where, value, "read as text")
            return f"{Decimal(value):f}"
        raise PayloadFault(_T, f"{kind_of(value)} instead of text", where)

    def _without_nul(self, value: str, where: str) -> str:
        if "\0" not in value:
            return value
        self.note(DeviationKind.NUL_IN_TEXT, where, value, "left out")
        return value.replace("\0", "")

    def _text(self, shape: Text, rule: Rule, value: Any, where: str) -> str:
        text = self._string(value, where)
        if rule.values:
            text = self._choice(rule.values, rule, text, where)
        least = rule.bounds.min_length or 0
        most = min(limit for limit in (shape.max_length, rule.bounds.max_length, len(text)) if limit is not None)
        if not least <= len(text) <= most:
            self.note(DeviationKind.TEXT_LENGTH, where, text, f"{len(text)} characters, kept")
        return text

    def _choice(self, values: frozenset[str], rule: Rule, text: str, where: str) -> str:
        """The listed value that `text` means; `text` itself when it means none."""
        allowed = rule.values or values
        meant = text
        if text not in values:
            alike = [value for value in (*allowed, *values) if value.casefold() == text.casefold()]
            if not alike:
                self.note(DeviationKind.UNKNOWN_VALUE, where, text, "kept")
                return text
            meant = alike[0]
            self.note(DeviationKind.LETTER_CASE, where, text, f"read as {meant}")
        if meant not in allowed:
            self.note(DeviationKind.OTHER_VERSION, where, meant, f"not a value of OCPP {self._version.name}, kept")
        return meant

    def _number(self, value: Any, kind: str, where: str) -> int | Decimal:
        """The number that a value means, bounded."""
        if isinstance(value, str):
            found = _NUMBER.fullmatch(self._without_nul(value, where))
            if found is None:
                raise PayloadFault(_T, f"text instead of {kind}", where)
            self.note(DeviationKind.NUMBER_AS_TEXT, where, value, f"read as {kind}")
            value = number_of(found[1])
            if value is not UNBOUNDED and found["integer"]:
                value = int(value)
        if value is UNBOUNDED or (type(value) is int and not is_bounded(value)):
            raise PayloadFault(_P, OUT_OF_RANGE, where)
        if type(value) is int or isinstance(value, Decimal):
            return value
        raise PayloadFault(_T, f"{kind_of(value)} instead of {kind}", where)

    def _whole(self, shape: Whole, bounds: Bounds, value: Any, where: str) -> int:
        number = self._number(value, "integer", where)
        if isinstance(number, Decimal):
            if number != number.to_integral_value():
                raise PayloadFault(_T, "number with a fraction instead of integer", where)
            self.note(DeviationKind.INTEGER_FORM, where, value, "read as integer")
        whole = int(number)
        if not INT64.minimum <= whole <= INT64.maximum:
            raise PayloadFault(_P, "integer of more than 64 bits", where)
        self._limit(whole, shape, bounds, where)
        return whole

    def _fraction(self, shape: Fraction, bounds: Bounds, value: Any, where: str) -> Decimal:
        number = Decimal(self._number(value, "number", where))
        self._limit(number, shape, bounds, where)
        if shape.multiple_of is not None and not is_multiple(number, shape.multiple_of):
            self.note(DeviationKind.WRONG_STEP, where, number, f"not a multiple of {shape.multiple_of}, kept")
        if bounds.integral and number != number.to_integral_value():
            self.note(DeviationKind.OTHER_VERSION, where, number, f"an integer in OCPP {self._version.name}, kept")
        return number

    def _limit(self, number: int | Decimal, shape: Whole | Fraction, bounds: Bounds, where: str) -> None:
        below = any(limit is not None and number < limit for limit in (shape.minimum, bounds.minimum))
        above = any(limit is not None and number > limit for limit in (shape.maximum, bounds.maximum))
        if below or above:
            self.note(DeviationKind.OUT_OF_BOUNDS, where, number, "kept")

    def _flag(self, value: Any, where: str) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.casefold() in _WORDS_OF_FLAGS:
            self.note(DeviationKind.FLAG_AS_TEXT, where, value, "read as what it says")
            return _WORDS_OF_FLAGS[value.casefold()]
        raise PayloadFault(_T, f"{kind_of(value)} instead of true or false", where)

    def _moment(self, value: Any, where: str) -> Any:
        if not isinstance(value, str):
            raise PayloadFault(_T, f"{kind_of(value)} instead of date-time", where)
        text = self._without_nul(value, where)
        try:
            sound = msgspec.convert(text, Timestamp)
        except msgspec.ValidationError:
            pass
        else:
            if not is_in_range(sound):
                raise PayloadFault(_P, OUT_OF_TIME, where)
            return sound
        meant = understood(text)
        if meant is None:
            raise PayloadFault(_P, "not a date-time", where)
        instant, zone_named = meant
        if zone_named:
            self.note(DeviationKind.TIME_FORM, where, text, f"read as {instant.isoformat()}")
        else:
            self.note(DeviationKind.NO_ZONE, where, text, f"read as {instant.isoformat()}")
        return instant

    def _array(self, shape: Array, rule: Rule, value: Any, where: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise PayloadFault(_T, f"{kind_of(value)} instead of array", where)
        least = max(shape.min_items, rule.bounds.min_items or 0)
        most = min(limit for limit in (shape.max_items, rule.bounds.max_items, len(value)) if limit is not None)
        if not value and least:
            raise PayloadFault(_O, f"fewer than {least} items", where)
        if not least <= len(value) <= most:
            self.note(DeviationKind.ITEM_COUNT, where, value, f"{len(value)} items, kept")
        return tuple(self._value(shape.item, rule, item, f"{where}[{index}]") for index, item in enumerate(value))

    def _object(self, value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise PayloadFault(_T, f"{kind_of(value)} instead of object", where)
        return value

    def _vendor_data(self, value: dict[str, Any], where: str) -> dict[str, Any]:
        vendor_id = value.get("vendorId")
        if not isinstance(vendor_id, str) or len(vendor_id) > VENDOR_ID_LENGTH:
            self.note(DeviationKind.VENDOR_ID, where, value, "kept")
        kept: dict[str, Any] = self._anything(value, where)
        return kept

    def _anything(self, value: Any, where: str) -> Any:
        check_anything(value, where)
        return self._cleaned(value, where)

    def _cleaned(self, value: Any, where: str) -> Any:
        if isinstance(value, str):
            return self._without_nul(value, where)
        if isinstance(value, list):
            return [self._cleaned(inner, f"{where}[{index}]") for index, inner in enumerate(value)]
        if isinstance(value, dict):
            return {
                self._without_nul(name, member(where, name)): self._cleaned(inner, member(where, name))
                for name, inner in value.items()
            }
        return value
