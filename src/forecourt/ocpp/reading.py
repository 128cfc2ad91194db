"""From the JSON of a payload to a typed message, checked against one version.

    read(V201, v2.TransactionEvent, payload)                       every rule kept, or RemoteProtocolError
    read(V201, v2.TransactionEvent, payload, Reading.TOLERANT)     what can be understood, and a list of what was forgiven

Strict reading keeps to the version's schemas, and beyond them refuses what they let pass and nobody can use: numbers out of all
range (`forecourt.ocpp.numbers`), integers of more than 64 bits, date-times that UTC cannot say, customData nested deeper than
32, anything nested deeper than 64, NUL in text. Of two fields of one name the last counts. Two things it takes although the schemas do not, because msgspec
reads them and their meaning is plain: a date-time with a space instead of T, and one whose zone has no colon. One thing it does
not take although the schemas of 2.x do: an integer written 1.0 or 1e3. Fractions of seconds beyond six places it rounds.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from forecourt.ocpp.depth import DEPTH_LIMIT, is_deeper
from forecourt.ocpp.deviations import Deviation, DeviationKind, Reading, excerpt
from forecourt.ocpp.errors import ErrorCode, RemoteProtocolError
from forecourt.ocpp.message import Message
from forecourt.ocpp.payload_faults import PayloadFault
from forecourt.ocpp.repair import repaired
from forecourt.ocpp.strict import decode
from forecourt.ocpp.versions import Version

__all__ = ["Deviation", "DeviationKind", "Read", "Reading", "excerpt", "read"]

M_co = TypeVar("M_co", bound=Message, covariant=True)
M = TypeVar("M", bound=Message)


class Read(msgspec.Struct, Generic[M_co], frozen=True, gc=False):
    """A message, and what was forgiven in it: nothing under strict reading."""

    message: M_co
    deviations: tuple[Deviation, ...] = ()


def read(version: Version, struct: type[M], payload: bytes | msgspec.Raw, reading: Reading = Reading.STRICT) -> Read[M]:
    """Read a request or response of type `struct`, which must be one that `version` has.

    The message keeps nothing of `payload` alive. Raises RemoteProtocolError, nothing else, with the code that the peer is
    to be answered and the path of the field.
    """
    data = payload if type(payload) is bytes else bytes(payload)
    try:
        return Read(decode(version, struct, data))
    except PayloadFault as fault:
        refused = fault
    if is_deeper(data):
        raise RemoteProtocolError(ErrorCode.FORMAT_VIOLATION, f"nested deeper than {DEPTH_LIMIT}")
    if reading is Reading.STRICT:
        raise RemoteProtocolError(refused.code, refused.reason, refused.path)
    try:
        message, deviations = repaired(version, struct, data)
    except PayloadFault as fault:
        raise RemoteProtocolError(fault.code, fault.reason, fault.path) from None
    if not deviations:
        # Plain JSON holds the last of two fields of one name, while the strict lane has looked at the first as well.
        deviations = (Deviation(DeviationKind.REPEATED_FIELD, refused.path, "", f"{refused.reason}; the last is read"),)
    return Read(message, deviations)
