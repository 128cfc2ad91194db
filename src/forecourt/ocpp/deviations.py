"""What a peer did against the specification that was forgiven, so that it can be counted and shown."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Any, Final

import msgspec

EXCERPT_LENGTH: Final = 60

# What is no JSON value, because Python could not hold what came, is shown as what it says of itself.
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number", enc_hook=str)


class Reading(Enum):
    """How a message is read. STRICT refuses whatever its version does not allow; TOLERANT forgives what can be understood."""

    STRICT = "strict"
    TOLERANT = "tolerant"


class DeviationKind(StrEnum):
    """What was wrong with a field, and what was made of it."""

    UNKNOWN_FIELD = "unknown field"
    """Left out."""
    OTHER_VERSION = "other version"
    """A field or a value that only the other version of the dialect has. Kept."""
    TEXT_LENGTH = "text length"
    """A text longer or shorter than its field takes. Kept whole."""
    UNKNOWN_VALUE = "unknown value"
    """None of the listed values. Kept."""
    LETTER_CASE = "letter case"
    """A listed value in other capitals. Read as the listed one."""
    NUMBER_AS_TEXT = "number as text"
    """A number in quotes. Read as the number."""
    TEXT_AS_NUMBER = "text as number"
    """A number where a text belongs. Read as the text of it."""
    FLAG_AS_TEXT = "true or false as text"
    """The word in quotes, in any capitals. Read as what it says."""
    TEXT_AS_FLAG = "text as true or false"
    """True or false where a text belongs. Read as the word."""
    INTEGER_FORM = "integer with a point or an exponent"
    """The same value as an integer, as 1.0 and 1e3 are."""
    OUT_OF_BOUNDS = "out of bounds"
    """A number beyond the limits of its field. Kept."""
    WRONG_STEP = "wrong step"
    """A number with more places than its field has. Kept."""
    ITEM_COUNT = "item count"
    """Too many or too few items in an array. Kept; without any item, where the field is optional, it is absent."""
    NULL = "null"
    """An optional field is absent instead, a payload without required fields empty."""
    NUL_IN_TEXT = "NUL in text"
    """The character U+0000. Left out."""
    NO_ZONE = "no time zone"
    """Read as UTC."""
    TIME_FORM = "time form"
    """A date-time that can be understood although RFC 3339 writes it otherwise."""
    VENDOR_ID = "vendor id"
    """A customData without vendorId, or with one that is no text or too long. Kept."""
    REPEATED_FIELD = "repeated field"
    """Two fields of one name, of which the first is faulty. The last is read."""
    MORE = "more"
    """So many that the others are not listed; the value is their number."""


class Deviation(msgspec.Struct, frozen=True, gc=False):
    """One thing forgiven.

    `path` says where in the payload (`$.evse.id`), `value` is the beginning of what stood there, as JSON of at most 60
    characters, and `detail` says in words what was made of it. What a secret field held must be redacted by whoever shows
    or keeps this: the path names the field.
    """

    kind: StrEnum
    path: str
    value: str
    detail: str


def excerpt(value: Any) -> str:
    """The beginning of a JSON value, short enough to be kept and shown."""
    # Cut first: the value may be a megabyte. JSON of a text is at least as long as the text.
    if isinstance(value, str):
        value = value[: EXCERPT_LENGTH + 1]
    try:
        text = _ENCODER.encode(value).decode()
    except (ValueError, RecursionError):
        text = f"({type(value).__name__})"
    return text if len(text) <= EXCERPT_LENGTH else text[: EXCERPT_LENGTH - 1] + "…"
