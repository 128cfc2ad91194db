"""The strict lane: from JSON to a message that keeps every rule of one version, in one pass of msgspec and one check.

Reading takes it first and writing last, so what we write is what we would accept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from forecourt.ocpp.constraints import Check, check_of
from forecourt.ocpp.message import Message
from forecourt.ocpp.numbers import decimal_of
from forecourt.ocpp.open_data import check_vendor_data
from forecourt.ocpp.payload_faults import fault_of, refuse_nul
from forecourt.ocpp.versions import Version

M = TypeVar("M", bound=Message)

_BACKSLASH: Final = ord("\\")


def vendor_data(custom_data: type[Any], value: Any) -> Any:
    """The hook by which msgspec makes a customData, the only type it does not know. Raises the PayloadFault that is in it."""
    check_vendor_data(value, "")
    return custom_data(value)


class _Lane:
    """What it takes to read one type in one version."""

    __slots__ = ("check", "decode")

    def __init__(self, version: Version, struct: type[Message]) -> None:
        decoder = msgspec.json.Decoder(struct, dec_hook=vendor_data, float_hook=decimal_of)
        self.decode: Final[Callable[[bytes], Any]] = decoder.decode
        self.check: Final[Check | None] = check_of(version, struct)


_LANES: Final[dict[Version, dict[type[Message], _Lane]]] = {}


def decode(version: Version, struct: type[M], payload: bytes) -> M:
    """The message of type `struct` that `payload` holds. Raises PayloadFault unless it keeps every rule of `version`."""
    try:
        lane = _LANES[version][struct]
    except KeyError:
        lane = _LANES.setdefault(version, {})[struct] = _Lane(version, struct)
    try:
        message: M = lane.decode(payload)
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise fault_of(error, payload) from None
    if lane.check is not None:
        lane.check(message)
    # NUL can only be written escaped, and hardly any payload has an escape.
    if _BACKSLASH in payload:
        refuse_nul(payload)
    return message
