"""Parameters that bound a list in time."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from litestar.params import QueryParameter
from sqlalchemy import ColumnElement

from forecourt.errors import Invalid

FromInstant = Annotated[datetime | None, QueryParameter(name="from", description="not before this instant")]
ToInstant = Annotated[datetime | None, QueryParameter(name="to", description="before this instant")]


def between(column: ColumnElement[Any], since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """The condition that an instant lies between two. Raises Invalid for instants without time zone."""
    conditions: list[ColumnElement[bool]] = []
    for name, instant in (("from", since), ("to", until)):
        if instant is not None:
            if instant.tzinfo is None:
                message = "an instant has a time zone, such as Z"
                raise Invalid("instant_without_zone", message, {name: message})
            conditions.append(column >= instant if name == "from" else column < instant)
    return conditions
