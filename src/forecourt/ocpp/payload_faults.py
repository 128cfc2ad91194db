"""What is wrong with a payload, before it is known who is at fault: code, words and place.

Reading makes a RemoteProtocolError of a `PayloadFault`, writing a LocalProtocolError; it never leaves `forecourt.ocpp`. Most
faults are found by msgspec, which tells them in English only: `fault_of` knows its sentences.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from forecourt.ocpp.errors import ErrorCode
from forecourt.ocpp.numbers import MAX_DIGITS, MAX_EXPONENT, decimal_of

_NAME_LENGTH: Final = 60
"""Field names come from the peer, and go into reasons and logs."""

OUT_OF_RANGE: Final = f"number of more than {MAX_DIGITS} digits or beyond 1e{MAX_EXPONENT}"
OUT_OF_TIME: Final = "date-time out of range in UTC"
NUL: Final = "text contains NUL"
TOO_DEEP: Final = "nested too deep"
MISSING: Final = "required field is missing"
UNKNOWN: Final = "unknown field"
NOT_AN_OBJECT: Final = "the payload is not an object"


class PayloadFault(ValueError):
    """A payload that is not as it should be. `reason` quotes nothing of it; `path` names the field as on the wire.

    It is a ValueError because msgspec takes one from a hook as a refusal, to which it adds the place.
    """

    def __init__(self, code: ErrorCode, reason: str, path: str) -> None:
        super().__init__(code, reason, path)
        self.code = code
        self.reason = reason
        self.path = path


def member(path: str, name: str) -> str:
    """The path of a field of the object at `path`. A name that is long or cannot be printed is made fit to be shown."""
    shown = name[:_NAME_LENGTH] + "…" if len(name) > _NAME_LENGTH else name
    return f"{path}.{shown if shown.isprintable() else ascii(shown)[1:-1]}"


def joined(*parts: Any) -> str:
    """A path made of texts and, for each array on the way, the array and the item in it that is meant."""
    path = ""
    steps = iter(parts)
    for step in steps:
        if isinstance(step, str):
            path += step
        else:
            item = next(steps)
            path += f"[{next(index for index, one in enumerate(step) if one is item)}]"
    return path


_T, _P, _O = (
    ErrorCode.TYPE_CONSTRAINT_VIOLATION,
    ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
)

_KINDS: Final = {
    "array": "array",
    "bool": "true or false",
    "datetime": "date-time",
    "float": "number",
    "int": "integer",
    "null": "null",
    "object": "object",
    "str": "text",
}
"""What msgspec calls the kinds of JSON values, and what we do."""

_KINDS_IN_PYTHON: Final[dict[type, str]] = {
    bool: "true or false",
    dict: "object",
    int: "integer",
    list: "array",
    str: "text",
    type(None): "null",
}

_SENTENCES: Final[tuple[tuple[re.Pattern[str], ErrorCode, str], ...]] = tuple(
    (re.compile(pattern, re.DOTALL), code, reason)
    for pattern, code, reason in (
        (r"Object missing required field `(?P<field>.*)`", _O, MISSING),
        (r"Object contains unknown field `(?P<field>.*)`", ErrorCode.PROTOCOL_ERROR, UNKNOWN),
        (r"Expected `array` of length >= (\d+)", _O, "fewer than {0} items"),
        (r"Expected `array` of length <= (\d+)", _O, "more than {0} items"),
        (r"Expected `str` of length <= (\d+)", _P, "text of more than {0} characters"),
        (r"Expected `int` >= (-?\d+)", _P, "number below {0}"),
        (r"Expected `int` <= (-?\d+)", _P, "number above {0}"),
        (r"Expected `datetime` with a timezone component", _P, "date-time without time zone"),
        (r"Invalid RFC3339 encoded datetime", _P, "not a date-time"),
        (r"Invalid enum value .*", _P, "not one of the values allowed"),
        (r"Integer value out of range|Number out of range", _P, OUT_OF_RANGE),
        (r"Expected `(\w+)`, got `(\w+)`", _T, "{1} instead of {0}"),
    )
)

# The name of an unknown field may hold a sentence of its own. What is last is the place, unless the field is one of the
# payload itself: then its name decides what is said of it, and of nothing else.
_PLACE: Final = re.compile(r" - at `(\$[^`]*)`\Z")


def fault_of(error: Exception, payload: bytes) -> PayloadFault:
    """The fault behind what msgspec, or the hook that makes its numbers, raised over `payload`."""
    if isinstance(error, msgspec.ValidationError):
        place = _PLACE.search(str(error))
        path = place[1] if place else "$"
        if isinstance(error.__cause__, PayloadFault):
            return PayloadFault(error.__cause__.code, error.__cause__.reason, path + error.__cause__.path)
        return _fault_of_sentence(str(error)[: place.start() if place else None], path)
    if isinstance(error, ArithmeticError):
        return PayloadFault(_P, OUT_OF_RANGE, place_of(payload, lambda value: value is UNBOUNDED))
    if isinstance(error, RecursionError):
        return PayloadFault(ErrorCode.FORMAT_VIOLATION, TOO_DEEP, "")
    if isinstance(error, UnicodeDecodeError):
        return PayloadFault(ErrorCode.FORMAT_VIOLATION, "not UTF-8", "")
    return PayloadFault(ErrorCode.FORMAT_VIOLATION, "not JSON", "")


def _fault_of_sentence(sentence: str, path: str) -> PayloadFault:
    for pattern, code, reason in _SENTENCES:
        if found := pattern.fullmatch(sentence):
            if "field" in found.groupdict():
                return PayloadFault(code, reason, member(path, found["field"]))
            if code is _T and path == "$":
                return PayloadFault(ErrorCode.PROTOCOL_ERROR, NOT_AN_OBJECT, "")
            return PayloadFault(code, reason.format(*(_KINDS.get(word, word) for word in found.groups())), path)
    return PayloadFault(_P, "value not allowed", path)


def refuse_nul(payload: bytes) -> None:
    """Raise the PayloadFault for a U+0000 in any text of `payload`, which is JSON. A database takes no text that holds one."""
    # Bare in a text it is no JSON, so it can only stand there escaped.
    if rb"\u0000" in payload and (path := place_of(payload, lambda value: isinstance(value, str) and "\0" in value)):
        raise PayloadFault(_P, NUL, path)


def kind_of(value: Any) -> str:
    """What to call the kind of a plain JSON value."""
    return _KINDS_IN_PYTHON.get(type(value), "number")


class _Unbounded:
    """What stands in for a number that is too large, too small or too long."""

    def __str__(self) -> str:
        return "number out of range"


UNBOUNDED: Final = _Unbounded()


def number_of(text: str) -> Any:
    """The Decimal of a number's text, or UNBOUNDED."""
    try:
        return decimal_of(text)
    except ArithmeticError:
        return UNBOUNDED


plain: Final = msgspec.json.Decoder(float_hook=number_of).decode
"""The plain JSON values of a payload, numbers with a fraction as Decimal or UNBOUNDED. Raises ValueError and RecursionError."""


def place_of(payload: bytes, is_meant: Callable[[Any], bool]) -> str:
    """The path of the first value, or field name, in `payload` that is meant; empty when there is none."""
    try:
        return _first(plain(payload), is_meant, "$")
    except (ValueError, RecursionError):
        return ""


def _first(value: Any, is_meant: Callable[[Any], bool], path: str) -> str:
    if isinstance(value, dict):
        for name, inner in value.items():
            where = member(path, name)
            if found := where if is_meant(name) else _first(inner, is_meant, where):
                return found
        return ""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            if found := _first(inner, is_meant, f"{path}[{index}]"):
                return found
        return ""
    return path if is_meant(value) else ""
