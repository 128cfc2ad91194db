"""Searching by how a text begins: what an index finds at once, also under row-level security."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, and_

_LAST: Final = 0x10FFFF
_SURROGATES: Final = 0xD800
_BEYOND_SURROGATES: Final = 0xE000


def begins_with(column: ColumnElement[Any], beginning: str) -> ColumnElement[bool]:
    """Whether a text begins so, character by character. Fast with an index on the column of `text_pattern_ops`.

    LIKE would say the same, but row-level security keeps it from the index: it is not known to keep secrets.
    """
    condition: ColumnElement[bool] = column.op("~>=~", is_comparison=True)(beginning)
    end = _next(beginning)
    return condition if end is None else and_(condition, column.op("~<~", is_comparison=True)(end))


def _next(beginning: str) -> str | None:
    """The first text after all that begin so, None if they are the last."""
    while beginning:
        rest, last = beginning[:-1], ord(beginning[-1]) + 1
        if last <= _LAST:
            return rest + chr(_BEYOND_SURROGATES if last == _SURROGATES else last)
        beginning = rest
    return None
