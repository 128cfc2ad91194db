"""What msgspec says of a value that does not fit: where it is, and a code for each way not to fit."""

from __future__ import annotations

import re
from typing import Final

from forecourt.errors import Flaw

_PLACE: Final = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_FIELD: Final = re.compile(r"(?:unknown|missing required) field `([^`]*)`")
_NUMBER: Final = r" (-?[\d.]+(?:e[+-]?\d+)?)$"
_CODES: Final = tuple(
    (re.compile(pattern), code)
    for pattern, code in (
        (r"missing required field", "required"),
        (r"unknown field", "field_unknown"),
        (r"of length >=" + _NUMBER, "too_short"),
        (r"of length <=" + _NUMBER, "too_long"),
        (r" >=" + _NUMBER, "too_small"),
        (r" >" + _NUMBER, "not_above"),
        (r" <=" + _NUMBER, "too_large"),
        (r" <" + _NUMBER, "not_below"),
        (r"^Expected .*, got ", "wrong_type"),
        (r"^Invalid enum value", "not_one_of"),
    )
)


def placed(message: str, within: str = "") -> tuple[str, Flaw]:
    """The path of the field that a validation error is about (empty for the whole value), and what is wrong with it. `within` is
    where, if the message does not say it."""
    found = _PLACE.match(message)
    what, path = (found["what"], found["path"] or within) if found else (message, within)
    if named := _FIELD.search(what):
        path = f"{path}.{named[1]}" if path else named[1]
    return path.replace("[...]", "[]"), _flaw(what)


def _flaw(what: str) -> Flaw:
    for pattern, code in _CODES:
        if found := pattern.search(what):
            return Flaw(what, code, float(found[1]) if pattern.groups else None)
    return Flaw(what, "wrong_form")
