"""Parameters that bound a list in time.

They arrive as texts: read as instants they would also be numbers, such as `7` for seven seconds into 1970.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar.params import QueryParameter
from sqlalchemy import ColumnElement

from forecourt.errors import Invalid

FromInstant = Annotated[
    str | None, QueryParameter(name="from", format="date-time", max_length=40, description="not before this instant")
]
ToInstant = Annotated[
    str | None, QueryParameter(name="to", format="date-time", max_length=40, description="before this instant")
]


def between(column: ColumnElement[Any], since: str | None, until: str | None) -> list[ColumnElement[bool]]:
    """The condition that an instant lies between two. Raises Invalid for what is no instant, or has no time zone."""
    conditions: list[ColumnElement[bool]] = []
    if since is not None:
        conditions.append(column >= instant("from", since))
    if until is not None:
        conditions.append(column < instant("to", until))
    return conditions


def instant(name: str, text: str) -> datetime:
    """The instant that the parameter `name` is. Raises Invalid."""
    try:
        found = msgspec.convert(text, datetime)
    except msgspec.ValidationError as error:
        message = "this is no instant; an example is 2026-11-28T12:00:00Z"
        raise Invalid("instant_invalid", message, {name: message}) from error
    if found.tzinfo is None:
        message = "an instant has a time zone, such as Z"
        raise Invalid("instant_without_zone", message, {name: message})
    return found
