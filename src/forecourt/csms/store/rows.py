"""How rows are written: a block declares once per table which columns it fills and what happens on a repetition.

    Rows      simply added, by COPY: readings, message log, events
    Absent    added unless a row with the same unique values is there
    Latest    the latest row per key wins: brings an existing row up to date, or adds it too
    Once      a guard: if its unique values are there already, the whole entry is a repetition and nothing of it is written

All but COPY send one array per column (`unnest`), so each kind costs one statement per flush however many rows there are. COPY
takes two round trips: a few rows are inserted, and several kinds of a few rows each in one statement (`entry.py`).
The time stamps, numbers and texts are handed to the driver as they are: no row is ever formatted into SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, TypeAlias

import asyncpg
from sqlalchemy import ARRAY, Column, Table
from sqlalchemy.dialects import postgresql

Row = tuple[Any, ...]
Driver: TypeAlias = "asyncpg.Connection[Any]"  # generic for type checkers only

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


class Rows:
    """Rows of `table`, each a tuple of values in the order of `columns`; other columns take their defaults.

    Tables are written in the order of `rank`, lower first: a table that refers to another one gets the higher rank.
    """

    locks: ClassVar[bool] = False
    """Whether writing may wait for a row that somebody else writes."""

    def __init__(self, table: Table, *columns: str, rank: int = 0) -> None:
        self.table = table
        self.columns = columns
        self.rank = rank
        self.width = len(columns)
        self._statements: dict[int, str] = {}
        unknown = [name for name in columns if name not in table.columns]
        if unknown or not columns:
            raise ValueError(f"{table.name} has no column {', '.join(unknown) or '(none named)'}")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.table.name})"

    async def write(self, driver: Driver, rows: Sequence[Row]) -> None:
        """Write `rows` in the driver's running transaction. Raises what the driver raises."""
        await driver.copy_records_to_table(
            self.table.name, schema_name=self.table.schema, columns=self.columns, records=rows
        )

    async def insert(self, driver: Driver, rows: Sequence[Row]) -> None:
        """What `write` does, by a statement that row-level security allows: COPY is refused to a role that it binds."""
        await driver.execute(self.statement(), *self.arguments(rows))

    def statement(self, first: int = 1) -> str:
        """The SQL of `insert`, whose arguments are numbered from `first`, one for each column."""
        if first not in self._statements:
            self._statements[first] = self._statement(first)
        return self._statements[first]

    def arguments(self, rows: Sequence[Row]) -> list[Row]:
        """What the statement is given to write `rows`: an array per column."""
        return list(zip(*rows, strict=True))

    @property
    def has_arrays(self) -> bool:
        """Whether its rows hold arrays, which only COPY can write."""
        return any(isinstance(self.table.columns[name].type, ARRAY) for name in self.columns)

    def _statement(self, first: int) -> str:
        names = self._names(self.columns)
        return f"INSERT INTO {_quoted(self.table)} ({names}) SELECT * FROM {self._unnest(first)}"  # noqa: S608

    def _names(self, columns: Iterable[str], prefix: str = "") -> str:
        return ", ".join(f'{prefix}"{name}"' for name in columns)

    def _unnest(self, first: int, *before: str) -> str:
        types = [*before, *(_type_of(self.table.columns[name]) for name in self.columns)]
        return "unnest(" + ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(types, first)) + ")"


class Absent(Rows):
    """Rows added unless one of the table's unique constraints says they are there."""

    locks = True

    def __init__(self, table: Table, *columns: str, rank: int = 0) -> None:
        super().__init__(table, *columns, rank=rank)
        self.statement()

    async def write(self, driver: Driver, rows: Sequence[Row]) -> None:
        await self.insert(driver, rows)

    def _statement(self, first: int) -> str:
        return f"{super()._statement(first)} ON CONFLICT DO NOTHING"


