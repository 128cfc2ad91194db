"""From a typed message to the JSON of its payload, refused unless one version can say it.

Date-times are written in UTC with Z, as both dialects recommend, and with at most three decimal places, which is all that 2.x
allows (Part 2, 3.1, Time Format Requirements): what is finer than a millisecond is cut. Numbers keep their digits: 21.40 stays 21.40. Everything else is written as it is or
refused with its path, never changed. What was encoded is read again as a peer would read it, since building a message checks
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from math import isfinite
from typing import Any, Final

import msgspec
from msgspec import UNSET

from forecourt.ocpp.errors import ErrorCode, LocalProtocolError
from forecourt.ocpp.fields import Anything, Array, Moment, Nested, Shape, fields_of
from forecourt.ocpp.message import Message
from forecourt.ocpp.payload_faults import OUT_OF_TIME, TOO_DEEP, PayloadFault, member
from forecourt.ocpp.strict import decode
from forecourt.ocpp.versions import Version

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_MILLISECOND: Final = 1000


def write(version: Version, message: Message) -> bytes:
    """The payload of a request or response.

    Raises LocalProtocolError, nothing else: when `version` has no such message, or with the path of what it cannot say.
    """
    struct = type(message)
    version.action_of(struct)
    try:
        payload = _ENCODER.encode(_settled(message))
        # msgspec writes null for a float that is no number. Floats can only hide where anything may stand.
        if _has_anything(struct) or b"customData" in payload:
            _refuse_unsayable(message)
        decode(version, struct, payload)
    except PayloadFault as fault:
        raise _refusal(message, fault) from None
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise _refusal(message, PayloadFault(ErrorCode.FORMAT_VIOLATION, "cannot be written as JSON", "")) from None
    return payload


def _refusal(message: Message, fault: PayloadFault) -> LocalProtocolError:
    """The error for a fault; when it is that no JSON came about, the place is looked for in the message."""
    if fault.code is ErrorCode.FORMAT_VIOLATION:
        try:
            _refuse_unsayable(message)
        except PayloadFault as found:
            fault = found
        except RecursionError:
            fault = PayloadFault(fault.code, TOO_DEEP, "")
    return LocalProtocolError(fault.code, fault.reason, fault.path)


@cache
def _timed(struct: type[Message]) -> Mapping[str, Shape]:
    """The fields of a type that are date-times or have some within, with their shapes without arrays."""
    shapes = {field.attribute: _innermost(field.shape) for field in fields_of(struct)}
    return {
        attribute: shape
        for attribute, shape in shapes.items()
        if isinstance(shape, Moment) or (isinstance(shape, Nested) and _timed(shape.type))
    }


@cache
def _has_anything(struct: type[Message]) -> bool:
    return any(isinstance(field.shape, Anything) for field in fields_of(struct))


def _innermost(shape: Shape) -> Shape:
    return _innermost(shape.item) if isinstance(shape, Array) else shape


def _settled(value: Any) -> Any:
    """`value`, a message or what it holds, with its date-times as they are written; itself when they are already.

    Raises OverflowError for a date-time that is out of range in UTC.
    """
    if isinstance(value, datetime):
        return _settled_instant(value)
    if isinstance(value, Message):
        changes = {}
        for attribute in _timed(type(value)):
            held = getattr(value, attribute)
            settled = _settled(held)
            if settled is not held:
                changes[attribute] = settled
        return msgspec.structs.replace(value, **changes) if changes else value
    if isinstance(value, tuple):
        settled_items = tuple(_settled(item) for item in value)
        same = all(one is other for one, other in zip(settled_items, value, strict=True))
        return value if same else settled_items
    return value


def _settled_instant(instant: datetime) -> datetime | str:
    # Without zone it is not an instant, and reading it again will say so.
    if instant.tzinfo is None or (instant.tzinfo is UTC and not instant.microsecond):
        return instant
    instant = instant.astimezone(UTC)
    # msgspec would write six places.
    places = "milliseconds" if instant.microsecond >= _MILLISECOND else "seconds"
    return instant.replace(tzinfo=None).isoformat(timespec=places) + "Z"


def _refuse_unsayable(value: Any, path: str = "$") -> None:
    """Raise the PayloadFault for the first thing in a message that has no form in JSON."""
    if isinstance(value, Message):
        for field in fields_of(type(value)):
            held = getattr(value, field.attribute)
            if held is not UNSET:
                _refuse_unsayable(held, f"{path}.{field.wire}")
    elif isinstance(value, dict):
        for name, inner in value.items():
            where = member(path, str(name))
            if not isinstance(name, str):
                raise PayloadFault(ErrorCode.TYPE_CONSTRAINT_VIOLATION, "field name that is no text", where)
            _refuse_leaf(name, where)
            _refuse_unsayable(inner, where)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            _refuse_unsayable(inner, f"{path}[{index}]")
    else:
        _refuse_leaf(value, path)


def _refuse_leaf(value: Any, path: str) -> None:
    if (isinstance(value, float) and not isfinite(value)) or (isinstance(value, Decimal) and not value.is_finite()):
        raise PayloadFault(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "not a finite number", path)
    try:
        _ENCODER.encode(_settled(value))
    except OverflowError:
        raise PayloadFault(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, OUT_OF_TIME, path) from None
    except UnicodeEncodeError:
        raise PayloadFault(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, "text cannot be written in UTF-8", path) from None
    except (TypeError, ValueError):
        reason = f"{type(value).__name__} cannot be written as JSON"
        raise PayloadFault(ErrorCode.TYPE_CONSTRAINT_VIOLATION, reason, path) from None
