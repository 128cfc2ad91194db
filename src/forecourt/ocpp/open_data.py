"""Rules for the places where any JSON may stand: customData of 2.x, and the data of its DataTransfer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from forecourt.ocpp.errors import ErrorCode
from forecourt.ocpp.message import VENDOR_ID_LENGTH
from forecourt.ocpp.numbers import is_bounded
from forecourt.ocpp.payload_faults import MISSING, OUT_OF_RANGE, TOO_DEEP, UNBOUNDED, PayloadFault, kind_of, member

MAX_DEPTH: Final = 32
"""How many objects and arrays may stand in each other, the outermost included."""


def check_anything(value: Any, path: str, depth: int = 0) -> None:
    """Raise the PayloadFault for data at `path` that is nested too deep or holds a number out of range. `depth` is that of `value`."""
    if isinstance(value, dict):
        if depth == MAX_DEPTH:
            raise PayloadFault(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, TOO_DEEP, path)
        for name, inner in value.items():
            check_anything(inner, member(path, name), depth + 1)
    elif isinstance(value, list):
        if depth == MAX_DEPTH:
            raise PayloadFault(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, TOO_DEEP, path)
        for index, inner in enumerate(value):
            check_anything(inner, f"{path}[{index}]", depth + 1)
    elif value is UNBOUNDED or (isinstance(value, int | Decimal) and not is_bounded(value)):
        raise PayloadFault(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, OUT_OF_RANGE, path)


def check_vendor_data(value: Any, path: str) -> None:
    """Raise the PayloadFault for a customData at `path` that does not say whose it is, or that `check_anything` refuses."""
    if not isinstance(value, dict):
        raise PayloadFault(ErrorCode.TYPE_CONSTRAINT_VIOLATION, f"{kind_of(value)} instead of object", path)
    where = f"{path}.vendorId"
    if "vendorId" not in value:
        raise PayloadFault(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, MISSING, where)
    vendor_id = value["vendorId"]
    if not isinstance(vendor_id, str):
        raise PayloadFault(ErrorCode.TYPE_CONSTRAINT_VIOLATION, f"{kind_of(vendor_id)} instead of text", where)
    if len(vendor_id) > VENDOR_ID_LENGTH:
        reason = f"text of more than {VENDOR_ID_LENGTH} characters"
        raise PayloadFault(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, reason, where)
    check_anything(value, path)
