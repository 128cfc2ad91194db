"""What a station keeps over a loss of power: values on shelves, written in batches that are kept whole or not at all.

A station reads everything once, at start, and works in memory. What it changes in one turn becomes durable with one
`commit`, before anything of it is said to anybody. So power may fail between any two statements: afterwards the station
is as it was at the end of a turn.
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar, cast

import msgspec

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Shelf(Generic[V]):
    """Values of one type under text keys. The `name` is part of what is stored: never reuse one for another type."""

    name: str
    kind: Any


class StorageFailed(Exception):
    """Something could not be kept: the disk is full or broken. What was not committed is as good as lost."""


class Storage(Protocol):
    """Where a station keeps what it must not forget. Writing raises StorageFailed."""

    def put(self, shelf: Shelf[V], key: str, value: V) -> None:
        """Keep `value`, in place of what was there. Durable with the next `commit`."""

    def remove(self, shelf: Shelf[V], key: str) -> None:
        """Keep it no more; harmless when it is not there. Durable with the next `commit`."""

    def items(self, shelf: Shelf[V]) -> list[tuple[str, V]]:
        """What was committed, in the order of the keys."""

    def commit(self) -> None:
        """Make all changes since the last time durable, together."""

    def lose(self) -> None:
        """Forget what was not committed, as a power cut does."""


class Memory:
    """For fleets and tests: kept as long as the object. What is put must not be changed afterwards."""

    __slots__ = ("_kept", "_pending")

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], object] = {}
        self._pending: list[tuple[tuple[str, str], object]] = []

    def put(self, shelf: Shelf[V], key: str, value: V) -> None:
        self._pending.append(((shelf.name, key), value))

    def remove(self, shelf: Shelf[V], key: str) -> None:
        self._pending.append(((shelf.name, key), None))

    def items(self, shelf: Shelf[V]) -> list[tuple[str, V]]:
        found = [(key, cast(V, value)) for (name, key), value in self._kept.items() if name == shelf.name]
        return sorted(found, key=lambda pair: pair[0])

    def commit(self) -> None:
        for at, value in self._pending:
            if value is None:
                self._kept.pop(at, None)
            else:
                self._kept[at] = value
        self._pending.clear()

    def lose(self) -> None:
        self._pending.clear()


_FORM: Final = 1


class Sqlite:
    """One file of sqlite3, for its owner's eyes if it is new. Raises ValueError for a file that a newer program has written."""

    __slots__ = ("_connection", "_open")

    def __init__(self, path: Path | str) -> None:
        # Keys and passwords are in it. What sqlite3 makes beside it, it makes alike.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._open = False
        # With FULL, a committed batch is on the disk when COMMIT returns; WAL would lose the last ones with NORMAL.
        self._connection.execute("PRAGMA synchronous=FULL")
        (form,) = self._connection.execute("PRAGMA user_version").fetchone()
        if form > _FORM:
            raise ValueError(f"{path} was written by a newer version of this program")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS kept (shelf TEXT, key TEXT, value BLOB NOT NULL, PRIMARY KEY (shelf, key))"
            " WITHOUT ROWID"
        )
        self._connection.execute(f"PRAGMA user_version={_FORM}")

    def put(self, shelf: Shelf[V], key: str, value: V) -> None:
        self._write("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", shelf.name, key, msgspec.json.encode(value))

    def remove(self, shelf: Shelf[V], key: str) -> None:
        self._write("DELETE FROM kept WHERE shelf = ? AND key = ?", shelf.name, key)

    def items(self, shelf: Shelf[V]) -> list[tuple[str, V]]:
        rows = self._connection.execute("SELECT key, value FROM kept WHERE shelf = ? ORDER BY key", (shelf.name,))
        return [(key, msgspec.json.decode(value, type=shelf.kind)) for key, value in rows.fetchall()]

    def commit(self) -> None:
        if self._open:
            self._do("COMMIT")
            self._open = False

    def lose(self) -> None:
        self._open = False
        # After some failures sqlite3 has rolled back by itself.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Let go of the file; what was not committed is gone."""
        self._connection.close()

    def _write(self, statement: str, *values: object) -> None:
        if not self._open:
            self._do("BEGIN IMMEDIATE")
            self._open = True
        self._do(statement, *values)

    def _do(self, statement: str, *values: object) -> None:
        try:
            self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise StorageFailed(str(error)) from error
