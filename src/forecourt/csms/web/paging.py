"""Lists in pages: by key, so that the thousandth page costs what the first one does, with filters and orders that are declared.

A cursor is where a page ended, opaque to clients and valid for the same list in the same order only.
"""

from __future__ import annotations

import base64
import binascii
import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Generic, TypeVar
from uuid import UUID

import msgspec
from litestar.params import QueryParameter
from sqlalchemy import ARRAY, BigInteger, ColumnElement, Row, Select, any_, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from forecourt.errors import Invalid

Item = TypeVar("Item")

MOST_PER_PAGE: Final = 500
FEW: Final = 1000
"""So many that a search has found are listed by their numbers; among more a page is soon full in any order."""
_MOST_DIGITS: Final = 40

Limit = Annotated[int, QueryParameter(ge=1, le=MOST_PER_PAGE, description="how many at most")]
CursorText = Annotated[
    str | None, QueryParameter(max_length=512, description="`next` of the page before; leave it out for the first page")
]
SortText = Annotated[
    str | None,
    QueryParameter(max_length=64, description="the field to sort by, with a minus before it for the other direction"),
]


class Page(msgspec.Struct, Generic[Item], frozen=True, kw_only=True):
    """A page of a list. `next` is the cursor of the page after it, absent on the last one."""

    items: list[Item]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Sorting:
    """The orders a list can be had in: names in the API to columns, none of them nullable. `key` makes each order total."""

    key: ColumnElement[Any]
    columns: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    default: str = ""
    """The order if none is asked for; empty for by key, a minus before a name for descending."""

    def order(self, asked: str | None) -> Order:
        """The order that was asked for. Raises Invalid naming the nearest one there is."""
        name = self.default if asked is None else asked
        descending = name.startswith("-")
        bare = name.removeprefix("-")
        if bare in ("", "id"):
            return Order(name, self.key, self.key, descending)
        column = self.columns.get(bare)
        if column is None:
            near = difflib.get_close_matches(bare, self.columns, n=1, cutoff=0.4)
            known = f"did you mean {near[0]}?" if near else f"known are {', '.join(['id', *self.columns])}"
            message = f"this list cannot be sorted by {bare}; {known}"
            raise Invalid("sort_unknown", message, {"sort": message})
        return Order(name, column, self.key, descending)


@dataclass(frozen=True, slots=True)
class Order:
    """One order of a list."""

    name: str
    column: ColumnElement[Any]
    key: ColumnElement[Any]
    descending: bool

    def page(self, statement: Select[Any], cursor: str | None, limit: int) -> Select[Any]:
        """`statement` for the page after `cursor`, with one row more than fits, which tells whether there is another page."""
        if cursor is not None:
            statement = statement.where(self._after(*self._read(cursor)))
        plain = [self.key] if self.column is self.key else [self.column, self.key]
        return statement.order_by(*(one.desc() if self.descending else one.asc() for one in plain)).limit(limit + 1)

    def cursor(self, value: Any, key: Any) -> str:
        """The cursor of a page whose last row has this value and key."""
        packed = msgspec.json.encode([self.name, plain(value), plain(key)])
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    def _after(self, value: Any, key: Any) -> ColumnElement[bool]:
        further: ColumnElement[bool] = self.key < key if self.descending else self.key > key
        if self.column is self.key:
            return further
        # Compared as a pair, so that an index on both finds the place at once.
        place, last = tuple_(self.column, self.key), tuple_(value, key)
        return place < last if self.descending else place > last

    def _read(self, cursor: str) -> tuple[Any, Any]:
        try:
            packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            name, value, key = msgspec.json.decode(packed, type=tuple[str, Any, Any])
            if name != self.name:
                raise ValueError
            return typed(value, self.column), typed(key, self.key)
        except (binascii.Error, ValueError, TypeError, ArithmeticError) as error:
            message = "this cursor is not of this list in this order; begin with the first page"
            raise Invalid("cursor_invalid", message, {"cursor": message}) from error


async def page_of(
    connection: AsyncConnection,
    statement: Select[Any],
    order: Order,
    *,
    cursor: str | None,
    limit: int,
    build: Callable[[Row[Any]], Item],
) -> Page[Item]:
    """One page of a list. The statement has to select the columns of the order, labelled as they are."""
    rows = (await connection.execute(order.page(statement, cursor, limit))).all()
    shown = rows[:limit]
    following = None
    if len(rows) > limit:
        last = shown[-1]._mapping
        following = order.cursor(last[order.column], last[order.key])
    return Page(items=[build(row) for row in shown], next=following)


def among(column: ColumnElement[Any], keys: Collection[int]) -> ColumnElement[bool]:
    """Whether a number is one of these: one statement, however many there are."""
    return column == any_(literal(list(keys), ARRAY(BigInteger)))


def search(text: str) -> str:
    """A pattern for ILIKE that finds `text` anywhere, whatever characters it holds."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, (UUID, Decimal)) else value


def typed(value: Any, column: ColumnElement[Any]) -> Any:
    """`value` of a cursor as the column's type. Raises ValueError, TypeError, ArithmeticError."""
    kind = column.type.python_type
    if kind is datetime:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is None:
            raise ValueError("no time zone")
        return instant
    if kind is UUID:
        return UUID(str(value))
    if kind is Decimal:
        number = Decimal(str(value))
        if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
            raise ValueError("no number of ours")
        return number
    if type(value) is not kind:
        raise TypeError(f"not a {kind.__name__}")
    if kind is int and not -(2**63) <= value < 2**63:
        raise ValueError("out of range")
    if kind is str and "\0" in value:
        raise ValueError("a NUL")
    return value