class Latest(Rows):
    """Rows that replace what is known of a key. A row is the values of `key`, then those of `columns`.

    `adds` also inserts a row for a key that is not there yet. `unless_older` names a column that never steps back: a row
    whose value is below the stored one changes nothing (an older connection's epoch, for instance).
    """

    locks = True

    def __init__(
        self,
        table: Table,
        *,
        key: Sequence[str],
        columns: Sequence[str],
        adds: bool = False,
        unless_older: str = "",
        rank: int = 0,
    ) -> None:
        super().__init__(table, *key, *columns, rank=rank)
        self._key = tuple(key)
        self._adds = adds
        self._guard = unless_older
        self._guard_index = self.columns.index(unless_older) if unless_older else -1
        self.statement()

    async def write(self, driver: Driver, rows: Sequence[Row]) -> None:
        await self.insert(driver, rows)

    def arguments(self, rows: Sequence[Row]) -> list[Row]:
        return super().arguments(self._last_per_key(rows))

    def _statement(self, first: int) -> str:
        target, guard, source = _quoted(self.table), self._guard, "excluded" if self._adds else "given"
        given = f"{self._unnest(first)} AS given ({self._names(self.columns)})"
        sets = ", ".join(f'"{name}" = {source}."{name}"' for name in self.columns[len(self._key) :])
        not_older = f'(stored."{guard}" <= {source}."{guard}") IS NOT FALSE'
        if self._adds:
            # In the order of the key, so that two writers lock rows in the same order.
            key = self._names(self._key)
            return (
                f"INSERT INTO {target} AS stored ({self._names(self.columns)})"  # noqa: S608
                f" SELECT * FROM {given} ORDER BY {key} ON CONFLICT ({key}) DO UPDATE SET {sets}"
                f"{f' WHERE {not_older}' if guard else ''}"
            )
        same_key = " AND ".join(f'stored."{name}" = given."{name}"' for name in self._key)
        return (
            f"UPDATE {target} AS stored SET {sets} FROM {given} WHERE {same_key}"  # noqa: S608
            f"{f' AND {not_older}' if guard else ''}"
        )

    def _last_per_key(self, rows: Sequence[Row]) -> Sequence[Row]:
        width, guard = len(self._key), self._guard_index
        latest: dict[Row, Row] = {}
        for row in rows:
            key = row[:width]
            if guard >= 0 and key in latest and row[guard] < latest[key][guard]:
                continue
            latest[key] = row
        return list(latest.values())


class Once(Rows):
    """The row that makes an entry happen once. `unique` names the columns of a unique constraint, none of them nullable.

    Given to `Work.once`, not to `Work.add`.
    """

    def __init__(self, table: Table, *columns: str, unique: Sequence[str]) -> None:
        super().__init__(table, *columns)
        if any(table.columns[name].nullable for name in unique):
            raise ValueError(f"the columns that make a row of {table.name} unique must not be nullable")
        names, key = self._names(columns), self._names(unique)
        self._sql = (
            f"WITH given AS (SELECT * FROM {self._unnest(1, 'integer')} AS given (n, {names})),"  # noqa: S608
            f" fresh AS (INSERT INTO {_quoted(table)} ({names}) SELECT {names} FROM given ORDER BY {key}, n"
            f" ON CONFLICT ({key}) DO NOTHING RETURNING {key})"
            f" SELECT min(n) FROM given JOIN fresh USING ({key}) GROUP BY {key}"
        )

    async def fresh(self, driver: Driver, rows: Sequence[Row]) -> set[int]:
        """Add what is not there yet and say which of `rows`, by index, that was."""
        added = await driver.fetch(self._sql, range(len(rows)), *self.arguments(rows))
        return {record[0] for record in added}


def _quoted(table: Table) -> str:
    return ".".join(f'"{part}"' for part in (table.schema, table.name) if part)


def _type_of(column: Column[Any]) -> str:
    if isinstance(column.type, ARRAY):
        raise TypeError(f"{column} is an array, which cannot travel in an array of rows: use Rows, or jsonb")
    return column.type.compile(dialect=_DIALECT)
