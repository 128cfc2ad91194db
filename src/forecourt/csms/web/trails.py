"""Lists of what has no number: in the order of time, the latest first, and by whatever tells the rows of one instant apart.

Such tables are large and split by time. A list of all of them together looks at a short piece of time first and at longer ones
before it only if that holds too little, so that the latest are found without reading what is old. After a silence about twice as
long a time is read as the silence has lasted, and nothing twice.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import ColumnElement, Row, Select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.csms.web.paging import Page, plain, typed
from forecourt.errors import Invalid

Item = TypeVar("Item")

_FIRST_PIECE: Final = timedelta(seconds=10)
_WIDER: Final = 3
_BEFORE_ALL: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Nothing was received before."""


@dataclass(frozen=True, slots=True)
class Trail:
    """An order: an instant first, then what tells rows apart. All columns are selected and not nullable."""

    columns: tuple[ColumnElement[Any], ...]

    async def page(
        self,
        connection: AsyncConnection,
        statement: Select[Any],
        *,
        cursor: str | None,
        limit: int,
        build: Callable[[Row[Any]], Item],
        now: datetime,
        since: datetime | None = None,
        in_pieces: bool = False,
    ) -> Page[Item]:
        """A page of the latest. `in_pieces` is for statements that no index brings into this order.

        Raises Invalid for a cursor of another list.
        """
        instant = self.columns[0]
        latest = statement.order_by(*(column.desc() for column in self.columns)).limit(limit + 1)
        statement, upper = latest, now
        if cursor is not None:
            after = self._read(cursor)
            upper = after[0]
            statement = latest.where(tuple_(*self.columns) < tuple_(*after))
        rows: list[Row[Any]] = []
        piece = _FIRST_PIECE
        while True:
            lowest = _BEFORE_ALL if upper - _BEFORE_ALL <= piece else upper - piece
            asked = statement.where(instant >= lowest) if in_pieces else statement
            rows += await connection.execute(asked)
            if not in_pieces or len(rows) > limit or lowest == _BEFORE_ALL or (since is not None and lowest <= since):
                break
            statement = latest.where(instant < lowest)
            upper = lowest
            piece *= _WIDER
        shown = rows[:limit]
        following = self._cursor(shown[-1]) if len(rows) > limit else None
        return Page(items=[build(row) for row in shown], next=following)

    def _cursor(self, row: Row[Any]) -> str:
        packed = msgspec.json.encode([plain(row._mapping[column]) for column in self.columns])
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    def _read(self, cursor: str) -> list[Any]:
        try:
            packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            values = msgspec.json.decode(packed, type=list[Any])
            return [typed(value, column) for value, column in zip(values, self.columns, strict=True)]
        except (binascii.Error, ValueError, TypeError, ArithmeticError) as error:
            message = "this cursor is not of this list; begin with the first page"
            raise Invalid("cursor_invalid", message, {"cursor": message}) from error
