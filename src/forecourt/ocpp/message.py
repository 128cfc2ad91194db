"""What every generated message and type is made of. No message lives here: those are in `v16` and `v2`.

A message is a frozen value. It is not hashable where it carries customData, and building one does not validate it:
reading and writing do (`forecourt.ocpp.reading`, `forecourt.ocpp.writing`).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, TypeAlias, TypeVar

from msgspec import Meta, Struct

Anything: TypeAlias = Any
"""Any JSON value, which only DataTransfer of 2.x allows."""

VENDOR_ID_LENGTH: Final = 255
"""The longest `vendorId` of a customData, in characters."""

if TYPE_CHECKING:
    CustomData: TypeAlias = dict[str, Any]
else:
    # A type of its own makes msgspec hand every customData it meets to a hook that checks it, and costs nothing where there
    # is none. On what is written a plain dict does as well.
    class CustomData(dict):
        """A dict in all respects."""

        __slots__ = ()


"""A vendor's own fields, kept as they came. `vendorId` is required, which reading and writing enforce."""

Integer: TypeAlias = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""A JSON integer. OCPP means 32 bits and its schemas say nothing; what fits no 64 bits fits no database either."""

if TYPE_CHECKING:
    Number: TypeAlias = Decimal
else:
    # msgspec would take the text "21.4" for a Decimal too, and afterwards nobody could tell. So it decodes whatever stands
    # there, with fractions as Decimal by its float_hook, and the checks of `forecourt.ocpp.constraints` see to the rest.
    Number = Annotated[Any, Meta(extra={"number": True})]
"""A JSON number: a Decimal, exact. Ranges and steps are `Meta(extra=...)` with the keys minimum, maximum and multiple_of: msgspec bounds no decimals."""

Timestamp: TypeAlias = Annotated[datetime, Meta(tz=True)]
"""A date-time with a zone."""


class Message(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, rename="camel", gc=False):
    """Root of every message and type, in both dialects.

    Attributes are snake_case; the wire name is their camelCase unless the field records another. An absent field is UNSET,
    never None: OCPP has no null. What is decoded forms no cycles, so the garbage collector need not follow it: that
    saves a tenth of the memory and of the time of decoding.
    """


ResponseT = TypeVar("ResponseT", bound=Message)


class Request(Message, Generic[ResponseT], frozen=True):
    """A message that is answered, with a `ResponseT`: so a type checker knows what `await peer.call(request)` gives."""
